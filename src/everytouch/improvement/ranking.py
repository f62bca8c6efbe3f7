"""The ranked list: what is wrong where, whom it touches, what it does, what it may be worth."""

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue
from everytouch.drivers.api import Feature, Worth, cross_products
from everytouch.engine.api import Engine
from everytouch.errors import UnknownNameError
from everytouch.perception.api import DAY, PROBLEMS, REPEATED, Rules, headline, problems_of
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats.intervals import Estimate, no_estimate, product
from everytouch.stats.regression import CrossProducts, coefficients, correlation
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails, microseconds

LEAST_ANSWERS = 20  # with the problem, and without it
GRADES = ("none yet", "association", "quasi-causal", "experiment")  # the strongest last
GradedBy = Literal["regression", "adjusted"]
GRADED_BY: tuple[GradedBy, ...] = get_args(GradedBy)
TIED = 0.98  # correlation from which two problems cannot be told apart
YEAR = 365
WORDS = {
    "late": "later than promised",
    "slow": "takes longer than promised",
    "failed": "goes wrong",
    "repeated": "needed again within days",
}


@dataclass(frozen=True)
class Finding:
    """One thing to improve.

    Attributes:
        name: problem:touchpoint, by which the moments behind it are asked for.
        problem: what is wrong, in words.
        moments, parties: interactions with the problem in the last year, and whose they were.
        share: of the touchpoint's interactions in that year that have it.
        lowers: points by which it lowers the score of an experience that has it, the other
            problems held still.
        overall: points by which the mean of all scores would rise without it.
        worth: money a year, where the data can say; else None.
        exposed: money the parties with the problem paid in that year: at stake, not lost.
        direct_cost: cost in that year of the interactions that repeat another.
        grade: of the evidence.
        tied: problems that occur with it so nearly always that the effect is shared out
            between them by arithmetic, not by evidence.
        note: what keeps ``worth`` from being said.
    """

    rank: int
    name: str
    touchpoint: str
    label: str
    owner: str
    problem: str
    promise: str
    moments: int
    parties: int
    share: float
    answers: int
    lowers: Estimate
    overall: Estimate
    worth: Estimate | None
    exposed: float
    direct_cost: float
    grade: str
    tied: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class RankedList(Result):
    """Findings, the one that costs most first; ``buyers`` are the parties that paid in the year."""

    row_type: ClassVar[type] = Finding
    currency: str = ""
    refused: tuple[str, ...] = ()
    buyers: int = 0


@dataclass(frozen=True)
class Reach:
    """Per problem and touchpoint code in a period; adds up, as parties lie in one bucket.

    Attributes:
        touched: moments, parties, and 1/10,000 of cost, shape (4, K, 3).
        exposed: 1/10,000 paid by the parties touched, (4, K).
        total: interactions, (K,).
        buyers: parties that paid.
    """

    touched: NDArray[np.int64]
    exposed: NDArray[np.int64]
    total: NDArray[np.int64]
    buyers: int

    def __add__(self, other: "Reach") -> "Reach":
        return Reach(
            self.touched + other.touched,
            self.exposed + other.exposed,
            self.total + other.total,
            self.buyers + other.buyers,
        )


def reach(bucket: Bucket, scope: Scope, rules: Rules) -> Reach:
    """Whom the problems of one bucket touch within the scope."""
    k, inside = len(rules.on_time), scope.rows(bucket) & (bucket["kind"] == 0)
    mask, point = problems_of(bucket, rules), bucket["touchpoint"]
    owner, parties = bucket.owner(), len(bucket.parties)
    paid = np.bincount(owner[inside], bucket["amount"][inside], parties)
    touched, exposed = (
        np.zeros((len(PROBLEMS), k, 3), np.int64),
        np.zeros((len(PROBLEMS), k), np.int64),
    )
    for p in range(len(PROBLEMS)):
        rows = np.flatnonzero(inside & (mask & (1 << p) > 0))
        pairs = np.unique(owner[rows].astype(np.int64) * k + point[rows])
        touched[p, :, 0] = np.bincount(point[rows], minlength=k)
        touched[p, :, 1] = np.bincount(pairs % k, minlength=k)
        touched[p, :, 2] = np.bincount(point[rows], bucket["cost"][rows], k)
        exposed[p] = np.bincount(pairs % k, paid[pairs // k], k)
    buyers = int((paid > 0).sum())
    return Reach(touched, exposed, np.bincount(point[inside], minlength=k), buyers)


def behind(
    bucket: Bucket, scope: Scope, rules: Rules, problem: int, code: int
) -> list[tuple[int, int]]:
    """Time and ledger key of the moments of a problem at a touchpoint."""
    mask = problems_of(bucket, rules) & (1 << problem) > 0
    rows = np.flatnonzero(mask & (bucket["touchpoint"] == code) & scope.rows(bucket))
    return list(zip(bucket["time"][rows].tolist(), bucket["key"][rows].tolist(), strict=True))


def moments_behind(
    trails: Trails,
    catalogue: Catalogue,
    settings: Settings,
    name: str,
    limit: int,
    scope: Scope = EVERYTHING,
) -> list[tuple[int, int]]:
    """Times and ledger keys of the newest moments behind a finding, as late:parcel_delivered.

    Raises:
        UnknownNameError: there is no such problem or touchpoint.
    """
    problem, _, point = name.partition(":")
    if problem not in PROBLEMS or point not in trails.touchpoints:
        raise UnknownNameError(
            f"finding {name!r} is unknown", "use a name of the ranked list: everytouch findings"
        )
    rules, year = Rules.of(catalogue, trails, settings), reached(trails, scope)
    number, code = PROBLEMS.index(problem), trails.touchpoints.index(point)
    newest = [pair for b in trails.buckets for pair in behind(b, year, rules, number, code)]
    return sorted(newest, reverse=True)[:limit]


def last_year(trails: Trails) -> Scope:
    """The last 365 days of the data."""
    stop = microseconds(trails.last or datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) + 1
    first = np.datetime64(stop - YEAR * DAY, "us").astype("datetime64[D]")
    last = np.datetime64(stop, "us").astype("datetime64[D]")
    return Scope(start=stop - YEAR * DAY, stop=stop, text=f"{first} to {last}")


def reached(trails: Trails, scope: Scope) -> Scope:
    """The scope in which problems are counted: its own period, or else the last year."""
    year = last_year(trails)
    if (scope.start, scope.stop) != (EVERYTHING.start, EVERYTHING.stop):
        return scope
    text = year.text if scope.text == EVERYTHING.text else f"{scope.text}, {year.text}"
    return replace(scope, start=year.start, stop=year.stop, text=text)


def ranked(
    trails: Trails,
    engine: Engine,
    catalogue: Catalogue,
    settings: Settings,
    worth: Worth,
    scope: Scope = EVERYTHING,
) -> RankedList:
    """Every problem that touches anybody, by how far it lowers the mean of all scores.

    Args:
        scope: whose problems, where. Its parties are asked; without a period, the last year
            of data is counted.
    """
    rules, year = Rules.of(catalogue, trails, settings), reached(trails, scope)
    everywhere = replace(year, places=None)  # problems elsewhere are held still all the same
    asked, asking = headline(trails, engine, settings), Scope(scope.parties)
    touched = engine.run(lambda bucket: reach(bucket, everywhere, rules), trails.buckets)
    problems = tuple(
        Feature(PROBLEMS[p], k)
        for p in range(len(PROBLEMS))
        for k in range(len(trails.touchpoints))
        if touched.touched[p, k, 0] and trails.touchpoints[k] in catalogue.touchpoints
    )
    products = engine.run(
        lambda bucket: cross_products(bucket, asking, rules, problems, asked), trails.buckets
    )
    known = effects(products, settings)
    rows = [
        _finding(problem, touched, known.get(i, _NONE), trails, catalogue, worth)
        for i, problem in enumerate(problems)
    ]
    names = [row.name for row in rows]
    rows = [
        replace(row, tied=tuple(names[other] for other in known[i].tied)) if i in known else row
        for i, row in enumerate(rows)
    ]
    rows.sort(key=_order)
    basis = Basis(
        formula="lowers = −coefficient of the problem in a least-squares model of the score on all "
        "problems; overall = lowers × share of the experiences that had it; worth a year = "
        "overall × parties that paid in the year × money per point and party-year",
        denominator=f"{products.n:,} answers to {_asked(trails, asked)}; worth: "
        f"{touched.buyers:,} parties that paid; reach: all interactions of the last year",
        cut=f"effects from all data, reach from {year.text}; at least {LEAST_ANSWERS} answers "
        "with the problem and as many without",
        method=f"{settings.confidence:.0%} bootstrap over groups of parties; money by the delta "
        "method",
    )
    here = {n for k, n in enumerate(trails.touchpoints) if year.places is None or year.places[k]}
    listed = [row for row in rows if row.touchpoint in here]
    numbered = tuple(replace(row, rank=i) for i, row in enumerate(listed, 1))
    return RankedList(basis, numbered, settings.currency, worth.refusals, touched.buyers)


def graded(
    result: RankedList, effects: Mapping[str, str], verdicts: Mapping[str, str]
) -> RankedList:
    """The list with better grades, where a finding's effect was adjusted or tried.

    Args:
        effects, verdicts: grades by the name of the finding; none makes one worse.
    """

    def best(row: Finding) -> str:
        known = (row.grade, effects.get(row.name, ""), verdicts.get(row.name, ""))
        return max(known, key=lambda grade: GRADES.index(grade) if grade in GRADES else -1)

    return replace(result, rows=tuple(replace(row, grade=best(row)) for row in result.rows))


def _order(row: Finding) -> tuple[float, float, str]:
    known = 0.0 if math.isnan(row.overall.value) else -row.overall.value
    return (known, -float(row.moments), row.name)


@dataclass(frozen=True)
class Effect:
    """What a problem does: answers with it, points it lowers, overall, problems tied to it."""

    answers: int
    lowers: Estimate
    overall: Estimate
    tied: tuple[int, ...] = ()


def effects(products: CrossProducts, settings: Settings) -> dict[int, Effect]:
    """The effect of each problem that can be judged, by its column."""
    total = products.total
    n, with_it = total[0, 0], total[0, 1:-1]
    usable = [
        i
        for i, count in enumerate(with_it)
        if count >= LEAST_ANSWERS and n - count >= LEAST_ANSWERS
    ]
    if not usable:
        return {}
    picked = products.pick(usable)
    samples = picked.resamples(settings.resamples, settings.seed)
    lowers = -np.array([coefficients(sample)[1:] for sample in samples])
    overall = lowers * samples[:, 0, 1:-1] / samples[:, :1, 0]
    value, tail = -coefficients(picked.total)[1:], (1 - settings.confidence) / 2
    alike = np.abs(correlation(picked.total))[:-1, :-1] >= TIED
    result = {}
    for j, i in enumerate(usable):
        ends = [np.quantile(drawn[:, j], [tail, 1 - tail]) for drawn in (lowers, overall)]
        values = (value[j], value[j] * with_it[i] / n)
        found = [
            Estimate(float(v), float(low), float(high), int(n), "bootstrap")
            for v, (low, high) in zip(values, ends, strict=True)
        ]
        tied = tuple(usable[other] for other in np.flatnonzero(alike[j]) if other != j)
        result[i] = Effect(round(with_it[i]), found[0], found[1], tied)
    return result


_FEW = no_estimate(0, "too few answers")
_NONE = Effect(0, _FEW, _FEW)


def _finding(
    problem: Feature,
    touched: Reach,
    effect: Effect,
    trails: Trails,
    catalogue: Catalogue,
    worth: Worth,
) -> Finding:
    p, k = PROBLEMS.index(problem.kind), problem.code
    name = trails.touchpoints[k]
    point = catalogue.touchpoints[name]
    moments, parties, cost = map(int, touched.touched[p, k])
    money, note = _money(effect.overall, touched.buyers, worth)
    return Finding(
        rank=0,
        name=f"{problem.kind}:{name}",
        touchpoint=name,
        label=point.label,
        owner=point.owner,
        problem=f"{point.label}: {WORDS[problem.kind]}",
        promise=point.promise.text if point.promise else "",
        moments=moments,
        parties=parties,
        share=moments / int(touched.total[k]),
        answers=effect.answers,
        lowers=effect.lowers,
        overall=effect.overall,
        worth=money,
        exposed=float(touched.exposed[p, k]) / 10_000,
        direct_cost=cost / 10_000 if p == REPEATED else 0.0,
        grade="none yet" if effect.lowers.hidden else "association",
        tied=(),
        note=note,
    )


def _asked(trails: Trails, code: int) -> str:
    return trails.instruments[code] if code >= 0 else "nothing"


def _money(overall: Estimate, buyers: int, worth: Worth) -> tuple[Estimate | None, str]:
    """Money a year: what so many points more of everybody's mean go with; or why not."""
    if math.isnan(overall.value):
        return None, f"fewer than {LEAST_ANSWERS} answers after it"
    if worth.slope is None:
        return None, "money per point of score cannot be said: " + " ".join(worth.refusals)
    each = product(overall, worth.slope)
    return (
        Estimate(each.value * buyers, each.low * buyers, each.high * buyers, each.n, each.method),
        "",
    )
