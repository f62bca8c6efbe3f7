"""Uploads: limited while they stream in, kept in the workspace until they are imported."""

import re
import secrets
import shutil
import time
from pathlib import Path

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.utils.text import get_valid_filename

from everytouch.collect.api import FORMATS, definitions
from everytouch.errors import BusyError, SourceError

HELD = "file"
"""Folder of an upload that holds the file alone, whatever its name is."""
OWNER = "owner"
MOST = 20  # uploads of one user that wait to be imported
OLDEST = 7 * 86_400.0  # seconds that an upload waits to be imported

ENDINGS = (*FORMATS, *(f".{name}" for name in definitions.READERS))
"""Endings of the files that can be imported."""

_BYTES = 8  # of an upload's code, which names its folder
_CODE = re.compile(rf"[0-9a-f]{{{2 * _BYTES}}}")


class Limited(TemporaryFileUploadHandler):
    """Streams to disk, and stops at the limit instead of filling it."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take a chunk, unless that would be too much."""
        if start + len(raw_data) > settings.CONFIG.upload_mb * 1_000_000:
            self.request.too_large = True
            raise StopUpload(connection_reset=False)
        super().receive_data_chunk(raw_data, start)


def folder_of(code: str) -> Path:
    """The folder of an upload."""
    if not _CODE.fullmatch(code):
        raise SourceError("There is no such upload", "upload the file again")
    path: Path = settings.WORKSPACE / "uploads" / code
    return path


def keep(file: UploadedFile, user: str) -> tuple[str, str]:
    """Keep an uploaded file of a user; its code and its name.

    Raises:
        SourceError: its name tells no format that can be read.
        BusyError: the user has too many that are not imported.
    """
    try:
        name = get_valid_filename(Path(file.name or "").name)[-80:]
    except SuspiciousFileOperation as error:
        raise SourceError("the file has no name", "give it one, with its ending") from error
    if not any(name.lower().endswith(ending) for ending in ENDINGS):
        raise SourceError(
            f"the format of {name} is not told by its name",
            f"upload one that ends in {', '.join(ENDINGS)}",
        )
    _forget_old()
    if (waiting := _held_by(user)) >= MOST:
        raise BusyError(
            f"{waiting} of your uploads are not imported yet",
            "import or discard some, then try again",
        )
    code = secrets.token_hex(_BYTES)
    folder = folder_of(code) / HELD
    folder.mkdir(mode=0o700, parents=True)
    (folder.parent / OWNER).write_text(user, encoding="utf-8")
    with (folder / name).open("wb") as out:
        for chunk in file.chunks():
            out.write(chunk)
    return code, name


def _held_by(user: str) -> int:
    owners = (settings.WORKSPACE / "uploads").glob(f"*/{OWNER}")
    return sum(owner.read_text(encoding="utf-8") == user for owner in owners)


def _forget_old() -> None:
    """Remove uploads that nobody imported: what people said is not left lying about."""
    for folder in (settings.WORKSPACE / "uploads").glob("*"):
        if time.time() - folder.stat().st_mtime > OLDEST:
            shutil.rmtree(folder, ignore_errors=True)


def drop(code: str) -> None:
    """Remove an upload: once imported, no copy is left lying about."""
    shutil.rmtree(folder_of(code), ignore_errors=True)
