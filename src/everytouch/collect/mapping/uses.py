"""What each column of a mapping is used for, and the mapping with a column used otherwise."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from everytouch.collect.mapping.model import Choice, Mapping, Question, Value, Who

SINGLE = ("touchpoint", "title", "amount", "cost", "currency", "duration", "outcome", "due",
          "language", "weight", "counterpart", "else_who", "source_order")  # fmt: skip
"""Uses that one column of a mapping can have; the attributes of ``Mapping`` of that name."""

_PEOPLE = ("counterpart", "else_who")
_VALUES = ("touchpoint", "language", "outcome", "currency")
ROLES = ("when", "who", "question", "text", "choice", *SINGLE, "object", "trait", "property",
         "leave")  # fmt: skip
ROW_KINDS = ("responses", "interactions", "both", "customers")
_SPACES = (
    ("mail", "email"), ("phone", "phone"), ("telefon", "phone"), ("mobil", "phone"),
    ("device", "device"), ("cookie", "device"),
)  # fmt: skip


def role_of(mapping: Mapping, column: str) -> str:
    """Return what a column is used for; "property" where it is kept as it is."""
    if column in mapping.when:
        return "when"
    if any(one.column == column for one in mapping.questions):
        return "question"
    for name in SINGLE:
        if _single(mapping, name) == column:
            return name
    if any(column in one.columns for one in mapping.choices):
        return "choice"
    if any(one.column == column for one in mapping.who):
        return "who"
    for name, columns in (("text", mapping.text), ("trait", mapping.traits)):
        if column in columns:
            return name
    if any(name == column for _, name in mapping.objects):
        return "object"
    return "leave" if column in mapping.leave else "property"


def _single(mapping: Mapping, name: str) -> str:
    value = getattr(mapping, name)
    return value.column if isinstance(value, Value | Who) else str(value or "")


def without(mapping: Mapping, column: str) -> Mapping:
    """Return the mapping with a column kept as a property only; as an id it stays."""
    choices = []
    for one in mapping.choices:
        at = [i for i, name in enumerate(one.columns) if name != column]
        labels = tuple(one.labels[i] for i in at) if one.labels else ()
        if at:
            choices.append(replace(one, columns=tuple(one.columns[i] for i in at), labels=labels))
    singles = {name: _cleared(name) for name in SINGLE if _single(mapping, name) == column}
    made = replace(
        mapping,
        when=_less(mapping.when, column),
        who=tuple(one for one in mapping.who if one.column != column),
        questions=tuple(one for one in mapping.questions if one.column != column),
        choices=tuple(choices),
        text=_less(mapping.text, column),
        traits=_less(mapping.traits, column),
        leave=_less(mapping.leave, column),
        objects=tuple(one for one in mapping.objects if one[1] != column),
    )
    return _set(made, singles)


def _set(mapping: Mapping, values: dict[str, Any]) -> Mapping:
    """Return the mapping with attributes of these names."""
    return replace(mapping, **values)


def _less(columns: Iterable[str], column: str) -> tuple[str, ...]:
    return tuple(name for name in columns if name != column)


def _cleared(name: str) -> Value | str | None:
    if name in _VALUES:
        return Value()
    return None if name in _PEOPLE else ""


def with_role(mapping: Mapping, column: str, role: str, detail: str = "") -> Mapping:
    """Return the mapping with a column used otherwise.

    Args:
        role: one of ``ROLES``.
        detail: of "who", "counterpart", "else_who": the ID type; of "object": order, case …;
            of "question": the instrument; of "choice": the sign between its answers.
    """
    made = without(mapping, column)
    if role in ("when", "text", "leave"):
        return _set(made, {role: (*getattr(made, role), column)})
    if role == "trait":
        return replace(made, traits=(*made.traits, column))
    if role == "who":
        return replace(made, who=(*made.who, Who(detail or namespace_for(column), column)))
    if role == "question":
        return replace(made, questions=(*made.questions, Question(column, detail)))
    if role == "choice":
        several = Choice(plain_name(column), (column,), split=detail)
        return replace(made, choices=(*made.choices, several))
    if role == "object":
        return replace(made, objects=(*made.objects, (detail or plain_name(column), column)))
    if role in _PEOPLE:
        space = detail or ("employee_no" if role == "counterpart" else "name")
        return _set(made, {role: Who(space, column)})
    if role in _VALUES:
        return _set(made, {role: Value(column)})
    return _set(made, {role: column}) if role in SINGLE else made


def namespace_for(column: str) -> str:
    """Return the ID type that a column's name suggests."""
    low = column.casefold()
    return next((space for word, space in _SPACES if word in low), "customer_no")


def plain_name(text: str, otherwise: str = "column") -> str:
    """Return a text as a name: small letters, digits and underscores."""
    return re.sub(r"\W+", "_", text.strip()).strip("_").lower()[:40] or otherwise


def row_kind(mapping: Mapping) -> str:
    """Return what a row is: responses, interactions, both or customers."""
    answered = bool(mapping.questions or mapping.text)
    if mapping.interaction:
        return "both" if answered else "interactions"
    return "customers" if mapping.traits and not answered else "responses"


def as_rows(mapping: Mapping, kind: str) -> Mapping:
    """Return a mapping whose rows are something else; columns without a use are properties."""
    if kind == row_kind(mapping):
        return mapping
    if kind == "customers":
        named = [*mapping.who, *([mapping.else_who] if mapping.else_who else [])]
        used = {*mapping.when, *mapping.id, *mapping.leave, *(one.column for one in named)}
        traits = tuple(name for name in mapping.columns if name not in used)
        return replace(
            Mapping(mapping.table, mapping.columns, mapping.id, mapping.when, who=mapping.who),
            party_kind=mapping.party_kind, else_who=mapping.else_who, traits=traits,
            leave=mapping.leave, only=mapping.only, at=mapping.at,
        )  # fmt: skip
    if row_kind(mapping) == "customers":
        mapping = replace(mapping, traits=())
    if kind == "interactions":
        return replace(mapping, interaction=True, questions=(), text=(), title="")
    return replace(mapping, interaction=kind == "both")
