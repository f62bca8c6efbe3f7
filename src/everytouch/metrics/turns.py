"""Turns of a trend: months in which the level of a score changed, beyond chance."""

import numpy as np

from everytouch.metrics.breakdown import Breakdown, Cell
from everytouch.stats.changes import changes
from everytouch.stats.intervals import normal_quantile


def turns(months: Breakdown, instrument: str, confidence: float = 0.95) -> list[str]:
    """Each change of level of one instrument's monthly score, in words.

    Args:
        months: a breakdown by month; ``confidence`` of its intervals.
    """
    cells = [c for c in months.rows if c.instrument == instrument and not c.hidden]
    width = np.array([cell.score.high - cell.score.low for cell in cells])
    if len(cells) < 4 or not (width > 0).all():
        return []
    values = np.array([cell.score.value for cell in cells])
    found = changes(values, width / 2 / normal_quantile(confidence))
    return [_said(cells, change.at, change.before, change.after, change.p) for change in found]


def _said(cells: list[Cell], at: int, before: float, after: float, p: float) -> str:
    way = "rose" if after > before else "fell"
    return (
        f"From {cells[at].label} on the score {way} from {before:.1f} to {after:.1f} (chance makes "
        f"such a turn in {p:.1%} of series without one)."
    )
