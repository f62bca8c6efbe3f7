"""What drives the score, and what experience is worth."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.drivers import api as drivers_room
from everytouch.metrics import api as metrics
from everytouch.web import questions
from everytouch.web.ask import Ask
from everytouch.web.figure import Column, Figure, Spec
from everytouch.web.words import GRADES, LEVELS


def drivers(ask: Ask) -> Figure:
    """Shares of the score's variance."""
    result = questions.drivers(ask)
    query = ask.filters.query()
    columns = (
        Column(
            _("driver"),
            lambda r: r.label,
            link=None
            if ask.shared
            else lambda r: f"/touchpoints/{r.touchpoint}?{query}" if r.touchpoint else None,
        ),
        Column(_("share of variance, %"), lambda r: r.share, "estimate", 1, 100),
        Column(_("Johnson's weight, %"), lambda r: r.weight, "estimate", 1, 100),
        Column(_("points for one more"), lambda r: r.effect, "estimate"),
        Column(_("one more is"), lambda r: r.unit),
        Column(_("answers with it"), lambda r: r.affected, "number"),
        Column(_("evidence"), lambda r: GRADES.get(r.grade, r.grade), "chip"),
    )
    said = _("Together they go with %(share)s %% of the variance of %(n)s answers.") % {
        "share": f"{100 * result.r2:.1f}",
        "n": f"{result.n:,}",
    }
    return Figure(
        columns, result.rows, result.basis, drivers_room.shares(result), said=(said,),
        refused=tuple(leak.sentence for leak in questions.leaks(ask).rows),
        behind="" if ask.shared else f"/moments?kind=perception&{query}",
    )  # fmt: skip


def importance(ask: Ask) -> Figure:
    """How much each touchpoint matters against how it does."""
    result, felt = questions.drivers(ask), questions.perception(ask, "touchpoint")
    most = metrics.most_asked(felt)
    performance = {
        cell.group: (cell.label, cell.score.value)
        for cell in felt.rows
        if cell.instrument == most and not cell.hidden
    }
    chart = drivers_room.importance(result, performance)
    columns = (
        Column(_("touchpoint"), lambda p: p.label),
        Column(_("performance: score 0–100"), lambda p: p.x, "number", 1),
        Column(_("importance: % of variance"), lambda p: p.y, "number", 1),
    )
    rows = sorted(chart.points, key=lambda p: (-p.y, p.label))
    return Figure(
        columns,
        rows,
        result.basis,
        chart,
        _("No driver lies at a touchpoint whose score is known."),
        said=(_("High up and to the left: matters much, does poorly. Begin there."),),
    )


def worth(ask: Ask) -> Figure:
    """Spend, return and cost to serve by past experience."""
    result = questions.worth(ask)
    columns = (
        Column(
            _("past experience"),
            lambda r: f"{LEVELS.get(r.level, r.level)} ({r.low:.0f}–{r.high:.0f})",
        ),
        Column(_("parties"), lambda r: r.parties, "number"),
        Column(_("bought"), lambda r: r.buyers, "number"),
        Column(_("spend each"), lambda r: r.spend, "estimate", 2),
        Column(_("bought again, %"), lambda r: r.repeat, "estimate", 1, 100),
        Column(_("cost to serve each"), lambda r: r.cost, "estimate", 2),
    )
    return Figure(
        columns,
        result.rows,
        result.basis,
        drivers_room.spend(result, ask.workspace.settings.currency),
        _("There is nothing to compare: no party has both a score and a year after it."),
        said=result.sentences,
        refused=result.refusals,
    )


FIGURES = (
    Spec("drivers", lazy("What the score goes with"), drivers),
    Spec("importance", lazy("Importance against performance"), importance),
    Spec("worth", lazy("What experience is worth"), worth, honours=("segment",)),
)
