"""How each column of a file is understood: its role, its format and its first values."""

from dataclasses import dataclass

from everytouch.collect.columns.model import MARK, marked
from everytouch.collect.inputs import Opened, opened
from everytouch.collect.mapping.model import Mapping, Plan
from everytouch.collect.mapping.sql import quoted
from everytouch.collect.source import Source
from everytouch.settings import Settings

FIRST = 3
LONGEST = 40
_ROWS = 200


@dataclass(frozen=True)
class Sample:
    """A column as it is understood.

    Attributes:
        role: what it is used as, in words.
        form: how its text is read, in words; empty for text.
        values: its first values, as understood; of those that are not, as they are written.
    """

    column: str
    role: str
    form: str
    values: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The first values in one line."""
        return " · ".join(value[:LONGEST] for value in self.values)


def samples(plan: Plan, settings: Settings) -> tuple[Sample, ...]:
    """Return the columns of a plan's mappings as they are understood.

    Raises:
        SourceError: the file cannot be read.
    """
    source = Source(plan.source, plan.inputs[0].paths[0], plan.timezone, None, plan.inputs, ())
    with opened(source, settings, _ROWS) as files:
        return tuple(
            _sample(files, plan, mapping, column)
            for mapping in plan.mappings
            for column in mapping.columns
        )


def _sample(files: Opened, plan: Plan, mapping: Mapping, column: str) -> Sample:
    forms = {name: form for given in plan.inputs for name, form in given.columns.items()}
    before = ",\n".join(f"{quoted(name)} AS ({sql})" for name, sql in plan.tables)
    cell = f"CAST({quoted(column)} AS VARCHAR)"
    rows = files.con.sql(
        (f"WITH {before}\n" if before else "")
        + f"SELECT {cell} FROM {quoted(mapping.table)} WHERE trim({cell}) <> '' LIMIT {FIRST}"
    ).fetchall()
    values = tuple(_plain(row[0]) for row in rows)
    form = forms.get(column)
    return Sample(column, role_of(mapping, column), form.words if form else "", values)


def _plain(text: str) -> str:
    found = marked(text) if MARK in text else None
    return f"{found[1]} (not {found[0]})" if found else " ".join(text.split())


def role_of(mapping: Mapping, column: str) -> str:
    """Return what a column is used as, in words."""
    if column in mapping.id:
        return "ID of the row"
    if column in mapping.when:
        return "when"
    for who in mapping.who:
        if who.column == column:
            return f"who ({who.namespace})"
    if any(question.column == column for question in mapping.questions):
        return "question"
    if any(column in choice.columns for choice in mapping.choices):
        return "answers"
    if column in (*mapping.text, mapping.title):
        return "text"
    if column in mapping.traits:
        return "about the person"
    single = {
        mapping.amount: "amount", mapping.cost: "cost", mapping.duration: "duration",
        mapping.due: "due", mapping.weight: "weight", mapping.touchpoint.column: "touchpoint",
        mapping.outcome.column: "outcome", mapping.language.column: "language",
        mapping.currency.column: "currency",
        mapping.else_who.column if mapping.else_who else "": "who (name)",
        mapping.counterpart.column if mapping.counterpart else "": "other side",
        **{name: kind for kind, name in mapping.objects},
    }  # fmt: skip
    return single.get(column, "left out" if column in mapping.leave else "property")
