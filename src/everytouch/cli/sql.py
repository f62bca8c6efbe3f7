"""SQL on the command line: one statement, or a prompt."""

import csv
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import pyarrow as pa

from everytouch.cli.show import console, dump, grid, text
from everytouch.errors import EverytouchError
from everytouch.trails.api import VIEWS
from everytouch.workspace import open_workspace

SHOWN = 100  # rows of a table for people
_HELP = f"Views: {', '.join(VIEWS)}. DESCRIBE moments; shows one. A statement ends with ;"


@click.command()
@click.argument("query", required=False)
@click.option("--json", "form", flag_value="json", help="Print JSON, every row.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV, every row.")
@click.pass_obj
def sql(workspace: Path, query: str | None, form: str | None) -> None:
    """Ask the ledger and the trails in SQL; without QUERY at a prompt. Audited.

    DuckDB's dialect, over the views moments (every moment of every trail), touchpoints,
    interactions, perceptions, links and traits. They can be read only.
    """
    print_answer = PRINTED[form or "table"]
    with open_workspace(workspace).asking_sql() as asked:
        if query is not None:
            print_answer(asked.query(query))
            return
        if sys.stdin.isatty():
            with suppress(ImportError):
                importlib.import_module("readline")  # gives the prompt its history
            click.echo(_HELP)
        for statement in _statements():
            try:
                print_answer(asked.query(statement))
            except EverytouchError as error:
                click.echo(f"everytouch: {error}", err=True)


def _statements() -> Iterator[str]:
    """What is typed, or piped, up to each semicolon at the end of a line; and the rest."""
    prompting, lines = sys.stdin.isatty(), list[str]()
    while True:
        try:
            line = input(("sql> " if not lines else "...> ") if prompting else "")
        except (EOFError, KeyboardInterrupt):
            break
        lines += [line] if line.strip() else []
        if line.rstrip().endswith(";"):
            yield "\n".join(lines)
            lines.clear()
    if lines:
        yield "\n".join(lines)


def _as_table(answer: pa.Table) -> None:
    rows = answer.slice(0, SHOWN).to_pylist()
    cells = [[_shown(value) for value in row.values()] for row in rows]
    out = console()
    out.print(grid(answer.column_names, cells))
    more = len(answer) - len(rows)
    count = f"{len(answer):,} row{'' if len(answer) == 1 else 's'}"
    said = f"{count}, the first {len(rows)} shown; --csv prints all" if more else count
    out.print(f"  [dim]{said}[/dim]")


def _shown(value: Any) -> str:
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, int):
        return str(value)  # a key, as it can be asked for again
    return text(value)


def _as_csv(answer: pa.Table) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(answer.column_names)
    for batch in answer.to_batches():
        writer.writerows([_plain(value) for value in row.values()] for row in batch.to_pylist())


def _plain(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value


PRINTED: dict[str, Callable[[pa.Table], None]] = {
    "table": _as_table,
    "csv": _as_csv,
    "json": lambda answer: dump(answer.to_pylist()),
}
COMMANDS: tuple[click.Command, ...] = (sql,)
