"""The policy of every analysis: one entry a kind of result. Without one it is not shown."""

from dataclasses import replace
from operator import attrgetter
from typing import Any

from everytouch.disclosure.policy import Counts, Policy, Presence, Table
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
from everytouch.errors import UnknownNameError
from everytouch.improvement.api import Movement, RankedList, Verdicts
from everytouch.journeys.api import (
    Against,
    Between,
    DropOff,
    Foresight,
    Funnel,
    Graph,
    JourneyKinds,
    Lifecycle,
    Paths,
    PromiseGaps,
    Repeats,
    Retention,
    Sessions,
    StageFlows,
    StepMatrix,
    Together,
    Volume,
)
from everytouch.metrics.api import (
    Breakdown,
    Consistency,
    Emotions,
    Population,
    Promises,
    Remembered,
)
from everytouch.perception.api import Comments
from everytouch.results import Result
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

JOURNEYS: dict[type[Result], Policy] = {
    Graph: Policy(
        (
            Table(
                by("source", "target"),
                parties,
                lines=(by("source"), by("target")),
                ratios=(("share", "count"),),
            ),
            Table(
                by("touchpoint"),
                parties,
                parts=by("first", "last"),
                blank=lambda node: replace(node, first=None, last=None),
                name="nodes",
            ),
        ),
        rests=CAME,
    ),
    Paths: Policy(
        (Table(by("touchpoints"), parties, ratios=(("share", "count"),), sums=("coverage",)),),
        rests=CAME,
    ),
    StageFlows: Policy(
        (
            Table(
                by("step", "source", "target"),
                parties,
                lines=(by("step", "source"), by("step", "target")),
                exact=("step",),
            ),
        ),
        rests=CAME,
    ),
    DropOff: Policy(
        (
            Table(
                by("stage"),
                parties,
                parts=lambda row: (*split(row.parties, row.went_on), row.ended),
                blank=lambda row: replace(
                    row, went_on=None, drop_off=hidden(row.drop_off), ended=None
                ),
                shares=("drop_off",),
            ),
        ),
        rests=CAME,
    ),
    Retention: Policy(
        tuple(
            Table(
                by("cohort", "after"),
                lambda row: (row.size,),
                parts=lambda row: split(row.size, row.returned),
                blank=lambda row: replace(row, returned=None, share=hidden(row.share)),
                lines=(by("after"),) if name == "rows" else (),
                exact=("after",),
                shares=("share",),
                name=name,
            )
            for name in ("rows", "overall")
        ),
        rests=CAME,
    ),
    Lifecycle: Policy(
        (
            Table(
                by("period"),
                lambda row: (row.active,),
                parts=by("new", "returning", "revived", "dormant"),
                blank=lambda row: replace(
                    row, new=None, returning=None, revived=None, dormant=None, kept=hidden(row.kept)
                ),
                shares=("kept",),
                sums=("stickiness",),
            ),
        ),
        rests=CAME,
    ),
    Volume: Policy(
        (Table(by("touchpoint", "month"), parties, lines=(by("touchpoint"), by("month"))),),
        rests=CAME,
        adds=True,
        dated=True,
    ),
    Funnel: Policy(
        (Table(by("step"), by("parties", "stopped"), exact=("step",), shares=("share",)),),
        rests=CAME,
    ),
    Sessions: Policy(
        (Table(everything, parties, sums=("interactions_per_session",)),),
        whole=lambda result: tuple(row.parties for row in result.rows),
    ),
    Repeats: Policy(
        (
            Table(
                by("touchpoint"),
                parties,
                parts=by("returned"),
                blank=lambda row: replace(
                    row, again=None, resolved=hidden(row.resolved), directly=None,
                    there_and_back=None, returned=(0, 0, 0),
                ),
                shares=("resolved",),
            ),
        ),
        rests=CAME,
    ),
    StepMatrix: Policy(
        (
            Table(
                by("place", "touchpoint"),
                parties,
                lines=(by("place"),),
                exact=("place",),
                shares=("share",),
            ),
            Table(
                by("place", "source", "target"),
                parties,
                lines=(by("place", "source"), by("place", "target")),
                exact=("place",),
                name="passages",
            ),
        ),
        rests=CAME,
    ),
    Between: Policy(
        (
            Table(
                by("period"),
                lambda row: (row.parties, *of_share(row.reached)),
                lines=(everything,),
                shares=("reached",),
            ),
        ),
        rests=CAME,
    ),
    Together: Policy((Table(by("touchpoint"), parties),), rests=BOTH),
    Foresight: Policy(
        (
            Table(
                by("after", "touchpoint"),
                lambda row: of_share(row.share),
                lines=(by("after"),),
                shares=("share",),
            ),
        ),
        rests=CAME,
    ),
    JourneyKinds: Policy(
        (
            Table(
                by("name", "typical"),
                parties,
                lines=(everything,),
                ratios=(("share", "journeys"),),
            ),
        ),
        rests=BOTH,
    ),
    Against: Policy(
        (
            Table(by("deviation"), parties, shares=("share",)),
            Table(
                by("step"),
                parties,
                parts=lambda step: (int(alike(step.score)),),
                blank=lambda step: replace(step, score=hidden(step.score)),
                shares=("share", "late"),
                name="steps",
            ),
        ),
        whole=parties,
        rests=BOTH,
        adds=True,
    ),
    PromiseGaps: Policy(
        (Table(by("map", "step"), parties, alike=lambda row: alike(row.perceived)),),
        rests=BOTH,
        adds=True,
    ),
}  # fmt: skip

PERCEPTION: dict[type[Result], Policy] = {
    Breakdown: Policy(
        (
            Table(
                by("group", "instrument"),
                parties,
                lines=(by("instrument"),),
                alike=lambda cell: alike(cell.score),
            ),
        ),
        adds=True,
    ),
    Promises: Policy(
        (
            Table(
                by("touchpoint"),
                parties,
                parts=lambda row: (
                    *split(row.parties, row.let_down),
                    int(alike(row.score_kept) or alike(row.score_broken)),
                ),
                blank=lambda row: replace(
                    row, broken=None, let_down=None,
                    **{name: hidden(getattr(row, name))
                       for name in ("broken_share", "score_kept", "score_broken")},
                    mean_kept=float("nan"), mean_broken=float("nan"),
                ),
                shares=("broken_share",),
            ),
        ),
        rests=FELT,
        adds=True,
    ),
    Population: Policy(
        (
            Table(
                by("group"),
                lambda row: (row.answered,),
                lines=(everything,),
                ratios=(("stated", "answered"),),
                sums=("effective_n",),
            ),
        ),
        rests=BOTH,
    ),
    Emotions: Policy(
        (Table(by("emotion"), parties, lines=(everything,), shares=("share",)),),
        whole=parties,
        rests=FELT,
        adds=True,
    ),
    Remembered: Policy(whole=lambda result: (result.tried,), rests=FELT),
    Consistency: Policy(rests=FELT),
    Comments: Policy(
        (
            Table(
                by("occurred_at", "text"),
                lambda _: (),
                parts=lambda _: (1,),
                blank=lambda row: replace(row, score=None),
                exact=("occurred_at", "touchpoint", "label", "instrument", "text", "language"),
            ),
        ),
    ),
}  # fmt: skip

CAUSES: dict[type[Result], Policy] = {
    Drivers: Policy((Table(by("name"), lambda row: (row.affected,), exact=("sign",)),), rests=FELT),
    Effects: Policy((Table(by("name"), lambda row: split(row.answers, row.with_it)),), rests=FELT),
    Interactions: Policy((Table(by("label"), lambda row: (row.both,)),), rests=FELT),
    Aspects: Policy((Table(by("kind", "name"), lambda row: (row.rated,)),), rests=FELT),
    Leaks: Policy((Table(by("instrument"), parties),), rests=FELT),
    Worth: Policy(
        (
            Table(
                by("level"),
                lambda row: (row.parties, *split(row.parties, row.buyers)),
                lines=(everything,),
            ),
        ),
        rests=BOTH,
    ),
    Staying: Policy(
        (
            Table(
                by("level"),
                lambda row: (row.parties, *split(row.parties, row.left)),
                lines=(everything,),
            ),
        ),
        rests=BOTH,
    ),
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

POLICIES = {**JOURNEYS, **PERCEPTION, **CAUSES, **IMPROVEMENT}


def policy_of(kind: type[Result]) -> Policy:
    """The policy of a kind of result.

    Raises:
        UnknownNameError: it has none: nobody has said what is withheld of it.
    """
    if kind not in POLICIES:
        raise UnknownNameError(
            f"{kind.__name__} has no disclosure policy", "add one to disclosure/policies.py"
        )
    return POLICIES[kind]
