"""Ties: what share of the steps an answer counts rests on moments with equal timestamps.

Their order is that of the source (``trails/ordering.py``), which may or may not be the order in
which things happened. So every answer that depends on the order says how many steps do.
"""

import functools
import inspect
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
import xxhash
from numba import njit
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.results import Result
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails

P = ParamSpec("P")
R = TypeVar("R", bound=Result)
KEPT = 256  # scopes whose share is kept
_shares: OrderedDict[Hashable, float] = OrderedDict()
_lock = threading.Lock()


@njit(cache=True, nogil=True)
def _count(
    offsets: Any, take: Any, time: Any, kind: Any, start: Any, stop: Any
) -> Any:  # pragma: no cover - compiled
    """Count the steps from one interaction of a party to its next, and those that take no time."""
    steps, ties = 0, 0
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        before, begun = 0, False
        for row in range(offsets[party], offsets[party + 1]):
            now = time[row]
            if kind[row] != 0 or now < start or now >= stop:
                continue
            if begun:
                steps += 1
                ties += now == before
            before, begun = now, True
    return steps, ties


@dataclass(frozen=True)
class TieSums:
    """Steps in one bucket, and those between moments of equal time."""

    steps: int
    ties: int

    def __add__(self, other: "TieSums") -> "TieSums":
        return TieSums(self.steps + other.steps, self.ties + other.ties)


def kernel(bucket: Bucket, scope: Scope) -> TieSums:
    """Count the steps of one bucket."""
    columns = (bucket["time"], scope.kinds(bucket), scope.start, scope.stop)
    return TieSums(*map(int, _count(bucket.offsets, scope.take(bucket), *columns)))


def tied_share(trails: Trails, engine: Engine, scope: Scope = EVERYTHING) -> float:
    """Return the share of steps in a scope that rest on equal timestamps; 0 without steps.

    It is counted once for a scope of the same trails, whatever is asked about it.
    """
    key = _key(trails, scope)
    with _lock:
        if key in _shares:
            _shares.move_to_end(key)
            return _shares[key]
    sums = engine.run(lambda bucket: kernel(bucket, scope), trails.buckets)
    share = sums.ties / sums.steps if sums.steps else 0.0
    with _lock:
        _shares[key] = share
        while len(_shares) > KEPT:
            _shares.popitem(last=False)
    return share


def _key(trails: Trails, scope: Scope) -> Hashable:
    """Return what a share belongs to: files as they are, and what of them is asked about."""
    files = tuple((bucket.files, _digest(bucket.hidden)) for bucket in trails.buckets)
    places = tuple(b"" if one is None else one.tobytes() for one in (scope.places, scope.avoided))
    masks = (_masks(scope.parties), _masks(scope.moments))
    return files, scope.start, scope.stop, places, masks


def _masks(chosen: dict[Path, NDArray[np.bool_]] | None) -> Hashable:
    if chosen is None:
        return None
    return tuple((place, _digest(mask)) for place, mask in sorted(chosen.items()))


def _digest(values: NDArray[Any]) -> bytes:
    return xxhash.xxh3_128_digest(np.ascontiguousarray(values).data)


def order_dependent(answer: Callable[P, R]) -> Callable[P, R]:
    """Let an answer of (trails, engine, …, scope) say what share of its steps rests on ties."""
    signature = inspect.signature(answer)

    @functools.wraps(answer)
    def telling(*args: P.args, **given: P.kwargs) -> R:
        result = answer(*args, **given)
        asked = signature.bind(*args, **given)
        asked.apply_defaults()
        of = asked.arguments
        if of.get("order") == "unordered":
            return result
        ties = tied_share(of["trails"], of["engine"], of["scope"])
        return replace(result, basis=replace(result.basis, ties=ties)) if ties else result

    return telling
