"""Whether links that change whose a device is leave the trails that are there whole.

Trails grow and join; none is ever parted in place. When a device gets another owner, what is new
on it belongs to them, which takes nothing apart. Where moments that are in somebody's trail already
would have to go to somebody else, trails are built from the ledger.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from everytouch.identity.api import Resolution, among, before, microseconds_of, named_in
from everytouch.ledger.api import Tables
from everytouch.moments.api import Keys
from everytouch.trails.records import READ


def changes_hands(resolution: Resolution, added: pa.Table) -> bool:
    """Whether new links may change whose a device is."""
    handed = np.union1d(resolution.open, resolution.shared.keys)
    return bool(among(named_in(added), handed).any())


def parts_trails(
    tables: Tables,
    resolution: Resolution,
    added: pa.Table,
    moved: tuple[Keys, Keys],
    fresh: Keys,
    types: frozenset[str],
) -> bool:
    """Whether moments of one trail belong to several parties now.

    Args:
        resolution: which identifiers are one party now.
        added: the links that are new.
        moved: keys under which trails lie, ascending, and under which they are to lie.
        fresh: keys of moments that are in no trail yet.
    """
    named = np.unique(named_in(added))
    old = before(tables, added, types)
    mine = np.unique(np.concatenate([_kin(old, named), _kin(resolution, named)]))
    handed = among(mine, np.union1d(old.shared.keys, resolution.shared.keys))
    alone = mine[~handed]
    if (_now(old.party(alone), moved) != resolution.party(alone)).any():
        return True
    keys, times = _moments(tables, mine[handed], fresh)
    return bool((_now(old.party(keys, times), moved) != resolution.party(keys, times)).any())


def _kin(resolution: Resolution, named: Keys) -> Keys:
    """All keys of the parties of some keys, and of the owners of devices among them."""
    devices = named[among(named, resolution.shared.keys)]
    owners = [resolution.shared.owners_of(int(key)) for key in devices]
    parties = np.concatenate([resolution.party(named), *owners])
    return np.concatenate([resolution.families(parties)[0], named])


def _now(parties: Keys, moved: tuple[Keys, Keys]) -> Keys:
    keys, new = moved
    if not len(keys):
        return parties
    at = np.minimum(np.searchsorted(keys, parties), len(keys) - 1)
    return np.where(keys[at] == parties, new[at], parties)


def _moments(tables: Tables, keys: Keys, fresh: Keys) -> tuple[Keys, NDArray[np.int64]]:
    """Identifier key and time of the moments seen under some keys that are in trails already."""
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    fresh = np.unique(fresh)
    for name in READ:
        for batch in tables.batches(name, ["party_key", "occurred_at", "key_first"]):
            party = batch["party_key"].to_numpy()
            rows = np.flatnonzero(among(party, keys))
            rows = rows[~among(batch["key_first"].to_numpy()[rows], fresh)]
            if len(rows):
                found.append((party[rows], microseconds_of(batch["occurred_at"])[rows]))
    one, other = zip(*found, strict=True)
    return np.concatenate(one), np.concatenate(other)
