"""The others: employees and couriers, whose work is an experience too."""

import numpy as np

from everytouch.simulate.company import DAY, START
from everytouch.simulate.lives import TOUCHPOINTS, Block

WEEK = 7 * DAY


def work(block: Block, touchpoint: str) -> None:
    """Weekly work of the parties of a block, and a monthly pulse from half of them."""
    who, rng = np.arange(block.count), block.rng
    mood = rng.normal(3.6, 0.5, block.count)
    for week in range(int((block.end - START) // WEEK)):
        begin = START + week * WEEK + rng.integers(0, WEEK // 2, block.count)
        block.happen(who, week, touchpoint, begin, duration=rng.normal(27_000, 2_000, block.count))
        if week % 4 == 3:
            asked = np.flatnonzero(block.chance(0.5, block.count))
            raw = np.clip(np.round(mood[asked] + rng.normal(0, 0.7, len(asked))), 1, 5)
            code = TOUCHPOINTS.index(touchpoint)
            block.answer(asked, week, code, begin[asked] + 3 * DAY, "pulse", raw)
