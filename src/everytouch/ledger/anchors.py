"""Anchors: number and seal of the audit log's last line, noted where its writer cannot change them.

A place is ``file:/path``, ``syslog:`` (this machine's), ``syslog:host:port`` (UDP) or an ``https://``
address that takes a POST. One scheme is one function and one line of ``WRITERS``.
"""

import datetime
import json
import os
import re
import socket
import urllib.parse
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from everytouch.errors import EverytouchError, LedgerError, SettingError
from everytouch.journal.api import sync
from everytouch.later import Later
from everytouch.ledger.proof import last_line
from everytouch.ledger.seals import Head
from everytouch.lines import lines_of

if TYPE_CHECKING:
    import urllib3
else:
    urllib3 = Later("urllib3")

LOCAL_SYSLOG = Path("/dev/log")
_PRIORITY = "<109>"  # facility 13, log audit; severity 5, notice
_PORT = 514
_SECONDS = 10.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_NOTED = re.compile(r"(\d{1,15}):([0-9a-f]{64})")


@dataclass(frozen=True)
class Noted:
    """What is noted of a log.

    Attributes:
        workspace: the name of its folder.
    """

    at: str
    workspace: str
    number: int
    seal: str

    @property
    def text(self) -> str:
        """In one line: a name of a folder may hold anything."""
        return f"{self.at} {self.number}:{self.seal} {json.dumps(self.workspace)}"


def head_of(text: str) -> Head | None:
    """The line that a text names as NUMBER:SEAL; None where it is no such text."""
    found = _NOTED.fullmatch(text.strip())
    return Head(int(found[1]), found[2]) if found else None


def check_places(places: Iterable[str]) -> None:
    """See that anchors can be written to these places.

    Raises:
        SettingError: one is not such a place.
    """
    for place in places:
        scheme, _, rest = place.partition(":")
        if scheme not in WRITERS or not _FITS[scheme](rest):
            raise SettingError(
                f"{_public(place)!r} is no place for anchors of the audit log",
                "use file:/path, syslog:, syslog:host:port or https://host/path",
            )


def write_anchors(folder: Path, places: Iterable[str]) -> tuple[Head, list[str]]:
    """Note the last line of a workspace's audit log at each place; which, and what went wrong.

    Raises:
        LedgerError: the log has no line, or is not what was written: that is never noted.
        WorkspaceError: the workspace's secret is gone or damaged.
    """
    head, problems = last_line(folder), []
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    noted = Noted(now, folder.resolve().name, head.number, head.seal)
    for place in places:
        scheme, _, rest = place.partition(":")
        try:
            WRITERS[scheme](rest, noted)
        except (OSError, urllib3.exceptions.HTTPError, LedgerError) as error:
            why = error.what if isinstance(error, EverytouchError) else type(error).__name__
            problems.append(f"no anchor of the audit log was written to {_public(place)}: {why}")
    return head, problems


def noted_in(place: Path) -> tuple[Head, ...]:
    """All lines that are noted in a file of anchors.

    Raises:
        LedgerError: the file cannot be read.
    """
    try:
        lines = [line.decode(errors="replace") for line in lines_of(place)]
    except OSError as error:
        raise LedgerError(
            f"the anchors in {place} cannot be read: {error.strerror}",
            "bring the disk back that holds them, or correct web.audit_anchors",
        ) from error
    found = (head_of(word) for line in lines for word in line.split(" ")[1:2])
    return tuple(head for head in found if head)


def files_among(places: Iterable[str]) -> tuple[Path, ...]:
    """The places that can be read again."""
    return tuple(Path(place.removeprefix("file:")) for place in places if place.startswith("file:"))


def _to_file(rest: str, noted: Noted) -> None:
    """Add a line; the file may be one that can only be added to (chattr +a)."""
    path = Path(rest)
    fresh = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "ab") as file:
        file.write(noted.text.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if fresh:
        sync(path.parent)


def _to_syslog(rest: str, noted: Noted) -> None:
    if not rest:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local:
            local.settimeout(_SECONDS)
            local.connect(str(LOCAL_SYSLOG))
            local.send(f"{_PRIORITY}everytouch[{os.getpid()}]: audit head {noted.text}".encode())
        return
    host, port = _syslog_server(rest)
    head = f"{_PRIORITY}1 {noted.at} {socket.gethostname()} everytouch {os.getpid()} audit-head -"
    family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind) as remote:
        remote.settimeout(_SECONDS)
        remote.sendto(f"{head} {noted.text}".encode(), address)


def _to_web(rest: str, noted: Noted, scheme: str = "https") -> None:
    """Send it as JSON; a server that sends us elsewhere has not taken it."""
    with urllib3.PoolManager(retries=False, timeout=_SECONDS) as pool:
        answer = pool.request("POST", f"{scheme}:{rest}", json=asdict(noted), redirect=False)
    if not 200 <= answer.status < 300:
        raise LedgerError(f"it answered {answer.status}", "see to the server that takes anchors")


def _syslog_server(rest: str) -> tuple[str, int]:
    found = urllib.parse.urlsplit(f"//{rest}")
    return found.hostname or "", found.port or _PORT


def _is_server(rest: str) -> bool:
    try:
        host, _ = _syslog_server(rest)
        return not rest or (bool(host) and rest.isprintable() and not set(rest) & set("/@ ?#"))
    except ValueError:
        return False


def _is_address(rest: str, hosts: tuple[str, ...] = ()) -> bool:
    try:
        url = urllib.parse.urlsplit(rest)
        _ = url.port  # a wrong one is told by asking
    except ValueError:
        return False
    named = bool(url.hostname) and (not hosts or url.hostname in hosts)
    return rest.startswith("//") and rest.isprintable() and named


def _public(place: str) -> str:
    """A place as messages may show it: addresses of webhooks are secrets beyond their host."""
    scheme, _, rest = place.partition(":")
    if scheme not in ("http", "https"):
        return place
    return f"{scheme}://{rest.removeprefix('//').split('/')[0].rpartition('@')[2]}"


WRITERS: dict[str, Callable[[str, Noted], None]] = {
    "file": _to_file,
    "syslog": _to_syslog,
    "https": _to_web,
    "http": lambda rest, noted: _to_web(rest, noted, "http"),  # to a program on this machine
}
_FITS: dict[str, Callable[[str], bool]] = {
    "file": lambda rest: rest.startswith("/") and rest.isprintable(),
    "syslog": _is_server,
    "https": _is_address,
    "http": lambda rest: _is_address(rest, _LOOPBACK),
}
