"""What is asked of a database, and how values become text."""

import datetime
import decimal
import json
from dataclasses import dataclass
from typing import Any

from everytouch.collect.fetch.staging import Row

CHUNK = 5_000
"""Rows that are read from a database at once."""
Chunk = list[Row]


@dataclass(frozen=True)
class Query:
    """A table or query, and the column it is read in order of.

    Attributes:
        relation: what stands after FROM, quoted.
        cursor: the quoted column; empty for none.
    """

    relation: str
    cursor: str

    @property
    def everything(self) -> str:
        """A query for its columns alone."""
        return f"SELECT * FROM {self.relation} q WHERE 1 = 0"

    def rows(self, selected: list[str], token: str, start: str | None) -> str:
        """Return the query for its rows from a value on.

        Args:
            selected: an expression for each column.
            token: an expression for the cursor's text.
            start: a placeholder for the value; None to begin at the first.
        """
        said = f"SELECT {', '.join(selected)}, {token} FROM {self.relation} q"
        if not self.cursor:
            return said
        meets = f"q.{self.cursor} >= {start}" if start else f"q.{self.cursor} IS NOT NULL"
        return f"{said} WHERE {meets} ORDER BY q.{self.cursor}"

    def without(self, selected: list[str]) -> str:
        """Return the query for rows without a cursor value."""
        said = f"SELECT {', '.join(selected)}, NULL FROM {self.relation} q"
        return f"{said} WHERE q.{self.cursor} IS NULL"


def as_text(value: Any) -> str | None:
    """Return a value that a driver gave as exact text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, decimal.Decimal):
        return f"{value:f}" if value.is_finite() else str(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    if isinstance(value, bytes | bytearray | memoryview):
        return "\\x" + bytes(value).hex()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=as_text)
    return repr(value) if isinstance(value, float) else str(value)
