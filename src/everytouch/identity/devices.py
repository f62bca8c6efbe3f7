"""Devices that several people used: each moment belongs to the person who had the device then.

A device's owner is the person it was linked to last. What happened on it before the first link
belongs to the first owner, who had not signed in yet.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from everytouch.moments.api import Keys

_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Shared:
    """The devices that more than one party owned.

    Attributes:
        keys: identifier keys of such devices, sorted.
        device: which device each key belongs to.
        offsets: where the owners of each device begin, (devices + 1,).
        since: from when each owner has the device, µs since 1970; ascending within a device.
        owners: party keys.
    """

    keys: Keys
    device: NDArray[np.int64]
    offsets: NDArray[np.int64]
    since: NDArray[np.int64]
    owners: Keys

    def __len__(self) -> int:
        return len(self.keys)

    def owner(self, keys: Keys, times: NDArray[np.int64] | None) -> Keys:
        """Return the owner of each of these keys at a time; the last owner without times."""
        device = self.device[np.searchsorted(self.keys, keys)]
        first, last = self.offsets[device], self.offsets[device + 1]
        if times is None:
            return self.owners[last - 1]
        low, high = first.copy(), last.copy()
        while (open_ := low < high).any():  # bisection, of all of them together
            middle = (low + high) // 2
            later = open_ & (self.since[np.minimum(middle, len(self.since) - 1)] > times)
            low = np.where(open_ & ~later, middle + 1, low)
            high = np.where(later, middle, high)
        return self.owners[np.maximum(low - 1, first)]

    def owned_by(self, party: int) -> Keys:
        """Return keys of the devices that a party owned at some time."""
        place = np.flatnonzero(self.owners == party)
        devices = np.unique(np.searchsorted(self.offsets, place, side="right") - 1)
        return self.keys[np.isin(self.device, devices)]

    def owners_of(self, key: int) -> Keys:
        """Return every owner of a device, in order of time."""
        at = int(np.searchsorted(self.keys, key))
        number = int(self.device[at])
        return self.owners[self.offsets[number] : self.offsets[number + 1]]

    def periods(self) -> tuple[Keys, NDArray[np.int64], NDArray[np.int64], Keys]:
        """Return key, first µs, end µs (exclusive) and owner of every period of ownership."""
        bounds = np.iinfo(np.int64)
        starts = self.since.copy()
        ends = np.append(self.since[1:], bounds.max)
        starts[self.offsets[:-1]] = bounds.min
        ends[self.offsets[1:] - 1] = bounds.max
        counts = np.diff(self.offsets)[self.device]
        row = np.repeat(self.offsets[:-1][self.device], counts)
        row = row + np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(self.keys, counts), starts[row], ends[row], self.owners[row]


NO_DEVICE = Shared(_NONE, _NONE, np.zeros(1, np.int64), _NONE, _NONE)


def shared(
    keys: Keys,
    device: NDArray[np.int64],
    links: tuple[NDArray[np.int64], NDArray[np.int64], Keys],
) -> Shared:
    """Return devices with their owners.

    Args:
        keys: of the devices, sorted.
        device: which device each key belongs to, any numbers.
        links: device number, time and owner of each statement; in the order that counts where
            times are equal, the last of them winning.
    """
    number, times, owners = links
    names, device = np.unique(device, return_inverse=True)
    order = np.lexsort((np.arange(len(times)), times, number))
    number, times, owners = number[order], times[order], owners[order]
    again = np.zeros(len(order), np.bool_)  # the owner of before links it again
    again[1:] = (number[1:] == number[:-1]) & (owners[1:] == owners[:-1])
    number, times, owners = number[~again], times[~again], owners[~again]
    offsets = np.searchsorted(number, names)
    return Shared(keys, device, np.append(offsets, len(number)), times, owners)
