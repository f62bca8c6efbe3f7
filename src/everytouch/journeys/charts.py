"""Charts of observed journeys."""

from collections.abc import Mapping

from everytouch.catalogue.api import Catalogue
from everytouch.charts import Arrow, Chart, Point
from everytouch.journeys.graph import Graph

MOST_ARROWS = 28


def observed(result: Graph, catalogue: Catalogue, feeling: Mapping[str, float]) -> Chart:
    """The graph in layers by stage; thickness by volume, colour by feeling where known."""
    edges = [edge for edge in result.rows if edge.source != edge.target][:MOST_ARROWS]
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


def _columns(names: list[str], catalogue: Catalogue) -> list[tuple[float, list[str]]]:
    """Columns from left to right by stage, crowded ones take several; inside as catalogued."""
    by_stage: dict[str, list[str]] = {stage: [] for stage in (*catalogue.stages, "")}
    order = {name: i for i, name in enumerate(catalogue.touchpoints)}
    for name in sorted(names, key=lambda name: (order.get(name, len(order)), name)):
        point = catalogue.touchpoints.get(name)
        by_stage[point.stage if point else ""].append(name)
    parts = [members[i : i + 4] for members in by_stage.values() for i in range(0, len(members), 4)]
    return [((i + 0.5) / len(parts), part) for i, part in enumerate(parts)]
