"""The experience behind each stated perception: the interactions it looks back on.

Where a perception names an order or a case, these are the party's earlier interactions of
the same order or case; otherwise those of the last ``window_days``. What happened only
later is not looked at, but for one thing that was known already: what was overdue then was
being lived through, as late by as much as it was overdue.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue
from everytouch.settings import Settings
from everytouch.trails.api import Bucket, Scope, Trails

DAY = 86_400_000_000
LATE, SLOW, FAILED, REPEATED = 0, 1, 2, 3
PROBLEMS = ("late", "slow", "failed", "repeated")


@dataclass(frozen=True)
class Rules:
    """The catalogue's promises as arrays over touchpoint and outcome codes.

    Attributes:
        on_time: whether an interaction must keep its ``due_at``.
        within: longest duration in seconds, infinite where none is promised.
        contact: whether coming back soon is a repeated contact.
        asks: whether it only asks for feedback, and so is no part of what the answer is about.
        bad: whether an outcome is a failure; one longer than the codes, for none (-1).
    """

    on_time: NDArray[np.bool_]
    within: NDArray[np.float64]
    contact: NDArray[np.bool_]
    asks: NDArray[np.bool_]
    bad: NDArray[np.bool_]
    window: int
    repeat: int

    @classmethod
    def of(cls, catalogue: Catalogue, trails: Trails, settings: Settings) -> "Rules":
        """Rules for the codes of ``trails``."""
        points = [catalogue.touchpoints.get(name) for name in trails.touchpoints]
        promises = [point.promise if point else None for point in points]
        limits = [p.within_seconds if p and p.within_seconds else np.inf for p in promises]
        return cls(
            np.array([bool(p and p.on_time) for p in promises], np.bool_),
            np.array(limits, np.float64),
            np.array([bool(point and point.contact) for point in points], np.bool_),
            np.array([bool(point and point.asks) for point in points], np.bool_),
            np.array([o in catalogue.bad_outcomes for o in trails.outcomes] + [False], np.bool_),
            settings.window_days * DAY,
            settings.repeat_contact_days * DAY,
        )


@dataclass(frozen=True)
class Windows:
    """One row a stated perception with a score; K touchpoints.

    Attributes:
        rows: their rows in the bucket, (n,).
        score: 0 to 100, (n,).
        passed: interactions at each touchpoint, those overdue included, (n, K).
        problems: how often each kind of problem occurred at each touchpoint, (n, 4, K).
        late_days: most days late at each touchpoint, at most a month, (n, K).
        delay_days: days from the interaction before to each touchpoint, (n, K).
        amount: money paid, in units of the currency, (n,).
        elapsed_days: from the first interaction to the last, (n,).
    """

    rows: NDArray[np.int64]
    score: NDArray[np.float64]
    passed: NDArray[np.float32]
    problems: NDArray[np.float32]
    late_days: NDArray[np.float32]
    delay_days: NDArray[np.float32]
    amount: NDArray[np.float64]
    elapsed_days: NDArray[np.float64]


@njit(cache=True, nogil=True)
def problem_rows(
    offsets: Any, time: Any, due: Any, kind: Any, point: Any, outcome: Any, duration: Any,
    on_time: Any, within: Any, contact: Any, bad: Any, repeat: Any,
) -> Any:  # fmt: skip # pragma: no cover - compiled
    """For each row a bit mask of the problems that occurred there."""
    mask = np.zeros(len(time), np.uint8)
    last = np.empty(len(on_time), np.int64)
    seen = np.full(len(on_time), -1, np.int64)
    for party in range(len(offsets) - 1):
        for row in range(offsets[party], offsets[party + 1]):
            here = point[row]
            if kind[row] != 0 or here < 0:
                continue
            if on_time[here] and due[row] > -(2**62) and time[row] > due[row]:
                mask[row] |= 1
            if duration[row] > within[here]:
                mask[row] |= 2
            if bad[outcome[row]]:
                mask[row] |= 4
            if contact[here]:
                if seen[here] == party and time[row] - last[here] <= repeat:
                    mask[row] |= 8
                seen[here], last[here] = party, time[row]
    return mask


@njit(cache=True, nogil=True)
def _look_back(  # noqa: C901 - one pass, compiled
    rows: Any, begin: Any, asks: Any, time: Any, due: Any, kind: Any, point: Any, amount: Any,
    link: Any, mask: Any, window: Any, passed: Any, problems: Any, late: Any, delay: Any,
    money: Any, elapsed: Any,
) -> None:  # fmt: skip # pragma: no cover - compiled
    """Fill one row of the outputs for each perception, whose party begins at ``begin``."""
    for i in range(len(rows)):
        felt = rows[i]
        before, first = -1, -1
        for row in range(begin[i], felt):
            here = point[row]
            if kind[row] != 0 or here < 0 or asks[here]:
                continue
            if link[felt] != 0:
                if link[row] != link[felt]:
                    continue
            elif time[felt] - time[row] > window:
                continue
            passed[i, here] += 1
            money[i] += amount[row] / 10_000
            for p in range(4):
                if mask[row] & (1 << p):
                    problems[i, p, here] += 1
            if mask[row] & 1:
                late[i, here] = max(late[i, here], _days_late(time[row], due[row]))
            if before >= 0:
                delay[i, here] += (time[row] - time[before]) / 86_400_000_000
            else:
                first = row
            before = row
        if before >= 0:
            elapsed[i] = (time[before] - time[first]) / 86_400_000_000


@njit(cache=True, nogil=True)
def _overdue(
    rows: Any, end: Any, on_time: Any, time: Any, due: Any, kind: Any, point: Any, link: Any,
    passed: Any, problems: Any, late: Any,
) -> None:  # fmt: skip # pragma: no cover - compiled
    """Add what was overdue when each perception was stated, and only happened later."""
    for i in range(len(rows)):
        felt = rows[i]
        if link[felt] == 0:
            continue
        for row in range(felt + 1, end[i]):
            here = point[row]
            if kind[row] != 0 or link[row] != link[felt] or not on_time[here]:
                continue
            if due[row] > -(2**62) and due[row] < time[felt]:
                passed[i, here] += 1
                problems[i, 0, here] += 1
                late[i, here] = max(late[i, here], _days_late(time[felt], due[row]))


@njit(cache=True, nogil=True, inline="always")
def _days_late(when: Any, due: Any) -> Any:  # pragma: no cover - compiled
    """Days after the due time, at most a month."""
    return min((when - due) / 86_400_000_000, 30.0)


def problems_of(bucket: Bucket, rules: Rules) -> NDArray[np.uint8]:
    """For each row of a bucket a bit mask: 1 << LATE, 1 << SLOW, 1 << FAILED, 1 << REPEATED."""
    columns = ("time", "due", "kind", "touchpoint", "outcome", "duration")
    mask: NDArray[np.uint8] = problem_rows(
        bucket.offsets,
        *(bucket[name] for name in columns),
        rules.on_time,
        rules.within,
        rules.contact,
        rules.bad,
        rules.repeat,
    )
    return mask


def stated(bucket: Bucket, scope: Scope, instrument: int | None = None) -> NDArray[np.int64]:
    """Rows of stated perceptions with a score, in scope; of one instrument code, or of all."""
    rows = (bucket["kind"] == 1) & (bucket["mode"] == 0) & np.isfinite(bucket["score"])
    if instrument is not None:
        rows &= bucket["instrument"] == instrument
    return np.flatnonzero(rows & scope.rows(bucket))


@dataclass(frozen=True)
class Answers:
    """Stated perceptions with a score, without all that lies behind them.

    Attributes:
        rows: their rows in the bucket, (n,).
        score: 0 to 100, (n,).
        passed: whether the journey passed each touchpoint, (n, K); empty, (0, 0), where that was
            not asked, and false for answers about one touchpoint.
    """

    rows: NDArray[np.int64]
    score: NDArray[np.float64]
    passed: NDArray[np.bool_]


def answers(bucket: Bucket, scope: Scope, rules: Rules, *, back: bool) -> Answers:
    """The stated perceptions of a bucket; ``back``: with the touchpoints their journeys passed."""
    rows = stated(bucket, scope)
    score = bucket["score"][rows].astype(np.float64)
    if not back and not scope.placed:
        return Answers(rows, score, np.zeros((0, 0), np.bool_))
    about = bucket["touchpoint"][rows]
    passed = np.zeros((len(rows), len(rules.on_time)), np.bool_)
    whole = np.flatnonzero(about < 0)
    if len(whole):
        party = np.searchsorted(bucket.offsets, rows[whole], side="right") - 1
        names = ("time", "due", "kind", "touchpoint", "correlation")
        _pass(
            rows[whole], whole, bucket.offsets[party], bucket.offsets[party + 1], rules.asks,
            rules.on_time, *(bucket[name] for name in names), rules.window, passed,
        )  # fmt: skip
    if scope.placed:
        inside = (about >= 0) | scope.passed(passed)
        rows, score, passed = rows[inside], score[inside], passed[inside]
    return Answers(rows, score, passed)


@njit(cache=True, nogil=True)
def _pass(
    rows: Any, place: Any, begin: Any, end: Any, asks: Any, on_time: Any, time: Any, due: Any,
    kind: Any, point: Any, link: Any, window: Any, passed: Any,
) -> None:  # fmt: skip # pragma: no cover - compiled
    """As ``_look_back`` and ``_overdue``, of what was passed alone."""
    for i in range(len(rows)):
        felt, at = rows[i], place[i]
        for row in range(felt - 1, begin[i] - 1, -1):
            if link[felt] == 0 and time[felt] - time[row] > window:
                break
            here = point[row]
            if kind[row] != 0 or here < 0 or asks[here]:
                continue
            if link[felt] == 0 or link[row] == link[felt]:
                passed[at, here] = True
        if link[felt] == 0:
            continue
        for row in range(felt + 1, end[i]):
            here = point[row]
            if kind[row] != 0 or link[row] != link[felt] or not on_time[here]:
                continue
            if due[row] > -(2**62) and due[row] < time[felt]:
                passed[at, here] = True


def windows(bucket: Bucket, scope: Scope, rules: Rules, instrument: int | None = None) -> Windows:
    """What lies behind each stated perception of a bucket."""
    rows = stated(bucket, scope, instrument)
    n, k = len(rows), len(rules.on_time)
    party = np.searchsorted(bucket.offsets, rows, side="right") - 1
    out = Windows(
        rows,
        bucket["score"][rows].astype(np.float64),
        np.zeros((n, k), np.float32),
        np.zeros((n, len(PROBLEMS), k), np.float32),
        np.zeros((n, k), np.float32),
        np.zeros((n, k), np.float32),
        np.zeros(n),
        np.zeros(n),
    )
    times = tuple(bucket[name] for name in ("time", "due", "kind", "touchpoint"))
    amount, link = bucket["amount"], bucket["correlation"]
    counts = (out.passed, out.problems, out.late_days)
    _look_back(
        rows,
        bucket.offsets[party],
        rules.asks,
        *times,
        amount,
        link,
        problems_of(bucket, rules),
        rules.window,
        *counts,
        out.delay_days,
        out.amount,
        out.elapsed_days,
    )
    _overdue(rows, bucket.offsets[party + 1], rules.on_time, *times, link, *counts)
    return _at(out, bucket["touchpoint"][rows], scope) if scope.placed else out


def _at(seen: Windows, about: NDArray[np.int16], scope: Scope) -> Windows:
    """Only answers about the scope's touchpoints, or about a journey that passed one of them."""
    inside = (about >= 0) | scope.passed(seen.passed > 0)
    return Windows(*(getattr(seen, field.name)[inside] for field in fields(seen)))
