"""Backups: everything of a workspace in one file, and back, with later erasures applied again."""

import datetime
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from everytouch.errors import DamageError, WorkspaceError
from everytouch.ledger.audit import steady
from everytouch.ledger.belongings import forget_belongings
from everytouch.ledger.erasure import Erasure, again, erasures
from everytouch.ledger.places import placed
from everytouch.ledger.secret import read_secret
from everytouch.ledger.tables import Tables
from everytouch.lines import json_lines

_FILES = (
    "everytouch.toml", "catalogue.yaml", "rules.yaml", "secret", "keys.json", "signing.json",
    "signing.key",
)  # fmt: skip
_LOG = ("audit.jsonl", "audit.head", "audit.torn")  # taken together, while nobody writes to them
_FOLDERS = ("ledger", "maps", "mappings", "sources", "surveys")
_PLACES = "backups.json"  # folders that hold backups, to be told of erasures
_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Packed:
    """A backup that was written."""

    path: Path
    files: int
    bytes: int


@dataclass(frozen=True)
class Unpacked:
    """A backup that was restored.

    Attributes:
        extra: files beside the ledger that were given to ``pack``.
        erased: later erasures that were applied again.
        before: where the workspace that stood there was moved, if there was one.
        informed: whether anything said which erasures came later: a register of erasures, or the
            workspace that stood there. Without, the backup may hold people who were erased.
    """

    folder: Path
    created_at: str
    extra: Mapping[str, bytes]
    erased: int
    before: Path | None
    informed: bool = True


def pack(folder: Path, target: Path, extra: Mapping[str, bytes], now: datetime.datetime) -> Packed:
    """Write a backup of a workspace into the folder ``target``; nobody writes meanwhile.

    The file holds the secret and personal data: only its owner may read it.

    Raises:
        WorkspaceError: it cannot be written, or another process is writing to the ledger.
    """
    path = target / f"everytouch-{now:%Y%m%dT%H%M%S}Z.tar"
    part = path.with_suffix(".part")
    tables = Tables(folder / "ledger")
    try:
        target.mkdir(parents=True, exist_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with tables.writing(), os.fdopen(handle, "wb") as out:
            sums = _write(out, folder, extra, {"place": str(target.resolve())}, now)
            out.flush()
            os.fsync(out.fileno())
            part.replace(path)
            _remember(folder, target)
            _register(folder, target, erasures(tables))
    except OSError as error:
        part.unlink(missing_ok=True)
        raise WorkspaceError(
            f"the backup cannot be written: {error}", "give another place"
        ) from error
    return Packed(path, len(sums), path.stat().st_size)


def _write(
    out: io.BufferedWriter,
    folder: Path,
    extra: Mapping[str, bytes],
    about: Mapping[str, str],
    now: datetime.datetime,
) -> dict[str, str]:
    sums: dict[str, str] = {}
    inside = (path for name in _FOLDERS for path in sorted((folder / name).rglob("*")))
    inner = (path for path in inside if path.is_file())
    with tarfile.open(fileobj=out, mode="w") as tar:
        with steady(folder):
            sums |= _take(tar, folder, (folder / name for name in _LOG))
        sums |= _take(tar, folder, (*(folder / name for name in _FILES), *inner))
        for name, content in extra.items():
            sums[name] = hashlib.sha256(content).hexdigest()
            _add(tar, name, content)
        created = now.isoformat(timespec="seconds")
        manifest = {"created_at": created, **about, "sha256": sums}
        _add(tar, _MANIFEST, json.dumps(manifest, indent=1).encode())
    return sums


def _take(tar: tarfile.TarFile, folder: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Put those files in that are there, and say their sums."""
    sums = {}
    for path in paths:
        name = path.relative_to(folder).as_posix()
        if path.exists() and name != "ledger/.lock":
            sums[name] = _sum(path)
            tar.add(path, name)
    return sums


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    tar.addfile(entry, io.BytesIO(content))


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpack(file: Path, folder: Path, *, replace: bool = False) -> Unpacked:
    """Restore a backup to ``folder``.

    Erasures that came after the backup are applied again: those the workspace at ``folder``
    knows, and those noted in the register beside the backup.

    Args:
        replace: a workspace that stands at ``folder`` is moved aside.

    Raises:
        WorkspaceError: the file is no whole backup, or the folder is in use.
    """
    folder = placed(folder)
    taken = folder.exists() and any(folder.iterdir())
    if taken and not replace:
        raise WorkspaceError(
            f"{folder} is there already and not empty", "give a new folder, or --replace"
        )
    fresh = folder.with_name(f"{folder.name}.restoring")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        created, place, sums = _extract(file, fresh)
        extra = {
            name: (fresh / name).read_bytes()
            for name in sums
            if name not in (*_FILES, *_LOG) and name.split("/")[0] not in _FOLDERS
        }
        for name in extra:
            (fresh / name).unlink()
        forget_belongings(fresh)
        known = erasures(Tables(folder / "ledger")) if taken else []
        secret, tables = read_secret(fresh), Tables(fresh / "ledger")
        with tables.writing():
            registers = _registers(fresh, file.parent, *place)
            later = [row for register in registers for row in _registered(register)]
            count = again(tables, secret, [*known, *later])
        before = _aside(folder) if taken else None
        if before is None and folder.exists():
            folder.rmdir()
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return Unpacked(folder, created, extra, count, before, taken or bool(registers))


def _extract(file: Path, fresh: Path) -> tuple[str, list[Path], dict[str, str]]:
    """When and where the backup was made, and the sum of each file, all of them checked."""
    try:
        fresh.mkdir(mode=0o700, parents=True)
        with tarfile.open(file) as tar:
            tar.extractall(fresh, filter="data")
        manifest = json.loads((fresh / _MANIFEST).read_text())
        (fresh / _MANIFEST).unlink()
        created, sums = str(manifest["created_at"]), dict(manifest["sha256"])
        place = [Path(manifest["place"])] if "place" in manifest else []
        wrong = [name for name, found in sums.items() if _sum(fresh / name) != found]
    except (OSError, tarfile.TarError, ValueError, KeyError) as error:
        raise WorkspaceError(f"{file} is no whole backup: {error}", "give another one") from error
    if wrong:
        raise WorkspaceError(f"{file} is damaged: {', '.join(wrong[:3])}", "give another backup")
    (fresh / "secret").chmod(0o600)
    return created, place, sums


def _aside(folder: Path) -> Path:
    """Move an old workspace aside."""
    stamp = f"{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%S}"
    aside = folder.with_name(f"{folder.name}.before-{stamp}")
    folder.rename(aside)
    return aside


def tell_backups(folder: Path) -> None:
    """Note all erasures beside the backups that are known, so that a restore applies them."""
    for place in _places(folder):
        if place.is_dir():
            _register(folder, place, erasures(Tables(folder / "ledger")))


def backups(folder: Path) -> list[Path]:
    """The backups of a workspace that are known and there, the newest first."""
    found = (path for place in _places(folder) for path in place.glob("everytouch-*.tar"))
    return sorted(found, key=lambda path: path.name, reverse=True)


def _places(folder: Path) -> list[Path]:
    path = folder / _PLACES
    try:
        return [Path(p) for p in json.loads(path.read_bytes())] if path.exists() else []
    except (OSError, ValueError, TypeError) as error:
        raise DamageError(
            f"{path.name} is not as it was written: {error}", "remove it, then make a backup"
        ) from error


def _remember(folder: Path, target: Path) -> None:
    places = dict.fromkeys([*map(str, _places(folder)), str(target.resolve())])
    (folder / _PLACES).write_text(json.dumps(list(places)), encoding="utf-8")


def _name(folder: Path) -> str:
    """The register's name: of this workspace alone, several may share a folder of backups."""
    return f"erasures-{hashlib.sha256(b'register' + read_secret(folder)).hexdigest()[:12]}.jsonl"


def _register(folder: Path, place: Path, rows: list[Erasure]) -> None:
    lines = [
        json.dumps(
            {
                "certificate": row.certificate,
                "erased_at": row.erased_at.isoformat(),
                "keys": list(row.keys),
                "text": row.text,
                "moments": list(row.moments),
            }
        )
        for row in rows
    ]
    (place / _name(folder)).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _registers(fresh: Path, *places: Path) -> list[Path]:
    """The registers of erasures that are in some places."""
    known = dict.fromkeys(place.resolve() for place in places)
    return [path for place in known if (path := place / _name(fresh)).exists()]


def _registered(path: Path) -> list[Erasure]:
    return [
        Erasure(
            row["certificate"],
            datetime.datetime.fromisoformat(row["erased_at"]),
            tuple(row["keys"]),
            row["text"],
            tuple(row.get("moments", ())),
        )
        for row in json_lines(path)
    ]
