"""Everybody beside who answered, causes, worth from now on: figures with a model behind them."""

import math
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.charts import Chart
from everytouch.errors import NotEnoughDataError
from everytouch.metrics import api as metrics
from everytouch.metrics.api import POPULATION_BY, WEIGHTS
from everytouch.web import questions
from everytouch.web.ask import Ask
from everytouch.web.figure import Column, Figure, Spec
from everytouch.web.words import (
    ACROSS,
    BY,
    CLUSTERS,
    COMPARED_BY,
    GOES,
    GRADES,
    KANO,
    LEVELS,
    PROBLEMS,
    VERDICTS,
    WAYS,
)


def population(ask: Ask) -> Figure:
    """Respondents beside everybody."""
    by: Any = ask.option("among", POPULATION_BY)
    weights: Any = ask.option("weights", WEIGHTS)
    result = questions.population(ask, by, weights)
    columns = (
        Column(BY[by], lambda r: r.label),
        Column(_("who answered"), lambda r: r.respondents, "estimate"),
        Column(_("weighted"), lambda r: r.weighted, "estimate"),
        Column(_("everybody"), lambda r: r.population, "estimate"),
        Column(_("score of everybody"), lambda r: r.score_population, "estimate"),
        Column(_("experiences"), lambda r: r.experiences, "number"),
        Column(_("asked"), lambda r: r.asked, "number"),
        Column(_("answered"), lambda r: r.answered, "number"),
        Column(_("stated, %"), lambda r: 100 * r.stated, "number", 1),
        Column(_("worth answers"), lambda r: round(r.effective_n), "number"),
    )
    shown = [row for row in result.rows if not row.population.hidden]
    chart = Chart(
        kind="line" if by == "month" else "bars",
        title=str(_("Everybody")),
        unit=result.metric.partition(":")[0],
        labels=tuple(row.label for row in shown),
        values=tuple(row.population.value for row in shown),
        low=tuple(row.population.low for row in shown),
        high=tuple(row.population.high for row in shown),
        meant=tuple(row.respondents.value for row in shown) if by == "month" else (),
    )
    said = (f"{result.metric}.", *metrics.validated(result))
    return Figure(
        columns, result.rows, result.basis, chart if len(shown) > 1 else None,
        _("There is no experience in this part."), said=said, refused=result.refused,
    )  # fmt: skip


def emotions(ask: Ask) -> Figure:
    """Which emotions were named."""
    result = questions.emotions(ask)
    columns = (
        Column(_("emotion"), lambda r: r.emotion),
        Column(_("does what"), lambda r: CLUSTERS[r.cluster], "chip"),
        Column(_("named"), lambda r: r.n, "number"),
        Column(_("share, %"), lambda r: r.share, "estimate", 1, 100),
    )
    chart = Chart(
        kind="bars",
        title=str(_("Emotions")),
        unit="%",
        labels=tuple(row.emotion for row in result.rows),
        values=tuple(100 * row.share.value for row in result.rows),
        low=tuple(100 * row.share.low for row in result.rows),
        high=tuple(100 * row.share.high for row in result.rows),
    )
    net = {name: f"{getattr(result.nev, name):+.1f}" for name in ("value", "low", "high")}
    said = (_("Net Emotional Value %(value)s (%(low)s to %(high)s).") % net,)
    return Figure(
        columns, result.rows, result.basis, chart,
        _("No perception names an emotion."), said=said if result.rows else (),
    )  # fmt: skip


def consistency(ask: Ask) -> Figure:
    """How far the same party feels differently, beyond chance."""
    result = questions.consistency(ask)
    columns = (
        Column(_("from one to another"), lambda r: ACROSS[r.dimension]),
        Column(_("pairs alike"), lambda r: r.alike, "number"),
        Column(_("pairs apart"), lambda r: r.apart, "number"),
        Column(_("chance, points"), lambda r: _known(r.chance), "number", 1),
        Column(_("spread beyond chance, points"), lambda r: r.spread, "estimate"),
        Column(_("consistency 0–100"), lambda r: r.consistency, "estimate"),
    )
    rows = [row for row in result.rows if row.alike or row.apart]
    empty = _("Nobody has answered the same question twice yet.")
    return Figure(columns, rows, result.basis, empty=empty)


def peak_end(ask: Ask) -> Figure:
    """The experience score by plain mean and by peak and end."""
    result = questions.peak_end(ask)
    columns = (
        Column(_("weighed by"), lambda r: WAYS[r.way]),
        Column(_("experience score"), lambda r: r.score, "estimate"),
        Column(_("the whole foretold, off by"), lambda r: r.error, "estimate"),
        Column(_("nearer than the plain mean by"), lambda r: r.nearer, "estimate", 2),
        Column(_("correlation"), lambda r: _known(r.correlation), "number", 2),
    )
    return Figure(
        columns, result.rows if result.experiences else (), result.basis,
        empty=_("Nobody has answered anything yet."),
        said=(result.sentence,) if result.sentence else (),
        refused=result.refused if result.experiences else (),
    )  # fmt: skip


def gaps(ask: Ask) -> Figure:
    """How steps were meant to feel, less how they do."""
    result = questions.promise_gaps(ask)
    columns = (
        Column(_("step"), lambda r: r.label, link=None if ask.shared else _to_map),
        Column(_("journeys"), lambda r: r.walks, "number"),
        Column(_("meant to feel"), lambda r: r.intended, "number"),
        Column(_("feels"), lambda r: r.perceived, "estimate"),
        Column(_("gap"), lambda r: r.gap, "estimate"),
    )
    shown = [row for row in result.rows if not row.gap.hidden]
    chart = Chart(
        kind="bars",
        title=str(_("Promise gap")),
        unit=str(_("points of score")),
        labels=tuple(row.label for row in shown),
        values=tuple(row.gap.value for row in shown),
        low=tuple(row.gap.low for row in shown),
        high=tuple(row.gap.high for row in shown),
    )
    return Figure(
        columns, result.rows, result.basis, chart,
        _("No step of a map says how it is meant to feel. Open a map and say so."),
    )  # fmt: skip


def _to_map(row: Any) -> str:
    return f"/maps/{row.map}"


def calibration(ask: Ask) -> Figure:
    """What was predicted of later answers against what was stated."""
    result = questions.population(ask, "all", "chance")
    bins = result.validation.bins if result.validation else ()
    columns = (
        Column(_("predicted score"), lambda r: r.predicted, "number", 1),
        Column(_("answers"), lambda r: r.stated.n, "number"),
        Column(_("stated score"), lambda r: r.stated, "estimate"),
    )
    chart = Chart(
        kind="line",
        title=str(_("Predicted against stated")),
        unit=str(_("score 0–100")),
        labels=tuple(f"{one.predicted:.0f}" for one in bins),
        values=tuple(one.stated.value for one in bins),
        low=tuple(one.stated.low for one in bins),
        high=tuple(one.stated.high for one in bins),
        meant=tuple(one.predicted for one in bins),
    )
    said = (_("The dashed line is what was predicted: a good model lies on it."),)
    return Figure(columns, bins, result.basis, chart, _("No model was tried."), said=said)


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
    worst = result.rows[0]
    return Figure(
        columns, result.rows, result.basis, chart,
        said=(f"{worst.label}: {PROBLEMS[worst.problem]}. {worst.sentence}",),
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
        Column(_("purchases each"), lambda r: _known(r.purchases), "number", 2),
        Column(_("amount of one"), lambda r: _known(r.amount), "number", 2),
        Column(_("value each"), lambda r: r.value, "estimate", 2),
        Column(_("together"), lambda r: _known(r.total), "number", 0),
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


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


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
    result = questions.without(ask, finding, ask.number("removed", 100, 1, 100))
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
    rows = questions.findings(ask.keeping()).rows
    return next((row.name for row in rows if not row.lowers.hidden), "")


FIGURES = (
    Spec(
        "population", lazy("Everybody, and who answered"), population,
        options=("among", "weights"),
    ),
    Spec("emotions", lazy("Emotions"), emotions),
    Spec("promise-gap", lazy("Promise gap"), gaps, honours=("period", "segment")),
    Spec("peak-end", lazy("Peak and end, or the plain mean"), peak_end),
    Spec("consistency", lazy("Consistency"), consistency),
    Spec("calibration", lazy("How good the prediction is"), calibration),
    Spec(
        "effects", lazy("What problems do, adjusted"), effects, honours=("period", "segment"),
    ),
    Spec("interactions", lazy("Drivers together"), interactions),
    Spec("aspects", lazy("What punishes, what delights"), aspects),
    Spec("verdicts", lazy("Did it work"), verdicts, honours=()),
    Spec("staying", lazy("Who stays"), staying, honours=("segment",)),
    Spec("lifetime", lazy("What is to come"), lifetime, honours=("segment",)),
    Spec("money", lazy("The money ledger"), money, honours=("period", "segment")),
    Spec(
        "what-if", lazy("What if it went"), what_if, honours=(), options=("finding", "removed"),
    ),
)  # fmt: skip
