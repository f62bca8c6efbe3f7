"""The workspace's secret, under which keys of moments and parties are made.

A mark beside the ledger says which secret it is, and nothing of the secret itself.
"""

import hashlib
import os
import secrets
from pathlib import Path

from everytouch.errors import WorkspaceError

_NAME, MARK = "secret", Path("ledger") / "inventory" / "secret.mark"


def write_secret(folder: Path, secret: bytes | None) -> None:
    """Write 16 bytes, random ones when none are given, for the owner's eyes only."""
    handle = os.open(folder / _NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write((secret or secrets.token_bytes(16)).hex())


def mark_secret(folder: Path, *, again: bool = False) -> None:
    """Note beside the ledger which secret it has, if that was not done.

    Args:
        again: the note that is there is damaged.
    """
    path = folder / MARK
    if again or not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        fresh, secret = path.with_suffix(".new"), raw_secret(folder)
        fresh.write_text(_mark(secret or read_secret(folder)), encoding="ascii")
        fresh.replace(path)


def read_secret(folder: Path) -> bytes:
    """The secret of a workspace.

    Raises:
        WorkspaceError: it is gone or damaged, or that of another ledger.
    """
    path, mark = folder / _NAME, folder / MARK
    remedy = "restore it from a backup: without it what is stored is not recognised"
    try:
        secret = _read(path)
        same = not mark.exists() or mark.read_bytes() == _mark(secret).encode()
    except (OSError, ValueError) as error:
        raise WorkspaceError(f"{path} cannot be read: {error}", remedy) from error
    if not same:
        raise WorkspaceError(
            f"{_NAME} is not the secret that is noted in {MARK}",
            "see which of them is damaged: everytouch admin verify",
        )
    return secret


def raw_secret(folder: Path) -> bytes | None:
    """The secret as the file has it, whatever the mark says; None where it is none."""
    try:
        return _read(folder / _NAME)
    except (OSError, ValueError):
        return None


def fits_mark(folder: Path, file: Path) -> bool:
    """Whether a file holds the secret of the ledger in a folder."""
    try:
        return (folder / MARK).read_bytes() == _mark(_read(file)).encode()
    except (OSError, ValueError):
        return False


def _read(path: Path) -> bytes:
    """The secret in a file, as it was written: a changed bit may leave its value what it was.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds no secret, or one in other letters.
    """
    text = path.read_text(encoding="ascii").rstrip("\n")
    secret = bytes.fromhex(text)
    if secret.hex() != text:
        raise ValueError("it is not as it was written")
    return secret


def _mark(secret: bytes) -> str:
    return hashlib.sha256(b"everytouch secret" + secret).hexdigest()
