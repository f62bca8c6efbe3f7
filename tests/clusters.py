"""A Spark standalone cluster on loopback: a master and two workers, ended by their ids."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

CLASSES = "org.apache.spark.deploy"
MASTER, WORKER = f"{CLASSES}.master.Master", f"{CLASSES}.worker.Worker"
PATIENCE = 90.0


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """The address of a master whose two workers are there."""
    found = find_spec("pyspark")
    if found is None or shutil.which("java") is None:
        assert "EVERYTOUCH_COMPLETE" not in os.environ, "PySpark and Java belong to a whole run"
        pytest.skip("no PySpark, or no Java")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        home = Path(found.submodule_search_locations[0])  # type: ignore[index]
        port = _free_port()
        master = f"spark://127.0.0.1:{port}"
        processes = [_start(home, folder, MASTER, "--port", str(port))]
        try:
            _wait_for(port)
            room = ("--cores", "1", "--memory", "1g", "--work-dir", str(folder / "work"))
            processes += [_start(home, folder, WORKER, master, *room) for _ in range(2)]
            yield master
        finally:
            _end_session()
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(PATIENCE)


def _start(home: Path, folder: Path, what: str, *words: str) -> "subprocess.Popen[bytes]":
    command = [str(home / "bin" / "spark-class"), what, "--host", "127.0.0.1", "--webui-port", "0"]
    environment = {**os.environ, "SPARK_HOME": str(home)}
    with (folder / "cluster.log").open("ab") as log:
        return subprocess.Popen([*command, *words], env=environment, stdout=log, stderr=log)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, "no Spark master"
            time.sleep(0.2)
        else:
            return


def _end_session() -> None:
    """The driver's Java process ends with its session."""
    from pyspark import SparkContext

    context, gateway = SparkContext._active_spark_context, SparkContext._gateway
    if context is not None:
        context.stop()
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(PATIENCE)
        SparkContext._gateway = SparkContext._jvm = None


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
