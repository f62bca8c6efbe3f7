"""Everybody beside who answered; what was named, kept and remembered of a feeling."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.charts import Chart
from everytouch.metrics import api as metrics
from everytouch.metrics.api import POPULATION_BY, WEIGHTS
from everytouch.web import questions
from everytouch.web.ask import Ask
from everytouch.web.figure import Column, Figure, Spec, known
from everytouch.web.words import (
    ACROSS,
    BY,
    CLUSTERS,
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
        Column(_("chance, points"), lambda r: known(r.chance), "number", 1),
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
        Column(_("correlation"), lambda r: known(r.correlation), "number", 2),
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


FIGURES = (
    Spec(
        "population", lazy("Everybody, and who answered"), population,
        options=("among", "weights"),
    ),
    Spec("emotions", lazy("Emotions"), emotions),
    Spec(
        "promise-gap", lazy("Promise gap"), gaps, honours=("period", "segment"),
        asks="promise-gaps",
    ),
    Spec("peak-end", lazy("Peak and end, or the plain mean"), peak_end),
    Spec("consistency", lazy("Consistency"), consistency),
    Spec("calibration", lazy("How good the prediction is"), calibration),
)  # fmt: skip
