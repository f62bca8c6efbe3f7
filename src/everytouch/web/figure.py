"""A figure of a page: a table with its basis, a chart where there is one, ways to take it away."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from django.utils.translation import gettext as _

from everytouch.charts import Chart
from everytouch.errors import ForbiddenError, NotEnoughDataError
from everytouch.results import Basis, Withheld
from everytouch.web.answers import ANSWERS
from everytouch.web.ask import Ask
from everytouch.web.question import QUESTIONS
from everytouch.web.words import WHY_WITHHELD

Kind = Literal["text", "number", "percent", "estimate", "money", "time", "duration", "chip"]


@dataclass(frozen=True)
class Column:
    """One column of a figure's table.

    Attributes:
        read: row → value, as ``kind`` says: an ``Estimate`` for "estimate", seconds for
            "duration", a share for "percent".
        factor: an estimate is shown so many times.
        link: row → address, or None.
    """

    title: Any
    read: Callable[[Any], Any]
    kind: Kind = "text"
    digits: int = 1
    factor: float = 1.0
    link: Callable[[Any], str | None] | None = None


@dataclass(frozen=True)
class Figure:
    """What a figure shows.

    Attributes:
        columns, rows: the table.
        basis: what it rests on; None where it is a plain list.
        empty: what to do where there are no rows.
        said, refused: sentences beside it: what the data says, what it cannot say.
        behind: address of the moments behind it, or empty.
    """

    columns: Sequence[Column]
    rows: Sequence[Any]
    basis: Basis | None = None
    chart: Chart | None = None
    empty: Any = ""
    said: tuple[Any, ...] = ()
    refused: tuple[Any, ...] = ()
    behind: str = ""
    template: str = ""
    extra: Any = None

    @property
    def drawn(self) -> bool:
        """Whether there is anything to draw."""
        return self.chart is not None and bool(self.chart.labels or self.chart.points)


@dataclass(frozen=True)
class Spec:
    """A figure that can be asked for: its name in addresses, its title, and how it is made.

    Attributes:
        honours: which filters it heeds, of period, segment, places; said beside it.
        options: names of the choices it reads.
        asks: the question that it cannot be without; who may not ask it does not see the figure.
    """

    name: str
    title: Any
    make: Callable[[Ask], Figure]
    need: str = "see"
    honours: tuple[str, ...] = ("period", "segment", "places")
    options: tuple[str, ...] = ()
    asks: str = ""

    def forbids(self, ask: Ask) -> str:
        """Why the visitor may not see it; empty where they may."""
        if self.need not in ask.rights:
            return "your role or token does not allow this"
        return QUESTIONS[self.asks].forbids(ask) if self.asks else ""

    def of(self, ask: Ask) -> Figure:
        """The figure; where the data cannot say, an empty one that tells why.

        Raises:
            ForbiddenError: it is not the visitor's to see.
        """
        if why := self.forbids(ask):
            raise ForbiddenError(why, "ask an owner for a role that may")
        return ANSWERS.get(self._key(ask), lambda: self._made(ask))

    def ready(self, ask: Ask) -> bool:
        """Whether it was made already."""
        return ANSWERS.has(self._key(ask))

    def deaf(self, ask: Ask) -> list[str]:
        """Filters that are set and that it does not heed."""
        f = ask.filters
        given = {
            "period": f.period or f.since or f.until,
            "segment": f.segment or f.persona,
            "places": f.stage or f.channel or f.touchpoint or f.where or ask.only is not None,
        }
        return [name for name, value in given.items() if value and name not in self.honours]

    def _made(self, ask: Ask) -> Figure:
        try:
            made = self.make(ask)
        except NotEnoughDataError as error:
            return Figure((), (), empty=f"{_(error.what)}: {_(error.remedy)}")
        held = made.basis.withheld if made.basis else ()
        return replace(made, refused=(*made.refused, *map(_withheld, held)))

    def _key(self, ask: Ask) -> tuple[Any, ...]:
        options = tuple(ask.options.get(name, "") for name in self.options)
        return ask.key("figure", self.name, options, ask.rights, ask.language, ask.shared)


def _withheld(held: Withheld) -> str:
    """How many rows are withheld, and why, in words."""
    return str(WHY_WITHHELD[held.reason] % {"rows": held.rows})


def known(value: float) -> float | None:
    """The value; None, which shows as nothing, where there is none."""
    return None if math.isnan(value) else value
