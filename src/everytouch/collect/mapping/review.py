"""What an import would do with the rows of a file: how many hold, and why the others do not."""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from everytouch.collect.inputs import opened
from everytouch.collect.leaving import counted
from everytouch.collect.records import Sorted, records, sort_out
from everytouch.collect.source import Source, Statement
from everytouch.moments.api import Kind, Vocabulary
from everytouch.settings import Settings

ROWS, EXAMPLES, VALUES, SHOWN, GROUPS = 100_000, 3, 200, 5, 100

_FIELD = re.compile(r"^([a-z_]+)\b")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.])-?\d[\d.,:+\- ]*(?![\w])")
_NAMED = re.compile(r"is off the scale of (.+), \S+ to \S+$")


@dataclass
class Cause:
    """Rows that do not hold for the same reason.

    Attributes:
        kind: of record.
        text: the reason without the value.
        field: column of the record that it is about; "" if none.
        instrument: question that it is about; "" if none.
        count: records.
        values: the values that are wrong, each once, at most 200.
    """

    kind: Kind
    text: str
    field: str
    instrument: str
    count: int = 0
    values: dict[str, int] = dataclasses.field(default_factory=dict)

    def add(self, value: str) -> None:
        """Count one more row."""
        self.count += 1
        if value in self.values or len(self.values) < VALUES:
            self.values[value] = self.values.get(value, 0) + 1


@dataclass(frozen=True)
class Review:
    """What an import would make of the rows.

    Attributes:
        good: records that hold, by kind; ``broken`` likewise.
        whole: whether all rows were tried, or the first ones only.
        examples: the first records that hold.
    """

    good: dict[str, int]
    broken: dict[str, int]
    causes: tuple[Cause, ...]
    left_out: dict[str, int]
    whole: bool
    examples: tuple[tuple[str, dict[str, Any]], ...] = ()


def review(source: Source, settings: Settings, words: Vocabulary, most: int = ROWS) -> Review:
    """Try the rows of a source; nothing is stored.

    Args:
        words: what records may name.
        most: rows of the file and records of each statement to try.

    Raises:
        SourceError: an input or a statement cannot be used.
    """
    good: dict[str, int] = {}
    broken: dict[str, int] = {}
    causes: dict[tuple[str, ...], Cause] = {}
    examples: list[tuple[str, dict[str, Any]]] = []
    whole = True
    with opened(source, settings, most + 1) as files:
        for statement in source.statements:
            kind, tried = statement.kind, 0
            for batch in records(files.con, statement, min(most, settings.batch_rows)):
                tried += len(batch)
                parted = sort_out(batch, kind, words, source.timezone)
                good[kind] = good.get(kind, 0) + len(parted.good)
                broken[kind] = broken.get(kind, 0) + len(parted.broken)
                _sort(causes, statement, parted)
                if not any(name == kind for name, _ in examples):
                    examples += [(kind, row) for row in parted.good.slice(0, SHOWN).to_pylist()]
                if tried > most:
                    whole = False
                    break
        left_out = counted(files.con, source.left_out)
    ordered = sorted(causes.values(), key=lambda one: -one.count)[:GROUPS]
    return Review(good, broken, tuple(ordered), left_out, whole, tuple(examples))


def _sort(causes: dict[tuple[str, ...], Cause], statement: Statement, parted: Sorted) -> None:
    for row, reason in parted.broken.values():
        for text, name, instrument, value in reasons(row, reason):
            key = (statement.kind, text, name, instrument)
            if key not in causes:
                causes[key] = Cause(statement.kind, text, name, instrument)
            causes[key].add(value)


def reasons(row: dict[str, Any], reason: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield of each reason its text without the value, the field, the question, and the value.

    Args:
        row: the record, with values that were not understood as they were given.
    """
    for part in _parts(reason):
        found = _FIELD.match(part)
        name = found[1] if found else ""
        name = {"answer": "raw"}.get(name, name)
        named = _NAMED.search(part)
        instrument = str(row.get("instrument") or "") if name == "raw" or named else ""
        value = row.get(name)
        text = _NUMBER.sub("…", _QUOTED.sub("…", part)).strip()
        yield text, name if name in row else "", instrument, "" if value is None else str(value)


def _parts(reason: str) -> list[str]:
    """The reasons of a text that joins them by "; ", which a quoted value may hold, too."""
    kept: list[str] = []
    hidden = _QUOTED.sub(lambda found: kept.append(found[0]) or f"\0{len(kept) - 1}\0", reason)  # type: ignore[func-returns-value]
    restore = re.compile("\0(\\d+)\0")
    return [restore.sub(lambda found: kept[int(found[1])], part) for part in hidden.split("; ")]
