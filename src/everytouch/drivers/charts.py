"""Charts of drivers and of worth."""

from collections.abc import Mapping

from everytouch.charts import Chart, Point
from everytouch.drivers.shares import Drivers
from everytouch.drivers.worth import Worth


def shares(result: Drivers) -> Chart:
    """Share of the score's variance for each driver, in per cent, with its sign."""
    return Chart(
        kind="bars",
        title="What the score goes with",
        unit="% of the variance of the score",
        labels=tuple(f"{'+' if row.sign > 0 else '−'} {row.label}" for row in result.rows),
        values=tuple(100 * row.share.value for row in result.rows),
        low=tuple(100 * row.share.low for row in result.rows),
        high=tuple(100 * row.share.high for row in result.rows),
    )


def importance(result: Drivers, performance: Mapping[str, tuple[str, float]]) -> Chart:
    """Importance against performance: each touchpoint's part in the score, and its own score.

    Args:
        performance: label and mean score by touchpoint.
    """
    parts: dict[str, float] = {}
    for row in result.rows:
        if row.touchpoint in performance:
            parts[row.touchpoint] = parts.get(row.touchpoint, 0.0) + 100 * row.share.value
    points = tuple(
        Point(performance[name][0], performance[name][1], part, 1.0, None)
        for name, part in parts.items()
    )
    return Chart(
        "scatter",
        "Importance against performance",
        unit="performance: mean score, 0–100",
        across="importance: % of the variance of the score",
        points=points,
    )


def spend(result: Worth, currency: str) -> Chart:
    """Spend in the follow-up for each level of past experience."""
    rows = [row for row in result.rows if not row.spend.hidden]
    return Chart(
        kind="bars",
        title="Spend afterwards, by past experience",
        unit=f"{currency} per party",
        labels=tuple(f"{row.level} ({row.low:.0f}–{row.high:.0f})" for row in rows),
        values=tuple(row.spend.value for row in rows),
        low=tuple(row.spend.low for row in rows),
        high=tuple(row.spend.high for row in rows),
    )
