"""The columns that a mapping uses."""

from dataclasses import replace

from everytouch.collect.mapping.model import Mapping, Plan


def used(mapping: Mapping) -> set[str]:
    """Return the columns that stand in a column of a record, and so need not be properties, too."""
    values = (mapping.touchpoint, mapping.language, mapping.outcome)
    names = {value.column for value in values} | {mapping.title, mapping.weight}
    names |= {mapping.duration, mapping.due, mapping.source_order, *mapping.when[:1]}
    names |= {*mapping.id, *mapping.traits, *mapping.leave, *mapping.nested, *mapping.spread}
    if len(mapping.text) == 1:  # of several, properties say which column each was written in
        names |= {*mapping.text}
    names |= {*mapping.counts, mapping.place}
    names |= {who.column for who in mapping.who} | {column for _, column in mapping.objects}
    names |= {question.column for question in mapping.questions}
    names |= {column for choice in mapping.choices for column in choice.columns}
    names |= {who.column for who in (mapping.counterpart, mapping.else_who) if who}
    if not mapping.currency:
        names |= {mapping.amount, mapping.cost}
    return names - {""}


def named(mapping: Mapping) -> set[str]:
    """Return every column that a mapping names, whatever for."""
    more = {*mapping.when, *mapping.text, *(mapping.trait or ()), mapping.amount, mapping.cost}
    more |= {mapping.currency.column}
    more |= {name for one in mapping.questions for name in (one.when, one.id)}
    return (used(mapping) | more) - {""}


def whole(plan: Plan) -> Plan:
    """Return a plan whose mappings list every column that they name, also prepared ones.

    A prepared column becomes no property by that.
    """
    return replace(plan, mappings=tuple(map(_whole, plan.mappings)))


def _whole(mapping: Mapping) -> Mapping:
    missing = sorted(named(mapping) - set(mapping.columns))
    quiet = tuple(name for name in missing if name not in used(mapping))
    columns, leave = (*mapping.columns, *missing), (*mapping.leave, *quiet)
    return replace(mapping, columns=columns, leave=leave)
