"""Scheduled source: a folder on an SFTP server, whose host key is verified."""

import base64
import hashlib
import io
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from everytouch.collect.fetch.base import Context, Fetcher, Kind, Options, driver
from everytouch.collect.fetch.files import Listed, files_of
from everytouch.errors import SourceError

_CHUNK, _SECONDS = 1 << 18, 60


@dataclass(frozen=True)
class _Login:
    """How to sign in to a server."""

    host: str
    port: int
    user: str
    password: str
    key: str
    passphrase: str
    host_key: str


@dataclass(frozen=True)
class _Remote:
    """Files directly in a folder of the server."""

    sftp: Any
    path: str

    def list(self) -> Iterable[Listed]:
        """List its files."""
        found = self.sftp.listdir_attr(self.path)
        return [_listed(one.filename, one) for one in found if stat.S_ISREG(one.st_mode or 0)]

    def look(self, name: str) -> Listed:
        """Look at one file."""
        return _listed(name, self.sftp.lstat(f"{self.path}/{name}"))

    def chunks(self, name: str) -> Iterator[bytes]:
        """Read a file piece by piece."""
        with self.sftp.open(f"{self.path}/{name}", "rb") as file:
            file.prefetch(self.look(name).size)
            while chunk := file.read(_CHUNK):
                yield chunk


def _listed(name: str, found: Any) -> Listed:
    return Listed(name, int(found.st_size or 0), float(found.st_mtime or 0))


def _open(options: Options, context: Context) -> Fetcher:
    host, port = options.text("host"), options.number("port", 22, high=65_535)
    user, path = options.text("user"), options.text("path", ".").rstrip("/") or "/"
    names = ("password", "private_key", "passphrase")
    references = {name: options.text(name, "") for name in names}
    host_key, server = options.text("host_key", ""), f"sftp://{host}:{port}"

    @contextmanager
    def connect() -> Iterator[_Remote]:
        secret = {n: context.credential(n, given, server) for n, given in references.items()}
        login = _Login(
            host,
            port,
            user,
            secret["password"],
            secret["private_key"],
            secret["passphrase"],
            host_key,
        )
        with _signed_in(login, context) as client, client.open_sftp() as sftp:
            sftp.get_channel().settimeout(_SECONDS)
            yield _Remote(sftp, path)

    return files_of(options, connect, context)


@contextmanager
def _signed_in(login: _Login, context: Context) -> Iterator[Any]:
    """Connect and sign in; whatever fails meanwhile is told in words."""
    paramiko = driver("paramiko", "sftp")
    place = f"{context.place}: {login.host}:{login.port}"
    try:
        with paramiko.SSHClient() as client:
            _expect(client, login, place, paramiko)
            client.connect(
                login.host,
                login.port,
                login.user,
                login.password or None,
                _key(login, place, paramiko) if login.key else None,
                sock=context.limits.connect(login.host, login.port, context.place),
                allow_agent=False,
                look_for_keys=False,
                banner_timeout=_SECONDS,
                auth_timeout=_SECONDS,
            )
            yield client
    except paramiko.BadHostKeyException as error:
        raise SourceError(
            f"{place} shows another host key than expected: {_shown(error.key)}",
            "ask the server's operator whether the key has changed; if so, change host_key",
        ) from None
    except paramiko.AuthenticationException:
        raise SourceError(
            f"{place} refuses the sign-in of {login.user}", "check user, password and key"
        ) from None
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise SourceError(
            f"{place}: {error or type(error).__name__}", "check the folder and the server"
        ) from None


def _expect(client: Any, login: _Login, place: str, paramiko: Any) -> None:
    """Accept only the host key that the source states, or the worker's known_hosts."""

    class Refuse(paramiko.MissingHostKeyPolicy):
        """Say which key the server shows."""

        def missing_host_key(self, _client: Any, _host: str, key: Any) -> None:
            raise SourceError(
                f"{place} is unknown; it shows the host key {_shown(key)}",
                "compare the fingerprint with what its operator says, then add "
                f'host_key = "{key.get_name()} {key.get_base64()}"',
            )

    client.set_missing_host_key_policy(Refuse())
    if not login.host_key:
        client.load_system_host_keys()
        return
    name = login.host if login.port == 22 else f"[{login.host}]:{login.port}"
    try:
        entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{name} {login.host_key}")
    except paramiko.hostkeys.InvalidHostKey:
        entry = None
    if entry is None or entry.key is None:
        raise SourceError(f"{place}: invalid host_key", 'write it as "ssh-ed25519 AAAA…"')
    client.get_host_keys().add(name, entry.key.get_name(), entry.key)


def _shown(key: Any) -> str:
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    return f"{key.get_name()} SHA256:{digest}"


def _key(login: _Login, place: str, paramiko: Any) -> Any:
    """Read a private key of whatever type."""
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(login.key), login.passphrase or None)
        except (paramiko.SSHException, ValueError):
            continue
    raise SourceError(
        f"{place}: private_key cannot be read",
        "give an OpenSSH or PEM key (Ed25519, ECDSA or RSA), and its passphrase if it has one",
    )


def _server(options: Mapping[str, Any]) -> str:
    return f"sftp://{options.get('host', '')}:{options.get('port', 22)}"


KIND = Kind("sftp", ("password", "private_key", "passphrase"), _server, _open)
