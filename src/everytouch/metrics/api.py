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
from everytouch.metrics.consistency import Consistency, consistency
from everytouch.metrics.emotions import Emotions, emotions
from everytouch.metrics.population import (
    POPULATION_BY,
    WEIGHTS,
    Population,
    PopulationBy,
    Standing,
    Weights,
    among_all,
    among_months,
    among_segments,
    population,
    validated,
)
from everytouch.metrics.predictions import predictions
from everytouch.metrics.promises import PromiseKept, Promises, promises
from everytouch.metrics.remembered import Remembered, remembered
from everytouch.metrics.turns import turns

__all__ = [
    "BY",
    "POPULATION_BY",
    "WEIGHTS",
    "Breakdown",
    "By",
    "Cell",
    "Consistency",
    "Emotions",
    "Population",
    "PopulationBy",
    "PromiseKept",
    "Promises",
    "Remembered",
    "Standing",
    "Weights",
    "among_all",
    "among_months",
    "among_segments",
    "breakdown",
    "by_month",
    "by_place",
    "by_segment",
    "consistency",
    "emotions",
    "everyone",
    "most_asked",
    "population",
    "predictions",
    "promises",
    "remembered",
    "scores",
    "turns",
    "validated",
]
