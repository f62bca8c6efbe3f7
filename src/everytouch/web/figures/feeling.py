"""What people feel: scores, breakdowns, promises, comments."""

import math
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.metrics import api as metrics
from everytouch.web import questions
from everytouch.web.ask import Ask
from everytouch.web.figure import Column, Figure, Spec
from everytouch.web.questions import perception
from everytouch.web.words import BY, METRICS

BREAKDOWNS = (
    "touchpoint", "stage", "channel", "owner", "element", "sense", "value", "segment",
)  # fmt: skip


def _metric(ask: Ask) -> Any:
    instruments = ask.workspace.catalogue.instruments
    return lambda cell: METRICS[instruments[cell.instrument].kind]


def scores(ask: Ask) -> Figure:
    """All instruments, the whole of the question; for a manager the organisation beside."""
    rows = [
        (_("own places") if ask.only is not None else "", c) for c in perception(ask, "all").rows
    ]
    result = perception(ask, "all")
    if ask.only is not None:
        rows += [(_("organisation"), c) for c in perception(ask.organisation, "all").rows]
    metric, instruments = _metric(ask), ask.workspace.catalogue.instruments
    columns = (
        *([Column(_("of"), lambda r: r[0])] if ask.only is not None else []),
        Column(_("asked with"), lambda r: instruments[r[1].instrument].label),
        Column(_("metric"), lambda r: metric(r[1])),
        Column(_("answers"), lambda r: r[1].n, "number"),
        Column(_("value"), lambda r: r[1].headline, "estimate"),
        Column(_("score 0–100"), lambda r: r[1].score, "estimate"),
    )
    return Figure(
        columns,
        rows,
        result.basis,
        empty=_("Nobody was asked yet. Import feedback on the Sources page."),
        behind=_behind(ask),
    )


def trend(ask: Ask) -> Figure:
    """Month by month, of the instrument that is asked most."""
    result = perception(ask, "month")
    most = metrics.most_asked(result)
    rows = [cell for cell in result.rows if cell.instrument == most]
    columns = (
        Column(_("month"), lambda c: c.label),
        Column(_("answers"), lambda c: c.n, "number"),
        Column(_("value"), lambda c: c.headline, "estimate"),
        Column(_("score 0–100"), lambda c: c.score, "estimate"),
    )
    return Figure(
        columns,
        rows,
        result.basis,
        metrics.scores(result, str(_("Feeling by month"))),
        _("Nobody was asked in this period."),
        said=tuple(metrics.turns(result, most)),
        behind=_behind(ask),
    )


def feeling(ask: Ask) -> Figure:
    """By touchpoint, stage, channel, department, element, sense, value or segment."""
    by: Any = ask.option("by", BREAKDOWNS)
    result = perception(ask, by)
    metric = _metric(ask)
    columns = (
        Column(BY[by], lambda c: c.label, link=_into(ask, by)),
        Column(_("asked with"), lambda c: c.instrument),
        Column(_("metric"), metric),
        Column(_("answers"), lambda c: c.n, "number"),
        Column(_("value"), lambda c: c.headline, "estimate"),
        Column(_("score 0–100"), lambda c: c.score, "estimate"),
        Column(_("false-discovery rate"), _rate, "number", 3),
        Column(_("score to rank by"), lambda c: c.shrunk, "estimate"),
    )
    return Figure(
        columns,
        result.rows,
        result.basis,
        metrics.scores(result, str(_("Feeling by %(by)s") % {"by": BY[by]})),
        _("Nothing to show: no answer falls into any group. Take filters away, or ask people."),
        behind=_behind(ask),
    )


def _rate(cell: Any) -> float | None:
    return None if math.isnan(cell.q) else cell.q


def _into(ask: Ask, by: str) -> Any:
    """Where a group leads: a touchpoint to its page, other places to the same page narrowed."""
    if ask.shared:
        return None
    if by == "touchpoint":
        query = ask.filters.query()
        return lambda cell: f"/touchpoints/{cell.group}?{query}"
    if by in ("stage", "channel", "segment"):
        return lambda cell: f"/feeling?{ask.filters.query(**{by: cell.group})}"
    return None


def _behind(ask: Ask) -> str:
    return "" if ask.shared else f"/moments?kind=perception&{ask.filters.query()}"


def promises(ask: Ask) -> Figure:
    """Promises kept and broken."""
    result = questions.promises(ask)
    query = ask.filters.query()
    columns = (
        Column(
            _("touchpoint"),
            lambda p: p.label,
            link=None if ask.shared else lambda p: f"/touchpoints/{p.touchpoint}?{query}",
        ),
        Column(_("promise"), lambda p: p.promise),
        Column(_("checked"), lambda p: p.interactions, "number"),
        Column(_("broken"), lambda p: p.broken, "number"),
        Column(_("broken, %"), lambda p: p.broken_share, "estimate", 1, 100),
        Column(_("score, kept"), lambda p: p.score_kept, "estimate"),
        Column(_("score, broken"), lambda p: p.score_broken, "estimate"),
    )
    return Figure(
        columns,
        result.rows,
        result.basis,
        empty=_(
            "No touchpoint has a promise that can be checked. Open a touchpoint and give it one: "
            "in time, or within so many seconds."
        ),
    )


def comments(ask: Ask) -> Figure:
    """What people wrote."""
    result = questions.comments(ask)
    columns = (
        Column(_("when"), lambda c: c.occurred_at, "time"),
        Column(_("about"), lambda c: c.label or _("the whole journey")),
        Column(_("score 0–100"), lambda c: c.score, "number", 0),
        Column(_("comment"), lambda c: c.text),
    )
    return Figure(
        columns,
        result.rows,
        result.basis,
        empty=_("Too few comments to show any. Take filters away, or wait for more."),
    )


FIGURES = (
    Spec("scores", lazy("The score"), scores),
    Spec("trend", lazy("Feeling by month"), trend),
    Spec("feeling", lazy("Feeling, broken down"), feeling, options=("by",)),
    Spec("promises", lazy("Promises"), promises),
    Spec("comments", lazy("What people wrote"), comments, need="comments", asks="comments"),
)
