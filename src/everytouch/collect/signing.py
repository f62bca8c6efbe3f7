"""Signing secrets of webhooks: encrypted at rest, and never shown again.

They are encrypted (Fernet) with a key in a file of its own, which only its owner may read.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from everytouch.errors import SourceError, WorkspaceError

FILE, KEY = "signing.json", "signing.key"
LONGEST = 1_000  # characters of a secret


class SigningSecrets:
    """The signing secrets of a workspace, by the number of their source key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, number: int) -> str:
        """Return the signing secret of a key; empty where it has none.

        Raises:
            WorkspaceError: it cannot be decrypted.
        """
        sealed = self._read().get(str(number))
        return self._open(sealed) if sealed else ""

    def numbers(self) -> frozenset[int]:
        """Return the numbers of the keys that have a secret."""
        return frozenset(map(int, self._read()))

    def keep(self, number: int, secret: str) -> None:
        """Keep a secret in place of an earlier one; remove it where the new one is empty."""
        if len(secret) > LONGEST:
            raise SourceError(
                f"the signing secret is longer than {LONGEST} characters", "copy it again"
            )
        with self._changing() as found:
            found.pop(str(number), None)
            if secret:
                found[str(number)] = self._fernet(create=True).encrypt(secret.encode()).decode()

    def _open(self, sealed: str) -> str:
        try:
            return self._fernet().decrypt(sealed.encode()).decode()
        except (OSError, ValueError, InvalidToken) as error:
            raise WorkspaceError(
                f"the signing secrets in {self.folder / FILE} cannot be decrypted",
                f"restore {KEY} from a backup, or set the secrets again",
            ) from error

    def _fernet(self, create: bool = False) -> Fernet:
        path = self.folder / KEY
        if create and not path.exists():
            _write(path, Fernet.generate_key().decode("ascii"))
        return Fernet(path.read_bytes().strip())

    def _read(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads((self.folder / FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise WorkspaceError(
                f"{self.folder / FILE} cannot be read: {error}", "restore it from a backup"
            ) from error
        return found

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, str]]:
        """Let one process at a time change the file."""
        with (self.folder / f".{FILE}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = self._read()
            yield found
            fresh = self.folder / f".{FILE}.new"
            fresh.unlink(missing_ok=True)
            _write(fresh, json.dumps(found, indent=1))
            fresh.replace(self.folder / FILE)


def _write(path: Path, content: str) -> None:
    """Write a new file that only its owner may read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
