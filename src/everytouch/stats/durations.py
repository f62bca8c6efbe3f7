"""Quantiles of durations from histograms that add up.

Bins are logarithmic, eight to an octave from one millisecond on, so a quantile is off by
at most 4.5 %.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

BINS = 320
PER_OCTAVE = 8
UNIT = 1_000  # microseconds: everything below one millisecond is the first bin


@njit(cache=True, nogil=True, inline="always")
def duration_bin(microseconds: int) -> int:  # pragma: no cover - compiled
    """Bin of a duration in microseconds."""
    if microseconds < UNIT:
        return 0
    b = 1 + int(np.log2(microseconds / UNIT) * PER_OCTAVE)
    return min(b, BINS - 1)


def quantile(histogram: NDArray[np.int64], q: float) -> float:
    """The q-quantile in seconds of a histogram of shape (BINS,); NaN when it is empty."""
    cumulative = np.cumsum(histogram)
    if cumulative[-1] == 0:
        return float("nan")
    b = int(np.searchsorted(cumulative, q * cumulative[-1], side="left"))
    return 0.0 if b == 0 else float(2 ** ((b - 0.5) / PER_OCTAVE) * UNIT / 1e6)
