"""Where in its source a record stands: the order of moments of one time that bring none."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from everytouch.collect.dialects.base import Row
from everytouch.collect.records import Sorted
from everytouch.moments.api import POSITION

IN_SEGMENT = 1 << 26  # positions of one segment of the log: it has fewer bytes than that


def numbered(
    parted: Sorted, positions: NDArray[np.int64] | Sequence[int | None]
) -> tuple[pa.Table, list[tuple[dict[str, Any], str]]]:
    """Return the records that hold, and those to be held with reasons, each with its position.

    Args:
        positions: of all rows, in the order they were parted in; None where it is not known.
    """
    every = positions if isinstance(positions, np.ndarray) else np.array(positions, object)
    gone = [*parted.broken, *parted.dropped]
    good = np.delete(every, gone) if gone else every
    held = [
        (row if every[at] is None else row | {POSITION: int(every[at])}, reason)
        for at, (row, reason) in parted.broken.items()
    ]
    return parted.good.append_column(POSITION, pa.array(good, pa.int64())), held


def position_of(row: Row) -> int | None:
    """Return the position that a row in quarantine was held with."""
    found = row.get(POSITION)
    return found if isinstance(found, int) and abs(found) < 1 << 62 else None
