"""Two parts of the trails side by side: any answer, of two segments or two periods."""

import dataclasses
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.errors import NotEnoughDataError, UnknownNameError
from everytouch.results import Result
from everytouch.stats.comparing import Compared, compare
from everytouch.stats.intervals import Estimate
from everytouch.web import questions
from everytouch.web.ask import Ask
from everytouch.web.figure import Column, Figure, Spec
from everytouch.web.figures.journeys import named
from everytouch.web.words import COMPARED, MEASURES

ANSWERS: dict[str, Callable[[Ask], Result]] = {
    "perception": lambda ask: questions.perception(ask, "touchpoint"),
    "promises": questions.promises,
    "drop-off": questions.drop_off,
    "graph": questions.graph,
    "paths": lambda ask: questions.paths(ask, "correlation"),
    "repeats": questions.repeats,
    "retention": lambda ask: questions.retention(ask, "month"),
    "lifecycle": lambda ask: questions.lifecycle(ask, "month"),
}
SHOWN = 60


def second_of(ask: Ask) -> Ask:
    """What is asked of, to compare with: another segment, another period, or both.

    Raises:
        NotEnoughDataError: the address names neither.
        UnknownNameError: there is no such segment.
    """
    versus, since, until = (ask.options.get(n, "") for n in ("versus", "from", "to"))
    if not (versus or since or until):
        raise NotEnoughDataError(
            _("There is nothing to compare with"), _("choose a segment or a period above")
        )
    if versus and versus not in ask.workspace.catalogue.segments:
        raise UnknownNameError(f"segment {versus!r} is unknown", "choose one of the list")
    other = {"segment": versus} if versus else {}
    if since or until:
        other |= {"period": "", "since": since, "until": until}
    return ask.instead(**other)


def compared(ask: Ask) -> Figure:
    """What is different between the two, the surest first."""
    answer, other = ANSWERS[ask.option("what", tuple(COMPARED))], second_of(ask)
    result = compare(answer(ask), answer(other), ask.workspace.settings.confidence)
    rows = [row for row in result.rows if row.q == row.q]  # the others cannot be told apart
    rows.sort(key=lambda row: row.q)
    label = named(ask)

    def words(row: Compared) -> str:
        shown: list[str] = []
        for part in row.what.split(", "):
            if part not in shown[-1:]:  # a label stands behind its name
                shown.append(" → ".join(map(label, part.split(" → "))))
        return f"{', '.join(shown)}: {MEASURES.get(row.measure, row.measure.replace('_', ' '))}"

    columns = (
        Column(_("what"), words),
        Column(_("first"), lambda r: _scaled(r, r.first), "estimate"),
        Column(_("second"), lambda r: _scaled(r, r.second), "estimate"),
        Column(_("difference"), lambda r: _scaled(r, r.difference), "estimate"),
        Column(_("false discovery"), lambda r: r.q, "percent", 2),
    )
    empty = _("Nothing here can be compared: one of the two is empty, or too few answered.")
    said = (
        _(
            "Shares are in per cent. If all lines down to one are reported, the last column says "
            "how many of them may be false."
        ),
    )
    return Figure(
        columns, rows[:SHOWN], result.basis, empty=empty, said=said if rows else (),
    )  # fmt: skip


def _scaled(row: Compared, value: Estimate) -> Estimate:
    """Shares in per cent, all else as it is."""
    if row.first.method != "Wilson score":
        return value
    parts = {name: 100 * getattr(value, name) for name in ("value", "low", "high")}
    return dataclasses.replace(value, **parts)


FIGURES = (
    Spec("compared", lazy("What is different"), compared, options=("what", "versus", "from", "to")),
)
