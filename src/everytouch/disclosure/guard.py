"""An answer without the figures that would give a few people away."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from everytouch.disclosure import rounding
from everytouch.disclosure.policy import WHOLE, Counted, Counts, Key, Policy, Table, counted
from everytouch.errors import WithheldError
from everytouch.results import Basis, Reason, Result, Withheld

R = TypeVar("R", bound=Result)
Answer = Mapping[Key, Counted]
Walk = Iterable[Answer]


def disclosed(result: R, policy: Policy, least: int, walks: Iterable[Walk] = ()) -> R:
    """The result without rows and figures that would count fewer people than may be shown.

    Rows are withheld that count a few people; rows from which another question, subtracted, leaves
    a few; and as many rows beside them as it takes that a total does not give them away. Counts
    are rounded down to multiples of ``least``: one taken from another leaves none, or enough.

    Args:
        least: people that a figure must count.
        walks: what subtraction may leave. Each is a sequence of answers to the same question about
            neighbouring parts; of each row the first part counts in which it has anybody.

    Returns:
        the result; ``basis.withheld`` says how many rows are withheld, and why.

    Raises:
        WithheldError: what the result says beside its rows would give a few people away.
    """
    mine = counted(result, policy)
    left = _left(mine, least, walks)
    if _few(mine[WHOLE].people, least) or WHOLE in left.rows:
        raise withheld("of this part it is hidden: it would give a few people away")
    reasons: list[Reason] = []
    changes = rounding.beside(result, policy.tables, least)
    for table in policy.tables:
        rows, why = _shown(table, getattr(result, table.name), mine, left, least)
        changes[table.name] = tuple(rounding.rounded(row, table, least) for row in rows)
        reasons += why
    return replace(result, basis=_basis(result.basis, reasons, least), **changes)


def _basis(basis: Basis, reasons: list[Reason], least: int) -> Basis:
    told = tuple(Withheld(why, reasons.count(why)) for why in sorted(set(reasons)))
    counted_in_words = rounding.in_words(basis.denominator, least)
    few = rounding.down(basis.left_out, least)
    return replace(basis, denominator=counted_in_words, withheld=told, rounded=least, left_out=few)


def withheld(what: str) -> WithheldError:
    """Why nothing at all is shown, and what to do."""
    return WithheldError(what, "take a filter away, or choose a longer period")


class _Left:
    """Keys of rows, and of their finer figures, of which subtraction leaves a few people."""

    def __init__(self) -> None:
        self.rows, self.parts = set[Key](), set[Key]()


def _left(mine: Answer, least: int, walks: Iterable[Walk]) -> _Left:
    left = _Left()
    for walk in walks:
        pending = set(mine) - left.rows
        for answer in walk:
            for key in pending & answer.keys():
                there = answer[key]
                if not any(there.people):
                    continue
                pending.discard(key)
                if _few(there.people, least):
                    left.rows.add(key)
                elif _few(there.parts, least):
                    left.parts.add(key)
            if not pending:
                break
    return left


def _few(counts: Counts, least: int) -> bool:
    return any(0 < count < least for count in counts)


def _shown(
    table: Table, rows: tuple[Any, ...], mine: Answer, left: _Left, least: int
) -> tuple[tuple[Any, ...], list[Reason]]:
    """The rows that may be shown, some of them blanked, and why others may not."""
    keys: list[Key] = [(table.name, table.key(row)) for row in rows]
    why = dict[int, Reason]()
    for at, key in enumerate(keys):
        if _few(mine[key].people, least):
            why[at] = "few"
        elif table.alike(rows[at]):
            why[at] = "alike"
        elif key in left.rows:
            why[at] = "subtraction"
    _complete(why, table, rows, [sum(mine[key].people[:1]) for key in keys], least)
    blank = dict[int, Reason](why)
    for at, key in enumerate(keys):
        if at not in why and (_few(mine[key].parts, least) or key in left.parts):
            blank[at] = "few"
    if len(blank) > len(why):
        _complete(blank, table, rows, [sum(mine[key].people[:1]) for key in keys], least)
    shown = (
        table.blank(row) if at in blank else row for at, row in enumerate(rows) if at not in why
    )
    return tuple(shown), list(why.values())


def _complete(
    why: dict[int, Reason], table: Table, rows: Collection[Any], people: list[int], least: int
) -> None:
    """Withhold the next smallest rows, until a line's total does not give away what is withheld."""
    changed = bool(why)
    while changed:
        changed = False
        for line in table.lines:
            groups = dict[Any, list[int]]()
            for at, row in enumerate(rows):
                groups.setdefault(line(row), []).append(at)
            for group in groups.values():
                gone = [at for at in group if at in why]
                enough = len(gone) > 1 and sum(people[at] for at in gone) >= least
                others = [at for at in group if at not in why]
                if gone and others and not enough:
                    why[min(others, key=lambda at: people[at])] = "complement"
                    changed = True
