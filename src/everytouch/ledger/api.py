"""What other rooms may import of the ledger."""

from everytouch.ledger.anchors import (
    check_places,
    files_among,
    head_of,
    noted_in,
    write_anchors,
)
from everytouch.ledger.arrivals import Arrival, arrivals
from everytouch.ledger.audit import Actor, audit, audited, entries
from everytouch.ledger.backup import Packed, Unpacked, pack, tell_backups, unpack
from everytouch.ledger.belongings import check_belongings
from everytouch.ledger.conflicts import Conflict, Version, conflict, conflicts, versions
from everytouch.ledger.erasure import Erasure, again, certify, erase, erasures, named_as
from everytouch.ledger.expiry import (
    Expired,
    Expiry,
    ExpiryCertificate,
    certify_expiry,
    due,
    expire,
    expiries,
)
from everytouch.ledger.keyset import KeySet
from everytouch.ledger.loader import Counts, Loader, Stamps
from everytouch.ledger.mentions import Words
from everytouch.ledger.places import placed
from everytouch.ledger.proof import Problem, Proof, broken, last_line, prove
from everytouch.ledger.quarantine import (
    EVENTS,
    ROWS,
    Quarantined,
    Reason,
    held,
    quarantined,
    reasons,
    release,
    shortened,
    superseded,
)
from everytouch.ledger.recognition import Policy, Recognition
from everytouch.ledger.repair import repair
from everytouch.ledger.schemas import IMPORTS, TABLES
from everytouch.ledger.seals import Entry, Head
from everytouch.ledger.secret import read_secret, write_secret
from everytouch.ledger.session import AGAIN, limited, session
from everytouch.ledger.status import SourceStatus, moments_of, status_of
from everytouch.ledger.sums import fast_sum, known_sum, strong_sum
from everytouch.ledger.tables import Tables
from everytouch.ledger.verify import Checked, Damage, check_receipts, check_secret, check_tables

__all__ = [
    "AGAIN",
    "EVENTS",
    "IMPORTS",
    "ROWS",
    "TABLES",
    "Actor",
    "Arrival",
    "Checked",
    "Conflict",
    "Counts",
    "Damage",
    "Entry",
    "Erasure",
    "Expired",
    "Expiry",
    "ExpiryCertificate",
    "Head",
    "KeySet",
    "Loader",
    "Packed",
    "Policy",
    "Problem",
    "Proof",
    "Quarantined",
    "Reason",
    "Recognition",
    "SourceStatus",
    "Stamps",
    "Tables",
    "Unpacked",
    "Version",
    "Words",
    "again",
    "arrivals",
    "audit",
    "audited",
    "broken",
    "certify",
    "certify_expiry",
    "check_belongings",
    "check_places",
    "check_receipts",
    "check_secret",
    "check_tables",
    "conflict",
    "conflicts",
    "due",
    "entries",
    "erase",
    "erasures",
    "expire",
    "expiries",
    "fast_sum",
    "files_among",
    "head_of",
    "held",
    "known_sum",
    "last_line",
    "limited",
    "moments_of",
    "named_as",
    "noted_in",
    "pack",
    "placed",
    "prove",
    "quarantined",
    "read_secret",
    "reasons",
    "release",
    "repair",
    "session",
    "shortened",
    "status_of",
    "strong_sum",
    "superseded",
    "tell_backups",
    "unpack",
    "versions",
    "write_anchors",
    "write_secret",
]
