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


# Where the eight parts of an octave begin; and the part a number is in by the first 8 bits of
# its mantissa, or the one before. A logarithm for each duration would be most of a kernel's time.
_BEGINS = np.append(2.0 ** (np.arange(PER_OCTAVE) / PER_OCTAVE), 2.0)
_PART = np.searchsorted(_BEGINS, 1 + np.arange(256) / 256, side="right") - 1


@njit(cache=True, nogil=True, inline="always")
def duration_bin(microseconds: int) -> int:  # pragma: no cover - compiled
    """Bin of a duration in microseconds."""
    if microseconds < UNIT:
        return 0
    bits = np.float64(microseconds * (1 / UNIT)).view(np.int64)
    octave = (bits >> 52) - 1023
    part = _PART[(bits >> 44) & 255]
    mantissa = np.int64((bits & 0xFFFFFFFFFFFFF) | (1023 << 52)).view(np.float64)
    if mantissa >= _BEGINS[part + 1]:
        part += 1
    place: int = min(1 + octave * PER_OCTAVE + part, BINS - 1)
    return place


def quantile(histogram: NDArray[np.int64], q: float) -> float:
    """The q-quantile in seconds of a histogram of shape (BINS,); NaN when it is empty."""
    cumulative = np.cumsum(histogram)
    if cumulative[-1] == 0:
        return float("nan")
    b = int(np.searchsorted(cumulative, q * cumulative[-1], side="left"))
    return 0.0 if b == 0 else float(2 ** ((b - 0.5) / PER_OCTAVE) * UNIT / 1e6)
