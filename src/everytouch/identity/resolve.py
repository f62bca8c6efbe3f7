"""From links to parties: equal identifiers are one party, and so is what links join.

Links are statements that are only ever added. The latest statement about a pair counts, so
a merge is undone by stating that the two are not the same, and parties can be asked for as
they were known at any earlier time.
"""

import datetime
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from everytouch.later import Later
from everytouch.ledger.api import Tables
from everytouch.moments.api import Keys

if TYPE_CHECKING:
    from scipy import sparse
    from scipy.sparse import csgraph
else:
    sparse = Later("scipy.sparse")
    csgraph = Later("scipy.sparse.csgraph")

_COLUMNS = ["party_key", "other_key", "same", "occurred_at", "received_at", "key_first"]


@dataclass(frozen=True)
class Resolution:
    """Identifiers that are linked, and the party each belongs to.

    Attributes:
        keys: keys of linked identifiers, sorted.
        roots: the party's key for each: the smallest key of its component.
    """

    keys: Keys
    roots: Keys

    def party(self, keys: Keys) -> Keys:
        """Party keys of identifier keys; an identifier without links is its own party."""
        if not len(self.keys):
            return keys
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, self.roots[at], keys)

    def members(self, party: int) -> Keys:
        """Identifier keys of a party."""
        mine = self.keys[self.roots == party]
        return mine if len(mine) else np.array([party], np.int64)


def resolve(links: pa.Table, known_at: datetime.datetime | None = None) -> Resolution:
    """Parties by the links that had been received at ``known_at`` (all, when left out).

    Args:
        links: columns party_key, other_key, same, occurred_at, received_at, key_first.
        known_at: aware time.
    """
    if known_at is not None:
        when = pa.scalar(known_at, links["received_at"].type)
        links = links.filter(pc.less_equal(links["received_at"], when))
    order = [("occurred_at", "ascending"), ("received_at", "ascending"), ("key_first", "ascending")]
    links = links.sort_by(order)
    a, b = links["party_key"].to_numpy(), links["other_key"].to_numpy()
    keys, index = np.unique(np.concatenate([a, b]), return_inverse=True)
    low, high = np.minimum(*np.split(index, 2)), np.maximum(*np.split(index, 2))
    pair = low.astype(np.int64) * max(1, len(keys)) + high
    _, latest = np.unique(pair[::-1], return_index=True)
    latest = len(pair) - 1 - latest
    latest = latest[links["same"].to_numpy(zero_copy_only=False)[latest]]
    graph = sparse.coo_matrix((np.ones(len(latest)), (low[latest], high[latest])), (len(keys),) * 2)
    count, label = csgraph.connected_components(graph, directed=False)
    roots = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(roots, label, keys)
    return Resolution(keys, roots[label])


def current(tables: Tables, known_at: datetime.datetime | None = None) -> Resolution:
    """Parties by the links in the ledger; the same ledger gives the same resolution again."""
    if known_at is None:
        return _newest(tables.folder, tables.version("links"))
    return resolve(tables.read("links", _COLUMNS), known_at)


@functools.lru_cache(maxsize=2)
def _newest(folder: Path, _version: int) -> Resolution:
    return resolve(Tables(folder).read("links", _COLUMNS))
