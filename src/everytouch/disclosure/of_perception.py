"""Policies of what people say: scores, promises, emotions, comments."""

from dataclasses import replace

from everytouch.disclosure.counting import BOTH, FELT, alike, by, everything, hidden, parties, split
from everytouch.disclosure.policy import Policy, Table
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
