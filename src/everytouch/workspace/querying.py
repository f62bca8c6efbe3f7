"""SQL of people's own. Asking is audited."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from everytouch.errors import EverytouchError
from everytouch.journeys.api import LOGS, Unit, journeys_of
from everytouch.ledger.api import audit
from everytouch.trails import api as trails_room
from everytouch.trails.api import EVERYTHING, VIEWS, Scope
from everytouch.workspace.base import Base


class Asked:
    """Answers SQL about the ledger and the trails as they were when it was opened."""

    def __init__(self, base: Base) -> None:
        self._base = base
        resolution, allowed = base._resolution(), base.allowed("analysis")
        self._views = trails_room.Views(
            base.tables, base.trails, resolution, base.catalogue, base.settings, allowed or None
        )

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


@dataclass(frozen=True)
class WrittenLog:
    """An event log that was written."""

    path: Path
    journeys: int
    events: int


class Querying(Base):
    """What no other question asks, and what other tools ask for themselves."""

    def export_log(
        self, path: str | Path, scope: Scope = EVERYTHING, *, unit: Unit = "party"
    ) -> WrittenLog:
        """Write the trails as an event log for tools of process mining. Audited.

        Parties, orders and cases are named by their keys: nothing in it names a person. Those of
        whom a purpose that gates ``export`` does not allow it are left out.

        Args:
            path: its ending says the format: .xes, .xes.gz (XES), .jsonocel, .sqlite (OCEL 2.0).
            unit: what one journey, a trace of XES, is.

        Raises:
            EverytouchError: the ending is of no format, or the file cannot be written.
        """
        target, one = Path(path), self.pin()
        ending = next((end for end in LOGS if target.name.lower().endswith(end)), None)
        if ending is None:
            raise EverytouchError(
                f"{target.name} does not end as an event log does", f"use {', '.join(LOGS)}"
            )
        gap = self.settings.session_gap_minutes
        journeys = journeys_of(one.exported_trails(), self.catalogue, scope, unit, gap)
        new = target.with_name(f".{target.name}.new{ending}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            written = LOGS[ending](new, journeys)
            new.replace(target)
        except OSError as error:
            raise EverytouchError(
                f"the log cannot be written to {target}: {error}", "give another place"
            ) from error
        finally:
            with suppress(OSError):
                new.unlink(missing_ok=True)
        audit(self.path, "export log", f"{scope.text}; {written[1]} events", self.who)
        return WrittenLog(target, *written)

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
