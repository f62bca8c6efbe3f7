"""Policies: how many people each figure of an analysis counts, and which figures add up."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Literal

from everytouch.results import Result

Counts = tuple[int, ...]
Key = tuple[str, Hashable]  # name of a table, and of a row in it
Presence = Literal["interactions", "answers"]
Line = Callable[[Any], Hashable]


def _no_parts(_: Any) -> Counts:
    return ()


def _kept(row: Any) -> Any:
    return row


def _differ(_: Any) -> bool:
    return False


@dataclass(frozen=True)
class Table:
    """A list of rows of a result, how many people each row counts, and which of its fields do.

    Attributes:
        key: row → what names the same row in another answer to the same question.
        people: row → people in each group that the row counts; one that counts a few is dropped.
        parts: row → people in its finer figures; where they are few, these alone are blanked.
        blank: row → the row without its finer figures.
        alike: row → whether everybody in it answered the same, which tells each one's answer.
        lines: row → what the rows have in common that add up to something shown elsewhere.
        exact: whole numbers of the row that count nobody, as the number of a step.
        shares: estimates of the row that are a share of a count.
        ratios: numbers of the row that are a count ÷ a larger one, and the field that counts.
        sums: amounts of the row that are rounded, as they cannot be held against other parts.
        name: which list of the result.
    """

    key: Line
    people: Callable[[Any], Counts]
    parts: Callable[[Any], Counts] = _no_parts
    blank: Callable[[Any], Any] = _kept
    alike: Callable[[Any], bool] = _differ
    lines: tuple[Line, ...] = ()
    exact: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    ratios: tuple[tuple[str, str], ...] = ()
    sums: tuple[str, ...] = ()
    name: str = "rows"


@dataclass(frozen=True)
class Policy:
    """What is withheld of an analysis from those who may not see single people.

    Attributes:
        tables: its lists of rows.
        whole: result → people in the groups that its other figures count.
        rests: what must be there of enough people, that the analysis is shown at all.
        adds: whether it has sums or scores that add up, so that one answer taken from another
            leaves those of the rest.
        dated: whether a row is of a period of its own, so that another period of the question
            does not change it.
    """

    tables: tuple[Table, ...] = ()
    whole: Callable[[Any], Counts] = _no_parts
    rests: tuple[Presence, ...] = ()
    adds: bool = False
    dated: bool = False


@dataclass(frozen=True)
class Counted:
    """How many people a row lets one count, and its finer figures."""

    people: Counts
    parts: Counts = ()

    def plus(self, sign: int, other: "Counted") -> "Counted":
        """With as many people of another answer added, or taken away."""
        return Counted(_plus(self.people, sign, other.people), _plus(self.parts, sign, other.parts))


def _plus(mine: Counts, sign: int, others: Counts) -> Counts:
    longest = max(len(mine), len(others))
    filled = (one + (0,) * (longest - len(one)) for one in (mine, others))
    return tuple(a + sign * b for a, b in zip(*filled, strict=True))


WHOLE: Key = ("", None)
"""The key of what a result says beside its rows."""


def counted(result: Result, policy: Policy) -> dict[Key, Counted]:
    """How many people each figure of a result lets one count, by its key."""
    found: dict[Key, Counted] = {WHOLE: Counted(policy.whole(result))}
    for table in policy.tables:
        for row in getattr(result, table.name):
            found[table.name, table.key(row)] = Counted(table.people(row), table.parts(row))
    return found
