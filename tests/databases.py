"""Database servers of a test's own: started on a free port, ended with it."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def absent(name: str) -> None:
    """Skip a test that needs what is not installed; fail where everything must be."""
    if os.environ.get("EVERYTOUCH_COMPLETE"):
        pytest.fail(f"no {name} here: sh scripts/system-packages")
    pytest.skip(f"no {name} here: sh scripts/system-packages")


def wait_until(ready, process: "subprocess.Popen[bytes]", name: str) -> None:
    """Ask again and again whether a server is ready, as long as it lives."""
    for _ in range(400):
        if ready():
            return
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError(f"{name} did not start")


def _postgres_binary(name: str) -> Path | None:
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = shutil.which(name)
    return places[0] if places else Path(found) if found else None


@contextmanager
def postgresql() -> Iterator[str]:
    """URL of a database in a cluster of the test's own; anyone on loopback may sign in."""
    initdb, server = _postgres_binary("initdb"), _postgres_binary("postgres")
    if not (initdb and server):
        absent("PostgreSQL")
    who = {"user": "postgres"} if os.geteuid() == 0 else {}  # it refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="everytouch-pg-"))
    if who:
        shutil.chown(folder, "postgres")
    port, data = free_port(), folder / "data"
    call = [initdb, "-D", data, "-U", "everytouch", "--auth=trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(call, check=True, capture_output=True, **who)
    access = "host all reader 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
    (data / "pg_hba.conf").write_text(access)
    options = ["-p", str(port), "-h", "127.0.0.1", "-k", folder, "-F"]
    process = subprocess.Popen([server, "-D", data, *options], stderr=subprocess.DEVNULL, **who)
    asking = [server.with_name("pg_isready"), "-h", "127.0.0.1", "-p", str(port)]

    def ready() -> bool:
        return subprocess.run(asking, capture_output=True, check=False).returncode == 0

    try:
        wait_until(ready, process, "PostgreSQL")
        yield f"postgresql://everytouch@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def mariadb() -> Iterator[tuple[str, int]]:
    """Socket and port of a MariaDB of the test's own; root signs in at the socket."""
    places = [shutil.which(name) or f"/usr/sbin/{name}" for name in ("mariadbd",)]
    server, install = Path(places[0]), shutil.which("mariadb-install-db")
    if not (server.exists() and install):
        absent("MariaDB")
    folder = Path(tempfile.mkdtemp(prefix="everytouch-my-"))
    root = os.geteuid() == 0
    if root:
        shutil.chown(folder, "mysql")
    port, data, path = free_port(), folder / "data", str(folder / "socket")
    user = ["--user=mysql"] if root else []
    quick = ["--no-defaults", f"--datadir={data}", *user]
    made = [install, *quick, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(made, check=True, capture_output=True)
    options = [f"--socket={path}", f"--port={port}", "--bind-address=127.0.0.1"]
    more = [f"--pid-file={folder / 'pid'}", "--innodb-flush-log-at-trx-commit=0"]
    process = subprocess.Popen([server, *quick, *options, *more], stderr=subprocess.DEVNULL)
    try:
        wait_until(Path(path).exists, process, "MariaDB")
        yield path, port
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
