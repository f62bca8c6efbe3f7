"""Periods that give nobody away: of each group only whole blocks of answers are looked at.

The same question for a period that is a day longer tells what is said on that day, be it one
answer. So days are put together, from the first one on, until a block of them holds enough answers
of a group; a block belongs to a period as a whole, or not at all. Whatever periods are taken from
each other then, what is left is a whole block.
"""

import zoneinfo
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.metrics.breakdown import Grouping
from everytouch.perception.api import Answers, Rules, answers
from everytouch.trails.api import Bucket, Scope, Trails, period_edges

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class DayCounts:
    """Answers by group, instrument and day, (G, I, D)."""

    counts: Ints

    def __add__(self, other: "DayCounts") -> "DayCounts":
        return DayCounts(self.counts + other.counts)


def in_blocks(
    trails: Trails,
    engine: Engine,
    rules: Rules,
    grouping: Grouping,
    scope: Scope,
    least: int,
    timezone: str,
) -> Grouping:
    """The grouping, of each group and instrument the whole blocks within the scope's period.

    Args:
        least: answers that make a block.
    """
    names, edges = period_edges(trails, zoneinfo.ZoneInfo(timezone), "day")
    shape = (len(grouping.names), len(trails.instruments), len(names))
    always = scope.all_time

    def day_of(bucket: Bucket, seen: Answers) -> Ints:
        return np.asarray(np.searchsorted(edges, bucket["time"][seen.rows], side="right") - 1)

    def count(bucket: Bucket) -> DayCounts:
        seen = answers(bucket, always, rules, back=grouping.back)
        rows, group = grouping.assign(bucket, seen)
        rows, group = rows[group >= 0], group[group >= 0]
        code = bucket["instrument"][seen.rows].astype(np.int64)
        at = np.ravel_multi_index((group, code[rows], day_of(bucket, seen)[rows]), shape)
        return DayCounts(np.bincount(at, minlength=int(np.prod(shape))).reshape(shape))

    first = int(np.searchsorted(edges, scope.start))
    last = int(np.searchsorted(edges, scope.stop, side="right")) - 1
    counts = engine.run(count, trails.buckets).counts
    spans = np.array(
        [[span(days, first, last, least) for days in each] for each in counts], np.int64
    ).reshape(*shape[:2], 2)

    def assign(bucket: Bucket, seen: Answers) -> tuple[Ints, Ints]:
        rows, group = grouping.assign(bucket, seen)
        code, day = bucket["instrument"][seen.rows][rows], day_of(bucket, seen)[rows]
        begin, end = spans[group, code, 0], spans[group, code, 1]
        kept = (group < 0) | ((day >= begin) & (day < end))
        return rows[kept], group[kept]

    what = f"{grouping.denominator}; in whole blocks of {least} answers of a group or more"
    return replace(grouping, assign=assign, denominator=what)


def span(counts: Ints, first: int, last: int, least: int) -> tuple[int, int]:
    """First day of the first whole block from ``first`` on, and the day after the last one.

    Args:
        counts: answers a day, (D,); first, last: days, the last one not counted any more.
        least: answers that make a block; what is left over belongs to the block before.
    """
    days = np.flatnonzero(counts)  # days without an answer part nobody
    if not len(days):
        return 0, 0
    total = np.cumsum(counts[days])
    parts, reached = [0], 0
    while total[-1] - reached >= 2 * least:  # of less, the rest is one block
        parts.append(int(np.searchsorted(total, reached + least)) + 1)
        reached = int(total[parts[-1] - 1])
    if total[-1] - reached < least and len(parts) > 1:
        parts.pop()
    starts, ends = days[parts], days[np.array([*parts[1:], len(days)]) - 1] + 1
    begin = int(starts[starts >= first].min(initial=len(counts)))
    return begin, int(ends[ends <= last].max(initial=0))
