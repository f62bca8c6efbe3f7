"""Backup and restore of a workspace with its operational records, whatever store they are in."""

import datetime
import io
import sys
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from everytouch.errors import EverytouchError
from everytouch.ledger.api import Packed, Unpacked, audit, pack, unpack, write_anchors
from everytouch.web.boot import prepare

_APP = "app.json"
_LEFT_OUT = ("sessions.session", "contenttypes", "auth.permission", "web.attempt")


def backup(workspace: Path, target: Path, who: str = "") -> tuple[Packed, list[str]]:
    """Write a backup into the folder ``target``; it, and which anchors could not be written."""
    prepare(workspace)
    out = io.StringIO()
    call_command("dumpdata", exclude=list(_LEFT_OUT), stdout=out)
    now = datetime.datetime.now(datetime.UTC)
    done = pack(workspace, target, {_APP: out.getvalue().encode()}, now)
    audit(workspace, "backup", done.path.name, who)
    return done, _anchored(workspace)


def _anchored(workspace: Path) -> list[str]:
    """Why the audit log's end is not noted elsewhere; the backup is written, and stays."""
    places = settings.CONFIG.audit_anchors
    try:
        return write_anchors(workspace, places)[1] if places else []
    except EverytouchError as error:
        return [f"no anchor of the audit log was written: {error.what}"]


def restore(file: Path, folder: Path, *, replace: bool = False, who: str = "") -> Unpacked:
    """Restore a backup to ``folder``; what the operational store held there is replaced."""
    done = unpack(file, folder, replace=replace)
    prepare(folder)
    call_command("flush", interactive=False, verbosity=0)
    content = done.extra.get(_APP, b"[]").decode()
    stdin, sys.stdin = sys.stdin, io.StringIO(content)
    try:
        call_command("loaddata", "-", format="json", verbosity=0)
    finally:
        sys.stdin = stdin
    audit(folder, "restore", f"{file.name}, {done.erased} erasures applied again", who)
    return done
