"""The order of moments within a trail, the same in every workspace that has the same moments.

Time comes first, then the sequence: the sender's own, or the place in the source. Where both are
equal (two sources, or a sender that numbers several alike), interactions come before perceptions
and then touchpoints by name, so that nothing that is counted depends on the workspace's secret.
The key, which does depend on it, comes last: it parts only what a count does not tell apart.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ranks = NDArray[np.int32]


def by_name(touchpoints: tuple[str, ...]) -> Ranks:
    """Return the place of each touchpoint code by name, (codes + 1,); the last is for none."""
    ranks = np.zeros(len(touchpoints) + 1, np.int32)
    ranks[sorted(range(len(touchpoints)), key=touchpoints.__getitem__)] = np.arange(
        1, len(touchpoints) + 1
    )
    return ranks


def order_of(
    columns: Mapping[str, NDArray[Any]] | NDArray[Any], ranks: Ranks
) -> tuple[NDArray[Any], ...]:
    """Return what moments of one party are ordered by, the first first."""
    kind = columns["kind"].astype(np.int32) * len(ranks)
    tie = kind + ranks[columns["touchpoint"]]
    if 2 * len(ranks) <= np.iinfo(np.uint16).max:  # sorted several times as fast
        tie = tie.astype(np.uint16)
    return columns["time"], columns["sequence"], tie, columns["key"]
