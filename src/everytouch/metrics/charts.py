"""Charts of perception."""

from collections import Counter

from everytouch.charts import Chart
from everytouch.metrics.breakdown import Breakdown


def most_asked(result: Breakdown) -> str:
    """The instrument with most answers; empty where there are none."""
    answers = Counter[str]()
    for cell in result.rows:
        answers[cell.instrument] += cell.n
    return max(answers, key=lambda name: (answers[name], name), default="")


def scores(result: Breakdown, title: str) -> Chart:
    """Mean score with its interval for each group; months as a line of the most asked."""
    shown = [cell for cell in result.rows if not cell.hidden]
    several = len({cell.instrument for cell in result.rows}) > 1
    if result.by == "month" and several:
        most = most_asked(result)
        shown, several = [cell for cell in shown if cell.instrument == most], False
        title = f"{title} ({most})"
    return Chart(
        kind="line" if result.by == "month" else "bars",
        title=title,
        unit="score 0–100",
        labels=tuple(f"{c.label} ({c.instrument})" if several else c.label for c in shown),
        values=tuple(cell.score.value for cell in shown),
        low=tuple(cell.score.low for cell in shown),
        high=tuple(cell.score.high for cell in shown),
    )
