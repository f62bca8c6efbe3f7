"""Whom an erasure removes: all identifiers that are one party, not only the one asked for."""

import hashlib
from dataclasses import dataclass

from everytouch.identity.profile import profile
from everytouch.identity.resolve import Resolution
from everytouch.ledger.api import Tables


@dataclass(frozen=True)
class ErasurePlan:
    """What an erasure would remove.

    Attributes:
        identifiers: as namespace:value, with the moments under each; all of them go.
        shared: devices that others used as well, with the party's moments on each; these moments
            go, the devices and what others did on them stay.
        confirm: to be given with the erasure; another as soon as other identifiers would go.
    """

    party: int
    identifiers: tuple[tuple[str, int], ...]
    shared: tuple[tuple[str, int], ...]
    confirm: str

    @property
    def moments(self) -> int:
        """How many moments go."""
        return sum(count for _, count in (*self.identifiers, *self.shared))


def erasure_plan(tables: Tables, resolution: Resolution, party: int) -> ErasurePlan:
    """Return what erasing a party would remove."""
    known = profile(tables, resolution, party)
    named = "\n".join(map(str, sorted(resolution.seen_under(party).tolist())))
    return ErasurePlan(
        party,
        tuple(item for item in known.identifiers if item[0] not in known.shared),
        tuple(item for item in known.identifiers if item[0] in known.shared),
        hashlib.sha256(named.encode()).hexdigest()[:12],
    )
