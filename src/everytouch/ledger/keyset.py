"""The keys a ledger table holds, with their contents: sorted runs that merge as they grow."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.moments.api import Keys

NEW, SAME, OTHER = 0, 1, 2
"""A key that comes for the first time, one that is known with this content, or with another."""


@njit(cache=True, nogil=True)
def _mark(run: Any, first: Any, second: Any, found: Any, content: Any) -> None:
    # pragma: no cover - compiled
    """Note the content of keys that a run holds; all arrays sorted by the first half."""
    run1, run2, run3 = run
    at = 0
    for i in range(len(first)):
        while at < len(run1) and run1[at] < first[i]:
            at += 1
        j = at
        while j < len(run1) and run1[j] == first[i]:
            if run2[j] == second[i]:
                found[i], content[i] = True, run3[j]
                break
            j += 1


@njit(cache=True, nogil=True)
def _learn(run: Any, first: Any, second: Any, content: Any) -> None:
    # pragma: no cover - compiled
    """Replace the content of keys that a run holds; all arrays sorted by the first half."""
    run1, run2, run3 = run
    at = 0
    for i in range(len(first)):
        while at < len(run1) and run1[at] < first[i]:
            at += 1
        j = at
        while j < len(run1) and run1[j] == first[i]:
            if run2[j] == second[i]:
                run3[j] = content[i]
            j += 1


@njit(cache=True, nogil=True)
def _follow(first: Any, second: Any, found: Any, content: Any) -> None:
    # pragma: no cover - compiled
    """Give a key that comes again in the same arrays the content it came with first."""
    for i in range(1, len(first)):
        if first[i] == first[i - 1] and second[i] == second[i - 1]:
            found[i], content[i] = True, content[i - 1]


class KeySet:
    """128-bit keys with contents. Adding n keys costs O(n log n) amortised."""

    def __init__(self) -> None:
        self._runs: list[tuple[Keys, Keys, Keys]] = []

    def __len__(self) -> int:
        return sum(len(run[0]) for run in self._runs)

    def add(self, first: Keys, second: Keys) -> NDArray[np.bool_]:
        """Add keys; true where a key was neither in the set nor earlier in these arrays."""
        found: NDArray[np.bool_] = self.compare(first, second, np.zeros_like(first))[0] == NEW
        return found

    def compare(self, first: Keys, second: Keys, content: Keys) -> tuple[NDArray[np.int8], Keys]:
        """Add the keys that are new with their content, and compare that of the others.

        Returns:
            for each key NEW, SAME or OTHER, and the content that the set has for it.
        """
        order, seen, known = self._look(first, second, content)
        _follow(first[order], second[order], seen, known)
        first, second, content = first[order], second[order], content[order]
        if not seen.all():
            self._push(first[~seen], second[~seen], content[~seen])
        status, reference = np.empty(len(first), np.int8), np.empty_like(known)
        status[order] = np.where(seen, np.where(known == content, SAME, OTHER), NEW)
        reference[order] = known
        return status, reference

    def holding(self, first: Keys, second: Keys, content: int) -> NDArray[np.bool_]:
        """Return which keys are in the set with this content; adds nothing."""
        order, seen, known = self._look(first, second, np.zeros_like(first))
        found = np.empty(len(first), np.bool_)
        found[order] = seen & (known == content)
        return found

    def _look(
        self, first: Keys, second: Keys, content: Keys
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_], Keys]:
        """Return an order of keys, and in it which are in the set and with what content."""
        order = np.lexsort((np.arange(len(first)), second, first))
        first, second, known = first[order], second[order], content[order]
        seen = np.zeros(len(first), np.bool_)
        for run in self._runs:
            begin = np.searchsorted(run[0], first[0]) if len(first) else 0
            _mark(tuple(part[begin:] for part in run), first, second, seen, known)
        return order, seen, known

    def learn(self, first: Keys, second: Keys, content: Keys) -> None:
        """Replace the contents of keys that are in the set."""
        order = np.argsort(first, kind="stable")
        first, second, content = first[order], second[order], content[order]
        for run in self._runs:
            _learn(run, first, second, content)

    def _push(self, *new: Keys) -> None:
        first, second, content = new
        self._runs.append((first, second, content))
        while len(self._runs) > 1 and len(self._runs[-2][0]) < 2 * len(self._runs[-1][0]):
            pairs = zip(*(self._runs.pop() for _ in range(2)), strict=True)
            merged = [np.concatenate([earlier, later]) for later, earlier in pairs]
            order = np.argsort(merged[0], kind="stable")
            first, second, content = (part[order] for part in merged)
            self._runs.append((first, second, content))
