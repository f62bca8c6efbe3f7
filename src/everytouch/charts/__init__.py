"""What a chart says, apart from how it is drawn."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

STATIC = Path(__file__).parent / "static" / "charts"


@dataclass(frozen=True)
class Point:
    """A place of a chart.

    Attributes:
        x, y: of a ``graph`` 0..1; of a ``scatter`` in the units of its axes; of a ``sankey``
            x is the step; of a ``matrix`` column and line.
        size: 0..1; of a ``matrix`` what its colour says.
        feeling: of a ``graph`` 0..100; of a ``scatter`` its sign.
    """

    label: str
    x: float
    y: float
    size: float
    feeling: float | None


@dataclass(frozen=True)
class Arrow:
    """A way between two points of a ``graph`` or ``sankey``, by their numbers."""

    source: int
    target: int
    weight: float
    text: str


@dataclass(frozen=True)
class Chart:
    """One chart.

    Attributes:
        kind: bars (one value a label, with an interval), line (the same, in order), graph
            (points and arrows), scatter (points on two axes), sankey (flows by step), matrix
            (points as cells, the darker the more).
        unit: of the values; of a scatter the name of the axis from left to right.
        across: of a scatter the name of the upward axis.
        labels, values, low, high: equally long; None where a value is withheld. Of a matrix
            labels are its columns and ``lines`` its lines.
        meant: of a line, what the values were meant to be; as long, or empty.
        points, arrows: of a graph, scatter, sankey or matrix.
    """

    kind: Literal["bars", "line", "graph", "scatter", "sankey", "matrix"]
    title: str
    unit: str = ""
    labels: tuple[str, ...] = ()
    values: tuple[float | None, ...] = ()
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    meant: tuple[float | None, ...] = ()
    lines: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    across: str = ""
