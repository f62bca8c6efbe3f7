"""Effects from data nobody randomised: adjusted twice, and told how far to be trusted."""

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from everytouch.later import Later
from everytouch.stats.intervals import Estimate, no_estimate, normal_quantile

if TYPE_CHECKING:
    import threadpoolctl
    from sklearn import ensemble, linear_model, pipeline, preprocessing
else:
    threadpoolctl = Later("threadpoolctl")
    ensemble, linear_model = Later("sklearn.ensemble"), Later("sklearn.linear_model")
    pipeline, preprocessing = Later("sklearn.pipeline"), Later("sklearn.preprocessing")

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
FOLDS = 5
LEAST, MOST = 0.02, 0.98  # propensities outside are no comparison
OVERLAP = 0.90  # share of the people that must lie inside
METHOD = "doubly robust (AIPW), cross-fitted"


def _linear_chance() -> Any:
    return pipeline.make_pipeline(
        preprocessing.StandardScaler(), linear_model.LogisticRegression(max_iter=500)
    )


def _linear_mean() -> Any:
    return pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.Ridge(1.0))


def _boosted_chance() -> Any:
    return ensemble.HistGradientBoostingClassifier(
        max_iter=60, learning_rate=0.1, max_leaf_nodes=15, min_samples_leaf=40, random_state=0
    )


def _boosted_mean() -> Any:
    return ensemble.HistGradientBoostingRegressor(
        max_iter=60, learning_rate=0.1, max_leaf_nodes=15, min_samples_leaf=40, random_state=0
    )


LEARNERS: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "linear": (_linear_chance, _linear_mean),
    "boosted": (_boosted_chance, _boosted_mean),
}
"""How the chance of treatment and the mean of the outcome are learnt."""


@dataclass(frozen=True)
class Adjusted:
    """An effect after adjustment.

    Attributes:
        effect: mean of outcome with the treatment minus without, on who overlaps.
        raw: the same without adjustment.
        overlap: share of the people whose chance of treatment lies within .02 and .98.
        balance: largest standardised difference of a covariate before, and after weighting.
        e_value: how strongly something unseen would have to go with both treatment and outcome
            to explain the whole effect; and ``e_bound``, to move the interval to nothing.
        agreement: the same effect by the other learner.
        negative: the effect it seems to have on what came before, where that was given.
        tolerated: difference of a covariate that is put up with: .1, or what chance may leave.
    """

    effect: Estimate
    raw: Estimate
    overlap: float
    balance: tuple[float, float]
    e_value: float
    e_bound: float
    agreement: Estimate
    negative: Estimate | None = None
    tolerated: float = 0.1

    @property
    def warnings(self) -> tuple[str, ...]:
        """What keeps the effect from being called more than an association, in words."""
        said = []
        if self.overlap < OVERLAP:
            said.append(
                f"no overlap: {1 - self.overlap:.0%} of the people were all but sure to have it, "
                "or not to: there is nobody to compare them with"
            )
        if self.balance[1] > self.tolerated:
            said.append(
                f"unbalanced: after weighting a covariate still differs by {self.balance[1]:.2f} "
                "standard deviations"
            )
        if self.negative is not None and not self.negative.low <= 0 <= self.negative.high:
            said.append(
                f"hidden confounding: it seems to change by {self.negative.value:.3g} "
                f"({self.negative.low:.3g} to {self.negative.high:.3g}) what had been before it"
            )
        apart = self.agreement.high < self.effect.low or self.agreement.low > self.effect.high
        if apart:
            said.append(
                f"two ways to adjust disagree: {self.effect.value:.3g} and "
                f"{self.agreement.value:.3g}"
            )
        return tuple(said)


def adjusted(
    X: Floats,
    treated: Bools,
    outcome: Floats,
    *,
    before: Floats | None = None,
    confidence: float = 0.95,
    learner: str = "linear",
    second: str = "boosted",
    seed: int = 1,
) -> Adjusted:
    """Augmented inverse-propensity weighting with cross-fitting (Chernozhukov and others 2018).

    Right if either the chance of treatment or the mean of the outcome is learnt well, and if
    nothing unseen drives both. Two learners are used, and the second stands beside the first.

    Args:
        X: what was known before the treatment, (n, p).
        before: a negative control (Lipsitch and others 2010): an outcome from before the
            treatment that is not in ``X``, (n,). A treatment cannot have changed it.
    """
    fold = np.random.default_rng(seed).permutation(len(treated)) % FOLDS
    chance = predicted(X, treated.astype(float), fold, LEARNERS[learner][0])
    effect, keep = _aipw(X, treated, outcome, chance, fold, LEARNERS[learner][1], confidence)
    other = predicted(X, treated.astype(float), fold, LEARNERS[second][0])
    agreement, _ = _aipw(X, treated, outcome, other, fold, LEARNERS[second][1], confidence)
    negative = None
    if before is not None:
        negative, _ = _aipw(X, treated, before, chance, fold, LEARNERS[learner][1], confidence)
    spread = float(outcome.std()) or 1.0
    near = 0.0 if effect.low <= 0 <= effect.high else min(abs(effect.low), abs(effect.high))
    return Adjusted(
        effect,
        _raw(treated, outcome, confidence),
        float(keep.mean()),
        (_balance(X, treated, None), _balance(X[keep], treated[keep], chance[keep])),
        e_value(effect.value / spread),
        e_value(near / spread),
        agreement,
        negative,
        max(0.1, _apart_by_chance(treated)),
    )


def predicted(
    X: Floats, y: Floats, fold: NDArray[np.int64], make: Callable[[], Any], only: Any = None
) -> Floats:
    """What a model that has not seen them says of each row, (n,).

    Args:
        make: makes the model; one that classifies is asked for the chance of 1.
        only: rows to learn from, (n,); all when left out.
    """
    out = np.empty(len(X))

    def one(k: int) -> None:
        there, learn = fold == k, fold != k
        if only is not None:
            learn &= only
        # One thread each: two libraries that spin on the same cores wait for each other.
        with threadpoolctl.threadpool_limits(1):
            model = make().fit(X[learn], y[learn])
            chance = hasattr(model, "predict_proba")
            out[there] = model.predict_proba(X[there])[:, 1] if chance else model.predict(X[there])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, range(int(fold.max()) + 1)))
    return out


def effect_of(
    X: Floats, treated: Bools, outcome: Floats, *, confidence: float = 0.95,
    learner: str = "linear", seed: int = 1,
) -> Estimate:  # fmt: skip
    """The adjusted effect alone, by one learner: for negative controls."""
    fold = np.random.default_rng(seed).permutation(len(treated)) % FOLDS
    chance = predicted(X, treated.astype(float), fold, LEARNERS[learner][0])
    return _aipw(X, treated, outcome, chance, fold, LEARNERS[learner][1], confidence)[0]


def _aipw(
    X: Floats, treated: Bools, y: Floats, chance: Floats, fold: NDArray[np.int64],
    make: Callable[[], Any], confidence: float,
) -> tuple[Estimate, Bools]:  # fmt: skip
    keep: Bools = (chance >= LEAST) & (chance <= MOST)
    with_it, without = (predicted(X, y, fold, make, side) for side in (treated, ~treated))
    e = np.clip(chance, LEAST, MOST)
    t = treated.astype(float)
    scores = with_it - without + t * (y - with_it) / e - (1 - t) * (y - without) / (1 - e)
    return of_scores(scores[keep], confidence, METHOD), keep


def of_scores(scores: Floats, confidence: float, method: str) -> Estimate:
    """Mean of influence scores, with its interval."""
    n = len(scores)
    if n < 2:
        return no_estimate(n, method)
    value = float(scores.mean())
    half = normal_quantile(confidence) * float(scores.std(ddof=1)) / math.sqrt(n)
    return Estimate(value, value - half, value + half, n, method)


def _apart_by_chance(treated: Bools) -> float:
    """Standardised difference that chance may leave in the worst of many covariates."""
    n = int(treated.sum())
    return 3 * math.sqrt(1 / n + 1 / (len(treated) - n))


def _raw(treated: Bools, y: Floats, confidence: float) -> Estimate:
    a, b = y[treated], y[~treated]
    value = float(a.mean() - b.mean())
    error = math.sqrt(float(a.var(ddof=1)) / len(a) + float(b.var(ddof=1)) / len(b))
    half = normal_quantile(confidence) * error
    return Estimate(value, value - half, value + half, len(y), "difference of means")


def _balance(X: Floats, treated: Bools, chance: Floats | None) -> float:
    """Largest standardised mean difference of a covariate (Austin 2009)."""
    if not len(X):
        return 0.0
    t = treated.astype(float)
    e = np.full(len(t), 0.5) if chance is None else np.clip(chance, LEAST, MOST)
    a, b = t / e, (1 - t) / (1 - e)
    apart = X.T @ a / a.sum() - X.T @ b / b.sum()
    scale = X.std(0)
    return float(np.abs(np.divide(apart, scale, out=np.zeros(len(scale)), where=scale > 0)).max())


def e_value(standardised: float) -> float:
    """VanderWeele and Ding (2017) of a standardised mean difference; 1 for no effect."""
    ratio = math.exp(0.91 * abs(standardised))
    return ratio + math.sqrt(ratio * (ratio - 1))


def population_mean(
    X: Floats,
    answered: Bools,
    y: Floats,
    *,
    confidence: float = 0.95,
    learner: str = "linear",
    seed: int = 1,
) -> tuple[Estimate, Floats, Floats]:
    """The mean of everybody, of whom some answered (Robins, Rotnitzky and Zhao 1994).

    What a model says of everybody, mended by how it errs on those who answered, each of whom
    stands for as many as were as likely to. Right if the model of answers or that of answering is.

    Args:
        X: what is known of everybody, (N, p).
        y: answers, (N,); not looked at where ``answered`` is false.

    Returns:
        the mean; the chance of each to answer, (N,); what is predicted of each, (N,).
    """
    fold = np.random.default_rng(seed).permutation(len(answered)) % FOLDS
    chance = predicted(X, answered.astype(float), fold, LEARNERS[learner][0])
    chance = np.clip(chance, LEAST, 1.0)
    filled = np.where(answered, y, 0.0)
    guess = predicted(X, filled, fold, LEARNERS[learner][1], answered)
    scores = guess + np.where(answered, (filled - guess) / chance, 0.0)
    return of_scores(scores, confidence, "doubly robust mean"), chance, guess
