"""The declared format of a column, and how a column is understood by it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from everytouch.collect.columns.answers import to_choice, to_score, to_yes_no
from everytouch.collect.columns.durations import to_seconds
from everytouch.collect.columns.numbers import to_number
from everytouch.collect.columns.times import ORDERS, TimeReader
from everytouch.collect.columns.zones import Tally
from everytouch.errors import SourceError
from everytouch.settings import TIMEZONES

MARK = "\ue000"
"""Put before a value that its column's format does not understand, so that nothing else reads it
as something it is not; the record that it goes into is held with the reason."""

KINDS = ("text", "time", "number", "score", "duration", "yes-no", "choice")
_WORDS = {"number": "a number", "score": "a score", "duration": "a duration", "time": "a time",
          "yes-no": "yes or no", "choice": "one of the answers"}  # fmt: skip


@dataclass(frozen=True)
class ColumnFormat:
    """How the values of a column are written.

    Attributes:
        is_: text, time, number, score, duration, yes-no or choice.
        order: of a time: iso, day-first, month-first, year-first, epoch-seconds,
            epoch-milliseconds, epoch-microseconds or excel (days since 1900).
        timezone: of times that name none; the source's when empty.
        decimal: sign before the decimals of a number, "." or ",".
        unit: of a duration with one colon: h:mm or m:ss; of one without: seconds, minutes, hours.
        answers: of a choice: answer → number.
        missing: values that are no answer, compared trimmed and without case.
        split: sign between several answers in one cell.
    """

    is_: str = "text"
    order: str = "iso"
    timezone: str = ""
    decimal: str = "."
    unit: str = "seconds"
    answers: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    split: str = ""

    @property
    def words(self) -> str:
        """What a value should be, for messages."""
        name = _WORDS.get(self.is_, self.is_)
        if self.is_ == "time" and self.order != "iso":
            return f"{name} ({self.order.replace('-', ' ')})"
        return (
            f"{name} with decimal comma" if self.decimal == "," and self.is_ == "number" else name
        )

    def as_toml(self) -> dict[str, Any]:
        """Return what differs from the defaults, as TOML has it."""
        blank = ColumnFormat()
        found: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if value != getattr(blank, one.name):
                found[one.name.rstrip("_")] = list(value) if isinstance(value, tuple) else value
        return {name: dict(v) if isinstance(v, Mapping) else v for name, v in found.items()}


_CLOSED: dict[str, tuple[str, ...]] = {
    "is": KINDS,
    "order": ORDERS,
    "decimal": (".", ","),
    "unit": ("seconds", "minutes", "hours", "h:mm", "m:ss"),
}


def read_format(raw: Any, place: str) -> ColumnFormat:
    """Read a column's format from TOML.

    Raises:
        SourceError: an unknown key, or a value that is not on its list.
    """
    given = {"is": raw} if isinstance(raw, str) else raw
    known = [one.name.rstrip("_") for one in fields(ColumnFormat)]
    if not isinstance(given, dict) or set(given) - set(known):
        raise SourceError(f"{place}: {raw!r} is not a column format", f"use: {', '.join(known)}")
    for name, allowed in _CLOSED.items():
        if name in given and given[name] not in allowed:
            raise SourceError(
                f"{place}: {name} = {given[name]!r} is unknown", f"use one of: {', '.join(allowed)}"
            )
    if given.get("timezone", "UTC") not in TIMEZONES:
        raise SourceError(
            f"{place}: time zone {given['timezone']!r} is unknown", "use a name like Europe/Berlin"
        )
    answers = given.get("answers", {})
    if not isinstance(answers, dict):
        raise SourceError(f"{place}: answers is not a table", "write answers = { yes = 1, no = 0 }")
    missing = given.get("missing", ())
    if not isinstance(missing, list | tuple):
        raise SourceError(f"{place}: missing is not a list", 'write missing = ["n/a"]')
    return ColumnFormat(
        is_=given.get("is", "text"),
        order=given.get("order", "iso"),
        timezone=given.get("timezone", ""),
        decimal=given.get("decimal", "."),
        unit=given.get("unit", "seconds"),
        answers={str(name): str(value) for name, value in answers.items()},
        missing=tuple(map(str, missing)),
        split=str(given.get("split", "")),
    )


@dataclass(frozen=True)
class Understood:
    """A column as its format understands it.

    Attributes:
        values: canonical text; null where there is no value, marked where it is not understood.
        failed: how many rows are not understood.
        ambiguous: how many local times happen twice, taken as the earlier one.
    """

    values: pa.Array
    failed: int = 0
    ambiguous: int = 0


def understand(values: pa.Array, form: ColumnFormat, zone: str) -> Understood:
    """Understand a column of text by its format, each different value once.

    Times become ISO 8601 (with an offset where a zone is known for them), numbers digits with a
    point, durations seconds, answers their number.

    Args:
        zone: of the source, for times whose column names none.
    """
    coded = pc.dictionary_encode(values)
    tally = Tally()
    convert = _converter(form, form.timezone or zone, tally)
    missing = {one.strip().casefold() for one in form.missing}
    found: list[str | None] = []
    ambiguous = []
    for text in coded.dictionary.to_pylist():
        before = tally.ambiguous
        found.append(_one(text, convert, missing, form))
        ambiguous.append(tally.ambiguous > before)
    taken = pa.array(found, pa.string()).take(coded.indices)
    bad = pa.array([one is not None and one.startswith(MARK) for one in found]).take(coded.indices)
    twice = pa.array(ambiguous, pa.bool_()).take(coded.indices)
    return Understood(taken, pc.sum(bad).as_py() or 0, pc.sum(twice).as_py() or 0)


def _one(
    text: str, convert: Callable[[str], str | None], missing: set[str], form: ColumnFormat
) -> str | None:
    plain = text.strip()
    if not plain or plain.casefold() in missing:
        return None
    said = convert(plain)
    return f"{MARK}{form.words}{MARK}{text}" if said is None else said


def _converter(form: ColumnFormat, zone: str, tally: Tally) -> Callable[[str], str | None]:
    """The function that makes a value canonical, and None of one it does not understand."""
    if form.is_ == "time":
        return TimeReader(form.order, zone, tally).read
    if form.is_ == "choice":
        return to_choice(form.answers)
    simple: dict[str, Callable[[str], str | None]] = {
        "text": str,
        "number": lambda text: to_number(text, form.decimal),
        "score": to_score,
        "duration": lambda text: to_seconds(text, form.unit),
        "yes-no": to_yes_no,
    }
    return simple[form.is_]


def marked(text: str) -> tuple[str, str] | None:
    """Return what a marked value should have been and the value itself; None where it is not."""
    _, mark, rest = text.partition(MARK)
    if not mark:
        return None
    wanted, _, value = rest.partition(MARK)
    return wanted, value
