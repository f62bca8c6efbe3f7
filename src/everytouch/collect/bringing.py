"""What was read, into the ledger: what holds is stored, what does not is held, all is counted."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from everytouch.collect.nobody import Notes
from everytouch.collect.positions import numbered
from everytouch.collect.records import Sorted
from everytouch.ledger.api import Counts, Loader, Policy
from everytouch.moments.api import Kind


def bring(
    loader: Loader,
    kind: Kind,
    parted: Sorted,
    positions: NDArray[np.int64] | Sequence[int | None],
    policy: Policy,
    notes: Notes | None = None,
) -> Counts:
    """Store a batch of records, hold those that break a rule, and return what became of them.

    Args:
        positions: of all rows in their source; None where it is not known.
        policy: what to do with a record that differs from what is stored under its id.
        notes: identifiers that identify nobody are added here.
    """
    good, broken = numbered(parted, positions)
    held = loader.quarantine(kind, broken) if broken else Counts()
    if notes is not None:
        notes.update(parted.notes)
    dropped = Counts(len(parted.dropped), refused=len(parted.dropped))
    return held + loader.store(kind, good, policy) + dropped
