"""Charts of observed journeys."""

import math
from collections.abc import Callable, Mapping

from everytouch.catalogue.api import Catalogue
from everytouch.charts import Arrow, Chart, Point
from everytouch.journeys.against import Against
from everytouch.journeys.around import NOTHING, Passage, StepMatrix
from everytouch.journeys.flow import StageFlows
from everytouch.journeys.funnel import Funnel
from everytouch.journeys.graph import Graph
from everytouch.journeys.retention import Retention
from everytouch.journeys.volume import Volume

MOST_ARROWS = 28  # that an eye can follow
MOST_PASSAGES = 12  # likewise, from one place to the next


def observed(
    result: Graph, catalogue: Catalogue, feeling: Mapping[str, float], most: int = MOST_ARROWS
) -> Chart:
    """The ``most`` walked ways in layers by stage; thickness by volume, colour by feeling."""
    edges = [edge for edge in result.rows if edge.source != edge.target][:most]
    used = {name for edge in edges for name in (edge.source, edge.target)}
    nodes = [node for node in result.nodes if node.touchpoint in used]
    columns = _columns([node.touchpoint for node in nodes], catalogue)
    biggest = max((node.moments for node in nodes), default=1)
    place = {
        name: (x, (row + 0.5) / len(names))
        for x, names in columns
        for row, name in enumerate(names)
    }
    labels = {n: catalogue.touchpoints[n].label if n in catalogue.touchpoints else n for n in used}
    points = tuple(
        Point(
            labels[node.touchpoint],
            *place[node.touchpoint],
            node.moments / biggest,
            feeling.get(node.touchpoint),
        )
        for node in nodes
    )
    number = {node.touchpoint: i for i, node in enumerate(nodes)}
    arrows = tuple(
        Arrow(
            number[edge.source],
            number[edge.target],
            edge.count / edges[0].count,
            f"{labels[edge.source]} → {labels[edge.target]}: {edge.count:,}",
        )
        for edge in edges
    )
    return Chart("graph", "Observed journeys", points=points, arrows=arrows)


def between_stages(result: StageFlows) -> Chart:
    """Flow from stage to stage: a column a step, thickness by parties."""
    places: dict[tuple[int, str], int] = {}
    for row in result.rows:
        places.setdefault((row.step - 1, row.source), len(places))
        places.setdefault((row.step, row.target), len(places))
    points = tuple(Point(stage, step, 0.0, 1.0, None) for step, stage in places)
    arrows = tuple(
        Arrow(
            places[row.step - 1, row.source],
            places[row.step, row.target],
            float(row.parties),
            f"{row.source} → {row.target}: {row.parties:,} parties",
        )
        for row in result.rows
    )
    return Chart("sankey", "From stage to stage", unit="parties", points=points, arrows=arrows)


def coming_back(result: Retention) -> Chart:
    """The share that comes back so many periods after, of all cohorts together."""
    shares = [row.share for row in result.overall]
    return Chart(
        "line",
        "Who comes back",
        unit="% of the cohort",
        labels=tuple(f"+{row.after}" for row in result.overall),
        values=tuple(100 * share.value for share in shares),
        low=tuple(100 * share.low for share in shares),
        high=tuple(100 * share.high for share in shares),
    )


def cohort_triangle(result: Retention, most: int = 24) -> Chart:
    """A line a cohort, a column for each period after; the newest cohorts where there are many."""
    rows = [line for line in result.cohorts if line[0].cohort != "all"][-most:]
    longest = max((row.after for line in rows for row in line), default=0)
    cells = (
        Point(f"{row.share.value:.0%}", row.after - 1, y, row.share.value, None)
        for y, line in enumerate(rows)
        for row in line
        if not row.share.hidden
    )
    return Chart(
        "matrix",
        "Who comes back, cohort by cohort",
        labels=tuple(f"+{after}" for after in range(1, longest + 1)),
        lines=tuple(line[0].cohort for line in rows),
        points=tuple(cells),
    )


def step_matrix(result: StepMatrix, label: Callable[[str], str]) -> Chart:
    """A line a touchpoint, a column a place: where people are so many interactions on."""
    shown = [row for row in result.rows if not row.share.hidden]
    total: dict[str, int] = {}
    for row in shown:
        total[row.touchpoint] = total.get(row.touchpoint, 0) + row.parties
    names = sorted(total, key=lambda name: (name == NOTHING, -total[name], name))
    at = {name: y for y, name in enumerate(names)}
    cells = (
        Point(f"{row.share.value:.0%}", row.place - 1, at[row.touchpoint], row.share.value, None)
        for row in shown
    )
    return Chart(
        "matrix",
        "What comes around it",
        labels=tuple(str(n) for n in range(1, max((r.place for r in shown), default=0) + 1)),
        lines=tuple(map(label, names)),
        points=tuple(cells),
    )


def passing(result: StepMatrix, label: Callable[[str], str], *, back: bool = False) -> Chart:
    """Flow from a touchpoint, or to it: a column a place, thickness by parties."""
    last = max((one.place for one in result.passages), default=0)
    shown = [
        one for place in range(1, last + 1)
        for one in [p for p in result.passages if p.place == place][:MOST_PASSAGES]
    ]  # fmt: skip
    places: dict[tuple[int, str], int] = {}
    for one in shown:
        places.setdefault((one.place - 1, one.source), len(places))
        places.setdefault((one.place, one.target), len(places))

    def arrow(one: Passage) -> Arrow:
        ends = (one.place - 1, one.source), (one.place, one.target)
        source, target = ends[::-1] if back else ends
        text = f"{label(source[1])} → {label(target[1])}: {one.parties:,}"
        return Arrow(places[source], places[target], float(one.parties), text)

    points = (
        Point(label(name), last - place if back else place, 0.0, 1.0, None)
        for place, name in places
    )
    return Chart(
        "sankey", "Where people come from" if back else "Where people go", unit="parties",
        points=tuple(points), arrows=tuple(map(arrow, shown)),
    )  # fmt: skip


def taken(result: Funnel, label: Callable[[str], str]) -> Chart:
    """Of those at the first step, how many take each."""
    shares = [row.share for row in result.rows if not row.share.hidden]
    return Chart(
        "bars",
        "Who takes the steps",
        unit="% of the first step",
        labels=tuple(f"{n}. {label(row.touchpoint)}" for n, row in enumerate(result.rows, 1))
        if shares
        else (),
        values=tuple(100 * share.value for share in shares),
        low=tuple(100 * share.low for share in shares),
        high=tuple(100 * share.high for share in shares),
    )


def as_meant(result: Against) -> Chart:
    """How each step of a map feels, beside how it was meant to."""

    def shown(value: float) -> float | None:
        return None if math.isnan(value) else value

    scores = [one.score for one in result.steps]
    return Chart(
        "line",
        "As it feels, and as it was meant to",
        unit="score, 0–100; dashed: as meant",
        labels=tuple(one.label for one in result.steps),
        values=tuple(shown(score.value) for score in scores),
        low=tuple(shown(score.low) for score in scores),
        high=tuple(shown(score.high) for score in scores),
        meant=tuple(one.intended for one in result.steps),
    )


def monthly(result: Volume, touchpoint: str | None = None) -> Chart:
    """Interactions a month, at one touchpoint or at all."""
    months: dict[str, int] = {}
    for row in result.rows:
        if touchpoint in (None, row.touchpoint):
            months[row.month] = months.get(row.month, 0) + row.interactions
    counts = tuple(float(months[name]) for name in sorted(months))
    return Chart(
        "line",
        "Interactions a month",
        unit="interactions",
        labels=tuple(sorted(months)),
        values=counts,
        low=counts,
        high=counts,
    )


def _columns(names: list[str], catalogue: Catalogue) -> list[tuple[float, list[str]]]:
    """Columns from left to right by stage, crowded ones take several; inside as catalogued."""
    by_stage: dict[str, list[str]] = {stage: [] for stage in (*catalogue.stages, "")}
    order = {name: i for i, name in enumerate(catalogue.touchpoints)}
    for name in sorted(names, key=lambda name: (order.get(name, len(order)), name)):
        point = catalogue.touchpoints.get(name)
        by_stage[point.stage if point else ""].append(name)
    parts = [members[i : i + 4] for members in by_stage.values() for i in range(0, len(members), 4)]
    return [((i + 0.5) / len(parts), part) for i, part in enumerate(parts)]
