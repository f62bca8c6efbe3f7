"""Running the collector: the server in a process of its own, the drain in this one."""

import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings

from everytouch.collect.bounds import Bounds
from everytouch.collect.connections import room_for
from everytouch.collect.drain import Drain
from everytouch.collect.pulse import note_loading
from everytouch.errors import DamageError, EverytouchError, WorkspaceError
from everytouch.journal.api import lock

PAUSE, BUSY, FAILED = 0.1, 1.0, 5.0  # seconds until the log is looked at again
RESTS, RESTED = 4.0, 1.0  # times as long as it loaded it rests, at most so many seconds
NICE = 10  # how much the loader steps back behind the server
AGAIN = 0.2  # seconds until a server that ended is started again
BACKLOG = 4096  # connections that may wait to be accepted, where the system allows so many
log = logging.getLogger("everytouch.collect")


def serve(workspace: Path, host: str, port: int, drain: Drain) -> None:
    """Serve until told to stop; what is in the log then is loaded before it returns.

    Raises:
        LedgerError: another collector is at work.
        EverytouchError: the address cannot be listened on.
    """
    lock(drain.folder).close()
    _free(host, port)
    os.environ["EVERYTOUCH_WORKSPACE"] = str(workspace.resolve())
    os.environ["EVERYTOUCH_COLLECTOR"] = f"http://{host}:{port}"
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # A forked server would inherit what the drain has open, the ledger's lock first of all.
    multiprocessing.set_start_method("spawn", force=True)
    stop = threading.Event()
    thread = threading.Thread(target=_drain, args=(drain, stop), name="drain")
    thread.start()
    try:
        _keep(host, port, kept(workspace))
    finally:
        stop.set()
        thread.join()
        _once(drain)
        drain.readers.close()


def _keep(host: str, port: int, limits: dict[str, Any]) -> None:
    """Serve, and again where the server ends without being told to.

    It gives up where it is killed twice within seconds; who sends is to be answered all the same.
    """
    with contextlib.suppress(StoppedError):
        while not _served(host, port, limits):
            log.error("the server ended by itself: it is started again")
            time.sleep(AGAIN)


def _served(host: str, port: int, limits: dict[str, Any]) -> bool:
    """Serve; whether it was told to stop."""
    _mind_signals()
    server = _server(host, port, limits)
    try:
        server.serve()
    except SystemExit:  # also where it is told to stop while its worker is dead
        _mind_signals()
        return bool(server.interrupt_signal)
    return True


class StoppedError(BaseException):
    """Told to stop while no server listens to signals."""


def _mind_signals() -> None:
    """While no server has taken the signals over, they end all the same."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)


def _stop(*_: object) -> None:
    raise StoppedError


def _server(host: str, port: int, limits: dict[str, Any]) -> Granian:
    return Granian(
        "everytouch.collect.server:create",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        loop=Loops.uvloop,
        workers=1,
        respawn_failed_workers=True,
        log_access=False,
        log_level="critical",
        websockets=False,
        **limits,
    )


def kept(workspace: Path) -> dict[str, Any]:
    """Return the options by which a server keeps the bounds of a workspace's connections.

    Raises:
        SettingError: they are not valid.
    """
    bounds, accepted = room_for(Bounds.read(workspace))
    return {
        "backlog": BACKLOG,
        "backpressure": accepted,  # who comes then waits for a place
        "http": HTTPModes.http1,  # HTTP/2 has no deadline for headers
        "http1_settings": HTTP1Settings(header_read_timeout=bounds.head_seconds * 1000),
    }


def _free(host: str, port: int) -> None:
    """Granian would share a port that is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise EverytouchError(
                f"{host}:{port} cannot be listened on: {error.strerror}",
                "give another --host or --port",
            ) from error


def _drain(drain: Drain, stop: threading.Event) -> None:
    """Load, and let those who send come first: loading waits, an answer does not."""
    with contextlib.suppress(OSError, AttributeError):  # where threads have no priority
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
    while not stop.wait(_once(drain)):
        pass


def _once(drain: Drain) -> float:
    """Load what there is; seconds until it is worth looking again."""
    began = time.monotonic()
    try:
        loaded = drain.run()
    except WorkspaceError:
        return BUSY  # an import is being written
    except EverytouchError as error:
        log.error("the log could not be loaded: %s; %s", error.what, error.remedy)
        note_loading(
            drain.folder, "damaged" if isinstance(error, DamageError) else "cannot be written"
        )
        return FAILED
    except Exception as error:
        log.exception("the log could not be loaded")
        note_loading(drain.folder, type(error).__name__)
        return FAILED
    note_loading(drain.folder, "")
    spent = time.monotonic() - began
    return min(RESTED, RESTS * spent) if loaded.received else PAUSE
