"""Charts of the ranked list."""

import math

from everytouch.charts import Chart
from everytouch.improvement.ranking import RankedList


def overall(result: RankedList) -> Chart:
    """By how much the mean of all scores would rise without each problem."""
    rows = [row for row in result.rows if not math.isnan(row.overall.value)]
    return Chart(
        kind="bars",
        title="Points of the overall score each problem costs",
        unit="points of the overall score",
        labels=tuple(row.problem for row in rows),
        values=tuple(row.overall.value for row in rows),
        low=tuple(row.overall.low for row in rows),
        high=tuple(row.overall.high for row in rows),
    )
