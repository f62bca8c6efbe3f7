"""Promise gap: how a step was meant to feel, less how it does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from everytouch.journeys.against import Against
from everytouch.results import Basis, Result
from everytouch.stats.intervals import Estimate, no_estimate


@dataclass(frozen=True)
class Gap:
    """One step of a map.

    Attributes:
        intended, perceived: scores 0 to 100; gap: the first less the second.
        broken: whether the interval of the gap lies above nothing.
    """

    map: str
    step: str
    label: str
    walks: int
    parties: int
    intended: float
    perceived: Estimate
    gap: Estimate
    broken: bool


@dataclass(frozen=True)
class PromiseGaps(Result):
    """Steps with a feeling that was meant, the widest gap first."""

    row_type: ClassVar[type] = Gap


def promise_gaps(held: Sequence[tuple[str, Against]]) -> PromiseGaps:
    """Gaps of all steps of some maps.

    Args:
        held: names of maps, and what came of holding journeys against each.
    """
    rows = [
        Gap(
            name,
            step.step,
            step.label,
            step.walks,
            step.parties,
            step.intended,
            step.score,
            gap,
            gap.low > 0,
        )
        for name, against in held
        for step in against.steps
        if step.intended is not None
        for gap in [_less(step.intended, step.score)]
    ]
    rows.sort(key=lambda row: (row.gap.hidden, -row.gap.value if not row.gap.hidden else 0.0))
    cuts = {against.basis.cut for _, against in held}
    basis = Basis(
        formula="feeling that the map means a step to have, less the mean score about its "
        "touchpoints, or about the journeys that take it",
        denominator="answers about the step's touchpoints, or about journeys that take it",
        cut="; ".join(sorted(cuts)) or "no map",
        method="means Student t",
    )
    return PromiseGaps(basis, tuple(rows))


def _less(intended: float, score: Estimate) -> Estimate:
    if score.hidden:
        return no_estimate(score.n, score.method)
    return Estimate(
        intended - score.value, intended - score.high, intended - score.low, score.n, score.method
    )
