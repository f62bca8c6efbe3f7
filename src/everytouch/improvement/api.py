"""What other rooms may import of improvement."""

from everytouch.improvement.charts import overall
from everytouch.improvement.ranking import Finding, RankedList, last_year, moments_behind, ranked

__all__ = [
    "Finding",
    "RankedList",
    "last_year",
    "moments_behind",
    "overall",
    "ranked",
]
