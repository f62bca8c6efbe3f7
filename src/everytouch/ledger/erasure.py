"""Erasure: everything of one party out of the ledger, its older versions included, for good.

What stays is a tombstone: the keyed hashes of the identifiers and the time. By it the loader
refuses what happened before, should the same files be imported again, and a restored backup
is cleaned of whom it still holds. Without the workspace's secret a tombstone says nothing.
"""

import datetime
import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from everytouch.ledger.certificate import Certificate
from everytouch.ledger.mentions import Words, mask, mentions, words_of
from everytouch.ledger.noting import note_again
from everytouch.ledger.schemas import TABLES
from everytouch.ledger.tables import Tables
from everytouch.moments.api import hash_strings, normalise, split

_MINE = "party_key IN ({keys})"
_CONDITIONS = {
    "interactions": _MINE,
    "perceptions": _MINE,
    "traits": _MINE,
    "consents": _MINE,
    "links": "party_key IN ({keys}) OR other_key IN ({keys})",
}
_HELD = ("quarantine", "conflicts")


@dataclass(frozen=True)
class Erasure:
    """One erasure.

    Attributes:
        certificate: its number.
        keys: keys of the identifiers that were erased.
        text: the certificate, JSON.
        moments: keys of what was erased under identifiers that stay, as others use them.
        certified: the certificate, of an erasure that was made just now.
    """

    certificate: str
    erased_at: datetime.datetime
    keys: tuple[int, ...]
    text: str
    moments: tuple[int, ...] = ()
    certified: Certificate | None = None


def erasures(tables: Tables) -> list[Erasure]:
    """All erasures, the oldest first."""
    if not tables.exists("erasures"):
        return []
    rows = tables.query("erasures", "SELECT * FROM ledger ORDER BY erased_at").to_pylist()
    return [
        Erasure(
            row["certificate"],
            row["erased_at"],
            tuple(row["keys"]),
            row["text"],
            tuple(row["moments"] or ()),
        )
        for row in rows
    ]


def tombstones(tables: Tables) -> dict[int, int]:
    """Erased identifier keys, and until when (µs since 1970) nothing of them is taken in."""
    found: dict[int, int] = {}
    for row in erasures(tables):
        until = int(row.erased_at.timestamp() * 1_000_000)
        found |= {key: max(until, found.get(key, until)) for key in row.keys}
    return found


def erased_moments(tables: Tables) -> list[int]:
    """Keys of moments that were erased under identifiers that stay."""
    return sorted({key for row in erasures(tables) for key in row.moments})


def erase(
    tables: Tables,
    secret: bytes,
    keys: Collection[int],
    now: datetime.datetime,
    reason: str = "",
    moments: Collection[int] = (),
    known: Words | None = None,
) -> Erasure:
    """Erase the party of these identifier keys. The caller holds the ledger's lock.

    The tombstone is committed first: an erasure that dies half-way is simply run again.

    Args:
        moments: keys of its moments and traits under identifiers that are others', too.
        known: how it is named; looked up in the ledger when left out.
    """
    kept = sorted({int(key) for key in keys})
    rows = sorted({int(key) for key in moments})
    words = known or named_as(tables, secret, kept)
    conditions = _rows(tables, kept, rows)
    going = {name: _keys(tables, name, where) for name, where in conditions.items()}
    going |= {name: _held(tables, name, secret, set(kept), words) for name in _HELD}
    counts = {name: len(found) for name, found in going.items()}
    certificate = Certificate(secrets.token_hex(6), now, tuple(kept), counts, reason)
    done = Erasure(certificate.number, now, tuple(kept), certificate.text, tuple(rows))
    _note(tables, done)
    # First, as their own rows say how they are named: one that died here is run again.
    named = mentions(tables, words, going)
    mask(tables, words, named)
    conditions |= {name: _in(going[name]) for name in _HELD}
    for name, condition in conditions.items():
        if going[name]:
            tables.delete(name, condition)
    _leave_counterparts(tables, secret, set(kept))
    for name in (*_CONDITIONS, *_HELD):
        forget(tables, name)
    masked = {name: len({k for keys in one.values() for k in keys}) for name, one in named.items()}
    certificate = replace(certificate, masked=masked, too_short=words.too_short)
    return certify(tables, done, certificate)


def _in(keys: list[int]) -> str:
    return f"key_first IN ({', '.join(map(str, keys))})"


def certify(tables: Tables, done: Erasure, certificate: Certificate) -> Erasure:
    """Put a certificate that says more in place of an erasure's. The caller holds the lock."""
    with tables.changing("erasures") as table:
        where = f"certificate = {_text(done.certificate)}"
        table.update(updates={"text": _text(certificate.text)}, predicate=where)
    return replace(done, text=certificate.text, certified=certificate)


def named_as(tables: Tables, secret: bytes, keys: Collection[int]) -> Words:
    """How the party is named, in its own records and as the other side of others'."""
    beside = [value for _, value in _counterparts(tables, secret, set(keys))]
    return Words((*words_of(tables, keys).values, *beside))


def _rows(tables: Tables, keys: list[int], moments: list[int]) -> dict[str, str]:
    """Which rows of which table go."""
    listed = ", ".join(map(str, keys))
    return {
        name: _condition(name, listed, moments) + _other_versions(tables, name, keys)
        for name in _CONDITIONS
    }


def _leave_counterparts(tables: Tables, secret: bytes, keys: set[int]) -> None:
    """Take the party out of the moments of others whose other side it was."""
    for namespace, value in _counterparts(tables, secret, keys):
        where = f"counterpart = {_text(value)} AND counterpart_namespace = {_text(namespace)}"
        nothing = {"counterpart": "NULL", "counterpart_namespace": "NULL"}
        with tables.changing("interactions") as table:
            table.update(updates=nothing, predicate=where)


def _condition(name: str, keys: str, moments: list[int]) -> str:
    """Which rows of a table go."""
    where = _CONDITIONS[name].format(keys=keys)
    if moments and name != "links":
        where += f" OR key_first IN ({', '.join(map(str, moments))})"
    return where


def again(tables: Tables, secret: bytes, earlier: Collection[Erasure]) -> int:
    """Apply erasures to a ledger that was restored from an older backup; how many were new."""
    known = {row.certificate for row in erasures(tables)}
    new = [row for row in earlier if row.certificate not in known]
    for row in new:
        why = f"again, as {row.certificate}"
        erase(tables, secret, row.keys, row.erased_at, why, row.moments)
        _note(tables, row)
    return len(new)


def _note(tables: Tables, done: Erasure) -> None:
    said = {name: vars(done)[name] for name in TABLES["erasures"].names}
    tables.append("erasures", pa.Table.from_pylist([said], TABLES["erasures"]))


def _keys(tables: Tables, name: str, condition: str) -> list[int]:
    """Keys of rows, one for each row."""
    sql = f"SELECT key_first FROM ledger WHERE {condition}"
    found: list[int] = tables.query(name, sql, every=True)["key_first"].to_pylist()
    return found


def _other_versions(tables: Tables, name: str, keys: list[int]) -> str:
    """The earlier versions, under whomever, of records that are the party's now.

    Without this they would count again once the newer version is gone.
    """
    mine = tables.of(name, "party_key", keys)
    numbered = tables.newest(name, tables.files(name)).keys
    records = sorted(set(mine["key_first"].to_pylist()) & set(numbered.tolist()))
    return f" OR key_first IN ({', '.join(map(str, records))})" if records else ""


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def key_of(namespace: pa.Array, value: pa.Array, secret: bytes) -> list[int]:
    """Keys of identifiers."""
    keys: list[int] = hash_strings(normalise(namespace, value), secret)[0].tolist()
    return keys


def _counterparts(tables: Tables, secret: bytes, keys: set[int]) -> list[tuple[str, str]]:
    """How the party is named as the other side of others' interactions."""
    sql = (
        "SELECT DISTINCT counterpart_namespace AS n, counterpart AS v FROM ledger "
        "WHERE counterpart IS NOT NULL AND counterpart_namespace IS NOT NULL"
    )
    rows = tables.query("interactions", sql, every=True)
    found = key_of(rows["n"].combine_chunks(), rows["v"].combine_chunks(), secret)
    pairs = zip(rows["n"].to_pylist(), rows["v"].to_pylist(), found, strict=True)
    return [(namespace, value) for namespace, value, key in pairs if key in keys]


def _held(tables: Tables, name: str, secret: bytes, keys: set[int], words: Words) -> list[int]:
    """Keys of records held in a table beside the ledger that are about the party.

    That is where it is an identifier, or any value of a record or an event that is not read yet.
    """
    rows = tables.query(name, "SELECT key_first, row FROM ledger").to_pylist()
    held = ((row["key_first"], json.loads(row["row"])) for row in rows)
    return [key for key, row in held if keys & set(identifiers_of(row, secret)) or words.named(row)]


def identifiers_of(row: dict[str, Any], secret: bytes) -> list[int]:
    """Keys of all identifiers a record names, also a broken one."""
    pairs = [
        (row.get(f"{side}namespace"), row.get(name))
        for side, name in (("", "identifier"), ("other_", "other_identifier"))
    ]
    pairs.append((row.get("counterpart_namespace"), row.get("counterpart")))
    also = row.get("also")
    if isinstance(also, list) and also:
        names, values = split(pa.array([str(item) for item in also]))
        pairs += zip(names.to_pylist(), values.to_pylist(), strict=True)
    whole = [(str(n), str(v)) for n, v in pairs if n and v]
    if not whole:
        return []
    columns = [pa.array(part, pa.string()) for part in zip(*whole, strict=True)]
    return key_of(columns[0], columns[1], secret)


def forget(tables: Tables, name: str) -> None:
    """Remove the files and log entries of older versions: nothing of a deleted row is left."""
    with tables.changing(name) as table:
        table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
        table.alter.set_table_properties({"delta.logRetentionDuration": "interval 0 seconds"})
        newest = DeltaTable(str(tables.folder / name))
        newest.create_checkpoint()
        newest.cleanup_metadata()
        newest.alter.set_table_properties({"delta.logRetentionDuration": "interval 30 days"})
    note_again(tables.intact, name)
