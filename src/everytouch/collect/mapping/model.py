"""A mapping says what a row of a table is; a plan is all that it takes to import a file."""

from dataclasses import dataclass, replace

from everytouch.catalogue.api import Instrument, Touchpoint
from everytouch.collect.source import Input, LeftOut

RECORD = "record"
"""Namespace of people who cannot be known: each is known by the id of their own record only."""


@dataclass(frozen=True)
class Who:
    """An identifier: its namespace (email, phone, customer_no, device …) and its column."""

    namespace: str
    column: str


@dataclass(frozen=True)
class Value:
    """A column of the table, or the same text in every row.

    Attributes:
        names: of a column, what a text stands for: text → name; other texts stay as they are.
    """

    column: str = ""
    constant: str = ""
    names: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.column or self.constant)


@dataclass(frozen=True)
class Question:
    """A column that people answered on a scale; its text is a number by the column's format.

    Attributes:
        instrument: the question in the catalogue.
        touchpoint: what it is about, where that differs from the mapping's.
        when: column with the time of the answer, where it is not that of the row.
        id: column with an id of its own, where the answer has one.
        key: what tells the answer from others of its row, as the question's code in the tool;
            the instrument's name when empty. It stays the same when the question is reworded.
    """

    column: str
    instrument: str
    touchpoint: str = ""
    when: str = ""
    id: str = ""
    key: str = ""


@dataclass(frozen=True)
class Choice:
    """A question with several answers at once: kept as the property ``name``, a list.

    Attributes:
        columns: one column a choice, or the one column that holds them all.
        labels: what a filled column means, in the order of ``columns``; its own text when empty.
        split: sign between the answers of one cell.
        picked: values that mean "chosen", where a column holds a code; any value when empty.
    """

    name: str
    columns: tuple[str, ...]
    labels: tuple[str, ...] = ()
    split: str = ""
    picked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mapping:
    """What a row of a table is.

    Attributes:
        table: name of an input or of a table of the plan.
        columns: all columns of that table.
        id: columns that together are the row's id; the whole row when empty.
        when: columns with the time, the first that has one counts.
        at: time of rows that have none, as when the file was written.
        who: identifiers, the strongest first; people without any are known by
            ``else_who`` or the row's id only.
        else_who: known by this where no identifier is given, as by a name; it links nobody.
        interaction: whether the row is something that happened, at ``touchpoint``.
        about: of responses: touchpoint, journey or relationship.
        questions: the first that was answered carries the text.
        text: columns of what was written, joined by line breaks; several stay properties, too.
        traits: columns that describe the person; properties where nobody knows who it is.
        trait: columns with the name and the value of a trait, where every row is one.
        links: whether the row says that its identifiers are one person, though it is no moment.
        currency: of amount and cost; amounts in another currency than the workspace's stay
            properties, since money is never added across currencies.
        duration: column of seconds.
        objects: type → column, as order, case, session; the leading one first.
        counts: columns of numbers of people who are not named.
        place: column with the place of counts.
        leave: columns that are not kept as properties.
        nested: columns of JSON text that are kept as JSON, not as text.
        spread: columns of JSON objects whose members become properties.
        only: SQL condition a row must meet to be a record.
        source_order: column with the order among rows of the same time.
    """

    table: str
    columns: tuple[str, ...]
    id: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    at: str = ""
    who: tuple[Who, ...] = ()
    else_who: Who | None = None
    party_kind: str = "customer"
    interaction: bool = False
    touchpoint: Value = Value()
    about: str = "relationship"
    questions: tuple[Question, ...] = ()
    choices: tuple[Choice, ...] = ()
    title: str = ""
    text: tuple[str, ...] = ()
    language: Value = Value()
    weight: str = ""
    traits: tuple[str, ...] = ()
    trait: tuple[str, str] | None = None
    links: bool = False
    amount: str = ""
    cost: str = ""
    currency: Value = Value()
    outcome: Value = Value()
    duration: str = ""
    due: str = ""
    counterpart: Who | None = None
    objects: tuple[tuple[str, str], ...] = ()
    counts: tuple[str, ...] = ()
    place: str = ""
    leave: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    spread: tuple[str, ...] = ()
    only: str = ""
    source_order: str = ""


@dataclass(frozen=True)
class Plan:
    """All that it takes to import a file.

    Attributes:
        title: what the file was recognised as, as "Qualtrics responses".
        source: name of the source, the same for every file of this shape.
        timezone: of times that name none.
        tables: name → SELECT over the inputs and the tables before it; prepared for the mappings.
        left_out: rows that are no records, and why.
        touchpoints, instruments: the catalogue needs them.
        assumed: what was assumed and may be wrong, in words for the person who imports.
        definition: the file holds no rows but a survey's questions.
    """

    title: str
    source: str
    timezone: str
    inputs: tuple[Input, ...]
    mappings: tuple[Mapping, ...]
    tables: tuple[tuple[str, str], ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    touchpoints: tuple[Touchpoint, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    assumed: tuple[str, ...] = ()
    definition: bool = False

    def changed(self, **values: object) -> "Plan":
        """Return the plan with other values."""
        return replace(self, **values)  # type: ignore[arg-type]
