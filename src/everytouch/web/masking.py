"""Texts of records that wait, masked: how they go to pages and the API, and come back corrected."""

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from everytouch.errors import SourceError
from everytouch.identity.api import MASKED, Masks, named_by, written
from everytouch.ledger.api import Conflict, Quarantined
from everytouch.workspace import Workspace


def held(workspace: Workspace, rows: list[Quarantined]) -> list[Quarantined]:
    """Records in quarantine as they are shown."""
    known = workspace.masks()
    return [_shown(row, known) for row in rows]


def conflicting(workspace: Workspace, rows: list[Conflict]) -> list[Conflict]:
    """Conflicts as they are shown."""
    known = workspace.masks()
    return [
        replace(one, held=_shown(one.held, known), stored=one.stored and known.row(one.stored))
        for one in rows
    ]


def _shown(row: Quarantined, known: Masks) -> Quarantined:
    reason = known.masked(row.reason, named_by(row.row))
    return replace(row, row=known.row(row.row), reason=reason)


def sample(value: Any, known: Masks) -> Any:
    """A value of an event: masked where it is a text, as it is where it may be an identifier."""
    return known.masked(value) if written("", value) else value


def restored(name: str, given: Any, row: dict[str, Any], known: Masks) -> Any:
    """What somebody corrected: a text that was left as it was shown is what it was.

    Raises:
        SourceError: a text was changed that is masked in part, so that the rest of it is not known.
    """
    before = row.get(name)
    if not isinstance(before, str) or not isinstance(given, str) or not written(name, before):
        return given
    shown = known.row(row)[name]
    if _plain(given) == _plain(shown):
        return before
    if any(word in given and word not in before for word in MASKED):
        raise SourceError(
            _("Parts of %(name)s are masked, so it cannot be changed here") % {"name": name},
            _("leave it as it is, or export the quarantine and correct it in the file"),
        )
    return given


def _plain(text: str) -> str:
    return " ".join(text.split())
