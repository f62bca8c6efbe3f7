"""Weights by which those who answered have the margins of everybody: raking on the trail."""

import contextlib
import math
import zoneinfo
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.errors import NotEnoughDataError
from everytouch.perception.api import Units
from everytouch.stats.weighting import rake, trim
from everytouch.trails.api import Bucket, Scope, Trails, month_edges

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_TROUBLE = 3  # things that went wrong in one experience, counted up to here


@dataclass(frozen=True)
class Margin:
    """One way to part experiences.

    Attributes:
        size: how many groups; ``of``: the group of each unit, counted from 0, (n,).
    """

    name: str
    size: int
    of: Callable[[Bucket, Units], Ints]


def by_segment(name: str, scope: Scope) -> Margin:
    """Whether whose experience it is belongs to a segment."""

    def of(bucket: Bucket, them: Units) -> Ints:
        return scope.take(bucket)[np.searchsorted(bucket.parties, them.party)].astype(np.int64)

    return Margin(name, 2, of)


def by_month(trails: Trails, timezone: str) -> Margin:
    """The month in which it ended."""
    names, edges = month_edges(trails, zoneinfo.ZoneInfo(timezone))

    def of(_: Bucket, them: Units) -> Ints:
        return np.asarray(np.searchsorted(edges, them.time, side="right") - 1)

    return Margin("month", len(names), of)


def by_trouble(touchpoints: int) -> Margin:
    """How many things went wrong in it: respondents are not those to whom little happened."""

    def of(_: Bucket, them: Units) -> Ints:
        wrong = (them.X[:, touchpoints : 5 * touchpoints] > 0).sum(1)
        return np.asarray(np.minimum(wrong, MOST_TROUBLE), np.int64)

    return Margin("things that went wrong", MOST_TROUBLE + 1, of)


@dataclass(frozen=True)
class Cells:
    """Experiences by where they fall in all margins at once.

    Attributes:
        keys: the cells, ascending, (c,); experiences, answered: how many, (c,).
    """

    keys: Ints
    experiences: Ints
    answered: Ints

    def __add__(self, other: "Cells") -> "Cells":
        keys, at = np.unique(np.concatenate((self.keys, other.keys)), return_inverse=True)
        sums = np.zeros((2, len(keys)), np.int64)
        np.add.at(sums[0], at, np.concatenate((self.experiences, other.experiences)))
        np.add.at(sums[1], at, np.concatenate((self.answered, other.answered)))
        return Cells(keys, sums[0], sums[1])


@dataclass(frozen=True)
class Raked:
    """Weights of answers, by cell.

    Attributes:
        margins: what tells cells apart; ``names``: of those that could be met.
        keys: cells with an answer, ascending, (c,); ``weights``: (c,).
    """

    margins: tuple[Margin, ...]
    names: tuple[str, ...]
    keys: Ints
    weights: Floats

    def of(self, bucket: Bucket, them: Units) -> Floats:
        """Weight of each unit, 0 where it has no answer, (n,)."""
        if not len(them):
            return np.zeros(0)
        at = np.searchsorted(self.keys, _cell(self.margins, bucket, them))
        # A unit without an answer may fall beyond the last cell that has one.
        return np.where(them.answered, self.weights[np.minimum(at, len(self.keys) - 1)], 0.0)


def raked(
    of: Callable[[Bucket], Units],
    trails: Trails,
    engine: Engine,
    margins: Sequence[Margin],
    least: int,
) -> Raked:
    """Weights of mean 1, none above five, with the margins of everybody.

    A margin that contradicts those before it is left out.

    Args:
        of: the experiences of one bucket.
        least: a group of fewer answers is put together with the one beside it.

    Raises:
        NotEnoughDataError: nobody answered.
    """
    kept: list[Margin] = []  # as many as one number can tell apart
    for margin in margins:
        if math.prod(m.size for m in (*kept, margin)) < 2**62:
            kept.append(margin)
    parts = tuple(kept)

    def count(bucket: Bucket) -> Cells:
        them = of(bucket)
        keys, at = np.unique(_cell(parts, bucket, them), return_inverse=True)
        told = np.bincount(at, them.answered, len(keys)).astype(np.int64)
        return Cells(keys, np.bincount(at, minlength=len(keys)), told)

    cells = engine.run(count, trails.buckets)
    there = cells.answered > 0
    if not there.any():
        raise NotEnoughDataError("nobody answered", "import answers to a question")
    answered = cells.answered[there].astype(np.float64)
    codes: list[Ints] = []
    targets: list[Floats] = []
    weights, names = answered, []
    for margin, code in zip(parts, np.unravel_index(cells.keys, _shape(parts)), strict=True):
        told = np.bincount(code, cells.answered, margin.size).astype(np.int64)
        group = merged(told, least)[code]
        everybody = np.bincount(group, cells.experiences)
        if len(everybody) < 2:  # too few answers to part them
            continue
        more = ([*codes, group[there]], [*targets, everybody / everybody.sum()])
        # Where nobody answered of those in neither town nor country, both shares cannot be met.
        with contextlib.suppress(ValueError):
            weights = rake(*more, answered)
            codes, targets = more
            names.append(margin.name)
    each, last = weights / answered, np.cumsum(cells.answered[there]) - 1
    each = trim(np.repeat(each, cells.answered[there])).values[last]
    return Raked(parts, tuple(names), cells.keys[there], each)


def merged(counts: Ints, least: int) -> Ints:
    """New numbers of groups, so that each has ``least`` or more if all of them have, (k,)."""
    out, group, held = np.zeros(len(counts), np.int64), 0, 0
    for place, count in enumerate(counts):
        out[place] = group
        held += count
        if held >= least and counts[place + 1 :].sum() >= least:
            group, held = group + 1, 0
    return out


def _shape(margins: Sequence[Margin]) -> tuple[int, ...]:
    return tuple(margin.size for margin in margins)


def _cell(margins: Sequence[Margin], bucket: Bucket, them: Units) -> Ints:
    codes = tuple(margin.of(bucket, them) for margin in margins)
    return np.asarray(np.ravel_multi_index(codes, _shape(margins)), np.int64)
