"""What other rooms may import of the ledger."""

from everytouch.ledger.audit import Entry, audit, broken, entries
from everytouch.ledger.loader import Counts, Loader
from everytouch.ledger.quarantine import Quarantined, quarantined, release, superseded
from everytouch.ledger.secret import read_secret, write_secret
from everytouch.ledger.status import SourceStatus, status_of
from everytouch.ledger.tables import IMPORTS, TABLES, Tables

__all__ = [
    "IMPORTS",
    "TABLES",
    "Counts",
    "Entry",
    "Loader",
    "Quarantined",
    "SourceStatus",
    "Tables",
    "audit",
    "broken",
    "entries",
    "quarantined",
    "read_secret",
    "release",
    "status_of",
    "superseded",
    "write_secret",
]
