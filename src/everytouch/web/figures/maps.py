"""A map against what people live through: each step, and each deviation with what it goes with."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.errors import NotEnoughDataError
from everytouch.journeys import api as journeys
from everytouch.journeys.api import Against, Deviation, StepTaken
from everytouch.web import questions
from everytouch.web.ask import Ask
from everytouch.web.figure import Column, Figure, Spec
from everytouch.web.words import DEVIATIONS


def name_of(ask: Ask) -> str:
    """The map that is asked about.

    Raises:
        NotEnoughDataError: there is no map yet.
        UnknownNameError: there is none of this name.
    """
    names = ask.workspace.map_names()
    if not names:
        raise NotEnoughDataError("There is no map yet", "draw one on the page Maps")
    return ask.option("map", names)


def against(ask: Ask) -> Against:
    """Every real journey against the map; of the visitor's period and segment."""
    return questions.against(ask, name_of(ask))


def steps(ask: Ask) -> Figure:
    """Step by step, as it was meant and as it is."""
    result = against(ask)
    columns = (
        Column(_("step"), lambda s: s.label),
        Column(_("stage"), lambda s: s.stage or "–"),
        Column(_("journeys that take it"), lambda s: s.share.value, "percent"),
        Column(_("late"), _late),
        Column(_("meant to feel"), lambda s: "–" if s.intended is None else f"{s.intended:g}"),
        Column(_("feels"), lambda s: s.score, "estimate"),
    )
    said = _("%(share)s %% of %(walks)s journeys are as the map says.") % {
        "share": f"{100 * result.fitting.value:.1f}",
        "walks": f"{result.walks:,}",
    }
    return Figure(
        columns,
        result.steps if result.walks else (),
        result.basis,
        journeys.as_meant(result),
        _("No journey of this kind here. Choose a longer period, or another unit in the map."),
        said=(said,),
    )


def in_words(ask: Ask, deviation: str) -> str:
    """A deviation's name, as ``late:delivered``, as people read it."""
    kind, _, name = deviation.partition(":")
    kind, workspace = kind.replace("-", " "), ask.workspace
    labels = {one.step: one.label for one in workspace.journey_map(name_of(ask)).steps}
    if kind == "added":
        labels = {name: point.label for name, point in workspace.catalogue.touchpoints.items()}
    return f"{DEVIATIONS.get(kind, kind)}: {labels.get(name, name)}"


def _late(step: StepTaken) -> str:
    late = step.late
    if late is None:
        return "–"
    return f"{100 * late.value:.1f} % ({100 * late.low:.1f} … {100 * late.high:.1f})"


def deviations(ask: Ask) -> Figure:
    """What is otherwise, how often, and what it goes with."""
    result, name = against(ask), name_of(ask)
    money = ask.workspace.settings.currency

    def behind(row: Deviation) -> str | None:
        if "dig" not in ask.rights or ask.shared:
            return None
        return f"/maps/{name}/journeys?deviation={row.deviation}&{ask.filters.query()}"

    columns = (
        Column(_("deviation"), lambda r: in_words(ask, r.deviation), link=behind),
        Column(_("journeys"), lambda r: r.walks, "number"),
        Column(_("of all"), lambda r: r.share.value, "percent"),
        Column(_("points more or less"), lambda r: r.score, "estimate"),
        Column(
            _("%(money)s after, more or less") % {"money": money}, lambda r: r.spend, "estimate"
        ),
        Column(_("leave, % more or less"), lambda r: r.leaving, "estimate", 1, 100),
    )
    return Figure(
        columns,
        result.rows,
        result.basis,
        empty=_("Every journey is as the map says."),
        said=(
            _("What a deviation goes with is an association: such journeys may differ otherwise."),
        ),
    )


_HONOURED = ("period", "segment")
FIGURES = (
    Spec(
        "map-steps", lazy("As it was meant, and as it is"), steps,
        honours=_HONOURED, options=("map",), asks="against",
    ),
    Spec(
        "map-deviations", lazy("What is otherwise"), deviations,
        honours=_HONOURED, options=("map",), asks="against",
    ),
)  # fmt: skip
