"""What to improve first, and what moved."""

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.improvement import api as improvement
from everytouch.improvement.api import GRADED_BY, Movement
from everytouch.stats.intervals import withheld
from everytouch.web import questions
from everytouch.web.ask import Ask
from everytouch.web.figure import Column, Figure, Spec
from everytouch.web.words import GRADES, problem

TAGGED = 3  # findings worth a card of their own


def ranked(ask: Ask) -> Figure:
    """The ranked list; grades by adjusted effects follow once they are worked out."""
    wanted = ask.option("grades", GRADED_BY) == "adjusted"
    adjusted = wanted or questions.weighed(ask)
    result = questions.findings(ask, "adjusted" if adjusted else "regression")
    weigh = "" if adjusted or ask.shared else ask.query(grades="adjusted")
    columns = (
        Column("#", lambda r: r.rank, "number"),
        Column(_("problem"), lambda r: problem(r.name, r.label), link=_behind(ask)),
        Column(_("owner"), lambda r: r.owner or "–"),
        Column(_("parties a year"), lambda r: r.parties, "number"),
        Column(_("moments"), lambda r: r.moments, "number"),
        Column(_("of its interactions"), lambda r: r.share, "percent"),
        Column(_("lowers score by"), lambda r: r.lowers, "estimate"),
        Column(_("overall gain"), lambda r: r.overall, "estimate", 2),
        Column(_("may be worth a year"), lambda r: _worth(r, result.currency), "estimate", 0),
        Column(_("those touched paid"), lambda r: r.exposed, "money"),
        Column(_("evidence"), lambda r: GRADES.get(r.grade, r.grade), "chip"),
    )
    return Figure(
        columns,
        result.rows,
        result.basis,
        improvement.overall(result),
        _(
            "No problem was found. Problems are broken promises, bad outcomes and repeated "
            "contacts: give touchpoints promises, and name the bad outcomes in the catalogue."
        ),
        refused=result.refused,
        template="web/figures/ranked.html",
        extra={"currency": result.currency, "weigh": weigh},
    )


def _worth(row: Any, _currency: str) -> Any:
    return row.worth if row.worth is not None else _("cannot be said")


def _behind(ask: Ask) -> Any:
    if "dig" not in ask.rights or ask.shared:
        return None
    query = ask.filters.query()
    return lambda row: f"/findings/{row.name}?{query}"


def wrong(ask: Ask) -> Figure:
    """The problems of the touchpoint asked about."""
    result = questions.findings(ask, "adjusted" if questions.weighed(ask) else "regression")
    columns = (
        Column(_("problem"), lambda r: problem(r.name, r.label), link=_behind(ask)),
        Column(_("parties a year"), lambda r: r.parties, "number"),
        Column(_("of its interactions"), lambda r: r.share, "percent"),
        Column(_("lowers score by"), lambda r: r.lowers, "estimate"),
        Column(_("evidence"), lambda r: GRADES.get(r.grade, r.grade), "chip"),
    )
    rows = [row for row in result.rows if row.touchpoint == ask.filters.touchpoint]
    return Figure(columns, rows, result.basis, empty=_("No problem was found here."))


def finding(ask: Ask) -> Figure:
    """One problem of the ranked list by itself."""
    everything, name = ranked(ask), ask.options.get("finding", "")
    return replace(
        everything,
        rows=[row for row in everything.rows if row.name == name],
        chart=None,
        empty=_("It touches nobody in this period. Take filters away."),
        template="web/figures/finding.html",
    )


def moved(ask: Ask) -> Figure:
    """What moved against the period before."""
    result = questions.movement(ask)
    columns = (
        Column(_("problem"), lambda r: problem(r.name, r.label), link=_behind(ask)),
        Column(_("had it before"), lambda r: r.before, "percent"),
        Column(_("have it now"), lambda r: r.now, "percent"),
        Column(_("moves the score by"), lambda r: r.moved, "estimate", 2),
    )
    change = result.change
    if change.hidden:
        said: tuple[str, ...] = ()
        refused: tuple[str, ...] = (
            _("What moved cannot be said: %(why)s.") % {"why": withheld(change)},
        )
    else:
        said, refused = (_sentence(result),), ()
    return Figure(
        columns,
        result.rows[:8],
        result.basis,
        empty=_("No problem is frequent enough in both periods to be compared."),
        said=said,
        refused=refused,
    )


def _sentence(result: Movement) -> str:
    """The change in one sentence that claims no more than the interval does."""
    change = result.change
    values = {
        "before": f"{result.before.value:.1f}",
        "now": f"{result.now.value:.1f}",
        "change": f"{change.value:+.1f}",
        "low": f"{change.low:+.1f}",
        "high": f"{change.high:+.1f}",
        "explained": f"{result.explained:+.1f}",
    }
    sure = change.low > 0 or change.high < 0
    text = (
        _("The score moved from %(before)s to %(now)s: %(change)s (%(low)s to %(high)s).")
        if sure
        else _(
            "The score stood at %(before)s and stands at %(now)s: no change that can be told from "
            "chance (%(low)s to %(high)s)."
        )
    )
    if result.rows:
        text += " " + _("Changes of the problems below go with %(explained)s points of it.")
    return str(text % values)


FIGURES = (
    Spec("ranked", lazy("What to improve first"), ranked, options=("grades",)),
    Spec("wrong", lazy("What is wrong here"), wrong),
    Spec("finding", lazy("What it does"), finding, options=("finding",)),
    Spec("moved", lazy("What moved, and what it goes with"), moved),
)
