"""Policies of drivers, worth and improvements."""

from everytouch.disclosure.counting import BOTH, CAME, FELT, by, everything, parties, split
from everytouch.disclosure.policy import Policy, Table
from everytouch.drivers.api import (
    Aspects,
    Drivers,
    Effects,
    Interactions,
    Leaks,
    Lifetimes,
    Money,
    Staying,
    WhatIf,
    Worth,
)
from everytouch.improvement.api import Movement, RankedList, Verdicts
from everytouch.results import Result


def by_level(part: str) -> Table:
    """Levels of past experience: the parties of each, and those of them that a field counts."""
    return Table(
        by("level"),
        lambda row: (row.parties, *split(row.parties, getattr(row, part))),
        lines=(everything,),
    )


CAUSES: dict[type[Result], Policy] = {
    Drivers: Policy((Table(by("name"), lambda row: (row.affected,), exact=("sign",)),), rests=FELT),
    Effects: Policy((Table(by("name"), lambda row: split(row.answers, row.with_it)),), rests=FELT),
    Interactions: Policy((Table(by("label"), lambda row: (row.both,)),), rests=FELT),
    Aspects: Policy((Table(by("kind", "name"), lambda row: (row.rated,)),), rests=FELT),
    Leaks: Policy((Table(by("instrument"), parties),), rests=FELT),
    Worth: Policy((by_level("buyers"),), rests=BOTH),
    Staying: Policy((by_level("left"),), rests=BOTH),
    Lifetimes: Policy(
        (Table(by("level"), parties, lines=(everything,), sums=("total",)),), rests=BOTH
    ),
    Money: Policy(
        (Table(by("touchpoint"), parties, lines=(everything,)),), whole=parties, rests=CAME,
        adds=True,
    ),
    WhatIf: Policy((Table(by("measure"), lambda _: ()),), rests=BOTH),
}  # fmt: skip

IMPROVEMENT: dict[type[Result], Policy] = {
    RankedList: Policy(
        (
            Table(
                by("name"),
                by("parties", "answers"),
                exact=("rank",),
                ratios=(("share", "moments"),),
                sums=("exposed", "direct_cost"),
            ),
        ),
        rests=BOTH,
    ),
    Movement: Policy((Table(by("name"), lambda _: (), sums=("before", "now")),), rests=FELT),
    Verdicts: Policy((Table(by("name"), lambda _: ()),), rests=BOTH),
}
