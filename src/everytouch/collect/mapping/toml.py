"""A plan as a source file: what ``everytouch import`` reads and ``read_source`` gives back."""

from typing import TYPE_CHECKING, Any

from everytouch.collect.mapping.model import Plan
from everytouch.collect.mapping.sql import source_of
from everytouch.collect.source import Input
from everytouch.later import Later
from everytouch.moments.api import KINDS

if TYPE_CHECKING:
    import tomlkit
else:
    tomlkit = Later("tomlkit")


def dumps(plan: Plan, currency: str) -> str:
    """Return the source file of a plan; its files lie beside it.

    Args:
        currency: the workspace's.
    """
    source = source_of(plan, currency)
    text = tomlkit.document()
    text.add(tomlkit.comment(" ".join(plan.title.split())))
    text.add("name", tomlkit.item(source.name))
    text.add("timezone", tomlkit.item(source.timezone))
    text.add("inputs", _table({one.name: _input(one) for one in source.inputs}))
    for kind in KINDS:
        rows = [{"name": s.name, "sql": s.sql} for s in source.statements if s.kind == kind]
        _add_list(text, kind, rows)
    _add_list(text, "left_out", [vars(one) for one in source.left_out])
    return str(tomlkit.dumps(text))


def _input(given: Input) -> dict[str, Any]:
    """The options of an input that are not as they are by default."""
    paths = [path.name for path in given.paths]
    found: dict[str, Any] = {"path": paths[0] if len(paths) == 1 else paths}
    found["format"] = given.format
    plain = Input(given.name, given.paths, given.format)
    for name in ("encoding", "delimiter", "sheet", "header", "skip", "records"):
        value = getattr(given, name)
        if value != getattr(plain, name):
            found[name] = list(value) if isinstance(value, tuple) else value
    if given.columns:
        found["columns"] = {name: form.as_toml() for name, form in given.columns.items()}
    return found


def _table(values: dict[str, Any]) -> Any:
    made = tomlkit.table()
    for name, value in values.items():
        made.add(name, _table(value) if isinstance(value, dict) else _text(value))
    return made


def _text(value: Any) -> Any:
    """A value; a text of several lines as one, unless TOML would change it."""
    if isinstance(value, str) and "\n" in value and not set(value) & set("\r\\\0"):
        try:
            return tomlkit.string(value, multiline=True)
        except ValueError:  # a character that TOML only has escaped
            return tomlkit.item(value)
    return tomlkit.item(value)


def _add_list(text: Any, name: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    tables = tomlkit.aot()
    for row in rows:
        tables.append(_table(row))
    text.add(name, tables)
