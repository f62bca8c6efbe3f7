"""What other rooms may import of metrics."""

from everytouch.metrics.breakdown import (
    BY,
    Breakdown,
    By,
    Cell,
    breakdown,
    by_month,
    by_place,
    by_segment,
    everyone,
)
from everytouch.metrics.charts import most_asked, scores
from everytouch.metrics.promises import PromiseKept, Promises, promises

__all__ = [
    "BY",
    "Breakdown",
    "By",
    "Cell",
    "PromiseKept",
    "Promises",
    "breakdown",
    "by_month",
    "by_place",
    "by_segment",
    "everyone",
    "most_asked",
    "promises",
    "scores",
]
