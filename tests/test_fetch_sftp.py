"""SFTP folders that scheduled sources read: a real OpenSSH server, and one that asks a password."""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko
import pytest

from everytouch.collect.fetch import definition as definitions
from everytouch.collect.fetch.base import Context
from everytouch.collect.fetch.credentials import Vault
from everytouch.collect.fetch.guard import Limits
from everytouch.errors import SourceError
from tests.databases import absent, free_port

PASSWORD = "s3cret-password"


@dataclass(frozen=True)
class Server:
    port: int
    host_key: str
    key: str
    files: Path


def make_key(path: Path, passphrase: str = "") -> str:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "test", "-f", path]
    subprocess.run(command, check=True)
    return path.with_suffix(".pub").read_text().rpartition(" ")[0]


@pytest.fixture(scope="module")
def openssh() -> Iterator[Server]:
    """An OpenSSH server that lets this user in by a key."""
    sshd = Path(shutil.which("sshd") or "/usr/sbin/sshd")
    if not sshd.exists():
        absent("OpenSSH server")
    folder = Path(tempfile.mkdtemp(prefix="everytouch-ssh-"))
    folder.chmod(0o755)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it keeps nothing, and insists
    host_key, user_key = make_key(folder / "host"), make_key(folder / "user")
    (folder / "allowed").write_text(user_key)
    (folder / "files").mkdir()
    port = free_port()
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host'}\nPidFile none\n"
        f"AuthorizedKeysFile {folder / 'allowed'}\nStrictModes no\nPermitRootLogin yes\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\n"
        "Subsystem sftp internal-sftp\n"
    )
    command = [sshd, "-D", "-e", "-f", folder / "config"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            assert process.poll() is None, "sshd did not start"
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        key = (folder / "user").read_text()
        yield Server(port, host_key, key, folder / "files")
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def fetcher(folder: Path, server: Server, more: str = "", **secrets: str):
    """What reads the server's folder, with credentials stored."""
    folder.mkdir(exist_ok=True)
    stored = "".join(f'{name} = "stored"\n' for name in secrets)
    text = (
        '[schedule]\nevery = "1h"\n[inputs.v.sftp]\nhost = "127.0.0.1"\n'
        f'port = {server.port}\nuser = "{getpass.getuser()}"\npath = "{server.files}"\n'
        f'pattern = "*.csv"\nsettle = "1s"\n{stored}{more}'
    )
    definition = definitions.parse_definition(text, folder / "shop.toml")
    vault = Vault(folder)
    for name, value in secrets.items():
        vault.store("shop", name, value, definition.server)
    limits = Limits(private_hosts=["127.0.0.1"], workspace=folder)
    return definition.fetcher(Context("shop", limits, vault, folder))


def read(found, marks: dict[str, str]) -> list[tuple[str, str]]:
    """Name and content of what is new."""
    result = []
    for batch in found.batches(marks):
        result += [(path.name, path.read_text()) for path in batch.paths]
        marks.update(batch.marks)
    return result


def put(path: Path, text: str, age: float = 60) -> None:
    path.write_text(text)
    os.utime(path, (time.time() - age,) * 2)


def test_new_and_changed_files_come_from_a_real_server(openssh, tmp_path):
    expected = f'host_key = "{openssh.host_key}"'
    found = fetcher(tmp_path, openssh, expected, private_key=openssh.key)
    marks: dict[str, str] = {}
    large = "".join(f"{n},row\n" for n in range(100_000))
    put(openssh.files / "a b.csv", large, age=90)
    put(openssh.files / "b.csv", "two", age=80)
    put(openssh.files / "c.txt", "no")
    put(openssh.files / "young.csv", "half", age=-60)
    (openssh.files / "link.csv").symlink_to("/etc/hostname")
    assert read(found, marks) == [("a_b.csv", large), ("b.csv", "two")]
    put(openssh.files / "young.csv", "half", age=-120)
    assert read(found, marks) == []
    put(openssh.files / "young.csv", "half", age=-180)
    put(openssh.files / "b.csv", "two and more", age=5)
    assert read(found, marks) == [("b.csv", "two and more")]
    time.sleep(1.1)
    assert read(found, marks) == [("young.csv", "half")]  # it has not changed meanwhile


def test_the_host_key_is_verified_before_anything_is_sent(openssh, tmp_path):
    with pytest.raises(SourceError, match="is unknown; it shows the host key ssh-ed25519") as told:
        read(fetcher(tmp_path / "a", openssh, private_key=openssh.key), {})
    assert f'host_key = "{openssh.host_key}"' in told.value.remedy
    strange = make_key(tmp_path / "strange")
    found = fetcher(tmp_path / "b", openssh, f'host_key = "{strange}"', password=PASSWORD)
    with pytest.raises(SourceError, match="another host key than expected"):
        read(found, {})
    with pytest.raises(SourceError, match="invalid host_key"):
        read(fetcher(tmp_path / "c", openssh, 'host_key = "no key"'), {})


def test_keys_with_passphrases_and_keys_that_do_not_fit(openssh, tmp_path):
    expected = f'host_key = "{openssh.host_key}"'
    make_key(tmp_path / "other", "pass phrase")
    other = (tmp_path / "other").read_text()
    good = {"private_key": other, "passphrase": "pass phrase"}  # but of somebody else
    with pytest.raises(SourceError, match="refuses the sign-in"):
        read(fetcher(tmp_path / "a", openssh, expected, **good), {})
    for secrets in ({"private_key": other, "passphrase": "wrong"}, {"private_key": "no key"}):
        with pytest.raises(SourceError, match="private_key cannot be read") as told:
            read(fetcher(tmp_path / "b", openssh, expected, **secrets), {})
        assert "wrong" not in str(told.value)


def test_a_folder_that_is_not_there_and_a_server_that_is_not(openssh, tmp_path):
    expected = f'host_key = "{openssh.host_key}"'
    absent_folder = Server(openssh.port, "", openssh.key, openssh.files / "absent")
    with pytest.raises(SourceError, match="No such file"):
        read(fetcher(tmp_path / "a", absent_folder, expected, private_key=openssh.key), {})
    nobody = Server(free_port(), "", openssh.key, openssh.files)
    with pytest.raises(SourceError, match="does not answer"):
        read(fetcher(tmp_path / "b", nobody, expected, private_key=openssh.key), {})


# Passwords: OpenSSH would check those of the system's own users


class _Rights(paramiko.ServerInterface):
    def check_auth_password(self, _: str, password: str) -> int:
        good = password == PASSWORD
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def get_allowed_auths(self, _: str) -> str:
        return "password"

    def check_channel_request(self, *_: object) -> int:
        return paramiko.OPEN_SUCCEEDED


class _Files(paramiko.SFTPServerInterface):
    def list_folder(self, path: str):
        return [self._found(one) for one in sorted(Path(path).iterdir())]

    def lstat(self, path: str):
        return self._found(Path(path))

    stat = lstat

    def open(self, path: str, flags: int, _):
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = Path(path).open("rb")  # noqa: SIM115 - the handle closes it
        return handle

    def _found(self, path: Path):
        return paramiko.SFTPAttributes.from_stat(path.lstat(), path.name)


@pytest.fixture
def by_password(tmp_path) -> Iterator[Server]:
    (tmp_path / "files").mkdir()
    key = paramiko.ECDSAKey.generate()
    listening = socket.create_server(("127.0.0.1", 0))
    transports: list[paramiko.Transport] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                transport = paramiko.Transport(listening.accept()[0])
                transports.append(transport)
                transport.add_server_key(key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files)
                with contextlib.suppress(paramiko.SSHException, EOFError):
                    transport.start_server(server=_Rights())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        shown = f"{key.get_name()} {key.get_base64()}"
        yield Server(listening.getsockname()[1], shown, "", tmp_path / "files")
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)
        for transport in transports:
            transport.close()


def test_a_password_opens_the_folder_and_a_wrong_one_does_not(by_password, tmp_path):
    put(by_password.files / "a.csv", "one")
    expected = f'host_key = "{by_password.host_key}"'
    found = fetcher(tmp_path / "a", by_password, expected, password=PASSWORD)
    assert read(found, {}) == [("a.csv", "one")]
    wrong = fetcher(tmp_path / "b", by_password, expected, password="wr0ng")
    with pytest.raises(SourceError, match="refuses the sign-in") as told:
        read(wrong, {})
    assert "wr0ng" not in str(told.value)
