"""Did it work: a verdict in one sentence, by the comparison that was named beforehand."""

import datetime
import math
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from everytouch.catalogue.api import Initiative
from everytouch.engine.api import Engine
from everytouch.improvement.outcomes import Outcomes, outcomes
from everytouch.perception.api import headline
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats import panel, sequential
from everytouch.stats.intervals import Estimate, Moments2, no_estimate
from everytouch.trails.api import Scope, Trails, microseconds, period_edges

Floats = NDArray[np.float64]
BEFORE = datetime.timedelta(days=365)  # of an experiment's start, that CUPED looks at
PARALLEL = 0.01  # p below which a trend was there already
MOST_PARTIES = 50_000
WORKED, HARMED, OPEN = "worked", "did harm", "not shown"
VOID, UNSAID = "void", "cannot be said"
EXPERIMENT, QUASI, ASSOCIATION = "experiment", "quasi-causal", "association"


@dataclass(frozen=True)
class Verdict:
    """What became of one initiative.

    Attributes:
        effect: on the metric, of the treated; hidden where it cannot be said.
        verdict: worked, did harm, not shown, void, or cannot be said.
        sentence: the verdict in words, with its interval.
        checks: what was looked at, and what it showed.
        grade: of the evidence.
    """

    name: str
    label: str
    kind: str
    metric: str
    effect: Estimate
    verdict: str
    sentence: str
    checks: tuple[str, ...]
    grade: str


@dataclass(frozen=True)
class Verdicts(Result):
    """Initiatives in the catalogue's order."""

    row_type: ClassVar[type] = Verdict


def verdicts(
    trails: Trails,
    engine: Engine,
    settings: Settings,
    scopes: Mapping[str, Scope],
    initiatives: tuple[Initiative, ...],
) -> Verdicts:
    """A verdict for each of the initiatives.

    Args:
        scopes: of the segments they name.
    """
    rows = tuple(_verdict(trails, engine, settings, scopes, one) for one in initiatives)
    basis = Basis(
        formula="experiment: mean of the treated less mean of the others, each party's outcome "
        "freed of what was to be seen before (CUPED); roll-out: change of the treated less change "
        "of the others, by group and month; single: less a mixture of others",
        denominator="parties of both sides; for the score, those who answered",
        cut="from each initiative's start to its end, or to the end of the data",
        method=f"{settings.confidence:.0%} intervals: asymptotic confidence sequence (may be "
        "looked at daily), Callaway and Sant'Anna, placebo",
    )
    return Verdicts(basis, rows)


def _verdict(
    trails: Trails, engine: Engine, settings: Settings, scopes: Mapping[str, Scope],
    one: Initiative,
) -> Verdict:  # fmt: skip
    judge = _JUDGES[one.kind]
    try:
        effect, checks, against, grade = judge(trails, engine, settings, scopes, one)
    except ValueError as error:
        effect, checks, against, grade = (
            no_estimate(0, "not recorded"), (), (UNSAID, str(error)), ASSOCIATION,
        )  # fmt: skip
    if one.named > one.start:
        late = f"named on {one.named}, after it began on {one.start}: read it as an exploration"
        checks, grade = (*checks, late), ASSOCIATION
    verdict = against[0] if against else _word(effect, one)
    return Verdict(
        one.name, one.label, one.kind, one.metric, effect, verdict,
        _sentence(one, effect, verdict, against, settings), checks,
        ASSOCIATION if against else grade,
    )  # fmt: skip


def _word(effect: Estimate, one: Initiative) -> str:
    if effect.hidden:
        return UNSAID
    better = -1 if one.metric == "cost" else 1
    if effect.low > 0 or effect.high < 0:
        return WORKED if better * effect.value > 0 else HARMED
    return OPEN


def _sentence(
    one: Initiative, effect: Estimate, verdict: str, against: tuple[str, ...], settings: Settings
) -> str:
    if against:
        return f"{one.label}: {verdict}. {against[1][:1].upper()}{against[1][1:]}."
    unit = "points" if one.metric == "score" else f"{settings.currency} a party"
    if effect.hidden:
        return f"{one.label}: cannot be said yet, too few parties ({effect.n:,})."
    span = f"{effect.value:+.2f} {unit} ({effect.low:+.2f} to {effect.high:+.2f})"
    said = {
        WORKED: f"it worked: {one.metric} {span}",
        HARMED: f"it did harm: {one.metric} {span}",
        OPEN: f"no effect is shown: {one.metric} {span}; no change lies within it",
    }
    return f"{one.label}: {said[verdict]}."


Judged = tuple[Estimate, tuple[str, ...], tuple[str, ...], str]


def _experiment(
    trails: Trails, engine: Engine, settings: Settings, scopes: Mapping[str, Scope],
    one: Initiative,
) -> Judged:  # fmt: skip
    start, stop = _day(one.start, settings), _end(trails, one, settings)
    edges = np.array([start - BEFORE // datetime.timedelta(microseconds=1), start, stop])
    asked = headline(trails, engine, settings)

    arms = [
        _found(trails, engine, scopes[name], edges, asked, one.metric).seen_from(start)
        for name in (one.treated, one.control)
    ]
    split = sequential.sample_ratio(len(arms[0]), len(arms[1]), one.share)
    checks = [split.sentence]
    if not split.sound:
        return no_estimate(len(arms[0]) + len(arms[1]), "void"), tuple(checks), (
            VOID, split.sentence.rstrip(".")
        ), EXPERIMENT  # fmt: skip
    known = [arm.known(1) for arm in arms]
    y = np.concatenate([arm.mean(1)[there] for arm, there in zip(arms, known, strict=True)])
    before = np.concatenate([arm.mean(0)[there] for arm, there in zip(arms, known, strict=True)])
    adjusted = sequential.cuped(y, before) if np.isfinite(before).sum() > 50 else y
    if y.std() > 0:
        saved = 1 - adjusted.var() / y.var()
        checks.append(f"what was seen before explains {saved:.0%} of the variance (CUPED)")
    if one.metric == "score":
        answered = [float(there.mean()) for there in known]
        checks.append(
            f"answered: {answered[0]:.1%} of the treated, {answered[1]:.1%} of the others"
        )
    middle = int(known[0].sum())
    effect = sequential.anytime(
        _sums(adjusted[:middle]), _sums(adjusted[middle:]), planned=one.planned,
        confidence=settings.confidence,
    )  # fmt: skip
    return effect, tuple(checks), (), EXPERIMENT


def _rollout(
    trails: Trails, engine: Engine, settings: Settings, scopes: Mapping[str, Scope],
    one: Initiative,
) -> Judged:  # fmt: skip
    names, edges = _months(trails, settings, one)
    groups = list(one.rollout)
    starts = [_day(day, settings) for day in one.rollout.values()]
    firsts = np.searchsorted(edges, starts, side="left").tolist()
    asked = headline(trails, engine, settings)
    sides = [scopes[name] for name in groups]
    control = scopes[one.control] if one.control else None

    def of(bucket: Any) -> Outcomes:
        member = np.full(len(bucket.parties), -1)
        member[bucket.live if control is None else control.take(bucket)] = len(groups)
        for number, scope in reversed(list(enumerate(sides))):
            member[scope.take(bucket)] = number
        whole = Scope({bucket.place: member >= 0})
        return outcomes(bucket, whole, edges, asked, one.metric).labelled(member)

    found = engine.run(of, trails.buckets)
    first = np.array([*firsts, panel.NEVER])
    if one.metric == "score":
        n, total, squares = (
            np.array([column[found.group == g].sum(0) for g in range(len(first))], np.float64)
            for column in (found.n, found.total, found.squares)
        )
        result = panel.repeated(n, total, squares, first, settings.confidence)
    else:
        there = found.first < edges[1]  # known from the first month on
        some = slice(None, None, max(1, int(there.sum()) // MOST_PARTIES))
        Y, group = found.total[there][some], found.group[there][some]
        result = panel.staggered(Y, first[group], settings.confidence)
    checks = [
        f"months {names[0]} to {names[-1]}; trend before: "
        + ("not to be seen" if math.isnan(result.p_parallel) else f"p = {result.p_parallel:.2g}")
    ]
    if result.p_parallel < PARALLEL:
        why = (
            f"a trend was there already (p = {result.p_parallel:.2g}): the sides moved apart before"
        )
        return result.overall, tuple(checks), (UNSAID, why), QUASI
    return result.overall, tuple(checks), (), QUASI


def _single(
    trails: Trails, engine: Engine, settings: Settings, scopes: Mapping[str, Scope],
    one: Initiative,
) -> Judged:  # fmt: skip
    names, edges = _months(trails, settings, one)
    asked = headline(trails, engine, settings)
    series = []
    for name in (one.treated, *one.others):
        found = _found(trails, engine, scopes[name], edges, asked, one.metric)
        n = found.n.sum(0) if one.metric == "score" else np.full(len(names), float(len(found)))
        if (n < settings.minimum_n).any():
            raise ValueError(f"segment {name} has a month with fewer than {settings.minimum_n}")
        series.append(found.total.sum(0) / n)
    start = int(np.searchsorted(edges, _day(one.start, settings), side="left"))
    result = panel.synthetic_control(series[0], np.array(series[1:]).T, start, settings.confidence)
    kept = sorted(zip(result.weights, one.others, strict=True), reverse=True)
    mixture = ", ".join(f"{weight:.0%} {name}" for weight, name in kept if weight > 0.01)
    checks = (
        f"mixture: {mixture}; off by {result.error_before:.2f} before the start",
        f"of {len(one.others) + 1} segments {result.p:.0%} moved as far from theirs",
    )
    if result.p > 1 - settings.confidence:
        why = (
            f"with {len(one.others)} others chance alone makes such a gap in {result.p:.0%} of "
            "cases" + (": name more" if 1 / (1 + len(one.others)) > 1 - settings.confidence else "")
        )
        return result.effect, checks, (OPEN, why), QUASI
    return result.effect, checks, (), QUASI


def _found(
    trails: Trails, engine: Engine, scope: Scope, edges: NDArray[np.int64], asked: int, metric: str
) -> Outcomes:
    return engine.run(lambda bucket: outcomes(bucket, scope, edges, asked, metric), trails.buckets)


_JUDGES = {"experiment": _experiment, "rollout": _rollout, "single": _single}


def _sums(values: Floats) -> Moments2:
    return Moments2(len(values), float(values.sum()), float(values @ values))


def _day(day: datetime.date, settings: Settings) -> int:
    zone = zoneinfo.ZoneInfo(settings.timezone)
    return microseconds(datetime.datetime.combine(day, datetime.time(), zone))


def _end(trails: Trails, one: Initiative, settings: Settings) -> int:
    if trails.last is None:
        raise ValueError("there are no moments")
    last = microseconds(trails.last) + 1
    return min(last, _day(one.until, settings)) if one.until else last


def _months(
    trails: Trails, settings: Settings, one: Initiative
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Whole months up to the end."""
    names, edges = period_edges(trails, zoneinfo.ZoneInfo(settings.timezone), "month")
    over = int(np.searchsorted(edges, _end(trails, one, settings), side="right")) - 1
    if over < 2:
        raise ValueError("fewer than two whole months are over")
    return names[:over], edges[: over + 1]
