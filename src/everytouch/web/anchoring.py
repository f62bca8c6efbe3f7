"""The worker's fourth thread: the audit log's last line is noted elsewhere, again and again."""

import logging
import threading
from pathlib import Path

from everytouch.errors import EverytouchError
from everytouch.ledger.api import Head, write_anchors
from everytouch.web.config import WebConfig

MINUTE = 60.0
log = logging.getLogger("everytouch.work")


def anchor_in_background(folder: Path, config: WebConfig) -> threading.Event:
    """Write anchors until the event is set, or the process ends."""
    stop = threading.Event()
    if config.audit_anchors:
        given = (folder, config, stop)
        threading.Thread(target=_forever, args=given, daemon=True, name="anchors").start()
    return stop


def _forever(folder: Path, config: WebConfig, stop: threading.Event) -> None:
    last = None
    while True:
        try:
            last = anchor_due(folder, config.audit_anchors, last)
        except Exception:  # the next one may do better, and must come
            log.exception("anchors of the audit log could not be written")
        if stop.wait(config.anchor_minutes * MINUTE):
            return


def anchor_due(folder: Path, places: list[str], last: Head | None) -> Head | None:
    """Write anchors unless ``last`` is the last line still; which line all places have now."""
    try:
        head, problems = write_anchors(folder, places)
    except EverytouchError as error:
        log.error("no anchor of the audit log is written: %s", error.what)
        return last
    for problem in problems:
        log.error("%s", problem)
    return last if problems else head
