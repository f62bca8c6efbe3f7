"""Coming back without saying good-bye: BG/NBD of purchases, gamma–gamma of their amounts."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from everytouch.later import Later

if TYPE_CHECKING:
    from scipy import optimize, special
else:
    optimize, special = Later("scipy.optimize"), Later("scipy.special")

Floats = NDArray[np.float64]
LEAST = 50  # customers that came back, below which nothing is fitted


@dataclass(frozen=True)
class BgNbd:
    """Fader, Hardie and Lee (2005), "Counting your customers the easy way".

    While alive a customer buys at a rate that is gamma(r, alpha) over customers, and after each
    purchase leaves with a chance that is beta(a, b) over them.
    """

    r: float
    alpha: float
    a: float
    b: float
    likelihood: float
    n: int

    def alive(self, frequency: Floats, recency: Floats, age: Floats) -> Floats:
        """Probability to be a customer still, (n,); 1 for who never came back."""
        x = frequency
        gone = self.a / (self.b + np.maximum(x, 1) - 1)
        ratio = np.exp((self.r + x) * np.log((self.alpha + age) / (self.alpha + recency)))
        return np.where(x > 0, 1 / (1 + gone * ratio), 1.0)

    def expected(self, days: float, frequency: Floats, recency: Floats, age: Floats) -> Floats:
        """Purchases expected in so many units of time from now, (n,): equation 10 there."""
        x, r, alpha, a, b = frequency, self.r, self.alpha, self.a, self.b
        z = days / (alpha + age + days)
        hyper = special.hyp2f1(r + x, b + x, a + b + x - 1, z)
        shrink = np.exp((r + x) * np.log((alpha + age) / (alpha + age + days)))
        first = (a + b + x - 1) / (a - 1)
        return np.asarray(first * (1 - shrink * hyper) * self.alive(x, recency, age))


def fit_bg_nbd(frequency: Floats, recency: Floats, age: Floats) -> BgNbd:
    """Maximum likelihood of the purchases after each customer's first.

    Customers with the same history are counted once: the work does not grow with them.

    Args:
        frequency: purchases after the first, (n,).
        recency: time from the first to the last of them, (n,).
        age: time from the first to now, in the same unit, (n,).

    Raises:
        ValueError: fewer than ``LEAST`` came back.
    """
    if int((frequency > 0).sum()) < LEAST:
        raise ValueError(f"fewer than {LEAST} customers came back")
    scale = float(age.max()) / 30 or 1.0  # the search is made at sizes near one
    cells, counts = np.unique(
        np.column_stack([frequency, recency / scale, age / scale]), axis=0, return_counts=True
    )
    x, tx, t = cells.T
    back = x > 0

    def cost(logs: Floats) -> float:
        r, alpha, a, b = np.exp(logs)
        ln_a1 = special.gammaln(r + x) - special.gammaln(r) + r * math.log(alpha)
        ln_a2 = special.betaln(a, b + x) - special.betaln(a, b)
        ln_a3 = -(r + x) * np.log(alpha + t)
        ln_a4 = math.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + tx)
        total = ln_a1 + ln_a2 + np.where(back, np.logaddexp(ln_a3, ln_a4), ln_a3)
        return -float(counts @ total) / len(frequency)

    best = min(
        (
            optimize.minimize(cost, np.log(start), method="L-BFGS-B", bounds=[(-12, 12)] * 4)
            for start in ((1.0, 1.0, 1.0, 1.0), (0.3, 5.0, 0.8, 2.5))
        ),
        key=lambda found: found.fun,
    )
    polished = optimize.minimize(
        cost, best.x, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-12, "maxiter": 4000}
    )
    r, alpha, a, b = np.exp(polished.x)
    return BgNbd(
        float(r), float(alpha * scale), float(a), float(b),
        -float(polished.fun) * len(frequency), len(frequency),
    )  # fmt: skip


@dataclass(frozen=True)
class GammaGamma:
    """Fader and Hardie (2013), "The gamma-gamma model of monetary value".

    Single amounts are gamma(p, v) with v gamma(q, gamma) over customers: what one bought for says
    the more of the next amount the oftener there was one.
    """

    p: float
    q: float
    v: float
    n: int

    def expected(self, frequency: Floats, amount: Floats) -> Floats:
        """Mean amount expected of each customer, (n,); of everybody for who has none yet."""
        p, q, v = self.p, self.q, self.v
        everybody = v * p / (q - 1)
        x = np.where(frequency > 0, frequency, 0.0)
        seen = np.where(x > 0, amount, 0.0)
        own = p * x / (p * x + q - 1)
        return np.asarray((1 - own) * everybody + own * seen)


def fit_gamma_gamma(frequency: Floats, amount: Floats) -> GammaGamma:
    """Maximum likelihood over customers that came back with a mean amount above 0.

    Args:
        frequency: purchases the mean is over, (n,).
        amount: their mean, (n,).

    Raises:
        ValueError: fewer than ``LEAST`` have one.
    """
    use = (frequency > 0) & (amount > 0)
    if int(use.sum()) < LEAST:
        raise ValueError(f"fewer than {LEAST} customers came back and paid")
    scale = float(np.mean(amount[use]))
    x, m = frequency[use], amount[use] / scale

    def cost(logs: Floats) -> float:
        p, q, v = np.exp(logs)
        total = (
            special.gammaln(p * x + q) - special.gammaln(p * x) - special.gammaln(q)
            + q * math.log(v) + (p * x - 1) * np.log(m) + p * x * np.log(x)
            - (p * x + q) * np.log(x * m + v)
        )  # fmt: skip
        return -float(total.mean())

    found = optimize.minimize(
        cost, np.log([2.0, 3.0, 1.0]), method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-12, "maxiter": 4000},
    )  # fmt: skip
    p, q, v = np.exp(found.x)
    return GammaGamma(float(p), float(q), float(v * scale), int(use.sum()))
