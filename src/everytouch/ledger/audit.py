"""The audit log: who looked at what about whom, when. Lines are only ever added."""

import datetime
import getpass
import json
from pathlib import Path


def audit(folder: Path, action: str, subject: str) -> None:
    """Add a line to the audit log of a workspace."""
    line = {
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "who": getpass.getuser(),
        "action": action,
        "subject": subject,
    }
    with (folder / "audit.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")
