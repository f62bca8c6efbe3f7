"""What can be known of an experience without asking: one row a journey, or one a party.

A journey is what names the same order or case. Its row counts what it passed and what went wrong
there; what the party had lived through before fades with a half-life.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.perception.windows import DAY, PROBLEMS, Rules, problems_of
from everytouch.trails.api import Bucket, Scope

Floats = NDArray[np.float64]
Per = Literal["journey", "party"]
PERS: tuple[Per, ...] = get_args(Per)
HALF_LIFE = 90 * DAY
PAST = ("interactions", *PROBLEMS, "money", "cost", "score", "answers")  # fading, before a journey
WHOLE = ("days", "money", "cost", "days since the one before", "journeys before")


@dataclass(frozen=True)
class Units:
    """Journeys or parties, n of them.

    Attributes:
        X: what the trail knows, (n, F); ``names`` of the columns.
        score: 0 to 100 where it was answered, else NaN, (n,).
        asked: whether somebody asked, (n,).
        time: of the last interaction, (n,); party: key of the party, (n,).
        row: of the answer in the bucket, -1 for none, (n,).
    """

    X: NDArray[np.float32]
    score: Floats
    asked: NDArray[np.bool_]
    time: NDArray[np.int64]
    party: NDArray[np.int64]
    row: NDArray[np.int64]

    def __add__(self, other: "Units") -> "Units":
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Units(*(np.concatenate(pair) for pair in pairs))

    def __len__(self) -> int:
        return len(self.score)

    def some(self, which: NDArray[Any]) -> "Units":
        """Only these."""
        return Units(*(column[which] for column in vars(self).values()))

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Who answered, (n,)."""
        return np.isfinite(self.score)


def names_of(touchpoints: tuple[str, ...], per: Per) -> tuple[str, ...]:
    """What the columns of ``X`` are."""
    here = [f"passed {name}" for name in touchpoints]
    here += [f"{problem} {name}" for problem in PROBLEMS for name in touchpoints]
    if per == "party":
        return (*here, "money", "cost", "days since the last", "days since the first")
    return (*here, *WHOLE, *(f"before: {name}" for name in PAST))


def units(bucket: Bucket, scope: Scope, rules: Rules, instrument: int, per: Per, now: int) -> Units:
    """The journeys, or the parties, of one bucket.

    Args:
        instrument: whose answers are wanted.
        now: what happened later is not looked at.
    """
    found = _parties if per == "party" else _journeys
    return found(bucket, scope, rules, instrument, now)


@dataclass(frozen=True)
class Precedence:
    """How often, in one journey, one touchpoint first came before another, (K, K)."""

    counts: NDArray[np.int64]

    def __add__(self, other: "Precedence") -> "Precedence":
        return Precedence(self.counts + other.counts)

    def before(self, code: int) -> NDArray[np.bool_]:
        """Which touchpoints mostly come before one, (K,)."""
        return np.asarray(self.counts[:, code] > self.counts[code])


def precedence(bucket: Bucket, scope: Scope, rules: Rules) -> Precedence:
    """What comes before what in the journeys of one bucket."""
    k = len(rules.on_time)
    counts = np.zeros((k, k), np.int64)
    columns = (bucket["touchpoint"], bucket["correlation"], rules.asks)
    _precede(bucket.offsets, scope.take(bucket), scope.kinds(bucket), *columns, counts)
    return Precedence(counts)


@njit(cache=True, nogil=True)
def _precede(
    offsets: Any, take: Any, kind: Any, point: Any, link: Any, asks: Any, counts: Any
) -> None:  # pragma: no cover - compiled
    """A stretch of moments of one order or case is a journey, or a part of one."""
    k = len(asks)
    seen = np.empty(k, np.int64)
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        held, now = 0, 0
        for row in range(offsets[party], offsets[party + 1]):
            here = point[row]
            if kind[row] != 0 or here < 0 or link[row] == 0 or asks[here]:
                continue
            if link[row] != now:
                held, now = 0, link[row]
            known = False
            for i in range(held):
                known = known or seen[i] == here
            if not known:
                for i in range(held):
                    counts[seen[i], here] += 1
                seen[held] = here
                held += 1


def _journeys(bucket: Bucket, scope: Scope, rules: Rules, instrument: int, now: int) -> Units:
    k, point, link = len(rules.on_time), bucket["touchpoint"], bucket["correlation"]
    owner, kind = bucket.owner(), scope.kinds(bucket)
    inside = scope.rows(bucket) & (bucket["time"] <= now) & (link != 0)
    rows = np.flatnonzero(inside & (kind == 0) & (point >= 0))
    order = np.lexsort((link[rows], owner[rows]))
    rows = rows[order]
    new = np.ones(len(rows), np.bool_)
    new[1:] = (owner[rows][1:] != owner[rows][:-1]) | (link[rows][1:] != link[rows][:-1])
    unit = np.cumsum(new) - 1
    n = int(unit[-1]) + 1 if len(unit) else 0
    asks = rules.asks[point[rows]]
    asked = np.bincount(unit[asks], minlength=n) > 0
    lived = ~asks
    X = np.zeros((n, 5 * k + len(WHOLE) + len(PAST)), np.float32)
    mask = problems_of(bucket, rules)[rows]
    _count(X, unit[lived], point[rows][lived], mask[lived], k)
    start, end = np.full(n, np.iinfo(np.int64).max), np.full(n, np.iinfo(np.int64).min)
    time = bucket["time"][rows]
    np.minimum.at(start, unit[lived], time[lived])
    np.maximum.at(end, unit[lived], time[lived])
    money = [np.bincount(unit, bucket[name][rows] / 10_000, n) for name in ("amount", "cost")]
    who = owner[rows][new] if n else np.zeros(0, np.int64)
    answer = _answers(bucket, scope, instrument, now, who, link[rows][new], owner)
    known = end >= start
    X[:, 5 * k] = np.where(known, (end - start) / DAY, 0)
    X[:, 5 * k + 1], X[:, 5 * k + 2] = money
    score = np.where(answer >= 0, bucket["score"][answer], np.nan).astype(np.float64)
    order = np.lexsort((start, who))
    told = np.where(answer >= 0, bucket["time"][answer], np.iinfo(np.int64).max)
    problems = np.stack([X[:, (1 + p) * k : (2 + p) * k].sum(1) for p in range(4)], axis=1)
    _before(
        order, who, start, end, X[:, :k].sum(1), problems, X[:, 5 * k + 1], X[:, 5 * k + 2],
        score, told, X, 5 * k + 3, HALF_LIFE,
    )  # fmt: skip
    found = Units(X, score, asked, end, bucket.parties[who], answer)
    return found.some(known)


def _count(
    X: NDArray[np.float32], unit: NDArray[Any], point: NDArray[Any], mask: NDArray[Any], k: int
) -> None:
    n = len(X)
    X[:, :k] = np.bincount(unit * k + point, minlength=n * k).reshape(n, k)
    for p in range(len(PROBLEMS)):
        hit = (mask & (1 << p)) > 0
        found = np.bincount(unit[hit] * k + point[hit], minlength=n * k).reshape(n, k)
        X[:, (1 + p) * k : (2 + p) * k] = found


def _answers(
    bucket: Bucket, scope: Scope, instrument: int, now: int, who: NDArray[Any],
    link: NDArray[Any], owner: NDArray[Any],
) -> NDArray[np.int64]:  # fmt: skip
    """Row of the first answer to each journey, -1 for none."""
    stated = (scope.kinds(bucket) == 1) & (bucket["mode"] == 0) & np.isfinite(bucket["score"])
    stated &= (bucket["instrument"] == instrument) & (bucket["time"] <= now)
    rows = np.flatnonzero(stated & (bucket["correlation"] != 0))[::-1]
    out = np.full(len(who), -1, np.int64)
    if not len(rows) or not len(who):
        return out
    at = {key: i for i, key in enumerate(zip(who.tolist(), link.tolist(), strict=True))}
    keys = zip(owner[rows].tolist(), bucket["correlation"][rows].tolist(), strict=True)
    for row, key in zip(rows.tolist(), keys, strict=True):
        if key in at:
            out[at[key]] = row
    return out


@njit(cache=True, nogil=True)
def _before(
    order: Any, who: Any, start: Any, end: Any, passed: Any, problems: Any, money: Any, cost: Any,
    score: Any, told: Any, X: Any, first: Any, half_life: Any,
) -> None:  # fmt: skip # pragma: no cover - compiled
    """What each journey's party lived through before it began, fading, into X from ``first``.

    An answer counts from the first journey that begins after it was given.
    """
    state = np.zeros(9)
    waiting = np.empty(len(order), np.int64)
    held = 0
    before, begun = -1, 0
    for place in range(len(order)):
        i = order[place]
        same = before >= 0 and who[before] == who[i]
        if not same:
            state[:], held, begun = 0.0, 0, 0
        else:
            fade = 0.5 ** ((start[i] - start[before]) / half_life)
            state *= fade
        kept = 0
        for w in range(held):  # answers that have come in since
            j = waiting[w]
            if told[j] <= start[i]:
                state[7] += score[j]
                state[8] += 1.0
            else:
                waiting[kept] = j
                kept += 1
        held = kept
        X[i, first] = min((start[i] - end[before]) / 86_400_000_000, 3_650.0) if same else 3_650.0
        X[i, first + 1] = begun
        for s in range(9):
            X[i, first + 2 + s] = state[s]
        X[i, first + 2 + 7] = state[7] / state[8] if state[8] > 0 else -1.0
        state[0] += passed[i]
        for p in range(4):
            state[1 + p] += problems[i, p]
        state[5] += money[i]
        state[6] += cost[i]
        if not np.isnan(score[i]):
            waiting[held] = i
            held += 1
        begun += 1
        before = i


def _parties(bucket: Bucket, scope: Scope, rules: Rules, instrument: int, now: int) -> Units:
    k, p = len(rules.on_time), len(bucket.parties)
    X = np.zeros((p, 5 * k + 4), np.float32)
    names = ("time", "touchpoint", "amount", "cost", "mode", "instrument", "score")
    columns = [bucket[name] for name in names]
    last = np.full(p, np.iinfo(np.int64).min)
    answer, asked = np.full(p, -1, np.int64), np.zeros(p, np.bool_)
    _fade(
        bucket.offsets, scope.take(bucket), scope.kinds(bucket), *columns,
        problems_of(bucket, rules), rules.asks, instrument, scope.start, min(scope.stop, now + 1),
        now, HALF_LIFE, X, last, answer, asked,
    )  # fmt: skip
    score = np.where(answer >= 0, bucket["score"][answer], np.nan).astype(np.float64)
    return Units(X, score, asked, last, bucket.parties, answer).some(last > np.iinfo(np.int64).min)


@njit(cache=True, nogil=True)
def _fade(  # noqa: C901 - one pass, compiled
    offsets: Any, take: Any, kind: Any, time: Any, point: Any, amount: Any, cost: Any, mode: Any,
    instrument: Any, score: Any, mask: Any, asks: Any, wanted: Any, begin: Any, stop: Any,
    now: Any, half_life: Any, X: Any, last: Any, answer: Any, asked: Any,
) -> None:  # fmt: skip # pragma: no cover - compiled
    """Fading counts of each party as of ``now``; its newest answer."""
    k = len(asks)
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        first = -1
        for row in range(offsets[party], offsets[party + 1]):
            if time[row] < begin or time[row] >= stop:
                continue
            if kind[row] == 1:
                if mode[row] == 0 and instrument[row] == wanted and not np.isnan(score[row]):
                    answer[party] = row
                continue
            here = point[row]
            if kind[row] != 0 or here < 0:
                continue
            if asks[here]:
                asked[party] = True
                continue
            weight = 0.5 ** ((now - time[row]) / half_life)
            X[party, here] += weight
            for p in range(4):
                if mask[row] & (1 << p):
                    X[party, (1 + p) * k + here] += weight
            X[party, 5 * k] += weight * amount[row] / 10_000
            X[party, 5 * k + 1] += weight * cost[row] / 10_000
            if first < 0:
                first = row
            last[party] = time[row]
        if first >= 0:
            X[party, 5 * k + 2] = (now - last[party]) / 86_400_000_000
            X[party, 5 * k + 3] = (now - time[first]) / 86_400_000_000
