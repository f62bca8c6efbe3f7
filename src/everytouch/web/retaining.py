"""The worker's fourth thread: once a day, what is older than the rules of retention allow goes."""

import logging
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from everytouch.errors import EverytouchError
from everytouch.workspace import Workspace

LOOK = 60.0  # seconds between two looks whether a run is due
EVERY = timedelta(days=1)
log = logging.getLogger("everytouch.work")


def retain_in_background(folder: Path) -> threading.Event:
    """Apply the rules of a workspace again and again until the event is set."""
    stop = threading.Event()
    given = (folder, stop)
    threading.Thread(target=_forever, args=given, daemon=True, name="retain").start()
    return stop


def _forever(folder: Path, stop: threading.Event) -> None:
    while True:
        try:
            retain_due(Workspace(folder, who="schedule"))
        except Exception:  # the next look may do better, and must come
            log.exception("the rules of retention could not be applied")
        if stop.wait(LOOK):
            return


def retain_due(workspace: Workspace, now: datetime | None = None) -> bool:
    """Apply the rules if they were not applied for a day; whether they were now."""
    now = now or datetime.now(UTC)
    try:
        if not workspace.retention_rules:
            return False
        last = workspace.expiries(1)
        if last and now - last[0].expired_at < EVERY:
            return False
        done = workspace.retain(now)
    except EverytouchError as error:  # somebody else is writing: the next look comes soon
        log.warning("the rules of retention could not be applied: %s", error.what)
        return False
    log.info("retention: %d rows, certificate %s", done.rows, done.certificate)
    return True
