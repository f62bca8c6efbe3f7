"""Everybody beside those who answered: weighted, and what is predicted of the silent."""

import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue, Instrument
from everytouch.engine.api import Engine
from everytouch.errors import NotEnoughDataError
from everytouch.metrics.instruments import HEADLINES, thresholds
from everytouch.metrics.raking import Raked, by_month, by_segment, by_trouble, raked
from everytouch.perception.api import (
    MOST_ROWS,
    Learnt,
    Per,
    Rules,
    Units,
    Validation,
    drawn,
    headline,
    learn,
    units,
)
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats import weighting
from everytouch.stats.intervals import Estimate, no_estimate
from everytouch.stats.ratios import RatioSums
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails, microseconds, month_edges

PopulationBy = Literal["all", "segment", "month"]
POPULATION_BY: tuple[PopulationBy, ...] = get_args(PopulationBy)
Weights = Literal["chance", "raked"]
WEIGHTS: tuple[Weights, ...] = get_args(Weights)
RATIOS = (1.5, 2.0, 3.0)
Floats = NDArray[np.float64]
Groups = Callable[[Bucket, Units], tuple[NDArray[np.int64], NDArray[np.int64]]]


@dataclass(frozen=True)
class Standing:
    """One group's experiences, and what is known of how they felt.

    Attributes:
        experiences, asked, answered: how many; ``stated``: the share that is stated.
        respondents: headline of those who answered, as ``metric`` says.
        weighted: theirs, each for as many as were as likely to answer; or raked.
        population: of all: predicted, and mended by how predictions err on those who answered.
        score_respondents, score_population: the same in points of score.
        effective_n: so many answers of equal weight would be as sure as the weighted ones.
    """

    group: str
    label: str
    experiences: int | None
    asked: int | None
    answered: int
    stated: float
    respondents: Estimate
    weighted: Estimate
    population: Estimate
    score_respondents: Estimate
    score_population: Estimate
    effective_n: float


@dataclass(frozen=True)
class Beyond:
    """Ends of the headline where silence depends on the feeling itself, by up to ``ratio``."""

    ratio: float
    low: float
    high: float


@dataclass(frozen=True)
class Population(Result):
    """Groups, with respondents beside everybody.

    Attributes:
        instrument, metric: what was asked, and what its headline is.
        per: what an experience is.
        validation: of the model, on later answers.
        beyond: how far the whole figure could lie off if silence depends on the feeling.
        refused: why nothing is predicted, where it is not; ``population`` is hidden then.
    """

    row_type: ClassVar[type] = Standing
    instrument: str = ""
    metric: str = ""
    per: str = "journey"
    validation: Validation | None = None
    beyond: tuple[Beyond, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sums:
    """Of one group; parties are what hangs together."""

    experiences: int
    asked: int
    answered: int
    weight: float
    weight2: float
    ratios: tuple[RatioSums, ...]  # respondents, weighted, all; then the same of scores

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.experiences + other.experiences,
            self.asked + other.asked,
            self.answered + other.answered,
            self.weight + other.weight,
            self.weight2 + other.weight2,
            tuple(a + b for a, b in zip(self.ratios, other.ratios, strict=True)),
        )


@dataclass(frozen=True)
class Grouped:
    """Sums of each group."""

    groups: tuple[Sums, ...]

    def __add__(self, other: "Grouped") -> "Grouped":
        return Grouped(tuple(a + b for a, b in zip(self.groups, other.groups, strict=True)))


def headline_values(instrument: Instrument, score: Floats) -> Floats:
    """What each score counts in the headline figure, (n,): its mean is the headline."""
    high, low = thresholds(instrument)
    top = 100.0 * (score >= high)
    if instrument.kind == "nps":
        top = top - 100.0 * (score <= low)
    return np.where(np.isfinite(score), score if instrument.kind == "mean" else top, np.nan)


def _by(at: NDArray[np.int64], values: NDArray[Any], count: int) -> Floats:
    return np.bincount(at, values, count).astype(np.float64)


@dataclass(frozen=True)
class Among:
    """Groups of experiences; one may count in several, or in none.

    ``assign`` takes a bucket and its units: rows of the units, and the group of each.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    assign: Groups


def among_all() -> Among:
    """One group of all."""
    return Among(
        ("all",), ("All",), lambda _, them: (np.arange(len(them)), np.zeros(len(them), np.int64))
    )


def among_segments(scopes: Mapping[str, Scope], labels: Mapping[str, str]) -> Among:
    """Groups by whose experience it is; segments may overlap."""

    def assign(bucket: Bucket, them: Units) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        party = np.searchsorted(bucket.parties, them.party)
        member = [scopes[name].take(bucket)[party] for name in scopes]
        groups, rows = np.nonzero(np.array(member, np.bool_).reshape(len(scopes), len(them)))
        return rows, groups

    return Among(tuple(scopes), tuple(labels[name] for name in scopes), assign)


def among_months(trails: Trails, timezone: str) -> Among:
    """Groups by the month in which an experience ended."""
    names, edges = month_edges(trails, zoneinfo.ZoneInfo(timezone))

    def assign(_: Bucket, them: Units) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return np.arange(len(them)), np.searchsorted(edges, them.time, side="right") - 1

    return Among(names, names, assign)


@dataclass(frozen=True)
class Guessed:
    """Experiences of one bucket with all that is stated and guessed of them.

    Attributes:
        weight: of each answer, (n,); chance, score, head: guessed, (n,); value: what the answer
            counts in the headline, (n,).
    """

    found: Units
    weight: Floats
    chance: Floats
    score: Floats
    head: Floats
    value: Floats


def _guessed(
    bucket: Bucket, found: Units, instrument: Instrument, learnt: Learnt, rake: Raked | None
) -> Guessed:
    chance, score, head = learnt.of(found)
    by_chance = np.where(found.answered, np.minimum(1 / chance, learnt.heaviest), 0.0)
    weight = rake.of(bucket, found) if rake else by_chance
    return Guessed(found, weight, chance, score, head, headline_values(instrument, found.score))


def kernel(guessed: Guessed, rows: NDArray[np.int64]) -> Sums:
    """Sums of some units of one bucket."""
    mine, there = guessed.found.some(rows), guessed.found.answered[rows]
    weight, chance = guessed.weight[rows], guessed.chance[rows]
    # How often nobody of a party answered does not matter: chances are of the whole population.
    parts = []
    for guess, told in (
        (guessed.head[rows], guessed.value[rows]), (guessed.score[rows], mine.score),
    ):  # fmt: skip
        stated = np.where(there, told, 0.0)
        whole = guess + np.where(there, (stated - guess) / chance, 0.0)
        parts += [(there * 1.0, stated), (weight, weight * stated), (np.ones(len(mine)), whole)]
    party, at = np.unique(mine.party, return_inverse=True)
    ratios = tuple(RatioSums.of(_by(at, n, len(party)), _by(at, x, len(party))) for n, x in parts)
    return Sums(
        len(mine), int(mine.asked.sum()), int(there.sum()),
        float(weight.sum()), float(weight @ weight), ratios,
    )  # fmt: skip


def population(
    trails: Trails,
    engine: Engine,
    catalogue: Catalogue,
    settings: Settings,
    among: Among,
    scope: Scope = EVERYTHING,
    *,
    per: Per = "journey",
    weights: Weights = "chance",
    segments: Mapping[str, Scope] | None = None,
) -> Population:
    """Respondents beside everybody, in groups.

    Args:
        per: what an experience is; a party where nothing names orders or cases.
        weights: each answer ÷ its chance to be given, or raked to the months, the ``segments``
            and how much went wrong, of everybody.

    Raises:
        NotEnoughDataError: nobody was asked, or too few answered to learn from.
    """
    asked = headline(trails, engine, settings)
    if asked < 0 or trails.instruments[asked] not in catalogue.instruments:
        raise NotEnoughDataError("nobody was asked anything", "import answers to a question")
    instrument = catalogue.instruments[trails.instruments[asked]]
    rules, now = Rules.of(catalogue, trails, settings), microseconds(trails.last)  # type: ignore[arg-type]

    def of(bucket: Bucket) -> Units:
        return units(bucket, scope, rules, asked, per, now)

    sample = sampled(of, trails, engine)
    value = headline_values(instrument, sample.score)
    learnt = learn(sample, value, settings.confidence, settings.seed)
    rake = None
    if weights == "raked":
        parts = [by_segment(name, one) for name, one in (segments or {}).items()]
        parts = [by_trouble(len(rules.on_time)), by_month(trails, settings.timezone), *parts]
        rake = raked(of, trails, engine, parts, settings.minimum_n)

    def sums(bucket: Bucket) -> Grouped:
        guessed = _guessed(bucket, of(bucket), instrument, learnt, rake)
        rows, group = among.assign(bucket, guessed.found)
        return Grouped(tuple(kernel(guessed, rows[group == g]) for g in range(len(among.names))))

    totals = engine.run(sums, trails.buckets)
    useful = learnt.validation.useful
    named = zip(among.names, among.labels, totals.groups, strict=True)
    rows = [_standing(*one, settings, useful=useful) for one in named if one[2].experiences]
    metric = HEADLINES[instrument.kind][0]
    return Population(
        _basis(scope, settings, metric, per, instrument.label, rake.names if rake else ()),
        tuple(rows),
        instrument.name,
        metric,
        per,
        learnt.validation,
        _beyond(sample, value, learnt),
        () if useful else (_refusal(learnt.validation),),
    )


def _beyond(sample: Units, value: Floats, learnt: Learnt) -> tuple[Beyond, ...]:
    told = sample.answered
    chance = learnt.of(sample.some(told))[0]
    return tuple(Beyond(r, *weighting.beyond(value[told], chance, r)) for r in RATIOS)


def validated(result: Population) -> tuple[str, ...]:
    """How far what is predicted, and what is not seen, may be trusted, in words."""
    tried = result.validation
    if tried is None:
        return ()
    first = (
        f"Tried on {tried.error.n:,} later answers: off by {tried.error.value:.1f} points "
        f"({tried.error.low:.1f} to {tried.error.high:.1f}), always saying the mean by "
        f"{tried.plain.value:.1f}; it ranks a low answer under a higher one in "
        f"{tried.auc.value:.0%} of pairs ({tried.auc.low:.0%} to {tried.auc.high:.0%})."
    )
    beyond = [
        f"If the trail does not tell all, and silence of one of two alike were {one.ratio:g} times "
        f"as likely for what they felt, the whole would lie between {one.low:.1f} and "
        f"{one.high:.1f}."
        for one in result.beyond
    ]
    return (first, *beyond)


def sampled(of: Callable[[Bucket], Units], trails: Trails, engine: Engine) -> Units:
    """All units, or those of so few parties that there are not too many to learn from."""
    one_in = 1 if trails.moments < MOST_ROWS * 5 else -(-trails.moments // (MOST_ROWS * 10))
    return engine.run(lambda bucket: drawn(of(bucket), one_in), trails.buckets)


def _standing(name: str, label: str, sums: Sums, settings: Settings, *, useful: bool) -> Standing:
    hidden = sums.answered < settings.minimum_n
    kept = []
    for place, one in enumerate(sums.ratios):
        n = sums.experiences if place % 3 == 2 else sums.answered
        if hidden or (place % 3 == 2 and not useful):
            kept.append(no_estimate(n, "hidden" if hidden else "no better than the mean"))
        else:
            kept.append(replace(one.estimate(settings.confidence), n=n))
    return Standing(
        name, label, sums.experiences, sums.asked, sums.answered,
        sums.answered / sums.experiences, kept[0], kept[1], kept[2], kept[3], kept[5],
        sums.weight**2 / sums.weight2 if sums.weight2 else 0.0,
    )  # fmt: skip


def _refusal(validation: Validation) -> str:
    return (
        "Nothing is predicted of the silent: on later answers the model is off by "
        f"{validation.error.value:.1f} points, always saying the mean by "
        f"{validation.plain.value:.1f}; the difference may be chance."
    )


def _basis(
    scope: Scope, settings: Settings, metric: str, per: Per, label: str, margins: tuple[str, ...]
) -> Basis:
    weighted = (
        f"each answer so that the margins are everybody's (raked: {', '.join(margins)})"
        if margins
        else "each answer ÷ its chance to be given, learnt from the trail"
    )
    return Basis(
        formula=f"{metric}. Respondents: of those who answered. Weighted: {weighted}, cut at five "
        "times the mean weight. Population: predicted for all, plus the error on those who "
        "answered ÷ their chance",
        denominator=f"every {per}, answered or not",
        cut=f"{scope.text}; answers to {label}; hidden under {settings.minimum_n} answers",
        method=f"{settings.confidence:.0%} intervals over parties, linearised; gradient boosting, "
        "each party by models that have not seen it",
    )
