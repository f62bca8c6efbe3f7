"""A workspace: one folder, one organisation. It composes the rooms; it computes nothing."""

import json
from pathlib import Path
from shlex import quote

from everytouch.catalogue import api as catalogue_room
from everytouch.catalogue.api import Catalogue
from everytouch.errors import WorkspaceError
from everytouch.ledger.api import Tables, placed, write_secret
from everytouch.settings import FILE, Settings
from everytouch.workspace.base import CATALOGUE
from everytouch.workspace.reporting import Reporting

__all__ = ["Workspace", "create", "open_workspace"]


class Workspace(Reporting):
    """One organisation's record, and everything that can be asked of it.

    Most questions take ``segment`` (a name of the catalogue) and ``since``/``until`` (aware
    times, the latter not included).
    """


def create(
    path: str | Path,
    organisation: str = "",
    *,
    currency: str = "EUR",
    timezone: str = "UTC",
    secret: bytes | None = None,
) -> Workspace:
    """Make a new workspace.

    Args:
        path: a folder that is not there yet, or is empty.
        currency: of all its money, ISO 4217.
        timezone: in which months are counted, IANA name.
        secret: 16 bytes for the keys of moments and parties; random when left out.

    Raises:
        WorkspaceError: the folder holds something already, or its path holds what no table can.
    """
    folder, whole = Path(path), placed(Path(path))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkspaceError(f"{folder} is there already and not empty", "give a new folder")
    Settings.from_mapping({"currency": currency, "timezone": timezone})
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = json.dumps(organisation, ensure_ascii=False)
    (folder / FILE).write_text(
        f"organisation = {text}\n\n[settings]\n"
        f"currency = {json.dumps(currency)}\ntimezone = {json.dumps(timezone)}\n",
        encoding="utf-8",
    )
    catalogue = Catalogue(organisation)
    (folder / CATALOGUE).write_text(catalogue_room.dumps(catalogue), encoding="utf-8")
    write_secret(folder, secret)
    (folder / "ledger").mkdir(mode=0o700)
    Tables(whole / "ledger").create()
    return Workspace(whole)


def open_workspace(path: str | Path) -> Workspace:
    """Open a workspace.

    Raises:
        WorkspaceError: the folder is no workspace.
    """
    folder = Path(path)
    if not (folder / FILE).is_file():
        make = f"make one: everytouch init {quote(str(folder))}"
        raise WorkspaceError(f"{folder} is no workspace", make)
    return Workspace(placed(folder))
