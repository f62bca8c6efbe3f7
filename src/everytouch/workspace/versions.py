"""Conflicts and versions of records, and the ledger as it was known at an earlier time."""

import datetime
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from everytouch.collect.api import Receipt
from everytouch.errors import UnknownNameError
from everytouch.ledger import api as ledger
from everytouch.ledger.api import Conflict, Quarantined, Version, audit
from everytouch.moments.api import key_name
from everytouch.workspace.base import KNOWN
from everytouch.workspace.ways_in import WaysIn

MOST_KNOWN = 3  # earlier times whose trails are kept beside a new one


class Versions(WaysIn):
    """Records that came more than once, with other content."""

    def conflicts(
        self, source: str | None = None, limit: int | None = None
    ) -> tuple[Conflict, ...]:
        """Return records that differ from what is stored under their id, until resolved."""
        return ledger.conflicts(self.tables, source, limit)

    def conflict(self, key: tuple[int, int]) -> Conflict | None:
        """Return one of them by its key; None where it is resolved. Reading is audited."""
        found = ledger.conflict(self.tables, key)
        if found is not None:
            audit(self.path, "read conflict", key_name(key[0]), self.who)
        return found

    def resolve(self, rows: Sequence[Quarantined], *, take: bool) -> Receipt:
        """Resolve conflicts. Audited.

        Args:
            rows: the records held.
            take: let them count from now on; else the stored ones go on counting. Either way
                both stay readable.

        Raises:
            WorkspaceError: another process is writing.
        """
        receipt = self._importer(self.catalogue, None).resolve(rows, take=take)
        said = "take the new record" if take else "keep the stored record"
        audit(self.path, "resolve conflicts", f"{len(rows)}: {said}", self.who)
        return receipt

    def versions(self, source: str, record: str) -> tuple[Version, ...]:
        """Return all versions of the records with an id, the oldest first. Reading is audited.

        Raises:
            UnknownNameError: the source has brought no such record.
        """
        found = ledger.versions(self.tables, source, record)
        if not found:
            raise UnknownNameError(
                f"source {source!r} has no record {record!r}", "check both: everytouch status"
            )
        parties = sorted({key_name(one.party_key) for one in found})
        audit(self.path, "read versions", ", ".join(parties), self.who)
        return found

    def as_known(self, at: datetime.datetime) -> Self:
        """Return the same workspace with the ledger as it was known at an earlier time.

        Records received later, corrections and links among them, are left out of every answer.
        What was erased since is erased there, too.

        Args:
            at: aware time.
        """
        for other in _oldest(self.path / KNOWN, MOST_KNOWN):
            shutil.rmtree(other, ignore_errors=True)
        return replace(self, known_at=at, stale=False)


def _oldest(folder: Path, kept: int) -> list[Path]:
    """Return the folders inside but for the youngest."""
    with suppress(OSError):
        found = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return found[: max(0, len(found) - kept)]
    return []
