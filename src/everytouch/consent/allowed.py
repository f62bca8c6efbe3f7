"""Select the parties that may be analysed, exported or contacted, by purpose and consent."""

import functools
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue, Purpose
from everytouch.identity.api import Resolution, among, current
from everytouch.ledger.api import Tables
from everytouch.moments.api import DEVICE_TYPES, Keys

STATED = ["party_key", "occurred_at", "received_at", "key_first", "purpose", "given"]


@dataclass(frozen=True)
class _Said:
    """What people said of one purpose.

    Attributes:
        opt_in: only who agreed is allowed, rather than everybody but who withdrew.
        keys: of those who agreed, or of those who withdrew; in order, under every identifier of
            theirs, so that trails of a moment ago are understood as well.
    """

    opt_in: bool
    keys: Keys

    def of(self, parties: Keys) -> NDArray[np.bool_]:
        named = among(parties, self.keys)
        return named if self.opt_in else ~named


@dataclass(frozen=True)
class Allowed:
    """The parties that allow a use of their data, by every purpose that gates it.

    Attributes:
        purposes: that gate it, and whether only who agreed is allowed.
        versions: of consents and links in the ledger.
    """

    gate: str
    purposes: tuple[tuple[str, bool], ...] = ()
    versions: tuple[int, int] = (-1, -1)
    parts: tuple[_Said, ...] = field(default=(), compare=False)

    def of(self, parties: Keys) -> NDArray[np.bool_]:
        """Return which of these party keys are allowed, (n,)."""
        found = np.ones(len(parties), np.bool_)
        for part in self.parts:
            found &= part.of(parties)
        return found

    def __bool__(self) -> bool:
        """Whether anybody was asked at all."""
        return bool(self.purposes)


EVERYBODY = Allowed("")


def gated(catalogue: Catalogue, gate: str) -> tuple[Purpose, ...]:
    """The purposes that gate something, as ``analysis``."""
    return tuple(one for one in catalogue.purposes.values() if gate in one.gates)


def allowed(
    tables: Tables, catalogue: Catalogue, gate: str, types: frozenset[str] = DEVICE_TYPES
) -> Allowed:
    """Return who is allowed; everybody where no purpose gates it.

    What people say counts at once, also for a ledger as it was known at an earlier time.

    Args:
        types: ID types of devices.
    """
    purposes = gated(catalogue, gate)
    if not purposes:
        return EVERYBODY
    now = Tables(tables.folder) if tables.known_at is not None else tables
    versions = now.version("consents"), now.version("links")
    named = tuple((one.name, one.default == "opt-in") for one in purposes)
    return _allowed(now.folder, gate, versions, named, types)


@functools.lru_cache(maxsize=8)
def _allowed(
    folder: Path,
    gate: str,
    versions: tuple[int, int],
    purposes: tuple[tuple[str, bool], ...],
    types: frozenset[str],
) -> Allowed:
    tables = Tables(folder)
    resolution = current(tables, types=types)
    rows = tables.read("consents", STATED)
    parts = tuple(_Said(opt_in, _keys(rows, resolution, name, opt_in)) for name, opt_in in purposes)
    return Allowed(gate, purposes, versions, parts)


def _keys(rows: pa.Table, resolution: Resolution, purpose: str, given: bool) -> Keys:
    """Keys of the parties whose latest word on a purpose is this one, in order."""
    mine = rows.filter(pc.equal(rows["purpose"], purpose)).sort_by(
        [(name, "descending") for name in ("occurred_at", "received_at", "key_first")]
    )
    party, latest = np.unique(resolution.of(mine), return_index=True)
    said = mine["given"].to_numpy()[latest]
    return np.unique(resolution.families(party[said == given])[0])
