"""How well a number ranks what happened."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from everytouch.later import Later
from everytouch.stats.intervals import Estimate, no_estimate, normal_quantile

if TYPE_CHECKING:
    from scipy import stats
else:
    stats = Later("scipy.stats")


def auc(
    score: NDArray[np.float64], happened: NDArray[np.bool_], confidence: float = 0.95
) -> Estimate:
    """Chance that one to whom it happened has the higher number, ties as halves.

    The interval is that of DeLong, DeLong and Clarke-Pearson (1988), from the places each value
    takes among those of the other kind.
    """
    a, b = score[happened], score[~happened]
    if min(len(a), len(b)) < 2:
        return no_estimate(len(score), "DeLong")
    whole = stats.rankdata(score)
    above = (whole[happened] - stats.rankdata(a)) / len(b)
    below = 1 - (whole[~happened] - stats.rankdata(b)) / len(a)
    value = float(above.mean())
    variance = float(np.var(above, ddof=1)) / len(a) + float(np.var(below, ddof=1)) / len(b)
    half = normal_quantile(confidence) * variance**0.5
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), len(score), "DeLong")
