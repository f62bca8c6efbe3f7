"""Touchpoints: the inventory, and what surrounds one of them."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.journeys import api as journeys
from everytouch.metrics import api as metrics
from everytouch.stats.intervals import no_estimate
from everytouch.web import questions
from everytouch.web.ask import Ask
from everytouch.web.figure import Column, Figure, Spec

NOTHING = no_estimate(0, "not recorded")


def inventory(ask: Ask) -> Figure:
    """Every touchpoint of the catalogue: what it is, how much passes, how it feels."""
    nodes = {node.touchpoint: node for node in questions.graph(ask).nodes}
    result = questions.perception(ask, "touchpoint")
    most = metrics.most_asked(result)
    felt = {cell.group: cell.score for cell in result.rows if cell.instrument == most}
    kept = {row.touchpoint: row.broken_share for row in questions.promises(ask).rows}
    query = ask.filters.query()
    columns = (
        Column(
            _("touchpoint"),
            lambda p: p.label,
            link=None if ask.shared else lambda p: f"/touchpoints/{p.name}?{query}",
        ),
        Column(_("stage"), lambda p: p.stage),
        Column(_("channel"), lambda p: p.channel),
        Column(_("owner"), lambda p: p.owner or "–"),
        Column(_("promise"), lambda p: p.promise.text if p.promise else "–"),
        Column(_("interactions"), lambda p: _count(nodes, p.name, "moments"), "number"),
        Column(_("parties"), lambda p: _count(nodes, p.name, "parties"), "number"),
        Column(_("promise broken, %"), lambda p: kept.get(p.name), "estimate", 1, 100),
        Column(_("score 0–100"), lambda p: felt.get(p.name, NOTHING), "estimate"),
    )
    return Figure(
        columns,
        _asked_for(ask),
        result.basis,
        empty=_("The catalogue has no such touchpoint. Take filters away, or add one."),
    )


def _count(nodes: Any, name: str, what: str) -> int:
    return getattr(nodes[name], what) if name in nodes else 0


def _asked_for(ask: Ask) -> list[Any]:
    f = ask.filters
    return [
        point
        for point in ask.workspace.catalogue.touchpoints.values()
        if (not f.stage or point.stage == f.stage)
        and (not f.channel or point.channel == f.channel)
        and (not f.touchpoint or point.name == f.touchpoint)
        and (ask.only is None or point.name in ask.only)
    ]


def monthly(ask: Ask) -> Figure:
    """Interactions a month, of the touchpoints asked about."""
    result = questions.volume(ask)
    months: dict[str, list[float]] = {}
    for row in result.rows:
        sums = months.setdefault(row.month, [0.0, 0.0, 0.0])
        for i, value in enumerate((row.interactions, row.amount, row.cost)):
            sums[i] += value
    columns = (
        Column(_("month"), lambda r: r[0]),
        Column(_("interactions"), lambda r: int(r[1][0]), "number"),
        Column(_("paid"), lambda r: r[1][1], "money"),
        Column(_("cost"), lambda r: r[1][2], "money"),
    )
    return Figure(
        columns,
        sorted(months.items()),
        result.basis,
        journeys.monthly(result),
        _("Nothing happened here in this period."),
        behind="" if ask.shared else f"/moments?kind=interaction&{ask.filters.query()}",
    )


def neighbours(ask: Ask) -> Figure:
    """What comes right before and right after a touchpoint."""
    name = ask.filters.touchpoint
    result = questions.graph(ask.organisation)
    points = ask.workspace.catalogue.touchpoints
    sides = (
        (_("before"), [(e.source, e) for e in result.rows if e.target == name][:8]),
        (_("after"), [(e.target, e) for e in result.rows if e.source == name][:8]),
    )
    rows = [(side, other, edge) for side, edges in sides for other, edge in edges]
    query = ask.filters.query(touchpoint="")
    columns = (
        Column(_("comes"), lambda r: r[0]),
        Column(
            _("touchpoint"),
            lambda r: points[r[1]].label if r[1] in points else r[1],
            link=None if ask.shared else lambda r: f"/touchpoints/{r[1]}?{query}",
        ),
        Column(_("count"), lambda r: r[2].count, "number"),
        Column(_("median time"), lambda r: r[2].median_s, "duration"),
        Column(_("90th percentile"), lambda r: r[2].p90_s, "duration"),
    )
    return Figure(columns, rows, result.basis, empty=_("Nothing comes before or after it."))


FIGURES = (
    Spec("inventory", lazy("Touchpoints"), inventory),
    Spec("volume", lazy("Interactions a month"), monthly),
    Spec("neighbours", lazy("What comes before and after"), neighbours),
)
