"""Running the app: web and worker under one supervisor, or each alone."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from django.core.management import call_command
from granian import Granian
from granian.constants import Interfaces, Loops

from everytouch.collect.api import end_with, kept
from everytouch.errors import EverytouchError
from everytouch.web.boot import connect, prepare

PARENT, PORT = "EVERYTOUCH_PARENT", "EVERYTOUCH_PORT"
TRIES, MINUTE = 3, 60.0  # ends within a minute after which a part is given up
PATIENCE = 10.0  # seconds a process has to end by itself
FINISHING = 5  # seconds of these that a page has to be finished


def run_web(workspace: Path, host: str, port: int) -> None:
    """Serve the pages until told to stop."""
    _ready(workspace)
    end_with_parent()
    os.environ[PORT] = str(port)
    server = Granian(
        "everytouch.web.serving:create",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        loop=Loops.uvloop,
        workers=1,
        log_access=False,
        log_level="warning",
        websockets=False,
        # A model that is being learnt may never notice that it should end.
        workers_kill_timeout=FINISHING,
        **kept(workspace),
    )
    server.serve()


def run_worker(workspace: Path) -> None:
    """Do the jobs until told to stop."""
    if PARENT in os.environ:  # Ctrl-C reaches all at once: the supervisor ends this one
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    _ready(workspace)
    end_with_parent()
    call_command("work")


def _ready(workspace: Path) -> None:
    """What a supervisor has prepared is not prepared again by each of its processes."""
    (connect if PARENT in os.environ else prepare)(workspace)


def run_supervised(
    workspace: Path, host: str, port: int, collecting: int, started: Callable[[], None]
) -> None:
    """Run web, worker and collector, start again what dies, and end all when told to stop.

    Args:
        collecting: the port of the collector.
    """
    calls = {
        "web": ["web", "--host", host, "--port", str(port)],
        "work": ["work"],
        "collect": ["collect", "--host", host, "--port", str(collecting), "--quiet"],
    }
    environment = {**os.environ, PARENT: str(os.getpid())}

    def start(name: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "everytouch", "-w", str(workspace), *calls[name]]
        return subprocess.Popen(command, env=environment)  # noqa: S603 - our own command

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    running = {name: start(name) for name in calls}
    try:
        if _answers(host, port, running["web"], stop):
            started()
        _watch(running, start, stop)
    finally:
        _end(running.values())


def _watch(
    running: "dict[str, subprocess.Popen[bytes]]",
    start: "Callable[[str], subprocess.Popen[bytes]]",
    stop: threading.Event,
) -> None:
    """Start again what ends by itself; what ends again and again is given up.

    Raises:
        EverytouchError: a part does not stay up.
    """
    ended: dict[str, list[float]] = {name: [] for name in running}
    while not stop.wait(0.5):
        for name, process in running.items():
            if process.poll() is None:
                continue
            now = time.monotonic()
            ended[name] = [t for t in ended[name] if now - t < MINUTE] + [now]
            if len(ended[name]) >= TRIES:
                raise EverytouchError(
                    f"{name} ended {TRIES} times within a minute", "see what it said above"
                )
            sys.stderr.write(f"everytouch: {name} ended ({process.returncode}), again\n")
            stop.wait(1.0)
            running[name] = start(name)


def _answers(host: str, port: int, web: "subprocess.Popen[bytes]", stop: threading.Event) -> bool:
    """Wait until the pages can be asked for."""
    while web.poll() is None and not stop.wait(0.05):
        with contextlib.suppress(OSError), socket.create_connection((host, port), 1):
            return True
    return False


def _end(processes: "Iterable[subprocess.Popen[bytes]]") -> None:
    """Ask them to end, and end those that do not."""
    living = [p for p in processes if p.poll() is None]
    for process in living:
        process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in living:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()


def end_with_parent() -> None:
    """End when the supervisor is gone, however it went."""
    if parent := os.environ.get(PARENT):
        end_with(int(parent))
