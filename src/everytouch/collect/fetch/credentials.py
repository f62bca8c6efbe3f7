"""Credentials of scheduled sources: encrypted in the workspace, or read from the environment."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from everytouch.collect.fetch.guard import ENVIRONMENT, TABLE, Limits
from everytouch.errors import SourceError
from everytouch.later import Later

if TYPE_CHECKING:
    from cryptography import fernet
else:
    fernet = Later("cryptography.fernet")

STORED, FROM_ENVIRONMENT = "stored", "env:"
_KEY, _FILE = "credentials.key", "credentials.json"


def is_reference(value: str) -> bool:
    """Return whether a value says where a credential is, instead of being one."""
    return value == STORED or value.startswith(FROM_ENVIRONMENT)


class Vault:
    """Stored credentials, each bound to the server it is meant for.

    The key is a file of its own, readable by its owner only. Neither the key nor the
    credentials are part of a backup: after a restore they are entered again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def store(self, source: str, field: str, value: str, server: str) -> None:
        """Encrypt and keep a credential.

        Args:
            server: it is given out for this server only, so that nobody can have it sent
                elsewhere by changing the address.
        """
        secret = json.dumps({"value": value, "server": server}).encode()
        with self._changing() as kept:
            kept[f"{source}/{field}"] = fernet.Fernet(self._key()).encrypt(secret).decode()

    def forget(self, source: str) -> None:
        """Remove all credentials of a source."""
        with self._changing() as kept:
            for name in [name for name in kept if name.partition("/")[0] == source]:
                del kept[name]

    def value(self, source: str, field: str, server: str) -> str:
        """Return a credential that was stored.

        Raises:
            SourceError: there is none, it cannot be read, or it was stored for another server.
        """
        place, again = f"source {source}: {field}", "enter it again"
        token = self._read().get(f"{source}/{field}")
        if token is None:
            raise SourceError(f"{place} is not stored", again)
        try:
            found: dict[str, str] = json.loads(fernet.Fernet(self._key()).decrypt(token.encode()))
        except (fernet.InvalidToken, ValueError):
            raise SourceError(f"{place} cannot be decrypted", again) from None
        if found["server"] != server:
            raise SourceError(f"{place} was stored for {found['server']}, not for {server}", again)
        return found["value"]

    def _key(self) -> bytes:
        path = self._folder / _KEY
        if not path.exists():
            _write(path, fernet.Fernet.generate_key())
        return path.read_bytes()

    def _read(self) -> dict[str, str]:
        path = self._folder / _FILE
        if not path.exists():
            return {}
        kept: dict[str, str] = json.loads(path.read_text(encoding="ascii"))
        return kept

    @contextmanager
    def _changing(self) -> Iterator[dict[str, str]]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / ".credentials.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = self._read()
            yield kept
            _write(self._folder / _FILE, json.dumps(kept, indent=1).encode())


class TrialVault(Vault):
    """The vault with credentials that are only tried: nothing is written."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._tried: dict[str, str] = {}

    def store(self, source: str, field: str, value: str, server: str) -> None:  # noqa: ARG002
        """Keep a credential in memory."""
        self._tried[f"{source}/{field}"] = value

    def value(self, source: str, field: str, server: str) -> str:
        """Return a credential that is tried, or one that was stored."""
        name = f"{source}/{field}"
        return self._tried[name] if name in self._tried else super().value(source, field, server)


def _write(path: Path, content: bytes) -> None:
    """Replace a file that only its owner may read; the old or the new one is always there."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def from_environment(reference: str, limits: Limits, place: str) -> str:
    """Return the credential in an environment variable of the worker.

    Raises:
        SourceError: sources may not use the variable, or it is not set.
    """
    name = reference.removeprefix(FROM_ENVIRONMENT)
    if not name.startswith(ENVIRONMENT) and name not in limits.environment:
        raise SourceError(
            f"{place}: sources may not use the environment variable {name}",
            f"name it {ENVIRONMENT}…, or add it to environment under [{TABLE}] in everytouch.toml",
        )
    if not os.environ.get(name):
        raise SourceError(
            f"{place}: the environment variable {name} is not set",
            "set it for the process that runs sources: everytouch serve, or everytouch work",
        )
    return os.environ[name]


def redacted(text: str, secrets: "list[str] | tuple[str, ...]") -> str:
    """Return a message without the credentials that a driver or server may have put in it."""
    for secret in sorted(secrets, key=len, reverse=True):
        if secret:
            text = text.replace(secret, "[credential]")
    return text
