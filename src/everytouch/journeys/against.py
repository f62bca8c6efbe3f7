"""Map against path: every real journey held against the one that was meant."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue, JourneyMap
from everytouch.engine.api import Engine
from everytouch.journeys.aligning import Alignments, DistinctPaths, align
from everytouch.journeys.automaton import Automaton, automaton
from everytouch.journeys.deviations import (
    KINDS,
    Deadlines,
    Explained,
    Followed,
    Sums,
    explain,
    judge,
    outcomes,
)
from everytouch.journeys.ties import order_dependent
from everytouch.journeys.walks import WORDS, chosen, cut, hashes
from everytouch.perception.api import DAY
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats import differences, intervals
from everytouch.stats.intervals import Estimate, Moments2, no_estimate
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails, microseconds

CHUNK = 2_000  # distinct paths aligned in one piece of work
GRADE = "association"
NONE = no_estimate(0, "too few answers")
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Deviation:
    """One way in which journeys differ from the map, and what it goes with.

    Attributes:
        deviation: its name: kind and step, or ``added`` and the touchpoint.
        kind: one of KINDS, or ``added``.
        walks, times: journeys that have it, and how often it happens in all.
        share: of all journeys.
        score, spend, leaving: journeys that have it minus those that do not: points, money a
            journey in the follow-up, share of parties that left.
        lowers: points that it goes with over all journeys: share × score.
    """

    deviation: str
    kind: str
    label: str
    walks: int
    parties: int
    times: int
    share: Estimate
    score: Estimate
    spend: Estimate
    leaving: Estimate
    lowers: float
    grade: str = GRADE


@dataclass(frozen=True)
class StepTaken:
    """One step: how many journeys take it, how it was meant to feel, and how it does.

    Attributes:
        late: of those that take it, None without a deadline; intended: the feeling, 0 to 100.
        score: stated about its touchpoints; where nobody was asked about them, about the journeys
            that take it.
    """

    step: str
    label: str
    stage: str
    walks: int
    parties: int
    share: Estimate
    late: Estimate | None
    intended: float | None
    score: Estimate


@dataclass(frozen=True)
class Against(Result):
    """Deviations, those that go with the most lost points first.

    Attributes:
        steps: of the map, in its order.
        walks, parties, distinct: journeys, whose they are, and different paths among them.
        fitness: mean of 1 − cost ÷ the cost of skipping every step and adding every interaction.
        fitting: journeys that are as the map says, in order; they may be late.
    """

    row_type: ClassVar[type] = Deviation
    steps: tuple[StepTaken, ...] = ()
    walks: int = 0
    parties: int = 0
    distinct: int = 0
    fitness: Estimate = NONE
    fitting: Estimate = NONE


@dataclass(frozen=True)
class Question:
    """A map and a scope, as kernels need them.

    Attributes:
        counts: which touchpoint codes count, (codes + 1,), the last for none.
        passing: which of them a journey must pass one of, likewise.
        gap: silence that ends a session, in microseconds.
    """

    journey: JourneyMap
    scope: Scope
    counts: NDArray[np.bool_]
    passing: NDArray[np.bool_]
    gap: int

    def walks(self, bucket: Bucket) -> tuple[Ints, Ints]:
        """Rows and edges of the journeys in a bucket; see ``walks.cut``.

        Journeys are of the period in which they began, and whole.
        """
        ever = replace(self.scope, start=EVERYTHING.start, stop=EVERYTHING.stop)
        keep = ever.rows(bucket) & (bucket["kind"] == 0)
        keep &= self.counts[bucket["touchpoint"]]
        rows, edges = cut(bucket, keep, self.journey.unit, self.gap)
        time = bucket["time"][rows]
        begun = (time >= self.scope.start) & (time < self.scope.stop)
        return chosen(rows, edges, self.passing[bucket["touchpoint"][rows]], begun)


def collect(bucket: Bucket, asked: Question) -> DistinctPaths:
    """The distinct paths of a bucket."""
    rows, edges = asked.walks(bucket)
    codes = bucket["touchpoint"][rows]
    unique, first, counts = np.unique(hashes(edges, codes), return_index=True, return_counts=True)
    sizes = np.diff(edges)[first]
    ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    at = np.repeat(edges[:-1][first] - ends[:-1], sizes) + np.arange(ends[-1])
    return DistinctPaths(unique, counts, ends, codes[at])


def kernel(
    bucket: Bucket, asked: Question, known: Explained, due: Deadlines, then: Followed
) -> Sums:
    """Judge the journeys of a bucket."""
    sums, passed, *_ = judged(bucket, asked, known, due, then, -1)
    return Sums(sums, passed, _felt(bucket, asked.scope, known.model.accept))


def judged(
    bucket: Bucket, asked: Question, known: Explained, due: Deadlines, then: Followed, only: int
) -> Any:
    """What ``deviations.judge`` says of a bucket, and its rows and edges."""
    rows, edges = asked.walks(bucket)
    path = np.searchsorted(known.paths.hashes, hashes(edges, bucket["touchpoint"][rows]))
    names = ("time", "kind", "mode", "score", "amount", "touchpoint", "correlation")
    by_link = asked.journey.unit == "correlation"
    after = outcomes(
        rows, edges, bucket.offsets, *(bucket[name] for name in names), by_link,
        then.window, then.follow_up, then.last, then.leaving,
    )  # fmt: skip
    owner = np.searchsorted(bucket.offsets, rows[edges[:-1]], side="right") - 1
    return *judge(
        rows, edges, bucket["time"], path, known.paths.edges, known.aligned.taken, known.starts,
        known.found, due.within, due.since, after, owner, known.fitness, known.deviations, only,
    ), (rows, edges)  # fmt: skip


def _felt(bucket: Bucket, scope: Scope, accept: NDArray[np.bool_]) -> NDArray[np.float64]:
    """n, sum and squares of the scores stated at each step's touchpoints, (steps, 3)."""
    here = scope.rows(bucket) & (bucket["kind"] == 1) & (bucket["mode"] == 0)
    here &= ~np.isnan(bucket["score"]) & (bucket["touchpoint"] >= 0)
    codes, score = bucket["touchpoint"][here], bucket["score"][here].astype(np.float64)
    by_code = [np.bincount(codes, score**power, accept.shape[1]) for power in range(3)]
    return np.stack([accept @ line for line in by_code], axis=1)


def ask(
    trails: Trails, engine: Engine, catalogue: Catalogue, journey: JourneyMap, settings: Settings,
    scope: Scope,
) -> tuple[Question, Explained, Deadlines, Followed]:  # fmt: skip
    """Align every distinct path with the map, once."""
    codes = {name: code for code, name in enumerate(trails.touchpoints)}
    model = automaton(journey, codes)
    asks = [name in catalogue.touchpoints and catalogue.touchpoints[name].asks for name in codes]
    steps = np.logical_or.reduce(model.accept, axis=0)[: len(codes)]
    through = np.array([name in journey.passing for name in codes], np.bool_)
    counts = steps | through | (journey.others & ~np.array(asks, np.bool_))
    must = through if journey.passing else steps
    gap = settings.session_gap_minutes * 60_000_000
    asked = Question(journey, scope, np.append(counts, False), np.append(must, False), gap)
    paths = engine.run(lambda bucket: collect(bucket, asked), trails.buckets)
    numbers = {one.step: number for number, one in enumerate(journey.steps)}
    within = [-1 if one.deadline_s is None else int(one.deadline_s * 1e6) for one in journey.steps]
    since = [numbers.get(one.since, -1) for one in journey.steps]
    due = Deadlines(np.array(within, np.int64), np.array(since, np.int64))
    leaving = [catalogue.leaves(name) for name in codes] or [False]
    then = Followed(
        settings.window_days * DAY,
        settings.follow_up_days * DAY,
        0 if trails.last is None else microseconds(trails.last),
        np.array(leaving, np.bool_),
    )
    return asked, _explained(engine, paths, model), due, then


def _explained(engine: Engine, paths: DistinctPaths, model: Automaton) -> Explained:
    n = len(paths.hashes)
    parts = [paths.part(at, min(at + CHUNK, n)) for at in range(0, max(n, 1), CHUNK)]
    aligned: Alignments = engine.run(lambda part: align(part, model), parts)
    none = DistinctPaths(
        np.zeros(1, np.int64), np.ones(1, np.int64), np.zeros(2, np.int64), paths.codes[:0]
    )
    return explain(paths, aligned, model, int(align(none, model).cost[0]))


@order_dependent
def against(
    trails: Trails, engine: Engine, catalogue: Catalogue, journey: JourneyMap, settings: Settings,
    scope: Scope = EVERYTHING,
) -> Against:  # fmt: skip
    """Hold every journey against a map, and price its deviations.

    Raises:
        CatalogueError: the map has too many states.
        NotEnoughDataError: a path is too long for it.
    """
    question = ask(trails, engine, catalogue, journey, settings, scope)
    sums = engine.run(lambda bucket: kernel(bucket, *question), trails.buckets)
    known, walks = question[1], sums.walks(-1)
    rows = [
        _deviation(trails, journey, sums, d, settings)
        for d in range(known.deviations)
        if sums.walks(d)
    ]
    rows.sort(key=lambda row: (row.lowers, -row.walks, row.deviation))
    perfect = int(known.paths.counts[known.aligned.cost == 0].sum())
    fitness = sums.fitness
    return Against(
        _basis(journey, scope, settings, walks, len(known.paths.hashes)),
        tuple(rows),
        tuple(_step(journey, sums, number, settings) for number in range(len(journey.steps))),
        walks,
        sums.parties(-1),
        len(known.paths.hashes),
        intervals.mean(fitness.n, fitness.total, fitness.squares, settings.confidence),
        intervals.share(perfect, walks, settings.confidence),
    )


def named(journey: JourneyMap, trails: Trails, d: int) -> tuple[str, str, str]:
    """Name, kind and label of a deviation, by its number."""
    steps = journey.steps
    if d >= len(KINDS) * len(steps):
        point = trails.touchpoints[d - len(KINDS) * len(steps)]
        return f"added:{point}", "added", point.replace("_", " ")
    kind, step = KINDS[d // len(steps)], steps[d % len(steps)]
    return f"{kind}:{step.step}".replace(" ", "-"), kind, step.label


def _deviation(
    trails: Trails, journey: JourneyMap, sums: Sums, d: int, settings: Settings
) -> Deviation:
    walks, sure = sums.walks(d), settings.confidence
    score, spend = (_difference(sums, d, o, settings) for o in range(2))
    (n1, k1), (n, k) = sums.left(d), sums.left(-1)
    leaving = no_estimate(n, "Newcombe")
    if min(n1, n - n1) >= settings.minimum_n:
        leaving = differences.of_shares(k1, n1, k - k1, n - n1, sure)
    lowers = 0.0 if score.hidden else walks / sums.walks(-1) * score.value
    share = intervals.share(walks, sums.walks(-1), sure)
    times = int(sums.sums[d, 1])
    return Deviation(
        *named(journey, trails, d),
        walks,
        sums.parties(d),
        times,
        share,
        score,
        spend,
        leaving,
        lowers,
    )


def _difference(sums: Sums, d: int, outcome: int, settings: Settings) -> Estimate:
    mine, every = sums.of(d, outcome), sums.of(-1, outcome)
    others = Moments2(every.n - mine.n, every.total - mine.total, every.squares - mine.squares)
    if min(mine.n, others.n) < settings.minimum_n:
        return no_estimate(mine.n + others.n, "Welch")
    return differences.of_means(mine, others, settings.confidence)


def _step(journey: JourneyMap, sums: Sums, number: int, settings: Settings) -> StepTaken:
    one, walks, sure = journey.steps[number], int(sums.passed[number, 0]), settings.confidence
    n, total, squares = sums.felt[number].tolist()
    if not n:  # nobody was asked about it: what those say of the journey who took it
        n, total, squares = sums.passed[number, 1:4].tolist()
    score = no_estimate(int(n), "Student t")
    if n >= settings.minimum_n:
        score = intervals.mean(int(n), total, squares, sure)
    late = None
    if one.within:
        late = intervals.share(sums.walks(3 * len(journey.steps) + number), walks, sure)
    share = intervals.share(walks, sums.walks(-1), sure)
    parties = int(sums.passed[number, 4])
    return StepTaken(
        one.step, one.label, one.stage, walks, parties, share, late, one.emotion, score
    )


def _basis(
    journey: JourneyMap, scope: Scope, settings: Settings, walks: int, distinct: int
) -> Basis:
    others = "all touchpoints but those that ask" if journey.others else "the map's touchpoints"
    return Basis(
        formula="optimal alignment of each path with the map, one for each interaction added and "
        "each step skipped; score, spend and leaving: mean of journeys with the deviation minus "
        f"without; scores stated until {settings.window_days} days after a journey, spend and "
        f"leaving in the {settings.follow_up_days} days after it",
        denominator=f"{walks:,} journeys, {distinct:,} different paths: {WORDS[journey.unit]}",
        cut=f"{scope.text}, by when a journey began; interactions at {others}; "
        f"map {journey.name}, version {journey.version}; amounts in {settings.currency}",
        method="shares Wilson score, differences Welch and Newcombe; association",
    )
