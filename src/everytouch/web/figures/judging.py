"""Causes, worth from now on, and whether it worked: figures with a model behind them."""

import math

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.charts import Chart
from everytouch.errors import NotEnoughDataError
from everytouch.web import questions
from everytouch.web.ask import Ask
from everytouch.web.figure import Column, Figure, Spec, known
from everytouch.web.words import (
    BY,
    COMPARED_BY,
    GOES,
    GRADES,
    KANO,
    LEVELS,
    PROBLEMS,
    VERDICTS,
)


def effects(ask: Ask) -> Figure:
    """What problems do, adjusted, with what stands against it."""
    result = questions.effects(ask)
    columns = (
        Column(_("problem"), lambda r: f"{r.label}: {PROBLEMS[r.problem]}"),
        Column(_("answers with it"), lambda r: r.with_it, "number"),
        Column(_("raw difference"), lambda r: r.raw, "estimate"),
        Column(_("adjusted"), lambda r: r.effect, "estimate"),
        Column(_("by another way"), lambda r: r.second, "estimate"),
        Column(_("E-value"), lambda r: r.e_value, "number", 1),
        Column(_("evidence"), lambda r: GRADES[r.grade], "chip"),
    )
    chart = Chart(
        kind="bars",
        title=str(_("Adjusted effects")),
        unit=str(_("points of score")),
        labels=tuple(f"{row.label}: {PROBLEMS[row.problem]}" for row in result.rows),
        values=tuple(row.effect.value for row in result.rows),
        low=tuple(row.effect.low for row in result.rows),
        high=tuple(row.effect.high for row in result.rows),
    )
    return Figure(
        columns, result.rows, result.basis, chart,
        said=tuple(
            f"{worst.label}: {PROBLEMS[worst.problem]}. {worst.sentence}"
            for worst in result.rows[:1]
        ),
        refused=tuple(
            f"{row.label}: {PROBLEMS[row.problem]}. {said}"
            for row in result.rows
            for said in row.warnings
        ),
    )  # fmt: skip


def interactions(ask: Ask) -> Figure:
    """Drivers that do more, or less, together."""
    result = questions.interactions(ask)
    columns = (
        Column(_("both at once"), lambda r: r.label),
        Column(_("answers with both"), lambda r: r.both, "number"),
        Column(_("points on top"), lambda r: r.effect, "estimate"),
        Column(_("false-discovery rate"), lambda r: r.q, "number", 3),
    )
    return Figure(
        columns, result.rows, result.basis,
        empty=_("No two drivers came together often enough."),
    )  # fmt: skip


def aspects(ask: Ask) -> Figure:
    """What single ratings punish and delight."""
    result = questions.aspects(ask)
    columns = (
        Column(_("aspect"), lambda r: r.label),
        Column(_("kind"), lambda r: BY[r.kind]),
        Column(_("rated by"), lambda r: r.rated, "number"),
        Column(_("score 0–100"), lambda r: r.score, "estimate"),
        Column(_("weight, % of variance"), lambda r: 100 * r.weight, "number", 1),
        Column(_("penalty"), lambda r: r.penalty, "estimate"),
        Column(_("reward"), lambda r: r.reward, "estimate"),
        Column(_("class"), lambda r: KANO[r.kano], "chip"),
    )
    said = (_("Must-be: only its lack is felt. Attractive: only its presence is."),)
    return Figure(columns, result.rows, result.basis, said=said)


def staying(ask: Ask) -> Figure:
    """How long parties stay, by past experience."""
    result = questions.staying(ask)
    columns = (
        Column(_("past experience"), lambda r: f"{LEVELS[r.level]} ({r.low:.0f}–{r.high:.0f})"),
        Column(_("parties"), lambda r: r.parties, "number"),
        Column(_("left"), lambda r: r.left, "number"),
        Column(_("there after 90 days, %"), lambda r: r.after[0], "estimate", 1, 100),
        Column(_("180 days, %"), lambda r: r.after[1], "estimate", 1, 100),
        Column(_("365 days, %"), lambda r: r.after[2], "estimate", 1, 100),
    )
    shown = [row for row in result.rows if not row.after[-1].hidden]
    chart = Chart(
        kind="bars",
        title=str(_("There after a year")),
        unit="%",
        labels=tuple(str(LEVELS[row.level]) for row in shown),
        values=tuple(100 * row.after[-1].value for row in shown),
        low=tuple(100 * row.after[-1].low for row in shown),
        high=tuple(100 * row.after[-1].high for row in shown),
    )
    return Figure(
        columns, result.rows, result.basis, chart, said=result.sentences,
        refused=(*result.refusals, *(leak.sentence for leak in questions.leaks(ask).rows)),
        empty=_("There is nothing to compare yet."),
    )  # fmt: skip


def lifetime(ask: Ask) -> Figure:
    """What parties will bring."""
    result = questions.lifetime(ask)
    columns = (
        Column(_("experience"), lambda r: LEVELS[r.level]),
        Column(_("parties"), lambda r: r.parties, "number"),
        Column(_("there still, %"), lambda r: _times(r.alive), "number", 0),
        Column(_("purchases each"), lambda r: known(r.purchases), "number", 2),
        Column(_("amount of one"), lambda r: known(r.amount), "number", 2),
        Column(_("value each"), lambda r: r.value, "estimate", 2),
        Column(_("together"), lambda r: known(r.total), "number", 0),
    )
    shown = [row for row in result.rows if not row.value.hidden]
    chart = Chart(
        kind="bars",
        title=str(_("Lifetime value")),
        unit=result.currency,
        labels=tuple(str(LEVELS[row.level]) for row in shown),
        values=tuple(row.value.value for row in shown),
        low=tuple(row.value.low for row in shown),
        high=tuple(row.value.high for row in shown),
    )
    return Figure(columns, result.rows, result.basis, chart, said=result.sentences)


def _times(value: float) -> float | None:
    return None if math.isnan(value) else 100 * value


def money(ask: Ask) -> Figure:
    """Every amount once."""
    result = questions.money(ask)
    columns = (
        Column(_("touchpoint"), lambda r: r.label),
        Column(_("interactions"), lambda r: r.moments, "number"),
        Column(_("received"), lambda r: float(r.received), "number", 2),
        Column(_("of it returned"), lambda r: float(r.returned), "number", 2),
        Column(_("cost"), lambda r: float(r.cost), "number", 2),
    )
    values = {
        "places": f"{result.received:,.2f} {result.currency}",
        "parties": f"{result.by_parties:,.2f}",
        "months": f"{result.by_months:,.2f}",
    }
    added = _("Received by touchpoint %(places)s, by party %(parties)s, by month %(months)s.")
    agrees = _("The three agree to the last unit.")
    differs = _("The three do not agree: rebuild the trails and tell us.")
    return Figure(
        columns, result.rows, result.basis,
        said=(added % values, agrees) if result.reconciled else (added % values,),
        refused=() if result.reconciled else (differs,),
        empty=_("No interaction has an amount or a cost."),
    )  # fmt: skip


def what_if(ask: Ask) -> Figure:
    """What changes when a part of a problem goes."""
    finding = finding_of(ask)
    if not finding:
        raise NotEnoughDataError(_("Nothing to take away was found"), _("import more"))
    result = questions.what_if(ask, finding, ask.number("removed", 100, 1, 100))
    columns = (
        Column(_("what"), lambda r: GOES[r.measure]),
        Column(_("change"), lambda r: r.change, "estimate", 2),
        Column(_("one in twenty below"), lambda r: r.quantiles[0], "number", 2),
        Column(_("a quarter below"), lambda r: r.quantiles[1], "number", 2),
        Column(_("a quarter above"), lambda r: r.quantiles[3], "number", 2),
        Column(_("one in twenty above"), lambda r: r.quantiles[4], "number", 2),
        Column(_("for the better, %"), lambda r: 100 * r.better, "number", 0),
        Column(_("evidence"), lambda r: GRADES[r.grade], "chip"),
    )
    said = _("%(part)s %% of it gone: %(problem)s.") % {
        "part": f"{100 * result.removed:.0f}",
        "problem": result.problem,
    }
    return Figure(columns, result.rows, result.basis, said=(said,), refused=result.refused)


def verdicts(ask: Ask) -> Figure:
    """Did it work."""
    result = questions.verdicts(ask)
    columns = (
        Column(_("initiative"), lambda r: r.label),
        Column(_("compared by"), lambda r: COMPARED_BY[r.kind]),
        Column(_("metric"), lambda r: GOES[r.metric]),
        Column(_("effect"), lambda r: r.effect, "estimate", 2),
        Column(_("verdict"), lambda r: VERDICTS[r.verdict], "chip"),
        Column(_("evidence"), lambda r: GRADES[r.grade], "chip"),
        Column(_("what was looked at"), lambda r: "; ".join(r.checks)),
    )
    return Figure(
        columns, result.rows, result.basis, said=tuple(row.sentence for row in result.rows),
        empty=_(
            "No initiative was named. Write one into the catalogue before it begins: its metric, "
            "its first day, and whom it is held against."
        ),
    )  # fmt: skip


def finding_of(ask: Ask) -> str:
    """The finding the address names; the first whose effect is known where it names none."""
    named = ask.options.get("finding", "")
    if named:
        return named
    rows = questions.findings(ask.everyone, "regression").rows
    return next((row.name for row in rows if not row.lowers.hidden), "")


FIGURES = (
    Spec(
        "effects", lazy("What problems do, adjusted"), effects, honours=("period", "segment"),
        asks="effects",
    ),
    Spec("interactions", lazy("Drivers together"), interactions),
    Spec("aspects", lazy("What punishes, what delights"), aspects),
    Spec("verdicts", lazy("Did it work"), verdicts, honours=(), asks="verdicts"),
    Spec("staying", lazy("Who stays"), staying, honours=("segment",)),
    Spec("lifetime", lazy("What is to come"), lifetime, honours=("segment",)),
    Spec(
        "money", lazy("The money ledger"), money, honours=("period", "segment"), asks="money",
    ),
    Spec(
        "what-if", lazy("What if it went"), what_if, honours=(), options=("finding", "removed"),
        asks="what-if",
    ),
)  # fmt: skip
