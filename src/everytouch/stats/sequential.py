"""Tests that may be looked at every day, and what makes an experiment sound."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from everytouch.later import Later
from everytouch.stats.intervals import Estimate, Moments2, no_estimate

if TYPE_CHECKING:
    from scipy import special
else:
    special = Later("scipy.special")

Floats = NDArray[np.float64]
METHOD = "asymptotic confidence sequence"
LEAST = 30  # in each arm, before there is an interval


def anytime(
    treated: Moments2, control: Moments2, *, planned: int, confidence: float = 0.95
) -> Estimate:
    """Difference of means with an interval that holds at every look together.

    Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024), "Time-uniform central limit theory and
    asymptotic confidence sequences", with ρ set so that it is narrowest near ``planned``.

    Args:
        planned: people in both arms when it should be narrowest.
    """
    n = treated.n + control.n
    if min(treated.n, control.n) < LEAST:
        return no_estimate(n, METHOD)
    alpha = 1 - confidence
    share = treated.n / n
    spread = treated.variance / share + control.variance / (1 - share)
    rho2 = (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / max(planned, 1)
    scaled = n * rho2 + 1
    half = math.sqrt(spread / n * 2 * scaled / (n * rho2) * math.log(math.sqrt(scaled) / alpha))
    value = treated.mean - control.mean
    return Estimate(value, value - half, value + half, n, METHOD)


@dataclass(frozen=True)
class Split:
    """Whether people were dealt to the arms as planned.

    Attributes:
        p: of so uneven a split by chance; anytime-valid where it was ``sequential``.
        sound: whether it may be believed.
    """

    p: float
    sound: bool
    sentence: str


def sample_ratio(treated: int, control: int, share: float = 0.5, level: float = 0.001) -> Split:
    """χ² test of the split (Fabijan and others 2019, "Diagnosing sample ratio mismatch")."""
    n = treated + control
    if n == 0:
        return Split(1.0, sound=True, sentence="Nobody has been dealt to an arm yet.")
    expected = n * share
    chi = (treated - expected) ** 2 / expected + (control - (n - expected)) ** 2 / (n - expected)
    p = float(special.chdtrc(1, chi))
    sound = p >= level
    said = (
        f"{treated:,} and {control:,} people: as dealt ({share:.0%} planned)."
        if sound
        else f"{treated:,} and {control:,} people, where {share:.0%} were to be treated: chance "
        f"makes that in {p:.1e} of cases. Something loses people of one arm: the result is void."
    )
    return Split(p, sound, said)


def cuped(outcome: Floats, before: Floats) -> Floats:
    """Outcomes less what was to be seen beforehand (Deng, Xu, Kohavi and Walker 2013), (n,).

    Args:
        before: (n, p) or (n,), from before anybody was dealt to an arm; NaN where not known.
    """
    B = before[:, None] if before.ndim == 1 else before
    known = np.isfinite(B)
    B = np.where(known, B, 0.0)
    B = np.column_stack([B, ~known[:, known.min(axis=0) < 1]]).astype(float)
    B = B - B.mean(0)
    slope, *_ = np.linalg.lstsq(B, outcome - outcome.mean(), rcond=None)
    return np.asarray(outcome - B @ slope)
