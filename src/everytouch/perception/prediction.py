"""What the silent would say: learnt from those who answered, tried on later answers, or refused."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from everytouch.errors import NotEnoughDataError
from everytouch.later import Later
from everytouch.perception.units import Units
from everytouch.stats import intervals
from everytouch.stats.intervals import Estimate, Moments2
from everytouch.stats.ranks import auc

if TYPE_CHECKING:
    import threadpoolctl
    from sklearn import ensemble
else:
    threadpoolctl, ensemble = Later("threadpoolctl"), Later("sklearn.ensemble")

Floats = NDArray[np.float64]
FOLDS = 5
LEAST_ANSWERS = 200
LEAST_WITH = 20  # rows in which a column is not 0, for it to be looked at
MOST_ROWS = 60_000  # learnt from; more teach little and take long
SEVEREST, HEAVIEST = 0.02, 5.0  # least chance to answer, and weight over the mean one
NEWEST = 0.2  # of the answers, to try the model on
BINS = 10
_SHAPE = {"max_iter": 120, "learning_rate": 0.08, "max_leaf_nodes": 15, "min_samples_leaf": 40}


@dataclass(frozen=True)
class Bin:
    """A tenth of the later answers by what was predicted of them."""

    predicted: float
    stated: Estimate


@dataclass(frozen=True)
class Validation:
    """How the model does on answers later than all that it learnt from.

    Attributes:
        since: microsecond at which they begin.
        error: mean absolute error in points of score; ``plain``: of always saying the mean.
        gain: by how much the first is smaller.
        auc: chance that of a low and a higher answer it ranks the low one lower.
        bins: what was predicted against what was stated.
    """

    since: int
    error: Estimate
    plain: Estimate
    gain: Estimate
    auc: Estimate
    bins: tuple[Bin, ...]

    @property
    def useful(self) -> bool:
        """Whether it does better than the mean, beyond chance."""
        return self.gain.low > 0


@dataclass(frozen=True)
class Learnt:
    """Models of who answers and what they say, each fold's learnt from the others.

    Attributes:
        columns: of the units, that are looked at.
        models: for each fold: chance to answer, score, headline.
        heaviest: weight above which an answer is cut down.
    """

    columns: NDArray[np.int64]
    models: tuple[tuple[Any, Any, Any], ...]
    heaviest: float
    validation: Validation

    def of(self, units: Units) -> tuple[Floats, Floats, Floats]:
        """Chance to answer, score, headline of each unit, by models that did not see its party."""
        out = np.zeros((3, len(units)))
        fold, X = fold_of(units.party), units.X[:, self.columns]
        with threadpoolctl.threadpool_limits(1):
            for k, (chance, score, headline) in enumerate(self.models):
                mine = fold == k
                if mine.any():
                    out[0, mine] = chance.predict_proba(X[mine])[:, 1]
                    out[1, mine], out[2, mine] = score.predict(X[mine]), headline.predict(X[mine])
        return np.clip(out[0], SEVEREST, 1.0), out[1], out[2]


def fold_of(party: NDArray[np.int64]) -> NDArray[np.int64]:
    """Fold of each party: all that is its lies in one."""
    return (party.view(np.uint64) // np.uint64(7) % np.uint64(FOLDS)).astype(np.int64)


def drawn(units: Units, one_in: int) -> Units:
    """Units of one in so many parties."""
    if one_in <= 1:
        return units
    return units.some(units.party.view(np.uint64) // np.uint64(101) % np.uint64(one_in) == 0)


def learn(units: Units, headline: Floats, confidence: float, seed: int) -> Learnt:
    """Learn from units, of which some answered.

    Args:
        headline: what each answer counts in the headline figure, (n,); NaN where there is none.

    Raises:
        NotEnoughDataError: fewer than ``LEAST_ANSWERS`` answered, or nobody did not.
    """
    there = units.answered
    if int(there.sum()) < LEAST_ANSWERS:
        raise NotEnoughDataError(
            f"what the silent feel cannot be said: {int(there.sum()):,} experiences have an answer",
            f"at least {LEAST_ANSWERS} are needed",
        )
    if there.all():
        raise NotEnoughDataError(
            "nobody is silent: every experience has an answer", "read the stated score"
        )
    columns = np.flatnonzero((units.X != 0).sum(0) >= LEAST_WITH)
    X, fold = units.X[:, columns], fold_of(units.party)

    def models(k: int) -> tuple[Any, Any, Any]:
        known = fold != k
        told = known & there
        with threadpoolctl.threadpool_limits(1):
            return (
                ensemble.HistGradientBoostingClassifier(**_SHAPE, random_state=seed).fit(
                    X[known], there[known]
                ),
                _regressor(seed).fit(X[told], units.score[told]),
                _regressor(seed).fit(X[told], headline[told]),
            )

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        fitted = tuple(pool.map(models, range(FOLDS)))
    validation = _validated(X[there], units.some(there), confidence, seed)
    found = Learnt(columns, fitted, np.inf, validation)
    weights = 1 / found.of(units.some(there))[0]
    return Learnt(columns, fitted, float(HEAVIEST * weights.mean()), validation)


def _regressor(seed: int) -> Any:
    return ensemble.HistGradientBoostingRegressor(**_SHAPE, random_state=seed)


def _validated(X: Any, answers: Units, confidence: float, seed: int) -> Validation:
    since = int(np.quantile(answers.time, 1 - NEWEST))
    late = answers.time >= since
    early = ~late
    with threadpoolctl.threadpool_limits(1):
        said = _regressor(seed).fit(X[early], answers.score[early]).predict(X[late])
    y, always = answers.score[late], float(answers.score[early].mean())
    off, plain = np.abs(y - said), np.abs(y - always)
    low = y <= np.quantile(y, 0.25)
    edges = np.quantile(said, np.arange(1, BINS) / BINS)
    place = np.searchsorted(edges, said, side="right")
    return Validation(
        since,
        _mean(off, confidence),
        _mean(plain, confidence),
        _mean(plain - off, confidence),
        auc(-said, low, confidence),
        tuple(
            Bin(float(said[place == b].mean()), _mean(y[place == b], confidence))
            for b in range(BINS)
            if (place == b).any()
        ),
    )


def _mean(values: Floats, confidence: float) -> Estimate:
    sums = Moments2(len(values), float(values.sum()), float(values @ values))
    return intervals.mean(sums.n, sums.total, sums.squares, confidence)
