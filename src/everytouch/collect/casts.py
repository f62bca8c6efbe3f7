"""SQL that turns what a SELECT gives into the types of a record: exactly, or not at all.

For every column of the record there is its value and, under ``failed:`` and the name, the text of
what its type cannot hold. Times without a zone come under ``local:`` and the name; they are put
into UTC afterwards, where gaps and repeated hours are seen.
"""

import pyarrow as pa

from everytouch.moments.api import Column

FAILED, LOCAL = "failed:", "local:"
_TIME = "TIMESTAMP WITH TIME ZONE"
_TYPES = {
    pa.string(): "VARCHAR",
    pa.float64(): "DOUBLE",
    pa.int64(): "BIGINT",
    pa.bool_(): "BOOLEAN",
    pa.timestamp("us", tz="UTC"): _TIME,
    pa.decimal128(18, 4): "DECIMAL(18,4)",
    pa.list_(pa.string()): "VARCHAR[]",
}
WORDS = {
    pa.float64(): "a number",
    pa.int64(): "a whole number",
    pa.bool_(): "true or false",
    pa.timestamp("us", tz="UTC"): "a time such as 2026-03-01 09:30:00",
    pa.decimal128(18, 4): "an amount with at most four decimals",
    pa.list_(pa.string()): "a list of texts",
}
_CLOCK = r"\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6}0*)?)?)?"
_ZONED = rf"{_CLOCK}\s*(?:[Zz]|UTC|[+-]\d{{2}}(?::?\d{{2}})?)"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?"
_MONEY = r"[+-]?(?:\d{1,20}(?:\.\d{0,18}0*)?|\.\d{1,18}0*)(?:[eE][+-]?\d{1,2})?"
_WHOLE = r"[+-]?\d{1,19}(?:\.0*)?"
# What Python can say of a time; SQL knows infinity, and years beyond.
_EARLIEST, _LATEST = "TIMESTAMPTZ '0001-01-02 00:00Z'", "TIMESTAMPTZ '9999-12-30 00:00Z'"
_FLOATS = ("FLOAT", "DOUBLE")
_LOCALS = ("TIMESTAMP", "DATE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")


def expressions(column: Column, given: dict[str, str]) -> list[str]:
    """Return SQL for a column of the record, and for what its type cannot hold.

    Args:
        given: types of what the SELECT gives, by name in small letters.
    """
    target, name = _TYPES[column.type], f'"{column.name}"'
    if column.name not in given:
        default = "NULL" if column.default is None else f"'{column.default}'"
        return [f"CAST({default} AS {target}) AS {name}"]
    has = given[column.name]
    if target == "VARCHAR[]" and not has.endswith("[]"):
        return [f"CASE WHEN {name} IS NOT NULL THEN [CAST({name} AS VARCHAR)] END AS {name}"]
    if column.name == "properties" and has != "VARCHAR":
        return [f"CAST(to_json({name}) AS VARCHAR) AS {name}"]
    if target == _TIME:
        return _time(column.name, has)
    if target == "VARCHAR" or (target == has and has not in _FLOATS):
        value = name if target == has else f"CAST({name} AS VARCHAR)"
        return [f"{_or_default(value, column)} AS {name}"]
    value = _value(name, target, has)
    failed = f"CASE WHEN {value} IS NULL THEN {_said(name, has)} END"
    return [f"{_or_default(value, column)} AS {name}", f'{failed} AS "{FAILED}{column.name}"']


def _or_default(value: str, column: Column) -> str:
    return value if column.default is None else f"coalesce({value}, '{column.default}')"


def _said(name: str, has: str) -> str:
    """The text of a value; null where there is none. NaN is how data frames write no value."""
    text = f"nullif(trim(CAST({name} AS VARCHAR)), '')"
    return f"nullif({text}, 'nan')" if has in _FLOATS else text


def _value(name: str, target: str, has: str) -> str:
    """A number or truth value where the text is exactly one, else null."""
    text = f"trim(CAST({name} AS VARCHAR))"
    if target == "DOUBLE":
        if has in _FLOATS:
            return f"CASE WHEN isfinite({name}) THEN CAST({name} AS DOUBLE) END"
        return _double(text)
    if target == "DECIMAL(18,4)":
        # A binary number is as exact as its 15 digits: 0.1 + 0.2 is 0.3.
        return _money(f"printf('%.15g', {name})" if has == "DOUBLE" else text)
    if target == "BIGINT":
        whole = rf"regexp_replace({text}, '\.0*$', '')"
        return _where(text, _WHOLE, f"TRY_CAST({whole} AS BIGINT)")
    if target == "BOOLEAN":
        yes, no = "('true', 't', 'yes', 'y', '1')", "('false', 'f', 'no', 'n', '0')"
        low = f"lower({text})"
        return f"CASE WHEN {low} IN {yes} THEN true WHEN {low} IN {no} THEN false END"
    return f"TRY_CAST({name} AS {target})"


def _where(text: str, pattern: str, value: str) -> str:
    """A value where the whole text fits a pattern."""
    return f"CASE WHEN regexp_full_match({text}, '{pattern}') THEN {value} END"


def _double(text: str) -> str:
    """Up to 15 digits every double holds; more only where it gives the same digits back."""
    value = f"TRY_CAST({text} AS DOUBLE)"
    again = f"TRY_CAST(CAST({value} AS VARCHAR) AS DECIMAL(38,18))"
    same = f"{again} = TRY_CAST({text} AS DECIMAL(38,18))"
    return (
        f"CASE WHEN regexp_full_match({text}, '{_NUMBER}') AND isfinite({value}) "
        f"AND (length({text}) <= 16 OR coalesce({same}, false)) THEN {value} END"
    )


def _money(text: str) -> str:
    value = f"TRY_CAST({text} AS DECIMAL(18,4))"
    exact = f"{value} = TRY_CAST({text} AS DECIMAL(38,18))"
    gone = f"({value} = 0 AND regexp_matches({text}, '^[^eE]*[1-9]'))"
    return (
        f"CASE WHEN regexp_full_match({text}, '{_MONEY}') AND coalesce({exact}, false) "
        f"AND NOT {gone} THEN {value} END"
    )


def _time(name: str, has: str) -> list[str]:
    quoted = f'"{name}"'
    local = instant = "NULL"
    if has == _TIME:
        instant = quoted
    elif has == "TIMESTAMP_NS":
        local = f"CASE WHEN epoch_ns({quoted}) % 1000 = 0 THEN CAST({quoted} AS TIMESTAMP) END"
    elif has in _LOCALS:
        local = f"CAST({quoted} AS TIMESTAMP)"
    elif has == "VARCHAR":
        text = f"trim({quoted})"
        local = _where(text, _CLOCK, f"TRY_CAST({text} AS TIMESTAMP)")
        instant = _where(text, _ZONED, f"TRY_CAST({text} AS {_TIME})")
    instant = f"CASE WHEN {instant} BETWEEN {_EARLIEST} AND {_LATEST} THEN {instant} END"
    if local != "NULL":
        low, high = (edge.replace("TZ", "").replace("Z'", "'") for edge in (_EARLIEST, _LATEST))
        local = f"CASE WHEN {local} BETWEEN {low} AND {high} THEN {local} END"
    failed = f"CASE WHEN {instant} IS NULL AND {local} IS NULL THEN {_said(quoted, has)} END"
    return [
        f"CAST({instant} AS {_TIME}) AS {quoted}",
        f'CAST({local} AS TIMESTAMP) AS "{LOCAL}{name}"',
        f'{failed} AS "{FAILED}{name}"',
    ]
