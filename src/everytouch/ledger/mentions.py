"""Who is erased, in the words of others: found in free text and properties, and masked.

An identifier is sought as a word of its own, in whatever case. One that is too short to say that it
is meant, as customer number 7, is not sought.
"""

import contextlib
import functools
import itertools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from everytouch.ledger.schemas import TABLES
from everytouch.ledger.tables import Tables

MASK = "[erased]"
_LETTERS, _DIGITS = 4, 6  # fewest characters of a word, and of one that is a number
_STRUCTURE = ("source", "namespace", "identifier", "other_namespace", "other_identifier",
              "party_kind", "counterpart_namespace", "counterpart", "currency", "device",
              "kind", "purpose", "basis")  # fmt: skip
_RECORDS = ("interactions", "perceptions", "links", "traits", "consents")
SEARCHED = (*_RECORDS, "quarantine", "conflicts")


_PATTERN = 20_000  # bytes of words in a pattern: RE2 and Rust refuse much larger ones


@dataclass(frozen=True)
class Words:
    """The identifiers of somebody, to be sought where others wrote them.

    Attributes:
        values: as they were seen.
    """

    values: tuple[str, ...]

    @property
    def sought(self) -> tuple[str, ...]:
        """Those that are long enough; the longest first."""
        values = {v.strip() for v in self.values}
        found = (v for v in values if len(v) >= (_DIGITS if v.isdecimal() else _LETTERS))
        return tuple(sorted(found, key=lambda value: (-len(value), value)))

    @property
    def too_short(self) -> int:
        """How many are not sought."""
        return len({v.strip() for v in self.values}) - len(self.sought)

    def __bool__(self) -> bool:
        return bool(self.sought)

    @cached_property
    def parts(self) -> tuple["Words", ...]:
        """The same in parts whose pattern every engine of regular expressions takes."""
        parts: list[list[str]] = [[]]
        size = 0
        for word in self.sought:
            size += len(word.encode(errors="replace"))
            if parts[-1] and size > _PATTERN:
                parts.append([])
                size = len(word.encode(errors="replace"))
            parts[-1].append(word)
        return tuple(Words(tuple(part)) for part in parts if part)

    @cached_property
    def _either(self) -> str:
        """Any of the words, as they are and as JSON writes them."""
        written = {one for word in self.sought for one in (word, json.dumps(word)[1:-1])}
        ordered = sorted(written, key=lambda word: (-len(word), word))
        return "|".join(re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", word) for word in ordered)

    @property
    def pattern(self) -> str:
        """A regular expression of RE2 and Rust: what is before, the word, what is after."""
        edge = r"[^\p{L}\p{N}_]"
        return f"(?i)(^|{edge})(?:{self._either})($|{edge})"

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile(rf"(?i)(?<!\w)(?:{self._either})(?!\w)")

    @cached_property
    def _whole(self) -> frozenset[str]:
        return frozenset(word.casefold() for word in self.sought)

    def named(self, value: Any) -> bool:
        """Whether a value of JSON, or one within it, is one of them; JSON in texts is read, too."""
        if isinstance(value, list):
            return any(map(self.named, value))
        if isinstance(value, dict):
            return any(map(self.named, value.values()))
        if not isinstance(value, str):
            return isinstance(value, int) and str(value) in self._whole
        text = value.strip()
        if text[:1] in ("{", "["):
            with contextlib.suppress(ValueError, RecursionError):
                return self.named(json.loads(text))
        return text.casefold() in self._whole

    def count(self, text: str) -> int:
        """How often they are in a text."""
        return len(self._regex.findall(text)) if self else 0

    def masked(self, value: Any) -> Any:
        """A value of JSON with the words masked, keys of objects included."""
        if isinstance(value, str):
            return self._regex.sub(MASK, value) if self else value
        if isinstance(value, list):
            return [self.masked(one) for one in value]
        if isinstance(value, dict):
            return {self.masked(key): self.masked(one) for key, one in value.items()}
        return value


def words_of(tables: Tables, keys: Iterable[int]) -> Words:
    """The identifiers of some keys, as the ledger has them, in all versions."""
    listed, found = list(keys), set[str]()
    sides = {"party_key": "identifier", "other_key": "other_identifier"}
    for table in _RECORDS:
        for column, name in sides.items():
            if column in TABLES[table].names:
                rows = tables.of(table, column, listed, every=True)
                found |= set(pc.unique(rows[name].drop_null()).to_pylist())
    return Words(tuple(sorted(found)))


def mentions(
    tables: Tables, words: Words, apart: Mapping[str, list[int]]
) -> dict[str, dict[str, list[int]]]:
    """Rows that name them in a text: their keys, by table and column.

    Args:
        apart: keys of rows that are not meant, by table.
    """
    found: dict[str, dict[str, list[int]]] = {}
    for table in SEARCHED if words else ():
        columns, own = _texts(table), np.array(apart.get(table, ()), np.int64)
        for batch in tables.batches(table, ["key_first", *columns], every=True):
            others = pa.array(~np.isin(batch["key_first"].to_numpy(), own))
            for column in columns:
                each = (pc.match_substring_regex(batch[column], p.pattern) for p in words.parts)
                hits = functools.reduce(pc.or_, each)
                keys = batch["key_first"].filter(pc.and_(hits, others)).to_pylist()
                if keys:
                    found.setdefault(table, {}).setdefault(column, []).extend(keys)
    return found


def _texts(table: str) -> list[str]:
    return [f.name for f in TABLES[table] if f.type == pa.string() and f.name not in _STRUCTURE]


def mask(tables: Tables, words: Words, found: dict[str, dict[str, list[int]]]) -> None:
    """Mask them in these rows. What a row is recognised by stays, so it is not stored again."""
    for (table, columns), part in itertools.product(found.items(), words.parts):
        pattern = part.pattern.replace("'", "''")
        keys = np.unique(np.concatenate([np.array(k, np.int64) for k in columns.values()]))
        updates = {
            column: f"regexp_replace({column}, '{pattern}', '${{1}}{MASK}${{2}}', 'g')"
            for column in columns
        }
        with tables.changing(table) as delta:
            for _ in range(2):  # two words with one character between share it
                delta.update(updates, predicate=f"key_first IN ({', '.join(map(str, keys))})")
