"""What goes together: touchpoints that journeys pass, and whether they reach another."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue
from everytouch.engine.api import Engine
from everytouch.journeys.deviations import outcomes
from everytouch.journeys.walks import WORDS, Unit, interactions
from everytouch.perception.api import DAY
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats import differences, discovery
from everytouch.stats.intervals import Estimate, Moments2, no_estimate
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails


@dataclass(frozen=True)
class GoesWith:
    """One touchpoint, and what journeys that pass it do more or less often than others.

    Attributes:
        walks: journeys that pass it (before they reach what is asked about).
        reached: share that reaches it among those, minus share among the others.
        score: points stated by those minus points stated by the others.
        reached_q, score_q: the false-discovery rate at which the difference would be reported.
    """

    touchpoint: str
    walks: int
    parties: int
    reached: Estimate
    reached_q: float
    score: Estimate
    score_q: float
    grade: str = "association"


@dataclass(frozen=True)
class Together(Result):
    """Touchpoints; those that go with reaching it the most come first."""

    row_type: ClassVar[type] = GoesWith


@njit(cache=True, nogil=True)
def _pass(
    rows: Any, edges: Any, owner: Any, point: Any, code: Any, score: Any, k: Any
) -> Any:  # pragma: no cover - compiled
    """Sums per touchpoint, and of all walks in the last line, (k + 1, 6).

    Columns: walks that pass it before they reach ``code``, those that reach it; n, sum and
    squares of scores; parties.
    """
    sums = np.zeros((k + 1, 6))
    seen, met = np.full(k, -1, np.int64), np.full(k + 1, -1, np.int64)
    mine = np.empty(k + 1, np.int64)
    for w in range(len(edges) - 1):
        mine[0], count, hit = k, 1, False
        for at in range(edges[w], edges[w + 1]):
            here = point[rows[at]]
            if here == code:
                hit = True
                break
            if seen[here] != w:
                seen[here] = w
                mine[count] = here
                count += 1
        for d in mine[:count]:
            sums[d, 0] += 1
            sums[d, 1] += hit
            sums[d, 5] += met[d] != owner[w]
            met[d] = owner[w]
            if not np.isnan(score[w]):
                sums[d, 2] += 1
                sums[d, 3] += score[w]
                sums[d, 4] += score[w] * score[w]
    return sums


@dataclass(frozen=True)
class PassSums:
    """What one bucket adds: see ``_pass``."""

    sums: NDArray[np.float64]

    def __add__(self, other: "PassSums") -> "PassSums":
        return PassSums(self.sums + other.sums)


def kernel(
    bucket: Bucket, scope: Scope, unit: Unit, gap: int, window: int, code: int, k: int
) -> PassSums:
    """Count one bucket; ``gap`` and ``window`` in microseconds."""
    rows, edges = interactions(bucket, scope, unit, gap)
    names = ("time", "kind", "mode", "score", "amount", "touchpoint", "correlation")
    last = np.iinfo(np.int64).max // 2
    felt = outcomes(
        rows, edges, bucket.offsets, *(bucket[name] for name in names), unit == "correlation",
        window, 0, last, np.zeros(k, np.bool_),
    )  # fmt: skip
    owner = np.searchsorted(bucket.offsets, rows[edges[:-1]], side="right") - 1
    return PassSums(_pass(rows, edges, owner, bucket["touchpoint"], code, felt[:, 0].copy(), k))


def goes_with(
    trails: Trails,
    engine: Engine,
    catalogue: Catalogue,
    touchpoint: str,
    settings: Settings,
    scope: Scope = EVERYTHING,
    *,
    unit: Unit = "correlation",
) -> Together:
    """Which touchpoints go with reaching another one, and with a better or worse score.

    Touchpoints that only ask for feedback are no part of what is felt, and left out.

    Raises:
        UnknownNameError: no interaction has such a touchpoint.
    """
    code, k = trails.code_of(touchpoint), len(trails.touchpoints)
    gap, window = settings.session_gap_minutes * 60_000_000, settings.window_days * DAY
    found = engine.run(
        lambda bucket: kernel(bucket, scope, unit, gap, window, code, k), trails.buckets
    )
    sums, sure = found.sums, settings.confidence
    least = settings.minimum_n
    known, names = catalogue.touchpoints, trails.touchpoints
    asks = {c for c in range(k) if names[c] in known and known[names[c]].asks}
    enough = (c for c in range(k) if least <= sums[c, 0] <= sums[k, 0] - least)
    codes = [c for c in enough if c not in asks]
    counts = [(*_counts(sums, c), *_counts(sums, k, c)) for c in codes]
    felt = [(_felt(sums, c), _felt(sums, k, c)) for c in codes]
    reached = [differences.of_shares(*four, sure) for four in counts]
    score = [_score(*two, settings) for two in felt]
    q_reached = discovery.rates([differences.p_of_shares(*four) for four in counts])
    q_score = discovery.rates([differences.p_of_means(*two) for two in felt])
    rows = [
        GoesWith(names[c], int(sums[c, 0]), int(sums[c, 5]), more, q, higher, q_higher)
        for c, more, q, higher, q_higher in zip(
            codes, reached, q_reached, score, q_score, strict=True
        )
    ]
    rows.sort(key=lambda row: (-row.reached.value, row.touchpoint))
    basis = Basis(
        formula=f"journeys that pass a touchpoint before {touchpoint}, or do not reach it, minus "
        f"journeys that do not: share that reaches {touchpoint}, and mean stated score",
        denominator=f"{int(sums[k, 0]):,} journeys, {int(sums[k, 1]):,} of which reach "
        f"{touchpoint}: {WORDS[unit]}",
        cut=scope.text,
        method="Newcombe and Welch intervals; false-discovery rates Benjamini and Hochberg; "
        "association",
    )
    return Together(basis, tuple(rows))


def _counts(sums: NDArray[np.float64], c: int, less: int | None = None) -> tuple[int, int]:
    """Walks that reach it and all walks: of one touchpoint, or of all but those of another."""
    line = sums[c] if less is None else sums[c] - sums[less]
    return int(line[1]), int(line[0])


def _felt(sums: NDArray[np.float64], c: int, less: int | None = None) -> Moments2:
    line = sums[c] if less is None else sums[c] - sums[less]
    return Moments2(int(line[2]), float(line[3]), float(line[4]))


def _score(mine: Moments2, others: Moments2, settings: Settings) -> Estimate:
    if min(mine.n, others.n) < settings.minimum_n:
        return no_estimate(mine.n + others.n, "Welch")
    return differences.of_means(mine, others, settings.confidence)
