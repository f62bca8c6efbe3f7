"""SQL of people's own. Asking is audited."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from everytouch.identity import api as identity
from everytouch.ledger.api import audit
from everytouch.trails import api as trails_room
from everytouch.trails.api import VIEWS
from everytouch.workspace.base import Base


class Asked:
    """Answers SQL about the ledger and the trails as they were when it was opened."""

    def __init__(self, base: Base) -> None:
        self._base = base
        resolution = identity.current(base.tables)
        self._views = trails_room.Views(base.tables, base.trails, resolution, base.catalogue)

    def query(self, sql: str) -> pa.Table:
        """The answer to one statement; see ``Querying.sql``."""
        shown = [name for name in VIEWS if name in sql.casefold()]
        digest = hashlib.sha256(sql.encode()).hexdigest()  # what it says may name a person
        what = f"{', '.join(shown) or 'nothing'}; SHA-256 of the SQL {digest[:16]}"
        audit(self._base.path, "ask SQL", what, self._base.who)
        return self._views.query(sql)

    def close(self) -> None:
        """Let go of what it holds."""
        self._views.close()


class Querying(Base):
    """What no other question asks."""

    def sql(self, query: str) -> pa.Table:
        """The answer to SQL in DuckDB's dialect. Audited, with a digest of the SQL.

        Views: ``moments`` (all trails, resolved to parties), ``touchpoints``, and the ledger's
        ``interactions``, ``perceptions``, ``links`` and ``traits``, each with its ``party``.

        Raises:
            QueryError: it cannot be answered.
        """
        with self.asking_sql() as asked:
            return asked.query(query)

    @contextmanager
    def asking_sql(self) -> Iterator[Asked]:
        """For several queries: the trails are read once for all of them."""
        asked = Asked(self)
        try:
            yield asked
        finally:
            asked.close()
