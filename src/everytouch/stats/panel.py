"""Before and after, here and elsewhere: difference-in-differences, synthetic control."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from everytouch.later import Later
from everytouch.stats.intervals import Estimate, normal_quantile

if TYPE_CHECKING:
    from scipy import optimize, special
else:
    optimize, special = Later("scipy.optimize"), Later("scipy.special")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NEVER = np.iinfo(np.int64).max  # the first period of a unit that is never treated


@dataclass(frozen=True)
class GroupTime:
    """Effect on the units first treated in ``group``, at ``time``."""

    group: int
    time: int
    effect: Estimate


@dataclass(frozen=True)
class Differences:
    """Difference-in-differences, staggered or not.

    Attributes:
        overall: mean effect on the treated, over groups and times after, each cell by the size
            of its group.
        groups: mean effect of each group.
        cells: each group and time, those before the treatment too (they should be nothing).
        p_parallel: of no trend already there, over all cells before.
    """

    overall: Estimate
    groups: tuple[GroupTime, ...]
    cells: tuple[GroupTime, ...]
    p_parallel: float


def staggered(Y: Floats, first: Ints, confidence: float = 0.95) -> Differences:
    """Callaway and Sant'Anna (2021): each group against those never treated, without covariates.

    Before the treatment a cell is the change from one period to the next; from then on it is the
    change since the last period before.

    Args:
        Y: outcomes of units by period, a balanced panel, (n, t).
        first: period (0-based) in which each unit was first treated, NEVER for none, (n,).

    Raises:
        ValueError: nobody is never treated, or nobody is treated.
    """
    never, n = first == NEVER, len(first)
    groups = [int(g) for g in np.unique(first[~never]) if g > 0]
    if not never.any() or not groups:
        raise ValueError("some units must be treated in time, and some never")
    influence: dict[tuple[int, int], Floats] = {}
    values: dict[tuple[int, int], float] = {}
    for g in groups:
        for t in range(1, Y.shape[1]):
            base = t - 1 if t < g else g - 1
            step = Y[:, t] - Y[:, base]
            values[g, t], influence[g, t] = _cell(step, first == g, never)
    z = normal_quantile(confidence)

    def estimate(value: float, psi: Floats, units: int) -> Estimate:
        half = z * math.sqrt(float(psi @ psi)) / n
        return Estimate(value, value - half, value + half, units, "Callaway and Sant'Anna")

    cells = tuple(
        GroupTime(g, t, estimate(values[g, t], influence[g, t], int((first == g).sum())))
        for g, t in values
    )
    after = [key for key in values if key[1] >= key[0]]
    by_group = tuple(
        GroupTime(g, -1, estimate(*_mean(of_g, values, influence, first), int((first == g).sum())))
        for g in groups
        if (of_g := [key for key in after if key[0] == g])
    )
    overall = _mean(after, values, influence, first)
    early = [key for key in values if key[1] < key[0]]
    return Differences(
        estimate(*overall, int((~never).sum())), by_group, cells,
        _joint([values[key] for key in early], [influence[key] for key in early]),
    )  # fmt: skip


def repeated(
    n: Floats, total: Floats, squares: Floats, first: Ints, confidence: float = 0.95
) -> Differences:
    """The same of repeated cross-sections: whoever answers in a period, not the same people.

    All effects are contrasts of cell means, whose variances are those of independent answers.

    Args:
        n, total, squares: answers, their sum, and that of their squares, (groups, t).
        first: period in which each group was first treated, NEVER for those who never are.

    Raises:
        ValueError: no group is treated in time, or none never, or no cell can be compared.
    """
    periods, never = n.shape[1], np.flatnonzero(first == NEVER)
    groups = [i for i in range(len(first)) if 0 < first[i] < periods]
    if not len(never) or not groups:
        raise ValueError("some groups must be treated in time, and some never")
    rest = (n[never].sum(0), total[never].sum(0), squares[never].sum(0))
    n, total, squares = (
        np.vstack([a[groups], b]) for a, b in zip((n, total, squares), rest, strict=True)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        means = (total / n).ravel()
        spread = (np.maximum(squares - total * total / n, 0) / (n - 1) / n).ravel()
    enough, last = n >= 2, len(groups)
    keys, contrasts = [], []
    for i, group in enumerate(groups):
        g = int(first[group])
        for t in range(1, periods):
            base = t - 1 if t < g else g - 1
            if enough[i, t] and enough[i, base] and enough[last, t] and enough[last, base]:
                row = np.zeros(len(means))
                row[[i * periods + t, last * periods + base]] = 1.0
                row[[i * periods + base, last * periods + t]] = -1.0
                keys.append((i, t))
                contrasts.append(row)
    after = [at for at, (i, t) in enumerate(keys) if t >= first[groups[i]]]
    if not after:
        raise ValueError("no period after the start has answers on both sides")
    C, known = np.array(contrasts), np.isfinite(means) & np.isfinite(spread)
    C, means, spread = C[:, known], means[known], spread[known]
    sizes = np.array([n[keys[at]] for at in after])
    z, asked = normal_quantile(confidence), int(n.sum())

    def estimate(row: Floats) -> Estimate:
        value, half = float(row @ means), z * math.sqrt(float(row**2 @ spread))
        return Estimate(value, value - half, value + half, asked, "difference-in-differences")

    early = C[[at for at, (i, t) in enumerate(keys) if t < first[groups[i]]]]
    cells = tuple(
        GroupTime(int(first[groups[i]]), t, estimate(C[at])) for at, (i, t) in enumerate(keys)
    )
    by_group = []
    for i, group in enumerate(groups):
        mine = [at for at in after if keys[at][0] == i]
        if mine:
            by_group.append(GroupTime(int(first[group]), -1, estimate(C[mine].mean(0))))
    overall = estimate(sizes @ C[after] / sizes.sum())
    return Differences(overall, tuple(by_group), cells, _nothing(early, means, spread))


def _nothing(contrasts: Floats, means: Floats, spread: Floats) -> float:
    """Chance of such contrasts together were all of them nothing (Wald's test)."""
    if not len(contrasts):
        return math.nan
    values, covariance = contrasts @ means, (contrasts * spread) @ contrasts.T
    chi = float(values @ np.linalg.pinv(covariance) @ values)
    return float(special.chdtrc(int(np.linalg.matrix_rank(covariance)), chi))


def _cell(step: Floats, mine: NDArray[np.bool_], never: NDArray[np.bool_]) -> tuple[float, Floats]:
    """Mean step of a group less that of the others, and each unit's influence on it."""
    a, b = float(step[mine].mean()), float(step[never].mean())
    psi = mine * (step - a) / mine.mean() - never * (step - b) / never.mean()
    return a - b, np.asarray(psi, np.float64)


def _mean(
    keys: list[tuple[int, int]],
    values: dict[tuple[int, int], float],
    influence: dict[tuple[int, int], Floats],
    first: Ints,
) -> tuple[float, Floats]:
    """Mean of cells by the size of their groups, and that these sizes are estimated too."""
    sizes = np.array([float((first == g).mean()) for g, _ in keys])
    share, effects = sizes / sizes.sum(), np.array([values[key] for key in keys])
    value = float(share @ effects)
    psi = np.zeros(len(first))
    for (g, t), part, size in zip(keys, share, sizes, strict=True):
        psi += part * influence[g, t]
        psi += ((first == g) - size) * (values[g, t] - value) / sizes.sum()
    return value, psi


def _joint(values: list[float], psis: list[Floats]) -> float:
    """Chance of such values together were all of them nothing (Wald's test)."""
    if not values:
        return math.nan
    psi, v = np.column_stack(psis), np.array(values)
    n = len(psi)
    covariance = psi.T @ psi / n**2
    chi = float(v @ np.linalg.pinv(covariance) @ v)
    return float(special.chdtrc(int(np.linalg.matrix_rank(covariance)), chi))


@dataclass(frozen=True)
class Synthetic:
    """One treated unit beside a mixture of others.

    Attributes:
        effect: mean gap after the treatment; its interval is by placebo where there are enough.
        weights: of the other units, (d,).
        mixture: what the mixture did, (t,).
        error_before: root mean square of the gap before the treatment.
        p: share of units (itself among them) whose gap grew as much without any treatment.
    """

    effect: Estimate
    weights: Floats
    mixture: Floats
    error_before: float
    p: float


def synthetic_control(
    unit: Floats, others: Floats, start: int, confidence: float = 0.95
) -> Synthetic:
    """Abadie, Diamond and Hainmueller (2010), matched on the outcomes before.

    The interval takes the gaps that the others show when each is put in the treated one's place,
    scaled by how well it was matched; ``p`` is the rank of its own growth among theirs.

    Args:
        unit: outcomes of the treated one, (t,); others: (t, d).
        start: first period treated.

    Raises:
        ValueError: fewer than 2 others or 3 periods before.
    """
    if others.shape[1] < 2 or start < 3 or start >= len(unit):
        raise ValueError("at least 2 other units, 3 periods before and 1 after are needed")
    weights = simplex_weights(others[:start], unit[:start])
    mixture = others @ weights
    gap = unit - mixture
    before, value = _rms(gap[:start]), float(gap[start:].mean())
    placebo, ratios = [], []
    for j in range(others.shape[1]):
        rest = np.delete(others, j, axis=1)
        apart = others[:, j] - rest @ simplex_weights(rest[:start], others[:start, j])
        scale = _rms(apart[:start])
        ratios.append(_rms(apart[start:]) / max(scale, 1e-12))
        placebo.append(float(apart[start:].mean()) * before / max(scale, before, 1e-12))
    own = _rms(gap[start:]) / max(before, 1e-12)
    p = (1 + sum(r >= own for r in ratios)) / (1 + len(ratios))
    if len(placebo) * (1 - confidence) < 1:  # ranks this far out are not to be had
        half = normal_quantile(confidence) * _rms(np.array(placebo))
    else:
        half = float(np.quantile(np.abs(placebo), confidence))
    effect = Estimate(value, value - half, value + half, len(placebo) + 1, "placebo")
    return Synthetic(effect, weights, mixture, before, p)


def _rms(x: Floats) -> float:
    return math.sqrt(float(np.mean(x**2)))


def simplex_weights(A: Floats, b: Floats) -> Floats:
    """Weights ≥ 0 of sum 1 that bring A w nearest to b (least squares).

    Non-negative least squares with a heavy row for the sum (Lawson and Hanson 1974, 23).
    """
    scale = float(np.abs(A).max()) or 1.0
    heavy = 1e4 * scale
    w, _ = optimize.nnls(
        np.vstack([A, np.full(A.shape[1], heavy)]), np.append(b, heavy), maxiter=50 * A.shape[1]
    )
    return np.asarray(w / w.sum())
