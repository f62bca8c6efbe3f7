"""How rows name themselves and count people, for the policies."""

from operator import attrgetter
from typing import Any

from everytouch.disclosure.policy import Counts, Presence
from everytouch.stats.intervals import Estimate, no_estimate

by = attrgetter


def parties(row: Any) -> Counts:
    """The people of a row that counts one group."""
    return (row.parties,)


def split(whole: int, part: int) -> Counts:
    """A part of some people, and the others."""
    return part, whole - part


def of_share(share: Estimate) -> Counts:
    """Those a share is of, and both parts."""
    if share.hidden:
        return (share.n,)
    return share.n, *split(share.n, round(share.value * share.n))


def hidden(_: Estimate) -> Estimate:
    """An estimate that is not shown, and neither is of how many it is."""
    return no_estimate(0, "hidden")


def alike(score: Estimate) -> bool:
    """Whether everybody gave the same score, so that each person's score is known."""
    return not score.hidden and score.low == score.high


def everything(_: Any) -> str:
    """What all rows have in common."""
    return "all"


CAME: tuple[Presence, ...] = ("interactions",)
FELT: tuple[Presence, ...] = ("answers",)
BOTH = CAME + FELT
