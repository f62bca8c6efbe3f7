"""One question of two parts of the trails, side by side."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import click

from everytouch.cli.scope import open_scope, scope_in, scoped
from everytouch.cli.show import Column, percent, rate, show, text
from everytouch.errors import UnknownNameError
from everytouch.metrics.api import By
from everytouch.results import Result
from everytouch.stats.comparing import Compared, compare
from everytouch.trails.api import Scope
from everytouch.workspace import Workspace

Asker = Callable[[Workspace, Scope, tuple[str, ...]], Result]
# Question, what it needs, and how it is asked.
QUESTIONS: dict[str, tuple[str, Asker]] = {
    "around": ("TOUCHPOINT", lambda w, s, a: w.around(a[0], s)),
    "between": ("FIRST SECOND", lambda w, s, a: w.between(a[0], a[1], s)),
    "drop-off": ("", lambda w, s, _: w.drop_off(s)),
    "funnel": ("STEP STEP…", lambda w, s, a: w.funnel(a, s)),
    "graph": ("", lambda w, s, _: w.graph(s)),
    "lifecycle": ("", lambda w, s, _: w.lifecycle(s)),
    "paths": ("", lambda w, s, _: w.paths(s, unit="correlation")),
    "perception": ("BY", lambda w, s, a: w.perception(cast(By, a[0]), s)),
    "promises": ("", lambda w, s, _: w.promises(s)),
    "repeats": ("", lambda w, s, _: w.repeats(s)),
    "retention": ("", lambda w, s, _: w.retention(s)),
}


@click.command("compare")
@click.argument("question", type=click.Choice(tuple(QUESTIONS)), metavar="QUESTION")
@click.argument("words", nargs=-1)
@click.option("--with-segment", metavar="SEGMENT", help="The second; the first's if left out.")
@click.option("--with-since", metavar="DATE", help="Its period; without both the first's.")
@click.option("--with-until", metavar="DATE", help="Likewise.")
@scoped
@click.pass_obj
def compare_(
    workspace: Path, /, question: str, words: tuple[str, ...], as_json: bool, **part: Any
) -> None:
    """Ask QUESTION of two parts of the trails: two segments, or two periods.

    QUESTION and WORDS: around TOUCHPOINT, between FIRST SECOND, drop-off, funnel STEP STEP…,
    graph, lifecycle, paths, perception BY, promises, repeats, retention. Differences (second minus
    first) have intervals, and the false-discovery rate at which each would be reported.
    """
    needs, ask = QUESTIONS[question]
    least = len(needs.split())
    if len(words) < least or (len(words) > least and not needs.endswith("…")):
        given = f"{question} needs {needs or 'nothing more'}, not {' '.join(words) or 'nothing'}"
        raise UnknownNameError(given, f"write: compare {question} {needs}".rstrip())
    second = {name: part.pop(f"with_{name}") for name in ("segment", "since", "until")}
    first = part
    if not any(second.values()):
        raise UnknownNameError(
            "there is nothing to compare with", "give --with-segment, --with-since, --with-until"
        )
    if not (second["since"] or second["until"]):
        second |= {"since": first["since"], "until": first["until"]}
    second = first | second | {"segment": second["segment"] or first["segment"]}
    opened, scope = open_scope(workspace, **first)
    answer = ask(opened, scope, words)
    other = scope_in(opened, **second)
    show_compared(answer, ask(opened, other, words), ("first", "second"), as_json=as_json)


def show_compared(first: Result, second: Result, names: tuple[str, str], *, as_json: bool) -> None:
    """Both answers, and what is different."""
    columns: list[Column] = [
        ("what", lambda r: f"{r.what}\n{r.measure.replace('_', ' ')}"),
        (names[0], lambda r: _said(r, r.first)),
        (names[1], lambda r: _said(r, r.second)),
        ("difference", lambda r: _said(r, r.difference)),
        ("false discovery", lambda r: rate(r.q)),
    ]
    show(compare(first, second), columns, "Compared", as_json=as_json)


def _said(row: Compared, value: Any) -> str:
    """Shares in per cent, all else as it is."""
    return percent(value) if row.first.method == "Wilson score" else text(value)


COMMANDS: tuple[click.Command, ...] = (compare_,)
