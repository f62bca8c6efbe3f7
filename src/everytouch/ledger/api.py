"""What other rooms may import of the ledger."""

from everytouch.ledger.audit import Entry, audit, broken, entries
from everytouch.ledger.backup import Packed, Unpacked, pack, tell_backups, unpack
from everytouch.ledger.erasure import Erasure, again, erase, erasures
from everytouch.ledger.loader import Counts, Loader
from everytouch.ledger.quarantine import Quarantined, quarantined, release, superseded
from everytouch.ledger.secret import read_secret, write_secret
from everytouch.ledger.status import SourceStatus, moments_of, status_of
from everytouch.ledger.tables import IMPORTS, TABLES, Tables

__all__ = [
    "IMPORTS",
    "TABLES",
    "Counts",
    "Entry",
    "Erasure",
    "Loader",
    "Packed",
    "Quarantined",
    "SourceStatus",
    "Tables",
    "Unpacked",
    "again",
    "audit",
    "broken",
    "entries",
    "erase",
    "erasures",
    "moments_of",
    "pack",
    "quarantined",
    "read_secret",
    "release",
    "status_of",
    "superseded",
    "tell_backups",
    "unpack",
    "write_secret",
]
