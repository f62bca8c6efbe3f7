"""The worker's third thread: is every file as it was written? Slowly, so that others come first."""

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from everytouch.errors import EverytouchError
from everytouch.workspace import Workspace

LOOK = 60.0  # seconds between two looks whether a check is due
RESTS = 4.0  # times as long as it read it rests, at most so many seconds
RESTED = 1.0
log = logging.getLogger("everytouch.work")


def verify_in_background(folder: Path, hours: int) -> threading.Event:
    """Check a workspace again and again until the event is set, or the process ends.

    Args:
        hours: between two checks; 0 for none.
    """
    stop = threading.Event()
    if hours:
        given = (folder, timedelta(hours=hours), stop)
        threading.Thread(target=_forever, args=given, daemon=True, name="verify").start()
    return stop


def _forever(folder: Path, every: timedelta, stop: threading.Event) -> None:
    while True:
        try:
            verify_due(Workspace(folder, who="schedule"), every)
        except Exception:  # the next look may do better, and must come
            log.exception("the workspace could not be verified")
        if stop.wait(LOOK):
            return


def verify_due(workspace: Workspace, every: timedelta) -> bool:
    """Check a workspace if the last check is older than that; whether it was."""
    last = workspace.last_verified()
    if last is not None and datetime.now(UTC) - last.at < every:
        return False
    try:
        found = workspace.verify(pause=Slowly())
    except EverytouchError as error:
        log.warning("the workspace could not be verified: %s", error.what)
        return False
    for one in found.damaged:
        log.error("damaged: %s %s; it held %s", one.path, one.what, one.held or "settings")
    return True


class Slowly:
    """Rests between two files, the longer the longer the last one took."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def __call__(self) -> None:
        """Rest."""
        time.sleep(min(RESTED, RESTS * (time.monotonic() - self._since)))
        self._since = time.monotonic()
