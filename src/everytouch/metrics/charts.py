"""Charts of perception."""

from collections import Counter

from everytouch.charts import Chart
from everytouch.metrics.breakdown import Breakdown


def scores(result: Breakdown, title: str) -> Chart:
    """Mean score with its interval for each group; months as a line of the most asked."""
    shown = [cell for cell in result.rows if not cell.hidden]
    several = len({cell.instrument for cell in result.rows}) > 1
    if result.by == "month" and several:
        answers = Counter[str]()
        for cell in shown:
            answers[cell.instrument] += cell.n
        most, _ = answers.most_common(1)[0]
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
