"""Retention: what is older than a rule allows goes, for good, and a certificate says what went."""

import datetime
import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from everytouch.ledger.erasure import forget
from everytouch.ledger.schemas import EXPIRIES
from everytouch.ledger.tables import Tables
from everytouch.moments.api import BLANKED, Retention, Rule

HELD = ("quarantine", "conflicts")
_PEOPLE = ("interactions", "perceptions", "traits")
_DUCKDB, _DELTA = "epoch_us({time})", "CAST({time} AS BIGINT)"  # a time in microseconds
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Expired:
    """What one rule lets go of one table.

    Attributes:
        columns: that are emptied; the whole row goes where there are none.
        before: what is older goes.
        oldest, newest: of the rows that go.
    """

    rule: str
    table: str
    before: datetime.datetime
    columns: tuple[str, ...] = ()
    rows: int = 0
    oldest: datetime.datetime | None = None
    newest: datetime.datetime | None = None


@dataclass(frozen=True)
class Expiry:
    """One run of the rules of retention.

    Attributes:
        certificate: its number; empty where nothing was changed.
        parts: what each rule let go of each table, also where that was nothing.
    """

    at: datetime.datetime
    parts: tuple[Expired, ...]
    certificate: str = ""
    elsewhere: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows that went or were emptied, of all rules."""
        return sum(part.rows for part in self.parts)

    @cached_property
    def text(self) -> str:
        """The certificate as JSON, with a checksum. It names nobody."""
        said: dict[str, Any] = {
            "certificate": self.certificate,
            "expired_at": self.at.isoformat(timespec="seconds"),
            "rules": [_plain(part) for part in self.parts],
            "rows": self.rows,
            "also_removed": "older versions of these tables, their files and logs",
            "elsewhere": list(self.elsewhere),
        }
        said["sha256"] = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        return json.dumps(said, ensure_ascii=False)


def _plain(part: Expired) -> dict[str, Any]:
    times = ("before", "oldest", "newest")
    said = asdict(part) | {"columns": list(part.columns)}
    return said | {
        name: said[name].isoformat(timespec="seconds") for name in times if said[name] is not None
    }


@dataclass(frozen=True)
class _Part:
    """A rule on one table: the rows it is about."""

    rule: Rule
    table: str
    before: datetime.datetime
    columns: tuple[str, ...] = ()
    keys: tuple[int, ...] = field(default=(), repr=False)
    listed: bool = False

    @property
    def _time(self) -> str:
        return "received_at" if self.table in HELD else "occurred_at"

    def condition(self, micros: str) -> str:
        """SQL of the rows, for DuckDB or for Delta."""
        keys = f"key_first IN ({', '.join(map(str, self.keys))})" if self.keys else ""
        if self.listed:
            return keys or "false"
        limit = (self.before - _EPOCH) // datetime.timedelta(microseconds=1)
        parts = [f"{micros.format(time=self._time)} < {limit}"]
        parts += [f"source = {_quoted(self.rule.source)}"] if self.rule.source else []
        parts += [f"touchpoint = {_quoted(self.rule.touchpoint)}"] if self.rule.touchpoint else []
        if self.columns:
            parts.append(f"({' OR '.join(f'{name} IS NOT NULL' for name in self.columns)})")
        own = " AND ".join(parts)
        return f"({own}) OR {keys}" if keys else own

    def counted(self, tables: Tables) -> Expired:
        """What goes by it now."""
        sql = (
            f"SELECT count(*) AS rows, min({self._time}) AS oldest, max({self._time}) AS newest "
            f"FROM ledger WHERE {self.condition(_DUCKDB)}"
        )
        row = tables.query(self.table, sql, every=True).to_pylist()[0]
        return Expired(str(self.rule), self.table, self.before, self.columns, **row)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def due(tables: Tables, retention: Retention, now: datetime.datetime) -> Expiry:
    """What would go now; a row that several rules name is counted by each."""
    return Expiry(now, tuple(part.counted(tables) for part in _parts(tables, retention, now)))


def expire(tables: Tables, retention: Retention, now: datetime.datetime) -> Expiry:
    """Let go of what is older than the rules allow. The caller holds the ledger's lock.

    The certificate is committed first, with what is due: a run that dies half-way is simply run
    again, and nothing is gone that no certificate names.
    """
    planned = replace(due(tables, retention, now), certificate=secrets.token_hex(6))
    tables.append("expiries", pa.Table.from_pylist([_row(planned)], EXPIRIES))
    done, changed = [], dict[str, None]()
    for part in _parts(tables, retention, now):
        said = part.counted(tables)
        if said.rows:
            _let_go(tables, part)
            changed[part.table] = None
        done.append(said)
    for name in changed:
        forget(tables, name)
    return replace(planned, parts=tuple(done))


def certify_expiry(tables: Tables, done: Expiry) -> None:
    """Commit the certificate of a run as it went. The caller holds the ledger's lock."""
    with tables.changing("expiries") as table:
        where = f"certificate = {_quoted(done.certificate)}"
        table.update(updates={"text": _quoted(done.text), "rows": str(done.rows)}, predicate=where)


def _row(done: Expiry) -> dict[str, Any]:
    said = {"certificate": done.certificate, "expired_at": done.at}
    return said | {"rows": done.rows, "text": done.text}


@dataclass(frozen=True)
class ExpiryCertificate:
    """The certificate of a run."""

    certificate: str
    expired_at: datetime.datetime
    rows: int
    text: str


def expiries(tables: Tables, limit: int = 100) -> list[ExpiryCertificate]:
    """Certificates of runs, the newest first."""
    sql = f"SELECT * FROM ledger ORDER BY expired_at DESC, certificate LIMIT {int(limit)}"
    return [ExpiryCertificate(**row) for row in tables.query("expiries", sql).to_pylist()]


def expired_rows(tables: Tables) -> dict[str, int]:
    """Whole rows that ever went by a rule, by table."""
    found: dict[str, int] = {}
    for row in tables.query("expiries", "SELECT text FROM ledger").to_pylist():
        for part in json.loads(row["text"])["rules"]:
            if not part["columns"]:
                found[part["table"]] = found.get(part["table"], 0) + part["rows"]
    return found


def _let_go(tables: Tables, part: _Part) -> None:
    condition = part.condition(_DELTA)
    if not part.columns:
        tables.delete(part.table, condition)
        return
    with tables.changing(part.table) as table:
        table.update(updates=dict.fromkeys(part.columns, "NULL"), predicate=condition)


def _parts(tables: Tables, retention: Retention, now: datetime.datetime) -> Iterator[_Part]:
    """The rules in the order they are applied; links last, when it is known who is left."""
    for rule in sorted(retention.rules, key=lambda rule: rule.what == "links"):
        before = rule.age.before(now)
        if rule.what == "quarantine":
            yield from (_Part(rule, name, before) for name in HELD)
        elif rule.what in BLANKED:
            for table, columns in BLANKED[rule.what].items():
                yield _Part(rule, table, before, columns)
        elif rule.what == "links":
            keys = tuple(_lonely(tables, before))
            yield _Part(rule, "links", before, keys=keys, listed=True)
        else:
            part = _Part(rule, rule.what, before)
            yield replace(part, keys=tuple(_with_versions(tables, part)))


def _with_versions(tables: Tables, part: _Part) -> list[int]:
    """Records with several versions of which the one that counts goes: the others go with it."""
    numbered = tables.newest(part.table, tables.files(part.table)).keys
    if not len(numbered):
        return []
    sql = f"SELECT key_first FROM ledger WHERE {part.condition(_DUCKDB)}"
    found = tables.query(part.table, sql)["key_first"].to_numpy()
    keys: list[int] = np.intersect1d(found, numbered).tolist()
    return keys


def _lonely(tables: Tables, before: datetime.datetime) -> list[int]:
    """Links, all older, of people of whom the ledger has nothing else."""
    columns = ["key_first", "party_key", "other_key", "occurred_at"]
    links = tables.read("links", columns, every=True)
    if not len(links):
        return []
    first, second = links["party_key"].to_numpy(), links["other_key"].to_numpy()
    known, place = np.unique(np.concatenate([first, second]), return_inverse=True)
    ends = place[: len(first)], place[len(first) :]
    graph = coo_array((np.ones(len(first), np.int8), ends), shape=(len(known), len(known)))
    groups, group = connected_components(graph, directed=False)
    kept = np.zeros(groups, np.bool_)
    kept[group[np.isin(known, _seen(tables))]] = True
    limit = (before - _EPOCH) // datetime.timedelta(microseconds=1)
    young = links["occurred_at"].cast(pa.int64()).to_numpy() >= limit
    kept[group[ends[0][young]]] = True
    keys: list[int] = links["key_first"].to_numpy()[~kept[group[ends[0]]]].tolist()
    return keys


def _seen(tables: Tables) -> NDArray[np.int64]:
    """Keys of identifiers under which there is more than links."""
    parts = [tables.read(name, ["party_key"], every=True)["party_key"] for name in _PEOPLE]
    found: NDArray[np.int64] = np.unique(np.concatenate([part.to_numpy() for part in parts]))
    return found
