"""Results on the terminal: a table, then what it rests on; or JSON."""

import datetime
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from everytouch.results import Basis, Result, plain
from everytouch.stats.intervals import Estimate, withheld

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
NARROW = 130  # columns of a terminal below which intervals go under their values
Column = tuple[str, Callable[[Any], Any]]


def console() -> Console:
    """A console on today's standard output; wide enough for tables when piped."""
    found = Console(soft_wrap=False, highlight=False)
    return found if found.is_terminal else Console(width=160, highlight=False)


def show(result: Result, columns: Sequence[Column], title: str, *, as_json: bool) -> None:
    """Print a result: JSON with everything, or the columns that people read."""
    if as_json:
        click.echo(result.to_json())
        return
    out = console()
    between = " (" if out.width >= NARROW else "\n("  # the interval under the value
    cells = [[text(read(row)).replace(" (", between) for _, read in columns] for row in result.rows]
    out.print(grid([name for name, _ in columns], cells, title))
    show_basis(out, result.basis)


def grid(names: Sequence[str], rows: Sequence[Sequence[str]], title: str | None = None) -> Table:
    """A table with its first column to the left and numbers to the right."""
    table = Table(
        title=title,
        title_justify="left",
        header_style="bold",
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )
    for number, name in enumerate(names):
        if number == 0:
            table.add_column(name, overflow="fold")
        else:
            table.add_column(name, justify="right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def show_basis(out: Console, basis: Basis) -> None:
    """Print what a result rests on."""
    named = {
        "formula": basis.formula,
        "denominator": basis.denominator,
        "data": basis.cut,
        "method": basis.method,
        "order": basis.order,
        "consent": basis.consent,
    }
    for name, value in named.items():
        if value:
            out.print(f"  [dim]{name}: {value}[/dim]", soft_wrap=True)


def text(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "–"
    if isinstance(value, Estimate):
        if value.hidden:
            return withheld(value)
        return f"{value.value:,.2f} ({value.low:,.2f} to {value.high:,.2f})"
    if isinstance(value, float):
        return "–" if math.isnan(value) else f"{value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime.datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return str(value)


def percent(value: Estimate) -> str:
    """A share with its interval, in per cent."""
    if value.hidden:
        return withheld(value)
    return f"{value.value:.1%} ({value.low:.1%} to {value.high:.1%})"


def rate(value: float) -> str:
    """A false-discovery rate."""
    if math.isnan(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def dump(value: Any) -> None:
    """Print any value as JSON."""
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=2))
