"""What came in last: read off the newest rows alone, so that somebody who waits sees it at once."""

import datetime
import functools
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from everytouch.ledger.schemas import TABLES
from everytouch.ledger.tables import Tables

_SAID = {"interactions": "touchpoint", "perceptions": "instrument", "quarantine": "reason"}


@dataclass(frozen=True)
class Arrival:
    """One record that came in, without whom it is of.

    Attributes:
        kind: the table it is in; ``quarantine`` if it is held.
        said: its touchpoint, its instrument, or why it is held.
        outcome: of an interaction.
    """

    kind: str
    source: str
    received_at: datetime.datetime
    said: str
    outcome: str = ""


def arrivals(tables: Tables, limit: int = 20) -> list[Arrival]:
    """The newest records of all sources, the last to come in first."""
    found: list[Arrival] = []
    for kind, said in _SAID.items():
        outcome = ["outcome"] if kind == "interactions" else []
        rows = _newest(tables, kind, ["source", "received_at", said, *outcome], limit).to_pylist()
        found += [
            Arrival(kind, r["source"], r["received_at"], r[said] or "", r.get("outcome") or "")
            for r in rows
        ]
    return sorted(found, key=lambda one: one.received_at, reverse=True)[:limit]


def _newest(tables: Tables, name: str, columns: list[str], limit: int) -> pa.Table:
    """At least the newest rows of a table, of those row groups that can hold them."""
    groups = [
        (last, str(path), number, rows)
        for path in tables.files(name)
        for number, (last, rows) in enumerate(_groups(str(path)))
    ]
    wanted = pa.schema([TABLES[name].field(column) for column in columns])
    parts, enough = [], 0
    for _, path, number, rows in sorted(groups, reverse=True):
        if enough >= limit:
            break
        enough += rows
        with pq.ParquetFile(path) as file:
            found = file.read_row_group(number, columns=columns)
            parts.append(found.select(columns).cast(wanted))  # what was rewritten has other types
    whole = pa.concat_tables(parts) if parts else wanted.empty_table()
    return whole.sort_by([("received_at", "descending")]).slice(0, limit)


@functools.lru_cache(maxsize=4096)
def _groups(path: str) -> tuple[tuple[datetime.datetime, int], ...]:
    """Of each row group the newest time of receipt, and its rows. Files never change."""
    found = []
    with pq.ParquetFile(path) as file:
        at = file.schema_arrow.get_field_index("received_at")
        for number in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(number)
            known = group.column(at).statistics
            last = known.max if known is not None and known.has_min_max else _ALWAYS
            found.append((last, group.num_rows))
    return tuple(found)


_ALWAYS = datetime.datetime.max.replace(tzinfo=datetime.UTC)
