"""Mask personal data in free text before it is shown.

The original text appears only on the person's own page, for roles that may search people. Every
other face uses ``Masks``. It masks addresses, links, bank accounts, longer numbers, numbers of
orders and cases, names that are known of anybody, and every identifier of who wrote it.
"""

import functools
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from everytouch.identity.resolve import Resolution
from everytouch.ledger.api import Tables

MAIL, LINK, NUMBER, NAME, ID = "[e-mail]", "[link]", "[number]", "[name]", "[ID]"
MASKED = (MAIL, LINK, NUMBER, NAME, ID)
_IBAN = r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"
_CODED = r"\b[A-Za-z]{1,6}[-_/]?\d{4,}\b|#\s?\d{2,}\b"  # of an order or a case
_REVEALING = (
    # From the start of a run only, and without going back: a long text must not take forever.
    (re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]+(\.[\w-]+)+"), MAIL),
    (re.compile(r"(?:https?://|www\.)\S+"), LINK),
    (re.compile(_IBAN), NUMBER),
    (re.compile(r"\+?\d[\d ()/.-]{6,}\d"), NUMBER),
    (re.compile(_CODED), NUMBER),
    (re.compile(r"(?<![\d.,])\d{5,}(?![\d.,]\d)"), NUMBER),
)
NAMING = frozenset(
    ("name", "firstname", "givenname", "lastname", "surname", "familyname", "middlename",
     "fullname", "displayname", "nickname", "maidenname", "contactname", "customername",
     "vorname", "nachname", "familienname", "rufname", "namevoll", "kundenname")
)  # fmt: skip
"""Traits that name somebody, written in small letters alone."""
FREE = ("title", "text", "properties", "evidence", "events")
"""Columns of records, and of events that are not read yet, that hold what somebody wrote."""
_NAMED_BY = ("identifier", "other_identifier", "counterpart", "also", "correlations")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_WORDS = 3  # spaces from which a value is a text, and no name or number
_SHORTEST = 3  # letters of a name, and characters of an identifier, that are sought


@dataclass(frozen=True)
class Masks:
    """Mask personal data in texts and records.

    Attributes:
        names: words of names known of anybody, in small letters.
        own: what names single parties: their names and identifiers.
    """

    names: frozenset[str] = frozenset()
    own: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    def masked(self, text: str, of: Iterable[str] = (), party: int | None = None) -> str:
        """A text for others than the person.

        Args:
            of: what else names who wrote it, as the numbers of orders.
            party: who wrote it.
        """
        for pattern, word in _own([*of, *self.own.get(party or 0, ())]):
            text = pattern.sub(word, text)
        for pattern, word in _REVEALING:
            text = pattern.sub(word, text)
        return _WORD.sub(self._name, text) if self.names else text

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A record with what is written in it masked, also where that is in a wrong column."""
        of = named_by(row)
        return {
            name: self.masked(value, of) if written(name, value) else value
            for name, value in row.items()
        }

    def _name(self, found: "re.Match[str]") -> str:
        word = found[0]
        return NAME if word[0].isupper() and word.casefold() in self.names else word


def written(name: str, value: Any) -> bool:
    """Whether a value of a record is what somebody wrote."""
    return isinstance(value, str) and (name in FREE or value.count(" ") >= _WORDS)


def named_by(row: Mapping[str, Any]) -> list[str]:
    """What a record names people and orders by."""
    return [value for name in _NAMED_BY for value in _listed(row.get(name))]


def _listed(value: Any) -> list[str]:
    """An identifier or a list of them, with and without what kind it is."""
    items = value if isinstance(value, list) else [value]
    texts = [str(item) for item in items if item]
    return texts + [text.partition(":")[2] for text in texts if ":" in text]


@functools.lru_cache(maxsize=256)
def _pattern(words: tuple[str, ...]) -> "re.Pattern[str]":
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)


def _own(words: Iterable[str]) -> list[tuple["re.Pattern[str]", str]]:
    sought = {word.strip() for word in words if len(word.strip()) >= _SHORTEST}
    named = tuple(sorted(word for word in sought if _WORD.fullmatch(word)))
    others = tuple(sorted(sought - set(named)))
    pairs = ((others, ID), (named, NAME))
    return [(_pattern(part), word) for part, word in pairs if part]


def masks(tables: Tables, resolution: Resolution, parties: Collection[int] = ()) -> Masks:
    """Return what masks texts.

    Args:
        parties: who wrote the texts, whose own identifiers are sought as well.
    """
    names = _names(tables.folder, tables.version("traits"))
    return Masks(names, _named(tables, resolution, parties) if parties else {})


@functools.lru_cache(maxsize=2)
def _names(folder: Path, _version: int) -> frozenset[str]:
    rows = _naming(Tables(folder).read("traits", ["name", "value"]))
    values = pc.unique(rows["value"].drop_null()).to_pylist()
    words = (word.casefold() for value in values for word in _WORD.findall(value))
    return frozenset(word for word in words if len(word) >= _SHORTEST)


def _naming(rows: pa.Table) -> pa.Table:
    """The traits that name somebody."""
    names = pc.unique(rows["name"].drop_null()).to_pylist()
    meant = [name for name in names if re.sub(r"[\W\d_]", "", name).casefold() in NAMING]
    return rows.filter(pc.is_in(rows["name"], value_set=pa.array(meant, pa.string())))


def _named(
    tables: Tables, resolution: Resolution, parties: Collection[int]
) -> dict[int, tuple[str, ...]]:
    """Names and identifiers of parties."""
    keys, owners = resolution.families(pa.array(sorted(set(parties)), pa.int64()).to_numpy())
    whose = dict(zip(keys.tolist(), owners.tolist(), strict=True))
    found: dict[int, set[str]] = defaultdict(set)
    for column, name in (("party_key", "identifier"), ("other_key", "other_identifier")):
        rows = tables.of("links", column, list(whose))
        for key, value in zip(rows[column].to_pylist(), rows[name].to_pylist(), strict=True):
            found[whose[key]].add(value)
    rows = _naming(tables.of("traits", "party_key", list(whose)))
    for key, value in zip(rows["party_key"].to_pylist(), rows["value"].to_pylist(), strict=True):
        found[whose[key]].update((value, *_WORD.findall(value)))
    return {party: tuple(sorted(words)) for party, words in found.items()}
