"""A survey's responses as a plan: each preset names the columns, this decides what they are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from everytouch.catalogue.api import Instrument
from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.columns.scales import Scale, scale_of
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Choice, Mapping, Plan, Question, Who
from everytouch.collect.mapping.sql import cell, literal, quoted
from everytouch.collect.naming import slug
from everytouch.collect.presets.base import Asked
from everytouch.collect.source import LeftOut

RESPONSES = "responses"
PARTIAL = "partial"


@dataclass
class Draft:
    """The plan of a survey's responses in the making.

    Attributes:
        source: name of the source.
        formats: of columns.
        answered: all columns that hold an answer of any kind.
        leave: columns that only repeat others.
        replaced: column → SQL in its place; new columns come last.
        assumed: what was concluded and may be wrong, in words.
        once: whether rows that are equal in every column are one response.
    """

    look: Look
    asked: Asked
    title: str
    source: str
    formats: dict[str, ColumnFormat] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    instruments: dict[str, Instrument] = field(default_factory=dict)
    choices: list[Choice] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    traits: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    leave: list[str] = field(default_factory=list)
    replaced: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)
    once: bool = False

    def rate(
        self, columns: Sequence[str], text: Callable[[str], str], *, sure: bool = False,
        code: Callable[[str], str] = lambda _: "",
        name: Callable[[str, Scale], str] = lambda text, _: slug(text),
    ) -> bool:  # fmt: skip
        """Take columns that share a scale as questions with a score; False where they have none.

        Args:
            text: from a column to the question's text.
            sure: that they are ratings, whatever their words.
            code: from a column to what the tool calls the question.
            name: from a question's text and scale to its name in the catalogue.
        """
        values = [value for column in columns for value in self.look.values(column)]
        scale = scale_of(" ".join(map(text, columns)), list(dict.fromkeys(values)), sure)
        if scale is None:
            return False
        if not scale.certain or scale.answers:
            self.assumed.append(
                f"“{text(columns[0])}” has answers from {scale.low:g} to {scale.high:g}"
            )
        for column in columns:
            self.score(column, text(column), scale, code(column), name(text(column), scale))
        return True

    def score(self, column: str, text: str, scale: Scale, code: str = "", name: str = "") -> None:
        """Take a column as a question with a score."""
        number = ColumnFormat("score", missing=scale.missing)
        choice = ColumnFormat("choice", answers=dict(scale.answers), missing=scale.missing)
        self.formats[column] = choice if scale.answers else number
        name = name or slug(text)
        self.instruments[name] = Instrument(
            name, text, scale.kind, scale.low, scale.high, scale.reversed
        )
        self.questions.append(Question(column, name, key=code))
        self.answered.append(column)

    def choose(self, choice: Choice) -> None:
        """Take columns as one question with several answers."""
        self.choices.append(choice)
        self.answered += choice.columns

    def write(self, *columns: str) -> None:
        """Take columns as texts."""
        self.texts += columns
        self.answered += columns

    def describe(self, *columns: str) -> None:
        """Take answers as traits of the person."""
        self.traits += columns
        self.answered += columns

    def value(self, column: str) -> str:
        """Return SQL of a column's text, as it was prepared so far."""
        return self.replaced.get(column, cell(column))

    @property
    def nothing(self) -> str:
        """SQL: no question was answered."""
        return (
            " AND ".join(f"{cell(name)} IS NULL" for name in dict.fromkeys(self.answered))
            or "false"
        )

    @property
    def _silent(self) -> str:
        """SQL: there is no score, no text and no trait, so nothing that is a record."""
        names = [*(one.column for one in self.questions), *self.texts, *self.traits]
        return " AND ".join(f"{cell(name)} IS NULL" for name in names) or "false"

    def plan(
        self, *, key: tuple[str, ...], when: tuple[str, ...], who: tuple[Who, ...],
        partial: str = "", zone: str = "", **values: object,
    ) -> Plan:  # fmt: skip
        """Return the plan.

        Args:
            key: columns that are the response's id.
            partial: SQL condition of a response that was not finished.
            zone: of times that name none; the workspace's when empty.
            values: other attributes of the mapping.
        """
        if partial:
            self.replaced[PARTIAL] = f"CASE WHEN {partial} THEN 'true' END"
        reasons = self.left_out | {
            "nothing answered": self.nothing,
            "only choices answered": self._silent,
        }
        table = RESPONSES
        columns = (*self.look.columns, *(n for n in self.replaced if n not in self.look.columns))
        mapping = Mapping(
            table=table, columns=columns, id=key, when=when, who=who,
            questions=tuple(self.questions), choices=tuple(self.choices), text=tuple(self.texts),
            traits=tuple(self.traits), leave=tuple(self.leave),
            only=" AND ".join(f"NOT coalesce({one}, false)" for one in reasons.values()),
        )  # fmt: skip
        return Plan(
            title=self.title, source=self.source, timezone=zone or self.asked.timezone,
            inputs=(replace(self.look.given, columns=self.formats),),
            mappings=(replace(mapping, **values),),  # type: ignore[arg-type]
            tables=((table, self._select()),),
            left_out=(*self._repeated(), *_counted(table, reasons)),
            instruments=tuple(self.instruments.values()),
            assumed=tuple(self.assumed),
        )  # fmt: skip

    def _select(self) -> str:
        known = [n for n in self.look.columns if n in self.replaced]
        changed = ", ".join(f"{self.replaced[n]} AS {quoted(n)}" for n in known)
        new = [f"{sql} AS {quoted(n)}" for n, sql in self.replaced.items() if n not in known]
        star = f"* REPLACE ({changed})" if changed else "*"
        every = "SELECT DISTINCT" if self.once else "SELECT"
        return f"{every} {', '.join([star, *new])} FROM {quoted(self.look.given.name)}"

    def _repeated(self) -> tuple[LeftOut, ...]:
        if not self.once:
            return ()
        whole = f"(SELECT count(*) FROM {quoted(self.look.given.name)})"
        counted = f"SELECT {whole} - (SELECT count(*) FROM {quoted(RESPONSES)})"
        return (LeftOut("duplicate of one response", counted),)


def _counted(table: str, reasons: dict[str, str]) -> tuple[LeftOut, ...]:
    """Rows that are left out, each under the first reason that holds."""
    found, before = [], "true"
    for reason, condition in reasons.items():
        found.append(
            LeftOut(
                reason, f"SELECT count(*) FROM {quoted(table)} WHERE {before} AND ({condition})"
            )
        )
        before += f" AND NOT coalesce({condition}, false)"
    return tuple(found)


def one_of(name: str, *values: str) -> str:
    """Return an SQL condition: a column has one of these values, whatever their case."""
    return f"lower({cell(name)}) IN ({', '.join(literal(value.lower()) for value in values)})"
