"""What the collector says of itself: to those who watch over it, and to the page of sources."""

import contextlib
import os
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

from everytouch.collect.group import Group
from everytouch.journal.api import damaged, segments, unwritable

FILE = "collector.json"
_FAILED = ".loading"  # why the log is not loaded
EVERY = 1.0  # seconds between two notes
SILENT = 5.0  # seconds after which one that has not noted anything is not at work
WINDOW = 10  # notes over which a rate is counted


@dataclass(frozen=True)
class Pulse:
    """How the collector is.

    Attributes:
        address: where it listens.
        at: when this was noted, seconds since 1970.
        events: taken since it began, by source.
        rates: events a second, lately, by source.
        refused: requests that got no 2xx since it began, by status.
        unsigned: webhooks without a right signature since it began, by source.
        segments, log_bytes: what the ledger does not have yet.
        queue_bytes: what is not on disk yet.
        lag_s: age of the oldest segment that is not loaded.
        disk_free_bytes: where the workspace lies.
        last_commit: of something loaded, seconds since 1970; 0 before the first.
        failure: why the log cannot be written, empty where it can.
        damaged: segments that were set aside, as parts of them cannot be read.
        ledger: why the ledger cannot be written, empty where it can. Events are taken all the same:
            the log keeps them until it can.
    """

    address: str
    at: float
    events: dict[str, int] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    segments: int = 0
    log_bytes: int = 0
    queue_bytes: int = 0
    lag_s: float = 0.0
    disk_free_bytes: int = 0
    last_commit: float = 0.0
    failure: str = ""
    damaged: int = 0
    unsigned: dict[str, int] = field(default_factory=dict)
    ledger: str = ""

    @property
    def healthy(self) -> bool:
        """Whether it can take events."""
        return not self.failure


class Watch:
    """Counts what a collector takes and refuses."""

    def __init__(self, workspace: Path, address: str) -> None:
        self.workspace, self.address = workspace, address
        self.events: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.unsigned: Counter[str] = Counter()
        self._past: deque[tuple[float, Counter[str]]] = deque(maxlen=WINDOW)

    def look(self, group: Group | None) -> Pulse:
        """How it is now."""
        waiting, disk = segments(self.workspace / "log"), os.statvfs(self.workspace)
        now, log = time.time(), group.log if group else None
        events = dict(self.events)  # whole: the event loop goes on counting
        return Pulse(
            self.address,
            now,
            events,
            self._rates(now, events),
            dict(self.refused),
            len(waiting),
            sum(map(_size, waiting)),
            group.waiting if group else 0,
            max([0.0, *(now - _since(path) for path in waiting[:-1])]),  # clocks are set back
            disk.f_bavail * disk.f_frsize,
            _last_commit(self.workspace),
            (log.failure.strerror or "unknown") if log and log.failure else "",
            len(damaged(self.workspace / "log")),
            dict(self.unsigned),
            unwritable(self.workspace / "ledger") or _not_loaded(self.workspace),
        )

    def note(self, group: Group | None) -> None:
        """Write it down for others; what cannot be written is not worth an end."""
        self._past.append((time.time(), self.events.copy()))
        fresh = self.workspace / "log" / f".{FILE}.new"
        try:
            fresh.write_bytes(msgspec.json.encode(asdict(self.look(group))))
            fresh.replace(self.workspace / "log" / FILE)
        except OSError:
            return

    def _rates(self, now: float, events: dict[str, int]) -> dict[str, float]:
        if not self._past:
            return {}
        since, before = self._past[0]
        span = max(now - since, EVERY)
        return {name: (n - before[name]) / span for name, n in events.items()}


def pulse(workspace: Path) -> Pulse | None:
    """What the collector of a workspace said last; None where none is at work."""
    try:
        said = msgspec.json.decode((workspace / "log" / FILE).read_bytes(), type=Pulse)
    except (OSError, msgspec.DecodeError):
        return None
    return said if time.time() - said.at < SILENT else None


def exposition(now: Pulse) -> bytes:
    """As Prometheus reads it (text format 0.0.4)."""
    lines: list[str] = []

    def tell(name: str, kind: str, text: str, values: dict[str, float]) -> None:
        lines.append(f"# HELP everytouch_collector_{name} {text}")
        lines.append(f"# TYPE everytouch_collector_{name} {kind}")
        lines.extend(f"everytouch_collector_{name}{of} {value}" for of, value in values.items())

    def sources(counts: dict[str, int]) -> dict[str, float]:
        return {f'{{source="{name}"}}': float(n) for name, n in counts.items()}

    by_status = {f'{{status="{name}"}}': float(n) for name, n in now.refused.items()}
    tell("events_total", "counter", "Events answered for, by source.", sources(now.events))
    tell("refused_total", "counter", "Requests refused, by status.", by_status)
    wrong = "Webhooks refused for their signature, by source."
    tell("signatures_refused_total", "counter", wrong, sources(now.unsigned))
    gauges = {
        "healthy": ("Whether the log can be written.", float(now.healthy)),
        "ledger_writable": ("Whether the ledger can be written.", float(not now.ledger)),
        "log_segments": ("Log segments the ledger does not have.", now.segments),
        "log_bytes": ("Their bytes.", now.log_bytes),
        "queue_bytes": ("Bytes that are not on disk yet.", now.queue_bytes),
        "lag_seconds": ("Age of the oldest segment not loaded.", now.lag_s),
        "disk_free_bytes": ("Space left where the workspace lies.", now.disk_free_bytes),
        "damaged_segments": ("Segments set aside.", now.damaged),
        "last_commit_seconds": ("When the ledger took something last.", now.last_commit),
    }
    for name, (text, value) in gauges.items():
        tell(name, "gauge", text, {"": value})
    return ("\n".join(lines) + "\n").encode()


def note_loading(log: Path, why: str) -> None:
    """Note why the log cannot be loaded into the ledger; nothing where it can."""
    with contextlib.suppress(OSError):
        (log / _FAILED).write_text(why, encoding="utf-8") if why else (log / _FAILED).unlink()


def _not_loaded(workspace: Path) -> str:
    try:
        return (workspace / "log" / _FAILED).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _last_commit(workspace: Path) -> float:
    """Each load is noted in the table of imports, with a file of its own."""
    return _since(workspace / "ledger" / "imports" / "_delta_log", 0.0)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0  # the ledger holds it by now


def _since(path: Path, absent: float | None = None) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time() if absent is None else absent
