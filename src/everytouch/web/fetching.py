"""The worker's second thread: scheduled sources run when they are due, and jobs do not wait."""

import logging
import threading
from pathlib import Path

from everytouch.errors import EverytouchError, WorkspaceError
from everytouch.workspace import Workspace

PAUSE = 1.0  # seconds between two looks at what is due
log = logging.getLogger("everytouch.work")


def fetch_in_background(folder: Path) -> threading.Event:
    """Run due sources until the event is set, or the process ends."""
    stop = threading.Event()
    threading.Thread(target=_forever, args=(folder, stop), daemon=True, name="sources").start()
    return stop


def _forever(folder: Path, stop: threading.Event) -> None:
    while not stop.wait(PAUSE):
        try:
            fetch_due(Workspace(folder, who="schedule"))
        except Exception:  # the next look may do better, and must come
            log.exception("scheduled sources could not be run")


def fetch_due(workspace: Workspace) -> None:
    """Run each source that is due, one after the other."""
    for name in workspace.due_scheduled():
        try:
            run = workspace.run_scheduled(name)
        except WorkspaceError:
            continue  # somebody runs it on the command line
        except EverytouchError as error:
            log.warning("source %s: %s", name, error.what)
            continue
        if run.problem:
            log.warning("source %s: %s", name, run.problem)
