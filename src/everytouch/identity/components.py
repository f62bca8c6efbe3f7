"""Links as a graph: which identifiers are devices, and what hangs together."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from everytouch.later import Later
from everytouch.moments.api import EITHER, SECOND, Keys, of_device

if TYPE_CHECKING:
    from scipy import sparse
    from scipy.sparse import csgraph
else:
    sparse = Later("scipy.sparse")
    csgraph = Later("scipy.sparse.csgraph")

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Edges:
    """Pairs of identifiers that are linked.

    Attributes:
        keys: identifier keys, sorted.
        weak: which of them are devices.
        first, second: places of the two in ``keys``.
        denied: keys that somebody said are not the same as another.
        open: keys of which it takes all statements to say whether they are devices.
        undone: pairs of which the latest statement parts, as numbers; sorted.
    """

    keys: Keys
    weak: Mask
    first: Places
    second: Places
    denied: Keys
    open: Keys
    undone: NDArray[np.int64]

    def whole(self) -> Places:
        """Return a number for each identifier: the same for all that hang together."""
        return components(self.first, self.second, len(self.keys))

    def people(self) -> Places:
        """Return numbers as ``whole`` does, by links between people alone."""
        use = ~self.weak[self.first] & ~self.weak[self.second]
        return components(self.first[use], self.second[use], len(self.keys))

    def devices(self) -> Places:
        """Return numbers as ``whole`` does, by links between devices alone."""
        use = self.weak[self.first] & self.weak[self.second]
        return components(self.first[use], self.second[use], len(self.keys))

    def ownership(self, person: Places, device: Places) -> tuple[Places, Places]:
        """Return the device and the person of each link between the two."""
        use = self.weak[self.first] != self.weak[self.second]
        a, b = self.first[use], self.second[use]
        weak = self.weak[a]
        return device[np.where(weak, a, b)], person[np.where(weak, b, a)]

    def holds(self, links: pa.Table) -> Mask:
        """Return which statements join, and were not undone by a later one."""
        same: Mask = links["same"].to_numpy(zero_copy_only=False)
        if not len(self.undone):
            return same
        a = np.searchsorted(self.keys, links["party_key"].to_numpy())
        b = np.searchsorted(self.keys, links["other_key"].to_numpy())
        return same & ~np.isin(_pair(a, b, len(self.keys)), self.undone)


def components(a: Places, b: Places, count: int) -> Places:
    """Number of the component of each of ``count`` places."""
    if not len(a):
        return np.arange(count)
    graph = sparse.coo_matrix((np.ones(len(a), np.bool_), (a, b)), (count, count))
    label: Places = csgraph.connected_components(graph, directed=False)[1].astype(np.int64)
    return label


def smallest(label: Places, keys: Keys, weak: Mask) -> Keys:
    """Smallest key of each one's component; a device's only where there are none but devices."""
    names, at = np.unique(label, return_inverse=True)
    least = np.full(len(names), np.iinfo(np.int64).max)
    np.minimum.at(least, at[~weak], keys[~weak])
    lonely = np.ones(len(names), np.bool_)
    lonely[at[~weak]] = False
    mine = weak & lonely[at]
    np.minimum.at(least, at[mine], keys[mine])
    return least[at]


def stated(links: pa.Table) -> pa.Table:
    """Return the links that still count: what is neither joined nor parted was withdrawn."""
    return links.filter(pc.is_valid(links["same"])) if links["same"].null_count else links


def all_same(links: pa.Table) -> bool:
    """Whether all statements join and none parts."""
    return pc.all(links["same"], min_count=0).as_py() is not False


def edges_of(links: pa.Table, types: frozenset[str]) -> Edges:
    """Return the pairs that are linked; the latest statement about a pair counts."""
    a, b = links["party_key"].to_numpy(), links["other_key"].to_numpy()
    keys, index = np.unique(np.concatenate([a, b]), return_inverse=True)
    first, second = np.split(index, 2)
    weak = _by_type(links, first, second, len(keys), types)
    undone = np.zeros(0, np.int64)
    denied = undone
    if all_same(links):
        holds = np.ones(len(a), np.bool_)
    else:
        same = links["same"].to_numpy(zero_copy_only=False)
        denied = np.union1d(a[~same], b[~same])
        pair = _pair(first, second, len(keys))
        undone = _undone(links, pair, same)
        holds = same & ~np.isin(pair, undone)
    joins, open_ = holds, np.zeros(0, np.int64)
    if "device" in links.column_names and links["device"].null_count < len(links):
        joins, weak, unsure = _by_statement(links["device"], first, second, holds, weak)
        open_ = keys[unsure]
    return Edges(keys, weak, first[joins], second[joins], denied, open_, undone)


def _pair(a: Places, b: Places, count: int) -> NDArray[np.int64]:
    return np.minimum(a, b).astype(np.int64) * max(1, count) + np.maximum(a, b)


def _undone(links: pa.Table, pair: NDArray[np.int64], same: Mask) -> NDArray[np.int64]:
    """Pairs of which the latest statement says that they are not the same."""
    by = [("occurred_at", "ascending"), ("received_at", "ascending"), ("key_first", "ascending")]
    order = pc.sort_indices(links, sort_keys=by).to_numpy()[::-1]
    named, latest = np.unique(pair[order], return_index=True)
    undone: NDArray[np.int64] = named[~same[order][latest]]
    return undone


def _by_type(
    links: pa.Table, first: Places, second: Places, count: int, types: frozenset[str]
) -> Mask:
    """Which identifiers are devices by their ID type."""
    weak = np.zeros(count, np.bool_)
    for column, places in (("namespace", first), ("other_namespace", second)):
        if column in links.column_names:
            found = of_device(links[column], types).to_numpy()
            weak[places[found]] = True
    return weak


def _by_statement(
    said: pa.ChunkedArray, first: Places, second: Places, holds: Mask, weak: Mask
) -> tuple[Mask, Mask, Mask]:
    """What links themselves say of devices: which of them join, devices, and who is unsure.

    Somebody who is identified (the first of a link to a device) is no device. Where a link does
    not say which of the two the device is, it is the second, unless that is known: identified, or
    linked by itself to a person.
    """
    second_is = holds & pc.equal(said, SECOND).fill_null(False).to_numpy()
    one_is = holds & pc.equal(said, EITHER).fill_null(False).to_numpy()
    identified = np.zeros(len(weak), np.bool_)
    identified[first[second_is]] = True
    called = np.zeros(len(weak), np.bool_)
    called[second[second_is]] = True
    by_type, weak = weak, weak | (called & ~identified)
    plain = holds & ~second_is & ~one_is
    known = identified.copy()
    for one, other in ((first, second), (second, first)):
        known[one[plain & ~weak[other] & (one != other)]] = True
    a, b = first[one_is], second[one_is]
    unknown = ~weak[a] & ~weak[b]
    a, b = a[unknown], b[unknown]
    either = np.zeros(len(weak), np.bool_)
    either[b[~known[b]]] = True
    either[a[known[b] & ~known[a]]] = True
    unsure = called & identified & ~by_type  # no statement changes what an ID type says
    unsure[first[one_is]] = unsure[second[one_is]] = True
    weak = weak | either
    joins = holds & ~(second_is & ~weak[first] & ~weak[second])
    return joins, weak, unsure
