"""Identifiers that identify nobody, in records as they come in.

They link no one. A record is kept under another identifier it carries, where there is one that
identifies somebody; what it said stays in ``also``. Each case is counted by what was given.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from everytouch.collect.dialects.base import Record, Row
from everytouch.moments.api import Kind, Nobody, described, every, rows_where, split

Notes = Counter[str]
Mask = NDArray[np.bool_]
MOST = 50  # different identifiers of nobody that are kept of one import


@dataclass(frozen=True)
class Identified:
    """Records by the identifiers that identify somebody.

    Attributes:
        table: the records; as many, in the same order.
        reasons: row → why it is nobody's.
        dropped: which rows are links of nobody.
        notes: identifiers that identify nobody, and how often each was given.
    """

    table: pa.Table
    reasons: dict[int, str] = field(default_factory=dict)
    dropped: Mask | None = None
    notes: Notes = field(default_factory=Counter)


def identified(table: pa.Table, kind: Kind, nobody: Nobody) -> Identified:
    """Return records with an identifier of somebody in the lead."""
    if kind == "counts":  # of people who are not named
        return Identified(table, {}, None, Counter())
    if kind == "links":
        return _links(table, nobody)
    if kind in ("traits", "consents") or table["also"].null_count == len(table):
        return _alone(table, nobody)
    return _moments(table, nobody)


def _bad(table: pa.Table, nobody: Nobody, side: str = "") -> tuple[Mask, list[str]]:
    """Rows whose identifier identifies nobody, and what is said there."""
    names = every(table[f"{side}namespace"]), every(table[f"{side}identifier"])
    mask = nobody.mask(*names)
    rows = rows_where(mask)
    pairs = zip(*(column.take(rows).to_pylist() for column in names), strict=True)
    return mask.to_numpy(zero_copy_only=False), [described(*pair) for pair in pairs]


def _links(table: pa.Table, nobody: Nobody) -> Identified:
    first, said = _bad(table, nobody)
    second, other = _bad(table, nobody, "other_")
    dropped = first | second
    return Identified(table, {}, dropped if dropped.any() else None, Counter([*said, *other]))


def _alone(table: pa.Table, nobody: Nobody) -> Identified:
    """Records with no other identifier to lead them."""
    mask, said = _bad(table, nobody)
    reasons = _reasons(table, np.flatnonzero(mask), said)
    return Identified(table, reasons, None, Counter(said))


def _reasons(table: pa.Table, rows: NDArray[np.int64], said: list[str]) -> dict[int, str]:
    """Why rows are nobody's; that nothing is given at all is for another rule to say."""
    given = every(table["identifier"]).take(rows).to_pylist()
    found = zip(rows.tolist(), given, said, strict=True)
    return {
        row: f"identifier {what} identifies nobody"
        for row, value, what in found
        if value is not None and value.strip()
    }


def _moments(table: pa.Table, nobody: Nobody) -> Identified:
    mask, said = _bad(table, nobody)
    also = every(table["also"])
    at = pc.list_parent_indices(also).to_numpy()
    texts = pc.list_flatten(also)
    namespace, value = split(texts)
    wrong = nobody.mask(namespace, value).to_numpy(zero_copy_only=False)
    named = pc.fill_null(pc.match_substring(texts, ":"), False)  # others break a rule of records
    wrong = wrong | ~named.to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(wrong)
    pairs = zip(namespace.take(rows).to_pylist(), value.take(rows).to_pylist(), strict=True)
    notes = Counter([*said, *(described(*pair) for pair in pairs if pair[0] is not None)])
    leaders = np.full(len(table), -1)
    good = np.flatnonzero(~wrong)[::-1]
    leaders[at[good]] = good  # the first of a record is written last
    lonely = mask & (leaders < 0)
    reasons = _reasons(table, np.flatnonzero(lonely), [s for s, row in zip(
        said, np.flatnonzero(mask), strict=True) if lonely[row]])  # fmt: skip
    led = np.flatnonzero(mask & (leaders >= 0))
    if len(led):
        table = _led(table, led, namespace.take(leaders[led]), value.take(leaders[led]))
    return Identified(table, reasons, None, notes)


def _led(
    table: pa.Table, rows: NDArray[np.int64], namespace: pa.Array, value: pa.Array
) -> pa.Table:
    """Records led by another of their identifiers; the one that led stays beside it."""
    old = table.select(["namespace", "identifier", "also"]).take(rows).to_pylist()
    new = zip(old, namespace.to_pylist(), value.to_pylist(), strict=True)
    lists = pa.array([_beside(row, f"{kind}:{name}") for row, kind, name in new],
                     table["also"].type)  # fmt: skip
    for name, column in (("namespace", namespace), ("identifier", value), ("also", lists)):
        whole = pa.concat_arrays([every(table[name]), column])
        places = np.arange(len(table))
        places[rows] = len(table) + np.arange(len(rows))
        at = table.column_names.index(name)
        table = table.set_column(at, table.schema.field(name), whole.take(pa.array(places)))
    return table


def _beside(row: dict[str, Any], leader: str) -> list[str] | None:
    others = list(row["also"])
    others.remove(leader)
    if row["namespace"] and (row["identifier"] or "").strip():
        others.append(f"{row['namespace']}:{row['identifier']}")
    return others or None


def led(records: Iterable[Record], nobody: Nobody, notes: Notes | None = None) -> list[Record]:
    """Return records of one event whose party is nobody's under another of its identifiers.

    Only traits and links need it: they carry no other identifier once they are a table.

    Args:
        notes: what is counted is added here.
    """
    found: list[Record] = []
    for kind, row in records:
        others = row.get("also")
        if kind not in ("traits", "links", "consents") or not others or not nobody.has(*_who(row)):
            found.append((kind, row))
            continue
        other = _named_otherwise(row, others, nobody, notes)
        if kind == "traits" or _who(other) != _who(other, "other_"):  # else it links nothing
            found.append((kind, other))
    return found


def _who(row: Row, side: str = "") -> tuple[str, str]:
    return str(row.get(f"{side}namespace") or ""), str(row.get(f"{side}identifier") or "")


def _named_otherwise(row: Row, others: list[str], nobody: Nobody, notes: Notes | None) -> Row:
    for other in others:
        namespace, _, value = other.partition(":")
        if not nobody.has(namespace, value):
            if notes is not None:
                notes[described(*_who(row))] += 1
            return {**row, "namespace": namespace, "identifier": value}
    return row


def sentence(notes: Mapping[str, int], most: int = 8) -> str:
    """Return what was counted in words: ``3 identifiers identify nobody: email 'n/a' ×2, …``."""
    total = sum(notes.values())
    ordered = sorted(notes.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{what} ×{n:,}" if n > 1 else what for what, n in ordered[:most]]
    parts += [f"{len(ordered) - most:,} more"] if len(ordered) > most else []
    verb = "identifier identifies" if total == 1 else "identifiers identify"
    return f"{total:,} {verb} nobody: {', '.join(parts)}"


def noted(notes: Mapping[str, int]) -> str | None:
    """Return what was counted as the ledger keeps it; the rarest beyond ``MOST`` together."""
    if not notes:
        return None
    ordered = sorted(notes.items(), key=lambda item: (-item[1], item[0]))
    kept = dict(ordered[:MOST])
    if rest := sum(n for _, n in ordered[MOST:]):
        kept["others"] = kept.get("others", 0) + rest
    return json.dumps(kept, ensure_ascii=False)
