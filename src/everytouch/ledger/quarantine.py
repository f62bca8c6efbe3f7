"""Reading the quarantine, and letting rows out of it once they are stored."""

import datetime
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from everytouch.ledger.tables import Tables
from everytouch.moments.api import KINDS, POSITION
from everytouch.results import plain

EVENTS = "events"
"""Kind of what is held as it came over HTTP: no record yet. Its row has the event under this."""

ROWS = "rows"
"""Kind of a row of a file that could not be read: corrected in the file, then imported again."""


_START, _END = 120, 40  # characters shown of a long text


def shortened(text: str, length: Callable[[int], str] = "{:,} characters".format) -> str:
    """Return a text for a list: start and end of a long one, with its length between them.

    Args:
        length: writes the number of characters.
    """
    said = length(len(text))
    if len(text) <= _START + _END + len(said):
        return text
    return f"{text[:_START]}… ({said}) …{text[-_END:]}"


def written(row: dict[str, Any]) -> str:
    """Return a row as it is kept."""
    return json.dumps(plain(row), ensure_ascii=False, sort_keys=True)


def recognised_by(kind: str, row: dict[str, Any]) -> str:
    """By what a row is known to be held already: an event by its id, a record by all it says.

    Where it stands in its source is not a part of what it says.
    """
    if kind == EVENTS:
        return f"{kind}\x1f{row.get('id') or row.get(EVENTS)}"
    said = {name: value for name, value in row.items() if name != POSITION}
    return f"{kind}\x1f{written(said)}"


def exact(row: dict[str, Any]) -> dict[str, Any]:
    """Return a record with its money as text, which JSON would round."""
    return {
        name: f"{value.normalize():f}" if isinstance(value, Decimal) else value
        for name, value in row.items()
    }


@dataclass(frozen=True)
class Quarantined:
    """One record that broke a rule."""

    source: str
    kind: str
    id: str
    reason: str
    row: dict[str, Any]
    key: tuple[int, int]
    received_at: datetime.datetime

    @property
    def brief(self) -> "Quarantined":
        """The same record with long texts shortened, for a list of many."""
        row = {name: _brief(value) for name, value in self.row.items()}
        return replace(self, id=shortened(self.id), reason=shortened(self.reason), row=row)


def _brief(value: Any) -> Any:
    if isinstance(value, list):
        return [_brief(one) for one in value]
    return shortened(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class Reason:
    """Why records are held, and how many.

    Attributes:
        last: when the last of them came.
        key: of one of them.
    """

    kind: str
    reason: str
    count: int
    last: datetime.datetime
    key: tuple[int, int]


def quarantined(
    tables: Tables,
    source: str | None = None,
    limit: int | None = None,
    *,
    table: str = "quarantine",
) -> tuple[Quarantined, ...]:
    """Records in quarantine, in the order of their source, kind and id; at most ``limit``.

    Args:
        table: where they are held.
    """
    sql = "SELECT * FROM ledger WHERE $1 IS NULL OR source = $1 ORDER BY source, kind, id, row"
    if limit is not None:
        sql += f" LIMIT {int(limit)}"
    return tuple(map(_read, tables.query(table, sql, [source]).to_pylist()))


def held(tables: Tables, key: tuple[int, int], *, table: str = "quarantine") -> Quarantined | None:
    """One record in quarantine; None where it is not there any more."""
    sql = "SELECT * FROM ledger WHERE key_first = $1 AND key_second = $2 LIMIT 1"
    return next(map(_read, tables.query(table, sql, [*key]).to_pylist()), None)


def reasons(tables: Tables, source: str | None = None) -> tuple[Reason, ...]:
    """Why records are held, the reason of the most first."""
    sql = (
        "SELECT kind, reason, count(*) AS count, max(received_at) AS last, "
        "max_by([key_first, key_second], received_at) AS key FROM ledger "
        "WHERE $1 IS NULL OR source = $1 GROUP BY kind, reason ORDER BY count DESC, reason"
    )
    rows = tables.query("quarantine", sql, [source]).to_pylist()
    return tuple(Reason(**row | {"key": tuple(row["key"])}) for row in rows)


def _read(row: dict[str, Any]) -> Quarantined:
    return Quarantined(
        row["source"],
        row["kind"],
        row["id"],
        row["reason"],
        json.loads(row["row"]),
        (row["key_first"], row["key_second"]),
        row["received_at"],
    )


def superseded(tables: Tables, source: str, now: datetime.datetime) -> list[Quarantined]:
    """Records held earlier of which a good version came at ``now``, under the same id."""
    held = [row for row in quarantined(tables, source) if row.received_at < now]
    query = (
        "SELECT id FROM ledger WHERE source = $1 AND received_at = $2 "
        "AND id IN (SELECT unnest($3::VARCHAR[]))"
    )
    result = []
    for kind in KINDS:
        mine = [row for row in held if row.kind == kind]
        found = tables.query(kind, query, [source, now, [row.id for row in mine]])
        stored = set(found["id"].to_pylist())
        result += [row for row in mine if row.id in stored]
    return result


def release(tables: Tables, records: list[Quarantined], *, table: str = "quarantine") -> None:
    """Take records out of quarantine: they are stored now."""
    if records:
        keys = ", ".join(str(int(record.key[0])) for record in records)
        tables.delete(table, f"key_first IN ({keys})")
