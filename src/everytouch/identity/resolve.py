"""From links to parties: equal identifiers are one party, and so is what links join.

Links are statements that are only ever added. The latest statement about a pair counts, so
a merge is undone by stating that the two are not the same, and parties can be asked for as
they were known at any earlier time.

A device never joins people: a link between a device and a person says who has the device from
then on (``devices.py``). A party's key is the smallest of its identifier keys, devices left out
where it has others, so it stays when a device changes hands.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from everytouch.identity.components import (
    Edges,
    all_same,
    components,
    edges_of,
    smallest,
    stated,
)
from everytouch.identity.devices import NO_DEVICE, Shared, shared
from everytouch.moments.api import DEVICE_TYPES, Keys

_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Resolution:
    """Identifiers that are linked, and the party each belongs to.

    Attributes:
        keys: keys of linked identifiers, sorted.
        roots: the party's key for each; of a shared device, that of its last owner.
        denied: keys that somebody said are not the same as another, sorted.
        weak: keys of devices among ``keys``, sorted.
        shared: devices that more than one party owned.
        open: keys of which it takes all statements to say what they are, sorted.
    """

    keys: Keys
    roots: Keys
    denied: Keys = field(default_factory=lambda: _NONE)
    weak: Keys = field(default_factory=lambda: _NONE)
    shared: Shared = NO_DEVICE
    open: Keys = field(default_factory=lambda: _NONE)

    def party(self, keys: Keys, times: NDArray[np.int64] | None = None) -> Keys:
        """Return party keys of identifier keys; an identifier without links is its own party.

        Args:
            times: of the moments seen under these keys, µs since 1970: by them a device that
                several people used leads to whoever had it then. Its last owner without them.
        """
        if not len(self.keys):
            return keys
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        parties = np.where(self.keys[at] == keys, self.roots[at], keys)
        if times is not None and len(self.shared):
            rows = np.flatnonzero(among(keys, self.shared.keys))
            parties[rows] = self.shared.owner(keys[rows], times[rows])
        return parties

    def of(self, rows: pa.Table) -> Keys:
        """Return the party of each row of the ledger, by its party_key and occurred_at."""
        keys = rows["party_key"].to_numpy()
        if not len(self.shared):
            return self.party(keys)
        return self.party(keys, microseconds_of(rows["occurred_at"]))

    def members(self, party: int) -> Keys:
        """Return the identifier keys that are a party's at all times."""
        mine = self.keys[self.roots == party]
        mine = mine[~among(mine, self.shared.keys)]
        return mine if len(mine) else np.array([party], np.int64)

    def seen_under(self, party: int) -> Keys:
        """Return all keys a party's moments may lie under, devices it shared included."""
        return np.union1d(self.members(party), self.shared.owned_by(party))

    def families(self, parties: Keys) -> tuple[Keys, Keys]:
        """Return all identifier keys of some parties, and the party of each.

        Devices that several people used are left out.
        """
        parties = np.unique(parties)
        kin = among(self.roots, parties) & ~among(self.keys, self.shared.keys)
        alone = parties[~among(parties, np.unique(self.roots[kin]))]
        return np.append(self.keys[kin], alone), np.append(self.roots[kin], alone)

    def only_joins(self, links: pa.Table) -> bool:
        """Whether statements join, none parts, and none is about somebody who was ever parted.

        A statement that was corrected does more than join. What else a statement does is for all
        statements together to say.
        """
        corrected = links["same"].null_count > 0 or (
            "version" in links.column_names and links["version"].null_count < len(links)
        )
        return all_same(links) and not corrected and not among(named_in(links), self.denied).any()

    def grown(self, links: pa.Table, types: frozenset[str] = DEVICE_TYPES) -> "Resolution | None":
        """Return parties when statements are added, in time of what they are about.

        Args:
            links: as for ``resolve``.
            types: ID types of devices.

        Returns:
            None where all statements together must say it: one parts, or a device changes hands.
        """
        if not self.only_joins(links):
            return None
        edges = edges_of(links, types)
        if self._unsure(edges):
            return None
        old, at = np.unique(self.party(edges.keys), return_inverse=True)
        was_weak = among(edges.keys, self.weak)
        weak = among(old, self.weak)  # parties of devices alone
        weak[at[edges.weak & ~among(edges.keys, self.keys)]] = True
        first, second = at[edges.first], at[edges.second]
        people = ~edges.weak[edges.first] & ~edges.weak[edges.second]
        strong = components(first[people], second[people], len(old))
        whole = components(first, second, len(old))
        pairs = np.unique(whole[~weak] * len(old) + strong[~weak])
        if len(pairs) > len(np.unique(whole[~weak])):
            return None  # people would be joined by a device
        new = smallest(whole, old, weak)
        if self._owner_renamed(old, new):
            return None
        return self._with(edges, old, new, was_weak)

    def _unsure(self, edges: Edges) -> bool:
        """Whether these statements may change what an identifier is, or whose device."""
        if among(edges.keys, np.union1d(self.open, self.shared.keys)).any() or len(edges.open):
            return True
        there = among(edges.keys, self.keys)
        return bool((there & (edges.weak != among(edges.keys, self.weak))).any())

    def _owner_renamed(self, old: Keys, new: Keys) -> bool:
        return bool(among(old[old != new], np.unique(self.shared.owners)).any())

    def _with(
        self, edges: Edges, old: Keys, new: Keys, was_weak: NDArray[np.bool_]
    ) -> "Resolution":
        roots = self.roots
        if (moved := old != new).any():
            at = np.minimum(np.searchsorted(old[moved], roots), moved.sum() - 1)
            roots = np.where(old[moved][at] == roots, new[moved][at], roots)
        there = among(edges.keys, self.keys)
        fresh = edges.keys[~there]
        place = np.searchsorted(self.keys, fresh)
        joined = new[np.searchsorted(old, fresh)]
        return Resolution(
            np.insert(self.keys, place, fresh),
            np.insert(roots, place, joined),
            self.denied,
            np.union1d(self.weak, edges.keys[edges.weak & ~was_weak]),
            self.shared,
            self.open,
        )


def microseconds_of(times: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return times as µs since 1970."""
    found = times.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    array: NDArray[np.int64] = pc.fill_null(found, 0).to_numpy()
    return array


def among(keys: Keys, known: Keys) -> NDArray[np.bool_]:
    """Which keys are among known ones, that are in order."""
    if not len(known):
        return np.zeros(len(keys), np.bool_)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    found: NDArray[np.bool_] = known[at] == keys
    return found


def named_in(links: pa.Table) -> Keys:
    """Return the keys of both sides of links."""
    return np.concatenate([links["party_key"].to_numpy(), links["other_key"].to_numpy()])


def resolve(
    links: pa.Table,
    known_at: datetime.datetime | None = None,
    types: frozenset[str] = DEVICE_TYPES,
) -> Resolution:
    """Parties by the links that had been received at ``known_at`` (all, when left out).

    Args:
        links: columns party_key, other_key, same; for devices namespace, other_namespace and
            device; where one parts, a device changes hands or a time is given also occurred_at,
            received_at, key_first and id.
        known_at: aware time.
        types: ID types of devices.
    """
    if known_at is not None:
        when = pa.scalar(known_at, links["received_at"].type)
        links = links.filter(pc.less_equal(links["received_at"], when))
    links = stated(links)
    return settled(edges_of(links, types), lambda _: links)


def settled(edges: Edges, about: Callable[[Keys], pa.Table]) -> Resolution:
    """Return the parties that edges make.

    Args:
        about: gives the statements that name one of some keys, with their times.
    """
    if not edges.weak.any():
        roots = smallest(edges.whole(), edges.keys, edges.weak)
        return Resolution(edges.keys, roots, edges.denied, open=edges.open)
    person, device = edges.people(), edges.devices()
    owned, owner = edges.ownership(person, device)
    pairs = np.unique(owned * (len(edges.keys) + 1) + owner)
    owned, owner = np.divmod(pairs, len(edges.keys) + 1)
    several = np.unique(owned[1:][owned[1:] == owned[:-1]])
    joined = person.copy()
    alone = edges.weak & ~np.isin(device, owned)
    joined[alone] = len(edges.keys) + device[alone]
    one = ~np.isin(owned, several)
    owned, owner = owned[one], owner[one]
    mine = edges.weak & np.isin(device, owned)
    if len(owned):
        joined[mine] = owner[np.searchsorted(owned, device[mine])]
    roots = smallest(joined, edges.keys, edges.weak)
    weak = edges.keys[edges.weak]
    if not len(several):
        return Resolution(edges.keys, roots, edges.denied, weak, open=edges.open)
    places = np.flatnonzero(edges.weak & np.isin(device, several))
    links = about(edges.keys[places])
    statements = _statements(edges, links, device, several, roots)
    found = shared(edges.keys[places], device[places], statements)
    roots[places] = found.owner(found.keys, None)
    return Resolution(edges.keys, roots, edges.denied, weak, found, edges.open)


def _statements(
    edges: Edges, links: pa.Table, device: NDArray[np.int64], several: Keys, roots: Keys
) -> tuple[NDArray[np.int64], NDArray[np.int64], Keys]:
    """Device, time and owner of each statement about a device of several owners, in order."""
    links = links.filter(pa.array(edges.holds(links)))
    links = links.sort_by([("occurred_at", "ascending"), ("id", "ascending")])
    a = np.searchsorted(edges.keys, links["party_key"].to_numpy())
    b = np.searchsorted(edges.keys, links["other_key"].to_numpy())
    weak, strong = np.where(edges.weak[a], a, b), np.where(edges.weak[a], b, a)
    about = (edges.weak[a] != edges.weak[b]) & np.isin(device[weak], several)
    times = microseconds_of(links["occurred_at"])
    return device[weak[about]], times[about], roots[strong[about]]
