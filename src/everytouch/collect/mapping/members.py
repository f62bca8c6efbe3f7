"""JSON in columns, as properties: written as it came, so that no number loses a digit."""

from collections.abc import Sequence


def member(value: str, *path: str | int) -> str:
    """Return SQL of a value within JSON, as text; NULL where there is none.

    Args:
        value: SQL of the JSON text.
        path: keys of objects and places in arrays, from the outside in.
    """
    steps = "".join(f"[{step}]" if isinstance(step, int) else f'."{step}"' for step in path)
    return f"json_extract_string({value}, '${steps.replace(chr(39), chr(39) * 2)}')"


def with_members(properties: str, nested: Sequence[tuple[str, str]], spread: Sequence[str]) -> str:
    """Return SQL of a JSON object with more members.

    Args:
        properties: SQL of the object, or NULL.
        nested: SQL of the member's name in JSON, and of its value as JSON text.
        spread: SQL of JSON objects whose members become members.
    """
    parts = [_inner(properties)]
    parts += [f"{name} || ':' || {_json(value)}" for name, value in nested]
    parts += [_inner(_json(value)) for value in spread]
    joined = f"nullif(concat_ws(',', {', '.join(parts)}), '')"
    return f"'{{' || {joined} || '}}'"


def _json(value: str) -> str:
    """A JSON text; NULL where there is nothing in it."""
    text = f"trim(CAST({value} AS VARCHAR))"
    return f"CASE WHEN {text} NOT IN ('', '{{}}', '[]', 'null') THEN {text} END"


def _inner(text: str) -> str:
    """What stands between the braces of an object; NULL where nothing does."""
    inner = rf"regexp_replace({text}, '^\s*\{{\s*|\s*\}}\s*$', '', 'g')"
    return f"CASE WHEN starts_with(ltrim({text}), '{{') THEN nullif({inner}, '') END"
