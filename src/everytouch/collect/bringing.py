"""What was read, into the ledger: what holds is stored, what does not is held, all is counted."""

from everytouch.collect.nobody import Notes
from everytouch.collect.records import Sorted
from everytouch.ledger.api import Counts, Loader
from everytouch.moments.api import Kind


def bring(loader: Loader, kind: Kind, parted: Sorted, notes: Notes | None = None) -> Counts:
    """Store a batch of records, hold those that break a rule, and return what became of them.

    Args:
        notes: identifiers that identify nobody are added here.
    """
    broken = list(parted.broken.values())
    held = loader.quarantine(kind, broken) if broken else Counts()
    if notes is not None:
        notes.update(parted.notes)
    dropped = Counts(parted.dropped, refused=parted.dropped)
    return held + loader.store(kind, parted.good) + dropped
