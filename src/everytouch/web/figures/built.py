"""Funnels and cohorts that a visitor builds: figures of what the address names."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.errors import NotEnoughDataError, UnknownNameError, WithheldError
from everytouch.journeys import api as journeys
from everytouch.journeys.api import Funnel, Retention, Step, StepMatrix
from everytouch.results import Basis
from everytouch.stats.comparing import Compared, Comparison, compare
from everytouch.web import questions
from everytouch.web.ask import Ask
from everytouch.web.figure import Column, Figure, Spec
from everytouch.web.figures.journeys import named, returned
from everytouch.web.words import COUNTING, DIRECTIONS, EVERY, ORDERS

MOST_STEPS, SUGGESTED = 12, 5


def steps_of(ask: Ask) -> tuple[str, ...]:
    """The steps the address names; the most frequent journey's where it names none.

    Raises:
        UnknownNameError: there is no such touchpoint.
    """
    named = tuple(filter(None, ask.options.get("steps", "").split(",")))[:MOST_STEPS]
    if not named:
        paths = questions.paths(ask, "correlation").rows or questions.paths(ask, "party").rows
        return tuple(dict.fromkeys(paths[0].touchpoints))[:SUGGESTED] if paths else ()
    for name in named:
        ask.workspace.trails().code_of(name)
    return named


def funnel_of(ask: Ask, segment: str | None = None) -> Funnel:
    """The funnel the address names, of the visitor's filters or of another segment."""
    steps = steps_of(ask)
    if not steps:
        raise NotEnoughDataError(_("No step is chosen"), _("choose the first one"))
    order: Any = ask.option("order", tuple(ORDERS))
    days = ask.number("days", 30, 1, 3650)
    other = ask if segment is None else ask.instead(segment=segment, persona="")
    return questions.funnel(other, steps, order, days)


def funnel(ask: Ask) -> Figure:
    """Who takes the steps, one after the other; beside another segment, where one is named."""
    result, label = funnel_of(ask), named(ask)
    empty = _("Nobody came to the first step. Choose another one, or take filters away.")

    chart, versus = journeys.taken(result, label), ask.options.get("versus", "")
    if versus:
        with_ = compare(result, _other(ask, versus), ask.workspace.settings.confidence)
        rows = list(_matched(result, with_))
        return Figure(_beside(ask, versus, label), rows, with_.basis, chart, empty)
    columns = (
        Column(_("step"), lambda r: label(r.touchpoint)),
        Column(_("parties"), lambda r: r.parties, "number"),
        Column(_("of the first, %"), lambda r: r.share, "estimate", 1, 100),
        Column(_("median time from the first"), lambda r: r.median_s, "duration"),
    )
    return Figure(columns, result.rows, result.basis, chart, empty)


def _matched(result: Funnel, compared: Comparison) -> Iterator[tuple[Step, Compared]]:
    """Each step with its comparison; steps that are withheld in one of the two are left out."""
    shares, taken = {row.what: row for row in compared.rows}, Counter[str]()
    for step in result.rows:
        taken[step.touchpoint] += 1
        again = f" ({taken[step.touchpoint]})" if taken[step.touchpoint] > 1 else ""
        if step.touchpoint + again in shares:
            yield step, shares[step.touchpoint + again]


def _beside(ask: Ask, versus: str, label: Callable[[str], str]) -> tuple[Column, ...]:
    """Of a step, and the same step compared."""
    known, mine = ask.workspace.catalogue.segments, ask.filters.segment
    first = known[mine].label if mine else _("everybody")
    return (
        Column(_("step"), lambda r: label(r[0].touchpoint)),
        Column(_("parties"), lambda r: r[0].parties, "number"),
        Column(first, lambda r: r[1].first, "estimate", 1, 100),
        Column(known[versus].label, lambda r: r[1].second, "estimate", 1, 100),
        Column(_("difference, points"), lambda r: r[1].difference, "estimate", 1, 100),
    )


def _other(ask: Ask, segment: str) -> Funnel:
    if segment not in ask.workspace.catalogue.segments:
        raise UnknownNameError(f"segment {segment!r} is unknown", "choose one of the list")
    return funnel_of(ask, segment)


def by_segment(ask: Ask) -> Figure:
    """The last step of the funnel in every segment."""
    found = list(_ends(ask))
    columns = (
        Column(_("segment"), lambda r: r[0]),
        Column(_("parties at the first step"), lambda r: r[1].parties, "number"),
        Column(_("at the last"), lambda r: r[2].parties, "number"),
        Column(_("of the first, %"), lambda r: r[2].share, "estimate", 1, 100),
    )
    enough = ask.workspace.settings.minimum_n
    rows = [row for row in found if row[1].parties >= enough]
    return Figure(
        columns, rows, rows[0][3] if rows else None,
        empty=_("There is no segment yet, or nobody of one came to the first step."),
    )  # fmt: skip


def _ends(ask: Ask) -> Iterator[tuple[str, Step, Step, Basis]]:
    """Segment, first and last step, of the segments of which both may be shown."""
    last = len(steps_of(ask))
    for segment in ask.workspace.catalogue.segments.values():
        try:
            result = funnel_of(ask, segment.name)
        except WithheldError:
            continue
        steps = {step.step: step for step in result.rows}
        if 1 in steps and last in steps:
            yield segment.label, steps[1], steps[last], result.basis


def cohorts_of(ask: Ask) -> Retention:
    """The cohorts the address names."""
    every: Any = ask.option("every", tuple(EVERY))
    how: Any = ask.option("how", tuple(COUNTING))
    start, back = (ask.options.get(name, "") for name in ("start", "back"))
    return questions.cohorts(ask, every, how, start, back)


def cohorts(ask: Ask) -> Figure:
    """Who comes back to what, after having begun with what."""
    result = cohorts_of(ask)
    return returned(result, ask.option("every", tuple(EVERY)), journeys.cohort_triangle(result))


def _around(ask: Ask) -> tuple[StepMatrix, str, Callable[[str], str]]:
    """What the address asks: the answer, the direction, and names in words."""
    direction: Any = ask.option("direction", tuple(DIRECTIONS))
    at = around_what(ask)
    if not at:
        raise NotEnoughDataError(_("No touchpoint is chosen"), _("choose one"))
    ended, label = _("nothing more") if direction == "after" else _("nothing before"), named(ask)
    words = {journeys.NOTHING: ended}
    return questions.around(ask, at, direction), direction, lambda n: words.get(n) or label(n)


def passages(ask: Ask) -> Figure:
    """Where people go from a touchpoint, or come to it from."""
    result, direction, label = _around(ask)
    columns = (
        Column(_("place"), lambda r: r.place, "number"),
        Column(_("nearer to it"), lambda r: label(r.source)),
        Column(_("at this place"), lambda r: label(r.target)),
        Column(_("parties"), lambda r: r.parties, "number"),
    )
    return Figure(
        columns, result.passages, result.basis,
        journeys.passing(result, label, back=direction == "before"),
        _("Nobody came there. Choose another touchpoint, or take filters away."),
    )  # fmt: skip


def around(ask: Ask) -> Figure:
    """Where people are so many interactions after, or before, a touchpoint."""
    result, _direction, label = _around(ask)
    columns = (
        Column(_("place"), lambda r: r.place, "number"),
        Column(_("touchpoint"), lambda r: label(r.touchpoint)),
        Column(_("parties"), lambda r: r.parties, "number"),
        Column(_("of all that were there, %"), lambda r: r.share, "estimate", 1, 100),
        Column(_("median time between"), lambda r: r.median_s, "duration"),
    )
    return Figure(
        columns, result.rows, result.basis, journeys.step_matrix(result, label),
        _("Nobody came there. Choose another touchpoint, or take filters away."),
    )  # fmt: skip


def around_what(ask: Ask) -> str:
    """The touchpoint that the address names; the one most came to where it names none.

    Raises:
        UnknownNameError: there is no such touchpoint.
    """
    at = ask.options.get("at", "")
    if at:
        ask.workspace.trails().code_of(at)
        return at
    nodes = questions.graph(ask).nodes
    return nodes[0].touchpoint if nodes else ""


FIGURES = (
    Spec("funnel", lazy("Funnel"), funnel, options=("steps", "order", "days", "versus")),
    Spec(
        "funnel-segments", lazy("The last step by segment"), by_segment,
        honours=("period", "places"), options=("steps", "order", "days"),
    ),
    Spec("passages", lazy("Where people go"), passages, options=("at", "direction")),
    Spec("around", lazy("Place by place"), around, options=("at", "direction")),
    Spec("cohorts", lazy("Cohorts"), cohorts, options=("start", "back", "every", "how")),
)  # fmt: skip
