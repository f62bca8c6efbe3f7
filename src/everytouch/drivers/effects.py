"""What a problem does to the score, adjusted for who meets it: doubly robust, with its doubts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue
from everytouch.engine.api import Engine
from everytouch.errors import NotEnoughDataError, UnknownNameError
from everytouch.perception.api import (
    PROBLEMS,
    Precedence,
    Rules,
    Units,
    drawn,
    headline,
    names_of,
    precedence,
    units,
)
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats.causal import Adjusted, adjusted, effect_of
from everytouch.stats.intervals import Estimate, no_estimate
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails, microseconds

LEAST_WITH = 60  # answers with the problem, and without it
MOST_ROWS = 30_000
LEAST_COLUMN = 30  # answers in which a covariate is not 0
AFTER = "days"  # known only afterwards: a late parcel makes the journey long
CONTROL, UNKNOWN = "before: score", -1.0  # the negative control: what was said before
SURE = 0.99  # of the control: it is asked once for each problem
QUASI, ASSOCIATION = "quasi-causal", "association"


@dataclass(frozen=True)
class Effect:
    """What one problem does to the score of a journey that passes its touchpoint.

    Attributes:
        name: problem:touchpoint.
        answers, with_it: to journeys that passed the touchpoint, and of them with the problem.
        raw: mean score with it less mean score without.
        effect: the same, of people alike in all else that is known.
        second: by another way to learn.
        overlap: share of the people that can be compared; balance: largest difference of a
            covariate, before and after weighting, in standard deviations.
        e_value: how many times likelier something unseen would have to make both the problem and
            a low score to explain the effect; ``e_bound``: to make it nothing within its interval.
        control: the effect it seems to have on what had been felt, or paid, before.
        grade: quasi-causal where no warning stands against it.
        sentence: the sensitivity in words.
    """

    name: str
    label: str
    touchpoint: str
    problem: str
    answers: int | None
    with_it: int | None
    raw: Estimate
    effect: Estimate
    second: Estimate
    overlap: float
    balance: float
    e_value: float
    e_bound: float
    control: Estimate
    grade: str
    warnings: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class Effects(Result):
    """Effects, the one that lowers scores most first."""

    row_type: ClassVar[type] = Effect


def effects(
    trails: Trails,
    engine: Engine,
    catalogue: Catalogue,
    settings: Settings,
    segments: Mapping[str, Scope],
    scope: Scope = EVERYTHING,
    *,
    only: str | None = None,
) -> Effects:
    """The effect of each problem at each touchpoint on the headline's score.

    Args:
        segments: memberships that are adjusted for, too.
        only: one problem, as late:parcel_delivered; all when left out.

    Raises:
        UnknownNameError: there is no such problem or touchpoint.
        NotEnoughDataError: no problem has enough answers with it and without.
    """
    if only is not None:
        problem, _, point = only.partition(":")
        if problem not in PROBLEMS or point not in trails.touchpoints:
            raise UnknownNameError(
                f"problem {only!r} is unknown",
                f"use one of {', '.join(PROBLEMS)}, a colon, and a touchpoint",
            )
    asked, rules = headline(trails, engine, settings), Rules.of(catalogue, trails, settings)
    now = microseconds(trails.last) if trails.last else 0
    one_in = max(1, trails.moments // (MOST_ROWS * 50))

    def answered(bucket: Bucket) -> "_Answered":
        found = units(bucket, scope, rules, asked, "journey", now)
        found = drawn(found.some(found.answered), one_in)
        party = np.searchsorted(bucket.parties, found.party)
        member = np.array([one.take(bucket)[party] for one in segments.values()], np.float32)
        return _Answered(found, member.reshape(len(segments), len(found)).T)

    them = engine.run(answered, trails.buckets)
    order = engine.run(lambda bucket: precedence(bucket, scope, rules), trails.buckets)
    names = names_of(trails.touchpoints, "journey")
    rows = [
        _effect(them, names, order, trails, catalogue, settings, p, k)
        for p in range(len(PROBLEMS))
        for k in range(len(trails.touchpoints))
        if trails.touchpoints[k] in catalogue.touchpoints
        and only in (None, f"{PROBLEMS[p]}:{trails.touchpoints[k]}")
        and _enough(them.units, names, p, k)
    ]
    if not rows:
        raise NotEnoughDataError(
            f"no problem has {LEAST_WITH} answers with it and as many without, to journeys that "
            "name an order or a case",
            "ask more, or name orders and cases on moments",
        )
    rows.sort(key=lambda row: row.effect.value)
    return Effects(_basis(scope, settings, len(segments)), tuple(rows))


@dataclass(frozen=True)
class _Answered:
    units: Units
    member: NDArray[np.float32]

    def __add__(self, other: "_Answered") -> "_Answered":
        return _Answered(self.units + other.units, np.concatenate([self.member, other.member]))


def _column(names: tuple[str, ...], p: int, k: int) -> int:
    touchpoints = names.index(f"{PROBLEMS[0]} {names[0].partition(' ')[2]}")
    return (1 + p) * touchpoints + k


def _enough(them: Units, names: tuple[str, ...], p: int, k: int) -> bool:
    passed = them.X[:, k] > 0
    with_it = int((them.X[passed, _column(names, p, k)] > 0).sum())
    return LEAST_WITH <= with_it <= int(passed.sum()) - LEAST_WITH


def _effect(
    them: _Answered, names: tuple[str, ...], order: Precedence, trails: Trails,
    catalogue: Catalogue, settings: Settings, p: int, k: int,
) -> Effect:  # fmt: skip
    here = np.flatnonzero(them.units.X[:, k] > 0)
    X, y = them.units.X[here].astype(np.float64), them.units.score[here]
    own = _column(names, p, k)
    treated = X[:, own] > 0
    said = X[:, names.index(CONTROL)]
    before = np.where(said == UNKNOWN, np.nan, said)
    kept = [c for c in _known_before(names, order, p, k) if (X[:, c] != 0).sum() >= LEAST_COLUMN]
    covariates = np.column_stack([X[:, kept], them.member[here]])
    known = np.isfinite(before)
    found = adjusted(covariates, treated, y, confidence=settings.confidence, seed=settings.seed)
    if known.sum() >= 4 * LEAST_WITH and _both(treated[known]):
        tried = effect_of(
            covariates[known], treated[known], before[known],
            confidence=SURE, seed=settings.seed,
        )  # fmt: skip
    else:
        tried = no_estimate(int(known.sum()), "too few answers")
    return _row(found, tried, trails, catalogue, p, k, len(y), int(treated.sum()))


def _known_before(names: tuple[str, ...], order: Precedence, p: int, k: int) -> list[int]:
    """Columns that the problem cannot have changed: what mostly comes before it, and the past.

    What it led to, as a call about it, is part of its effect and must not be held still.
    """
    count = len(order.counts)
    earlier = order.before(k)
    earlier[k] = False
    there = np.flatnonzero(earlier).tolist()
    placed = [(q + 1) * count + c for q in range(-1, len(PROBLEMS)) for c in there]
    same = [(q + 1) * count + k for q in range(len(PROBLEMS) - 1) if q < p]
    left_out = {AFTER, "money", "cost", CONTROL, "before: answers"}
    past = [c for c in range((len(PROBLEMS) + 1) * count, len(names)) if names[c] not in left_out]
    return [*placed, *(c for c in same if c != (p + 1) * count + k), *past]


def _both(treated: NDArray[np.bool_]) -> bool:
    return LEAST_WITH <= int(treated.sum()) <= len(treated) - LEAST_WITH


def _row(
    found: Adjusted, tried: Estimate, trails: Trails, catalogue: Catalogue, p: int, k: int,
    answers: int, with_it: int,
) -> Effect:  # fmt: skip
    name = trails.touchpoints[k]
    point = catalogue.touchpoints[name]
    warnings = replace(found, negative=None if tried.hidden else tried).warnings
    return Effect(
        f"{PROBLEMS[p]}:{name}", point.label, name, PROBLEMS[p], answers, with_it, found.raw,
        found.effect, found.agreement, found.overlap, found.balance[1], found.e_value,
        found.e_bound, tried, ASSOCIATION if warnings else QUASI, warnings,
        _sensitivity(found),
    )  # fmt: skip


def _sensitivity(found: Adjusted) -> str:
    if found.e_bound <= 1:
        return "The interval holds no effect: nothing unseen is needed to explain it."
    return (
        f"To explain it away, something unseen would have to make both the problem and a low score "
        f"{found.e_value:.1f} times likelier ({found.e_bound:.1f} times, to reach nothing within "
        "the interval), beyond all that is adjusted for."
    )


def _basis(scope: Scope, settings: Settings, segments: int) -> Basis:
    return Basis(
        formula="mean score with the problem less without it, of journeys that passed the "
        "touchpoint, by augmented inverse-propensity weighting: the other problems, what was "
        f"passed, the party's past and {segments} segments held still",
        denominator="answers to journeys that passed the touchpoint",
        cut=f"{scope.text}; at least {LEAST_WITH} answers with the problem and as many without; "
        "compared where the chance of the problem is .02 to .98",
        method=f"{settings.confidence:.0%} intervals of influence scores, cross-fitted; linear, "
        "beside it gradient boosting; control: what the same people had said before",
    )
