"""From links to parties: equal identifiers are one party, and so is what links join.

Links are statements that are only ever added. The latest statement about a pair counts, so
a merge is undone by stating that the two are not the same, and parties can be asked for as
they were known at any earlier time.
"""

import datetime
import functools
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from everytouch.later import Later
from everytouch.ledger.api import Tables
from everytouch.moments.api import Keys

if TYPE_CHECKING:
    from scipy import sparse
    from scipy.sparse import csgraph
else:
    sparse = Later("scipy.sparse")
    csgraph = Later("scipy.sparse.csgraph")

_JOINING = ["party_key", "other_key", "same", "version"]
_COLUMNS = [*_JOINING, "occurred_at", "received_at", "key_first"]


@dataclass(frozen=True)
class Resolution:
    """Identifiers that are linked, and the party each belongs to.

    Attributes:
        keys: keys of linked identifiers, sorted.
        roots: the party's key for each: the smallest key of its component.
        denied: keys that somebody said are not the same as another, sorted.
    """

    keys: Keys
    roots: Keys
    denied: Keys = field(default_factory=lambda: np.zeros(0, np.int64))

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

    def families(self, parties: Keys) -> tuple[Keys, Keys]:
        """All identifier keys of some parties, and the party of each."""
        parties = np.unique(parties)
        kin = among(self.roots, parties)
        alone = parties[~among(parties, np.unique(self.roots[kin]))]
        return np.append(self.keys[kin], alone), np.append(self.roots[kin], alone)

    def only_joins(self, links: pa.Table) -> bool:
        """Whether statements join, none parts, and none is about somebody who was ever parted.

        A statement that was corrected does more than join. What else a statement does is for all
        statements together to say.
        """
        named = np.concatenate([links["party_key"].to_numpy(), links["other_key"].to_numpy()])
        corrected = links["same"].null_count > 0 or (
            "version" in links.column_names and links["version"].null_count < len(links)
        )
        return all_same(links) and not corrected and not among(named, self.denied).any()

    def grown(self, links: pa.Table) -> "Resolution | None":
        """Parties when statements are added, in time of what they are about and not of all.

        Args:
            links: as for ``resolve``.

        Returns:
            None where they do not only join.
        """
        if not self.only_joins(links):
            return None
        a, b = links["party_key"].to_numpy(), links["other_key"].to_numpy()
        named = np.union1d(a, b)
        parties = self.party(named)
        old = np.unique(parties)
        new = _components(np.searchsorted(old, self.party(a)), np.searchsorted(old, self.party(b)),
                          old)  # fmt: skip
        roots = self.roots
        if (moved := old != new).any():
            at = np.minimum(np.searchsorted(old[moved], roots), moved.sum() - 1)
            roots = np.where(old[moved][at] == roots, new[moved][at], roots)
        fresh = named[~among(named, self.keys)]
        place = np.searchsorted(self.keys, fresh)
        joined = new[np.searchsorted(old, fresh)]
        return Resolution(
            np.insert(self.keys, place, fresh), np.insert(roots, place, joined), self.denied
        )


def among(keys: Keys, known: Keys) -> NDArray[np.bool_]:
    """Which keys are among known ones, that are in order."""
    if not len(known):
        return np.zeros(len(keys), np.bool_)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    found: NDArray[np.bool_] = known[at] == keys
    return found


def all_same(links: pa.Table) -> bool:
    """Whether all statements join and none parts."""
    return pc.all(links["same"], min_count=0).as_py() is not False


def resolve(links: pa.Table, known_at: datetime.datetime | None = None) -> Resolution:
    """Parties by the links that had been received at ``known_at`` (all, when left out).

    Args:
        links: columns party_key, other_key, same, and where one parts or a time is given
            occurred_at, received_at, key_first.
        known_at: aware time.
    """
    if known_at is not None:
        when = pa.scalar(known_at, links["received_at"].type)
        links = links.filter(pc.less_equal(links["received_at"], when))
    links = links.filter(pc.is_valid(links["same"]))  # the others were withdrawn
    if all_same(links):
        return _joined(links["party_key"].to_numpy(), links["other_key"].to_numpy())
    order = [("occurred_at", "ascending"), ("received_at", "ascending"), ("key_first", "ascending")]
    links = links.sort_by(order)
    a, b = links["party_key"].to_numpy(), links["other_key"].to_numpy()
    keys, index = np.unique(np.concatenate([a, b]), return_inverse=True)
    low, high = np.minimum(*np.split(index, 2)), np.maximum(*np.split(index, 2))
    pair = low.astype(np.int64) * max(1, len(keys)) + high
    _, latest = np.unique(pair[::-1], return_index=True)
    latest = len(pair) - 1 - latest
    same = links["same"].to_numpy(zero_copy_only=False)
    latest = latest[same[latest]]
    roots = _components(low[latest], high[latest], keys)
    return Resolution(keys, roots, np.union1d(a[~same], b[~same]))


def _joined(a: Keys, b: Keys) -> Resolution:
    keys, index = np.unique(np.concatenate([a, b]), return_inverse=True)
    first, second = np.split(index, 2)
    return Resolution(keys, _components(first, second, keys))


def _components(a: NDArray[np.int64], b: NDArray[np.int64], keys: Keys) -> Keys:
    """For each of ``keys``, ascending, the smallest that pairs of places lead to, (len(keys),)."""
    graph = sparse.coo_matrix((np.ones(len(a)), (a, b)), (len(keys),) * 2)
    count, label = csgraph.connected_components(graph, directed=False)
    roots = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(roots, label, keys)
    found: Keys = roots[label]
    return found


class _Known:
    """The newest resolution of one ledger folder that this process has seen."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.version, self.resolution = -1, Resolution(*np.zeros((2, 0), np.int64))


def current(tables: Tables, known_at: datetime.datetime | None = None) -> Resolution:
    """Parties by the links in the ledger; a newer ledger is resolved by what was added."""
    if known_at is not None:
        tables = Tables(tables.folder, known_at)
    return newest(tables)[1]


def newest(tables: Tables) -> tuple[int, Resolution]:
    """The version of the links in the ledger, and the parties by them."""
    if tables.known_at is not None:
        version, files = tables.snapshot("links")
        return version, resolve(tables.read_of("links", files, _COLUMNS))
    known = _known(tables.folder)
    with known.lock:
        if tables.version("links") != known.version:
            version, files = tables.snapshot("links")
            known.resolution = _added(tables, known, version) or _whole(tables, files)
            known.version = version
        return known.version, known.resolution


@functools.lru_cache(maxsize=4)
def _known(_folder: Path) -> _Known:
    return _Known()


def _added(tables: Tables, known: _Known, version: int) -> Resolution | None:
    if known.version < 0:
        return None
    files = tables.appended("links", known.version, version)
    return None if files is None else known.resolution.grown(
        tables.read_of("links", files, _JOINING))  # fmt: skip


def _whole(tables: Tables, files: list[Path]) -> Resolution:
    """Resolved from all statements; of those that all join, three columns say it."""
    links = tables.read_of("links", files, _JOINING)
    return resolve(links if all_same(links) else tables.read_of("links", files, _COLUMNS))
