"""The SELECTs that a mapping stands for, one a kind of record."""

import json
import re
from collections.abc import Sequence

from everytouch.collect.mapping.members import with_members
from everytouch.collect.mapping.model import RECORD, Choice, Mapping, Plan, Question, Value, Who
from everytouch.collect.mapping.nobody import identifying
from everytouch.collect.mapping.used import used
from everytouch.collect.source import Source, Statement
from everytouch.moments.api import KINDS, Kind

_BASE, _ROW = "known", "the_row"
_OWN = re.compile(r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|\b(row_\w+|the_row)\b")
"""Quoted names and texts, and names that the SELECTs give themselves."""


def quoted(name: str) -> str:
    """Return a column's name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def source_of(plan: Plan, currency: str, path: "Source | None" = None) -> Source:
    """Return the source that a plan stands for.

    Args:
        currency: the workspace's.
    """
    statements = [
        Statement(kind, f"{plan.title}: {kind}", sql)
        for mapping in plan.mappings
        for kind, sql in selects(mapping, plan.tables, currency)
    ]
    statements.sort(key=lambda one: KINDS.index(one.kind))  # as a source file has them
    where = path.path if path else plan.inputs[0].paths[0]
    tables = _with(plan.tables)
    left_out = tuple(
        type(one)(one.reason, f"{tables}{one.sql}") if tables else one for one in plan.left_out
    )
    return Source(plan.source, where, plan.timezone, None, plan.inputs, tuple(statements), left_out)


def selects(
    mapping: Mapping, tables: Sequence[tuple[str, str]], currency: str
) -> list[tuple[Kind, str]]:
    """Return the SELECTs of a mapping, by kind of record."""
    found: list[tuple[Kind, str]] = []
    if mapping.links:
        found.append(("links", _links(mapping)))
    if mapping.traits or mapping.trait:
        found.append(("traits", _traits(mapping)))
    if mapping.interaction:
        found.append(("interactions", _interactions(mapping, currency)))
    if mapping.questions or mapping.text:
        found.append(("perceptions", _perceptions(mapping, currency)))
    if mapping.counts:
        found.append(("counts", _counts(mapping)))
    before = _with(tables)
    return [(kind, before + _apart(sql, mapping)) for kind, sql in found]


def _apart(sql: str, mapping: Mapping) -> str:
    """The SELECT with names of its own that are none of the table's columns."""
    taken = {name.casefold() for name in mapping.columns}
    mark = ""
    while any(name.startswith((f"{mark}row_", f"{mark}the_row")) for name in taken):
        mark += "_"
    return _OWN.sub(lambda found: mark + found[1] if found[1] else found[0], sql)


def _with(tables: Sequence[tuple[str, str]]) -> str:
    if not tables:
        return ""
    return "WITH " + ",\n".join(f"{quoted(n)} AS (\n{sql}\n)" for n, sql in tables) + "\n"


def _known(mapping: Mapping, currency: str) -> str:
    """The rows with what all their records share: id, time, person, properties."""
    row = _id(mapping)
    every = (*mapping.who, *([mapping.else_who] if mapping.else_who else []))
    names = [_filled(who) for who in every]
    spaces = " ".join(
        f"WHEN {name} IS NOT NULL THEN {literal(who.namespace)}"
        for name, who in zip(names, every, strict=True)
    )
    space = f"CASE {spaces} ELSE {literal(RECORD)} END" if spaces else literal(RECORD)
    others = ", ".join(
        f"{literal(who.namespace + ':')} || {name}"
        for name, who in zip(names, mapping.who, strict=False)
    )
    also = (
        f"list_filter([{others}], lambda x: x IS NOT NULL)" if others else "CAST([] AS VARCHAR[])"
    )
    parts = [
        f"{row} AS row_id",
        f"{_first(mapping.when, mapping.at)} AS row_time",
        f"{space} AS row_space",
        f"coalesce({', '.join([*names, row])}) AS row_person",
        f"({also})[2:] AS row_also",
        f"{_objects(mapping)} AS row_objects",
        f"{_properties(mapping, currency)} AS row_properties",
    ]
    only = f"\nWHERE {mapping.only}" if mapping.only else ""
    return f"SELECT *, {', '.join(parts)}\nFROM {quoted(mapping.table)} AS {_ROW}{only}"


def _id(mapping: Mapping) -> str:
    if not mapping.id:
        return f"md5(CAST({_ROW} AS VARCHAR))"
    return " || ':' || ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in mapping.id)


def _filled(who: Who) -> str:
    """An identifier's text, null where it identifies nobody."""
    return identifying(cell(who.column), who.namespace)


def cell(name: str) -> str:
    """Return SQL of a column's text, NULL where it is empty."""
    return f"nullif(trim(CAST({quoted(name)} AS VARCHAR)), '')"


def _first(columns: Sequence[str], otherwise: str = "") -> str:
    """The first of some columns that is filled, else a given text."""
    names = [*map(cell, columns), *([literal(otherwise)] if otherwise else [])]
    return f"coalesce({', '.join(names)})" if names else "NULL"


def _value(value: Value) -> str:
    if value.column:
        text = f"CAST({quoted(value.column)} AS VARCHAR)"
        if not value.names:
            return text
        cases = " ".join(f"WHEN {literal(a)} THEN {literal(b)}" for a, b in value.names)
        return f"CASE trim({text}) {cases} ELSE {text} END"
    return literal(value.constant) if value.constant else "NULL"


def _objects(mapping: Mapping) -> str:
    named = [f"{literal(kind + ':')} || {cell(column)}" for kind, column in mapping.objects]
    return f"list_filter([{', '.join(named)}]::VARCHAR[], lambda x: x IS NOT NULL)"


def _properties(mapping: Mapping, _currency: str) -> str:
    """Everything else as a JSON object, without what is empty."""
    rest = [name for name in mapping.columns if name not in used(mapping)]
    pairs = [f"{literal(name)}, {_kept(name)}" for name in rest]
    known = (*mapping.who, *([mapping.else_who] if mapping.else_who else []))
    unknown = " AND ".join(f"{_filled(who)} IS NULL" for who in known) or "true"
    pairs += [
        f"{literal(name)}, CASE WHEN {unknown} THEN {_kept(name)} END" for name in mapping.traits
    ]
    pairs += [f"{literal(choice.name)}, {_choice(choice)}" for choice in mapping.choices]
    plain = f"CAST(json_merge_patch('{{}}', json_object({', '.join(pairs)})) AS VARCHAR)"
    if mapping.nested or mapping.spread:
        nested = [(literal(json.dumps(name)), quoted(name)) for name in mapping.nested]
        return with_members(plain, nested, [quoted(name) for name in mapping.spread])
    return plain if pairs else "NULL"


def _kept(name: str) -> str:
    """A column as a property: as it is, nothing where it is empty."""
    return f"nullif(CAST({quoted(name)} AS VARCHAR), '')"


def _choice(choice: Choice) -> str:
    if choice.split:
        whole = quoted(choice.columns[0])
        parts = f"string_split({whole}, {literal(choice.split)})"
        trimmed = f"list_transform({parts}, lambda x: trim(x))"
        return f"nullif(list_filter({trimmed}, lambda x: x <> ''), [])"
    labels = choice.labels or ("",) * len(choice.columns)
    codes = ", ".join(map(literal, choice.picked))
    cells = []
    for column, label in zip(choice.columns, labels, strict=True):
        value = cell(column)
        chosen = f"{value} IN ({codes})" if codes else f"{value} IS NOT NULL"
        cells.append(f"CASE WHEN {chosen} THEN {literal(label) if label else value} END")
    return f"nullif(list_filter([{', '.join(cells)}], lambda x: x IS NOT NULL), [])"


def _shared(mapping: Mapping) -> str:
    return (
        f"row_space AS namespace, row_person AS identifier, row_also AS also, "
        f"{literal(mapping.party_kind)} AS party_kind"
    )


def _money(column: str, mapping: Mapping, currency: str) -> str:
    """An amount of the workspace's currency; one in another currency is a property."""
    if not column:
        return "NULL"
    if not mapping.currency:
        return quoted(column)
    given = f"upper(trim({_value(mapping.currency)}))"
    own = literal(currency)
    return f"CASE WHEN coalesce({given}, {own}) = {own} THEN {quoted(column)} END"


def _interactions(mapping: Mapping, currency: str) -> str:
    columns = [
        "row_id AS id, row_time AS occurred_at",
        _shared(mapping),
        f"{_value(mapping.touchpoint)} AS touchpoint",
        f"{_value(mapping.outcome)} AS outcome",
        f"{quoted(mapping.duration) if mapping.duration else 'NULL'} AS duration_s",
        f"{quoted(mapping.due) if mapping.due else 'NULL'} AS due_at",
        f"{_money(mapping.amount, mapping, currency)} AS amount",
        f"{_money(mapping.cost, mapping, currency)} AS cost",
        "row_objects AS correlations, row_properties AS properties",
    ]
    if mapping.counterpart:
        name = _filled(mapping.counterpart)
        space = literal(mapping.counterpart.namespace)
        columns.append(
            f"CASE WHEN {name} IS NOT NULL THEN {space} END AS counterpart_namespace, "
            f"{name} AS counterpart"
        )
    if mapping.source_order:
        columns.append(f"{quoted(mapping.source_order)} AS sequence")
    return f"SELECT {', '.join(columns)}\nFROM ({_known(mapping, currency)})"


def _perceptions(mapping: Mapping, currency: str) -> str:
    """An answer a row; the first one carries the text, which stands alone where none is given."""
    answers = ", ".join(_answer(question, mapping) for question in mapping.questions)
    listed = f"list_filter([{answers}], lambda x: x.raw IS NOT NULL)" if answers else "[]"
    text = _text(mapping)
    title = cell(mapping.title) if mapping.title else "NULL"
    columns = [
        "coalesce(row_answer.id, row_id || ':' || coalesce(row_answer.instrument, 'text')) AS id",
        "coalesce(row_answer.answered, row_time) AS occurred_at",
        _shared(mapping),
        f"{literal(mapping.about)} AS about",
        f"{_where(mapping, bool(answers))} AS touchpoint",
        "row_answer.instrument AS instrument, row_answer.raw AS raw",
        "CASE WHEN row_place = 1 THEN row_title END AS title",
        "CASE WHEN row_place = 1 THEN row_text END AS text",
        f"CASE WHEN row_place = 1 THEN {_value(mapping.language)} END AS language",
        f"{quoted(mapping.weight) if mapping.weight else 'NULL'} AS weight",
        "row_objects AS correlations, row_properties AS properties",
    ]
    if not answers:
        columns[1] = "row_time AS occurred_at"
        columns[0] = "row_id || ':text' AS id"
        columns[5] = "NULL AS instrument, NULL AS raw"
    if mapping.source_order:
        columns.append(f"{quoted(mapping.source_order)} AS sequence")
    inner = (
        f"SELECT *, {listed} AS row_answers, {title} AS row_title, {text} AS row_text\n"
        f"FROM ({_known(mapping, currency)})"
    )
    alone = "CASE WHEN coalesce(row_text, row_title) IS NULL THEN 0 ELSE 1 END"
    places = f"range(1, greatest(len(row_answers), {alone}) + 1)"
    chosen = "row_answers[row_place] AS row_answer" if answers else "NULL AS row_answer"
    rows = f"SELECT *, {chosen} FROM (SELECT *, unnest({places}) AS row_place FROM ({inner}))"
    return f"SELECT {', '.join(columns)}\nFROM ({rows})"


def _where(mapping: Mapping, answers: bool) -> str:
    at = _value(mapping.touchpoint)
    return f"coalesce(row_answer.touchpoint, {at})" if answers else at


def _answer(question: Question, mapping: Mapping) -> str:
    raw = cell(question.column)
    own = f"CAST({quoted(question.id)} AS VARCHAR)" if question.id else "NULL::VARCHAR"
    if question.key:
        own = f"row_id || {literal(':' + question.key)}"
    answered = _first((question.when,)) if question.when else "NULL::VARCHAR"
    at = literal(question.touchpoint) if question.touchpoint else _value(mapping.touchpoint)
    return (
        f"{{'instrument': {literal(question.instrument)}, 'raw': {raw}, 'id': {own}, "
        f"'answered': {answered}, 'touchpoint': CAST({at} AS VARCHAR)}}"
    )


def _text(mapping: Mapping) -> str:
    if not mapping.text:
        return "NULL"
    return f"nullif(concat_ws(chr(10), {', '.join(map(cell, mapping.text))}), '')"


def _traits(mapping: Mapping) -> str:
    """A trait a column and known person; those of unknown people stay properties."""
    pairs = [(literal(name), cell(name)) for name in mapping.traits]
    if mapping.trait:
        name, value = mapping.trait
        pairs.append((cell(name), cell(value)))
    given = ", ".join(f"{{'name': {name}, 'value': {value}}}" for name, value in pairs)
    return (
        "SELECT row_id || ':' || row_trait.name AS id, row_time AS occurred_at, "
        "row_space AS namespace, row_person AS identifier, "
        "row_trait.name AS name, row_trait.value AS value\n"
        f"FROM (SELECT *, unnest([{given}]) AS row_trait FROM ({_known(mapping, '')}))\n"
        "WHERE row_trait.name IS NOT NULL AND row_trait.value IS NOT NULL "
        f"AND row_space <> {literal(RECORD)}"
    )


def _counts(mapping: Mapping) -> str:
    """A count a column, of the rows that have a number there."""
    given = ", ".join(
        f"{{'name': {literal(name)}, 'value': {cell(name)}}}" for name in mapping.counts
    )
    place = cell(mapping.place) if mapping.place else "NULL"
    return (
        "SELECT row_id || ':' || row_count.name AS id, row_time AS occurred_at, "
        f"row_count.name AS name, row_count.value AS value, {place} AS place, "
        "row_properties AS properties\n"
        f"FROM (SELECT *, unnest([{given}]) AS row_count FROM ({_known(mapping, '')}))\n"
        "WHERE row_count.value IS NOT NULL"
    )


def _links(mapping: Mapping) -> str:
    """A link from a row's strongest identifier to each other one."""
    return (
        "SELECT row_id || ':link:' || row_other AS id, row_time AS occurred_at, "
        "row_space AS namespace, row_person AS identifier, "
        "split_part(row_other, ':', 1) AS other_namespace, "
        "substr(row_other, position(':' IN row_other) + 1) AS other_identifier, "
        "'both in one row' AS evidence\n"
        f"FROM (SELECT *, unnest(row_also) AS row_other FROM ({_known(mapping, '')}))"
    )
