"""Running the collector: the server in a process of its own, the drain in this one."""

import logging
import multiprocessing
import os
import socket
import threading
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces, Loops

from everytouch.collect.drain import Drain
from everytouch.errors import EverytouchError, WorkspaceError
from everytouch.journal.api import lock

PAUSE, BUSY, FAILED = 0.1, 1.0, 5.0  # seconds until the log is looked at again
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
    server = Granian(
        "everytouch.collect.server:create",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        loop=Loops.uvloop,
        workers=1,
        respawn_failed_workers=True,
        log_access=False,
        log_level="warning",
        websockets=False,
    )
    thread.start()
    try:
        server.serve()
    finally:
        stop.set()
        thread.join()
        _once(drain)


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
    while not stop.wait(_once(drain)):
        pass


def _once(drain: Drain) -> float:
    """Load what there is; seconds until it is worth looking again."""
    try:
        drain.run()
    except WorkspaceError:
        return BUSY  # an import is being written
    except EverytouchError as error:
        log.error("the log could not be loaded: %s; %s", error.what, error.remedy)
        return FAILED
    except Exception:
        log.exception("the log could not be loaded")
        return FAILED
    return PAUSE
