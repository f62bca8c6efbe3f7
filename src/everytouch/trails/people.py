"""How many people are behind a figure: a party counts once in each group, however often it came."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def people(party: Ints, group: Ints, groups: int) -> Ints:
    """Different parties in each group of one bucket.

    A party lies whole in one bucket, so that the counts of several buckets add up.

    Args:
        party: number of the party of each entry, (n,).
        group: its group, (n,); negative ones are left out.
        groups: how many groups there are.

    Returns:
        parties by group, (groups,).
    """
    inside = group >= 0
    pairs = np.unique(np.asarray(party[inside], np.int64) * groups + group[inside])
    return np.bincount(pairs % groups, minlength=groups) if groups else np.zeros(0, np.int64)
