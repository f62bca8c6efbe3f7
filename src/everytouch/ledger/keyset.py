"""The set of keys a ledger table holds already: sorted runs that merge as they grow."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.moments.api import Keys


@njit(cache=True, nogil=True)
def _mark(run1: Any, run2: Any, first: Any, second: Any, found: Any) -> None:
    # pragma: no cover - compiled
    """Mark the keys that a run holds; all arrays sorted by the first half."""
    at = 0
    for i in range(len(first)):
        while at < len(run1) and run1[at] < first[i]:
            at += 1
        j = at
        while j < len(run1) and run1[j] == first[i]:
            if run2[j] == second[i]:
                found[i] = True
                break
            j += 1


class KeySet:
    """128-bit keys; ``add`` answers which were new. Adding n keys costs O(n log n) amortised."""

    def __init__(self) -> None:
        self._runs: list[tuple[Keys, Keys]] = []

    def __len__(self) -> int:
        return sum(len(first) for first, _ in self._runs)

    def add(self, first: Keys, second: Keys) -> NDArray[np.bool_]:
        """Add keys; true where a key was neither in the set nor earlier in these arrays."""
        order = np.lexsort((np.arange(len(first)), second, first))
        first, second = first[order], second[order]
        seen = np.zeros(len(first), np.bool_)
        seen[1:] = (first[1:] == first[:-1]) & (second[1:] == second[:-1])
        for run1, run2 in self._runs:
            begin = np.searchsorted(run1, first[0]) if len(first) else 0
            _mark(run1[begin:], run2[begin:], first, second, seen)
        if not seen.all():
            self._push(first[~seen], second[~seen])
        new = np.empty(len(first), np.bool_)
        new[order] = ~seen
        return new

    def _push(self, first: Keys, second: Keys) -> None:
        self._runs.append((first, second))
        while len(self._runs) > 1 and len(self._runs[-2][0]) < 2 * len(self._runs[-1][0]):
            (a1, a2), (b1, b2) = self._runs.pop(), self._runs.pop()
            both1, both2 = np.concatenate([a1, b1]), np.concatenate([a2, b2])
            order = np.argsort(both1, kind="stable")
            self._runs.append((both1[order], both2[order]))
