"""The workspace's secret, under which keys of moments and parties are made."""

import os
import secrets
from pathlib import Path

from everytouch.errors import WorkspaceError

_NAME = "secret"


def write_secret(folder: Path, secret: bytes | None) -> None:
    """Write 16 bytes, random ones when none are given, for the owner's eyes only."""
    handle = os.open(folder / _NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write((secret or secrets.token_bytes(16)).hex())


def read_secret(folder: Path) -> bytes:
    """The secret of a workspace.

    Raises:
        WorkspaceError: it is gone or damaged.
    """
    try:
        return bytes.fromhex((folder / _NAME).read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise WorkspaceError(
            f"{folder / _NAME} cannot be read: {error}",
            "restore it from a backup: without it what is stored is not recognised",
        ) from error
