"""Policies of journeys: graph, variants, funnels, cohorts, maps."""

from dataclasses import replace

from everytouch.disclosure.counting import (
    BOTH,
    CAME,
    alike,
    by,
    everything,
    hidden,
    of_share,
    parties,
    split,
)
from everytouch.disclosure.policy import Policy, Table
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
from everytouch.results import Result

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
