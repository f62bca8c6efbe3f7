"""Observed journeys: graph, flow between stages, paths, drop-off."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.charts import Chart
from everytouch.journeys import api as journeys
from everytouch.journeys.api import Retention
from everytouch.web import questions
from everytouch.web.ask import Ask
from everytouch.web.figure import Column, Figure, Spec
from everytouch.web.words import EVERY, UNITS

SHOWN = 14  # touchpoints of a path that are written out
LEAST_DETAIL, MOST_DETAIL = 5, 120


def graph(ask: Ask) -> Figure:
    """What directly follows what."""
    result = questions.graph(ask)
    detail = ask.number("detail", journeys.MOST_ARROWS, LEAST_DETAIL, MOST_DETAIL)
    felt = {
        c.group: c.score.value for c in questions.perception(ask, "touchpoint").rows if not c.hidden
    }
    label = named(ask)
    columns = (
        Column(_("from"), lambda e: label(e.source)),
        Column(_("to"), lambda e: label(e.target)),
        Column(_("count"), lambda e: e.count, "number"),
        Column(_("parties"), lambda e: e.parties, "number"),
        Column(_("share"), lambda e: e.share, "percent"),
        Column(_("median time"), lambda e: e.median_s, "duration"),
        Column(_("90th percentile"), lambda e: e.p90_s, "duration"),
    )
    return Figure(
        columns,
        result.rows[:detail],
        result.basis,
        journeys.observed(result, ask.workspace.catalogue, felt, detail),
        _("Nobody went from one touchpoint to another here. Take filters away."),
        behind="" if ask.shared else f"/moments?kind=interaction&{ask.filters.query()}",
        template="web/figures/graph.html",
        extra={"detail": detail, "least": LEAST_DETAIL, "most": MOST_DETAIL},
    )


def named(ask: Ask) -> Callable[[str], str]:
    """Labels of touchpoints by their names."""
    points = ask.workspace.catalogue.touchpoints
    return lambda name: points[name].label if name in points else name


def flows(ask: Ask) -> Figure:
    """From stage to stage."""
    result = questions.stage_flows(ask)
    columns = (
        Column(_("change"), lambda r: r.step, "number"),
        Column(_("from"), lambda r: r.source),
        Column(_("to"), lambda r: r.target),
        Column(_("parties"), lambda r: r.parties, "number"),
    )
    return Figure(
        columns,
        result.rows,
        result.basis,
        journeys.between_stages(result),
        _("Nobody changed stage here. Take filters away."),
    )


def paths(ask: Ask) -> Figure:
    """The most frequent paths."""
    unit: Any = ask.option("unit", tuple(UNITS))
    result = questions.paths(ask, unit)
    label = named(ask)

    def words(row: Any) -> str:
        text = " → ".join(label(name) for name in row.touchpoints[:SHOWN])
        return f"{text} → …" if len(row.touchpoints) > SHOWN else text

    columns = (
        Column(_("path"), words),
        Column(_("steps"), lambda r: len(r.touchpoints), "number"),
        Column(_("count"), lambda r: r.count, "number"),
        Column(_("parties"), lambda r: r.parties, "number"),
        Column(_("share"), lambda r: r.share, "percent"),
        Column(_("together"), lambda r: r.coverage, "percent"),
    )
    return Figure(
        columns,
        result.rows,
        result.basis,
        empty=_("No path of this kind. Choose another unit, or take filters away."),
    )


def drop_off(ask: Ask) -> Figure:
    """Who goes on, who stops."""
    result = questions.drop_off(ask)
    columns = (
        Column(_("stage"), lambda r: r.stage),
        Column(_("parties"), lambda r: r.parties, "number"),
        Column(_("went on"), lambda r: r.went_on, "number"),
        Column(_("drop-off, %"), lambda r: r.drop_off, "estimate", 1, 100),
        Column(_("trail ends there"), lambda r: r.ended, "number"),
    )
    return Figure(columns, result.rows, result.basis, empty=_("Nobody came here."))


def retention(ask: Ask) -> Figure:
    """Who comes back: a line a cohort, a column for each period after."""
    every: Any = ask.option("every", tuple(EVERY))
    result = questions.retention(ask, every)
    return returned(result, every, journeys.coming_back(result))


def returned(result: Retention, every: str, chart: Chart) -> Figure:
    """A line a cohort, a column for each period after."""
    longest = max((row.after for row in result.rows), default=0)

    def after(number: int) -> Column:
        def share(rows: Any) -> float | None:
            shares = (row.share for row in rows if row.after == number)  # some are withheld
            return next((one.value for one in shares if not one.hidden), None)

        return Column(f"+{number}", share, "percent", 0)

    columns = (
        Column(EVERY[every], lambda rows: _("all") if rows[0].cohort == "all" else rows[0].cohort),
        Column(_("parties"), lambda rows: rows[0].size, "number"),
        *map(after, range(1, longest + 1)),
    )
    return Figure(
        columns,
        result.cohorts,
        result.basis,
        chart,
        _("There is no period here that is over. Take filters away."),
    )


FIGURES = (
    Spec("graph", lazy("Observed journeys"), graph, options=("detail",)),
    Spec("flows", lazy("From stage to stage"), flows),
    Spec("paths", lazy("Top paths"), paths, options=("unit",)),
    Spec("retention", lazy("Who comes back"), retention, options=("every",)),
    Spec("drop-off", lazy("Drop-off between stages"), drop_off),
)
