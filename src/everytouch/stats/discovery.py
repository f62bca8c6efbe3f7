"""False discoveries: many differences looked at together."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from everytouch.later import Later

if TYPE_CHECKING:
    from scipy import stats
else:
    stats = Later("scipy.stats")


def rates(p_values: Sequence[float]) -> list[float]:
    """For each test the least false-discovery rate at which it would be reported.

    Benjamini and Hochberg 1995. NaN, for a test that could not be made, stays and is not counted.
    """
    known = [p for p in p_values if not math.isnan(p)]
    if not known:
        return list(p_values)
    adjusted = iter(stats.false_discovery_control(np.array(known)).tolist())
    return [math.nan if math.isnan(p) else next(adjusted) for p in p_values]
