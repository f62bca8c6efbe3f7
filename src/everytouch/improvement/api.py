"""What other rooms may import of improvement."""

from everytouch.improvement.charts import overall
from everytouch.improvement.movement import Cause, Movement, movement, periods
from everytouch.improvement.ranking import (
    GRADED_BY,
    WORDS,
    Finding,
    GradedBy,
    RankedList,
    graded,
    last_year,
    moments_behind,
    ranked,
)
from everytouch.improvement.verdicts import Verdict, Verdicts, verdicts

__all__ = [
    "GRADED_BY",
    "WORDS",
    "Cause",
    "Finding",
    "GradedBy",
    "Movement",
    "RankedList",
    "Verdict",
    "Verdicts",
    "graded",
    "last_year",
    "moments_behind",
    "movement",
    "overall",
    "periods",
    "ranked",
    "verdicts",
]
