"""What a chart says, apart from how it is drawn."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Point:
    """A place of a ``graph`` chart: where it stands (0..1), how big, how it felt (0..100)."""

    label: str
    x: float
    y: float
    size: float
    feeling: float | None


@dataclass(frozen=True)
class Arrow:
    """A way between two points of a ``graph`` chart, by their numbers."""

    source: int
    target: int
    weight: float
    text: str


@dataclass(frozen=True)
class Chart:
    """One chart.

    Attributes:
        kind: bars (one value a label, with an interval), line (the same, in order), graph.
        unit: of the values.
        labels, values, low, high: equally long; None where a value is withheld.
        points, arrows: of a graph.
    """

    kind: Literal["bars", "line", "graph"]
    title: str
    unit: str = ""
    labels: tuple[str, ...] = ()
    values: tuple[float | None, ...] = ()
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    points: tuple[Point, ...] = ()
    arrows: tuple[Arrow, ...] = ()
