"""The options that say what part of the trails a command asks about."""

import datetime
import zoneinfo
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from everytouch.errors import UnknownNameError
from everytouch.journeys.api import UNITS, Unit
from everytouch.trails.api import Scope
from everytouch.workspace import Workspace, open_workspace

F = TypeVar("F", bound=Callable[..., Any])
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, with the basis.")


def scoped(command: F) -> F:
    """Options that say what part of the trails is asked about."""
    for option in (
        click.option(
            "--where",
            multiple=True,
            metavar="NAME=VALUE",
            help="Only moments with this property; a name again: or that value.",
        ),
        click.option(
            "--known-at", metavar="TIME", help="As it was known then (YYYY-MM-DD [HH:MM])."
        ),
        click.option("--touchpoint", "touchpoints", multiple=True, help="Only here; repeatable."),
        click.option("--channel", "channels", multiple=True, help="Only on it; repeatable."),
        click.option("--stage", "stages", multiple=True, help="Only in it; repeatable."),
        click.option("--until", metavar="DATE", help="Before this day (YYYY-MM-DD)."),
        click.option("--since", metavar="DATE", help="From this day on (YYYY-MM-DD)."),
        click.option("--persona", help="Only parties of this persona's segment."),
        click.option("--segment", help="Only parties of this segment of the catalogue."),
        AS_JSON,
    ):
        command = option(command)
    return command


def unit_option(default: Unit) -> Callable[[F], F]:
    """The option that says what one journey is."""
    return click.option(
        "--unit",
        type=click.Choice(UNITS),
        default=default,
        show_default=True,
        help="What one journey is: all of a party, a session, or one order or case.",
    )


def open_scope(path: Path, known_at: str | None = None, **part: Any) -> tuple[Any, Scope]:
    """A workspace, and the part of its trails that the options of ``scoped`` name."""
    workspace = open_workspace(path)
    then = _day(workspace, known_at)
    workspace = (workspace if then is None else workspace.as_known(then)).pin()
    return workspace, scope_in(workspace, **part)


def scope_in(
    workspace: Workspace,
    segment: str | None = None,
    since: str | None = None,
    until: str | None = None,
    *,
    where: Sequence[str] = (),
    persona: str | None = None,
    known_at: str | None = None,  # noqa: ARG001 - says which workspace
    **places: Sequence[str],
) -> Scope:
    """The part of a workspace's trails that the options of ``scoped`` name."""
    return workspace.scope(
        segment,
        _day(workspace, since),
        _day(workspace, until),
        {kind.removesuffix("s"): names for kind, names in places.items() if names},
        persona=persona,
        where=_properties(where),
    )


def _properties(given: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not name or not equals:
            raise UnknownNameError(f"{one!r} names no property", "write it as NAME=VALUE")
        found.setdefault(name, []).append(value)
    return found


def _day(workspace: Workspace, day: str | None) -> datetime.datetime | None:
    if day is None:
        return None
    try:
        zone = zoneinfo.ZoneInfo(workspace.settings.timezone)
        return datetime.datetime.fromisoformat(day).replace(tzinfo=zone)
    except ValueError as error:
        raise UnknownNameError(f"{day!r} is no day", "write it as YYYY-MM-DD") from error
