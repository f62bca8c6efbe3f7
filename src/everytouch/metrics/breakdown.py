"""Perception by touchpoint, stage, channel, segment, month …: n, headline, score, intervals."""

import math
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue, Instrument, Touchpoint
from everytouch.engine.api import Engine
from everytouch.metrics.instruments import HEADLINES, Tally, tallies
from everytouch.perception.api import Answers, Rules, answers
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats import differences, discovery, intervals
from everytouch.stats.intervals import Estimate, Moments2, no_estimate
from everytouch.stats.shrinkage import METHOD as SHRUNK
from everytouch.stats.shrinkage import pooled_variance, shrink
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails, month_edges, people

By = Literal[
    "all", "touchpoint", "stage", "channel", "owner", "element", "sense", "value", "segment",
    "month",
]  # fmt: skip
BY: tuple[By, ...] = get_args(By)
EVERYBODY = -1  # instead of the number of a group: all answers to a question
_SEVERAL = {"sense": "senses", "value": "values"}  # of which a touchpoint has any number


@dataclass(frozen=True)
class Cell:
    """One group's answers to one instrument.

    Attributes:
        group: name of the group; ``label`` for people.
        metric: what ``headline`` is.
        headline: NPS (−100..100), % (CSAT, CES) or mean.
        score: mean of the scores, 0 to 100.
        n, parties: answers, and whose they are.
        hidden: whether both are withheld because too few people answered.
        shrunk: the score drawn to the mean of all groups, by how little it rests on: to rank by.
            The score itself for months, and where fewer than four groups are shown.
        q: false-discovery rate at which its score would be said to differ from that of all other
            answers to the same question; NaN where it cannot be.
    """

    group: str
    label: str
    instrument: str
    metric: str
    n: int
    parties: int
    headline: Estimate
    score: Estimate
    hidden: bool
    shrunk: Estimate
    q: float = math.nan


@dataclass(frozen=True)
class Breakdown(Result):
    """Cells of one breakdown, lowest score first (months in order)."""

    row_type: ClassVar[type] = Cell
    by: str = ""


@dataclass(frozen=True)
class TallySums:
    """Tallies and parties by (group, instrument); under ``EVERYBODY`` each answer once."""

    cells: dict[tuple[int, str], Tally]
    parties: dict[tuple[int, str], int]

    def __add__(self, other: "TallySums") -> "TallySums":
        cells = dict(self.cells)
        for key, tally in other.cells.items():
            cells[key] = cells.get(key, Tally()) + tally
        parties = dict(self.parties)
        for key, count in other.parties.items():
            parties[key] = parties.get(key, 0) + count
        return TallySums(cells, parties)


@dataclass(frozen=True)
class Grouping:
    """Names of groups, and a function that gives each perception its groups.

    ``assign`` returns rows into the windows and the group of each; a perception may count
    in several groups. ``back``: it asks what the journeys passed.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    assign: Callable[[Bucket, Answers], tuple[NDArray[np.int64], NDArray[np.int64]]]
    denominator: str
    back: bool = False


def kernel(
    bucket: Bucket,
    scope: Scope,
    rules: Rules,
    grouping: Grouping,
    asked: Sequence[Instrument | None],
) -> TallySums:
    """Tally one bucket; ``asked`` are the instruments of the codes."""
    seen = answers(bucket, scope, rules, back=grouping.back)
    rows, group = grouping.assign(bucket, seen)
    every = bucket["instrument"][seen.rows]
    scores, codes = seen.score[rows], every[rows]
    owner = np.searchsorted(bucket.offsets, seen.rows, side="right") - 1
    cells: dict[tuple[int, str], Tally] = {}
    parties: dict[tuple[int, str], int] = {}
    for code, instrument in enumerate(asked):
        mine = codes == code
        if instrument is not None and mine.any():
            found = tallies(group[mine], scores[mine], instrument, len(grouping.names))
            who = people(owner[rows[mine]], group[mine], len(grouping.names)).tolist()
            parties |= {(g, instrument.name): count for g, count in enumerate(who) if count}
            cells |= {(g, instrument.name): t for g, t in enumerate(found) if t.n}
            whole = seen.score[every == code]
            (tally,) = tallies(np.zeros(len(whole), np.int64), whole, instrument, 1)
            cells[EVERYBODY, instrument.name] = tally
    return TallySums(cells, parties)


def by_place(trails: Trails, catalogue: Catalogue, by: By) -> Grouping:
    """Groups by touchpoint or by something the catalogue says of touchpoints.

    A perception about a touchpoint counts there; one about a whole journey counts once in
    every group its journey passed.
    """
    points = [catalogue.touchpoints.get(name) for name in trails.touchpoints]
    places = [_places(point, by) if point else () for point in points]
    names = tuple(sorted({name for several in places for name in several if name}))
    number = {name: i for i, name in enumerate(names)}

    def assign(bucket: Bucket, seen: Answers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        about = bucket["touchpoint"][seen.rows]
        rows, groups = [], []
        for code, several in enumerate(places):
            if several:
                here = np.flatnonzero(about == code)
                rows += [here] * len(several)
                groups += [np.full(len(here), number[name]) for name in several]
        whole = np.flatnonzero(about < 0)
        belongs = np.zeros((len(whole), len(names)), np.bool_)
        for code, several in enumerate(places):
            for name in several:
                belongs[:, number[name]] |= seen.passed[whole, code]
        journeys, passed = np.nonzero(belongs)
        return np.concatenate([*rows, whole[journeys]]), np.concatenate([*groups, passed])

    labels = tuple(
        catalogue.touchpoints[name].label if by == "touchpoint" else name for name in names
    )
    what = f"answers about the {by}, or about a journey that passed it"
    return Grouping(names, labels, assign, what, back=True)


def _places(point: Touchpoint, by: By) -> tuple[str, ...]:
    """The groups a touchpoint belongs to."""
    if by == "touchpoint":
        return (point.name,)
    if by in _SEVERAL:
        several: tuple[str, ...] = getattr(point, _SEVERAL[by])
        return several
    place: str = getattr(point, by)
    return (place,) if place else ()


def by_month(trails: Trails, timezone: str) -> Grouping:
    """Groups by calendar month of the answer in a time zone."""
    names, edges = month_edges(trails, zoneinfo.ZoneInfo(timezone))
    if not names:
        return Grouping((), (), _nowhere, "answers given in the month")

    def assign(bucket: Bucket, seen: Answers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        month = np.searchsorted(edges, bucket["time"][seen.rows], side="right") - 1
        return np.arange(len(seen.rows)), month

    return Grouping(names, names, assign, f"answers given in the month ({timezone})")


def by_segment(scopes: Mapping[str, Scope], labels: Mapping[str, str]) -> Grouping:
    """Groups by segments, which may overlap."""
    names = tuple(scopes)

    def assign(bucket: Bucket, seen: Answers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        party = np.searchsorted(bucket.offsets, seen.rows, side="right") - 1
        member = np.array([scopes[name].take(bucket)[party] for name in names], np.bool_)
        groups, rows = np.nonzero(member.reshape(len(names), len(party)))
        return rows, groups

    return Grouping(names, tuple(labels[n] for n in names), assign, "answers of its parties")


def everyone() -> Grouping:
    """One group of all."""
    return Grouping(
        ("all",),
        ("All",),
        lambda _, seen: (np.arange(len(seen.rows)), np.zeros(len(seen.rows), np.int64)),
        "all answers",
    )


def _nowhere(_: Bucket, seen: Answers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.arange(len(seen.rows)), np.full(len(seen.rows), -1)


def breakdown(
    trails: Trails,
    engine: Engine,
    catalogue: Catalogue,
    settings: Settings,
    by: By,
    grouping: Grouping,
    scope: Scope = EVERYTHING,
) -> Breakdown:
    """Stated perception in the groups of ``grouping``; groups with too few answers hidden."""
    rules = Rules.of(catalogue, trails, settings)
    asked = [catalogue.instruments.get(name) for name in trails.instruments]
    sums = engine.run(lambda b: kernel(b, scope, rules, grouping, asked), trails.buckets)
    cells = [
        _cell(
            grouping, group, catalogue.instruments[name], tally, sums.parties[group, name], settings
        )
        for (group, name), tally in sorted(sums.cells.items())
        if group != EVERYBODY
    ]
    shown = _with_rates(_hide_complements(cells), sums, grouping, settings)
    if by not in ("all", "month"):
        shown = _drawn(shown, sums, grouping, settings)
        shown.sort(key=_lowest)
    basis = Basis(
        formula="; ".join(sorted({cell.metric for cell in cells})) + "; score = linear map of "
        "the scale to 0–100",
        denominator=grouping.denominator,
        cut=f"{scope.text}; stated perceptions only; hidden under {settings.minimum_n} people",
        method=f"{settings.confidence:.0%} intervals: "
        "NPS adjusted Wald, shares Wilson score, means Student t; drawn: over all spreads between "
        "the groups of an instrument that fit them; differs from all others: Welch, false "
        "discovery Benjamini and Hochberg",
    )
    return Breakdown(basis, tuple(shown), by)


def _lowest(cell: Cell) -> tuple[float, str]:
    """Where a cell comes in a league table: by what is drawn, where it is."""
    if cell.hidden:
        return math.inf, cell.group
    return cell.shrunk.value, cell.group


def _drawn(
    cells: list[Cell], sums: TallySums, grouping: Grouping, settings: Settings
) -> list[Cell]:
    """Scores of each instrument's groups drawn to their mean."""
    result, number = list(cells), {name: i for i, name in enumerate(grouping.names)}
    for name in {cell.instrument for cell in cells}:
        mine = [i for i, c in enumerate(cells) if c.instrument == name and not c.hidden]
        tallies = [sums.cells[number[cells[i].group], name] for i in mine]
        parts = [Moments2(one.n, one.total, one.squares) for one in tallies]
        within = pooled_variance(parts)
        if len(mine) < 4 or not within > 0:
            continue
        n = np.array([one.n for one in parts], np.float64)
        found = shrink(np.array([p.mean for p in parts]), within / n, settings.confidence)
        for place, i in enumerate(mine):
            low, high = max(0.0, found.low[place]), min(100.0, found.high[place])
            drawn = Estimate(
                float(found.values[place]), float(low), float(high), parts[place].n, SHRUNK
            )
            result[i] = replace(result[i], shrunk=drawn)
    return result


def _with_rates(
    cells: list[Cell], sums: TallySums, grouping: Grouping, settings: Settings
) -> list[Cell]:
    """Each cell with the rate at which it would be said to differ from all other answers."""
    result, number = list(cells), {name: i for i, name in enumerate(grouping.names)}
    for name in {cell.instrument for cell in cells}:
        mine = [i for i, c in enumerate(cells) if c.instrument == name and not c.hidden]
        whole, p = sums.cells[EVERYBODY, name], []
        for i in mine:
            own = sums.cells[number[cells[i].group], name]
            others = Moments2(whole.n - own.n, whole.total - own.total, whole.squares - own.squares)
            enough = others.n >= settings.minimum_n
            known = Moments2(own.n, own.total, own.squares)
            p.append(differences.p_of_means(known, others) if enough else math.nan)
        for i, rate in zip(mine, discovery.rates(p), strict=True):
            result[i] = replace(result[i], q=rate)
    return result


def _cell(
    grouping: Grouping,
    group: int,
    instrument: Instrument,
    tally: Tally,
    parties: int,
    settings: Settings,
) -> Cell:
    metric, headline = HEADLINES[instrument.kind]
    hidden = parties < settings.minimum_n
    if hidden:
        value = score = no_estimate(tally.n, "hidden")
    else:
        value = headline(tally, settings.confidence)
        mean = intervals.mean(tally.n, tally.total, tally.squares, settings.confidence)
        score = replace(mean, low=max(0.0, mean.low), high=min(100.0, mean.high))
    return Cell(
        grouping.names[group],
        grouping.labels[group],
        instrument.name,
        metric,
        tally.n,
        parties,
        value,
        score,
        hidden,
        score,
    )


def _hidden(cell: Cell) -> Cell:
    gone = no_estimate(cell.n, "hidden")
    return replace(cell, headline=gone, score=gone, hidden=True, shrunk=gone, q=math.nan)


def _hide_complements(cells: list[Cell]) -> list[Cell]:
    """Where exactly one group of an instrument is hidden, hide the next smallest too.

    Otherwise the total minus the groups shown would give the hidden figure away.
    """
    result = list(cells)
    for name in {cell.instrument for cell in cells}:
        mine = [i for i, cell in enumerate(result) if cell.instrument == name]
        shown = [i for i in mine if not result[i].hidden]
        if len(mine) - len(shown) == 1 and shown:
            i = min(shown, key=lambda i: result[i].n)
            result[i] = _hidden(result[i])
    return result
