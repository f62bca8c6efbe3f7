"""Source keys: by what a program that sends is known. Only hashes of them are kept."""

import contextlib
import dataclasses
import datetime
import fcntl
import hashlib
import json
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xxhash

from everytouch.errors import DamageError, UnknownNameError

if TYPE_CHECKING:  # the collector's server does without the ledger
    from everytouch.ledger.api import Policy

PREFIX, HOOK_PREFIX = "ek_", "eh_"
UNSIGNED = "unsigned"  # scheme of a webhook that is not signed
FRESH = 0.02  # seconds for which what was read counts: every request asks
_FILE = "keys.json"
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")


@dataclass(frozen=True)
class SourceKey:
    """One key.

    Attributes:
        number: by which it is listed and revoked.
        source: of what it sends.
        sha256: of the secret.
        rate: events a second it may send, 0 for any number.
        origins: of pages whose scripts may send with it (CORS), "*" for all.
        hook: of a webhook's address, how what comes there is signed; empty for a write key. The
            one does not work in place of the other.
        repeats: whether a webhook's body that comes again without an id is another event.
        versions: what other content under a known id is: "first" for a conflict, "newest" for a
            correction.
    """

    number: int
    source: str
    sha256: str
    created_at: str
    rate: int = 0
    origins: tuple[str, ...] = ()
    revoked_at: str = ""
    hook: str = ""
    repeats: bool = False
    versions: "Policy" = "first"


class Keys:
    """The keys of a workspace, in one small file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / _FILE
        self._read_at = -1.0
        self._stamp: int | None = None
        self._found: tuple[SourceKey, ...] = ()
        self._by_hash: dict[str, SourceKey] = {}

    def all(self) -> tuple[SourceKey, ...]:
        """Every key there ever was, as the file is now."""
        self._read()
        return self._found

    def of(self, secret: str) -> SourceKey | None:
        """The key of a secret, unless it was revoked."""
        self._read()
        key = self._by_hash.get(_hash(secret))
        if key is None:  # it may have been made this moment
            self._read_at = -1.0
            self._read()
            key = self._by_hash.get(_hash(secret))
        return key

    def versions(self, source: str) -> "Policy":
        """What other content under a known id is, by the newest key of the source."""
        mine = [key.versions for key in self.all() if key.source == source]
        return mine[-1] if mine else "first"

    def create(
        self,
        source: str,
        rate: int = 0,
        origins: tuple[str, ...] = (),
        hook: str = "",
        repeats: bool = False,
        versions: "Policy" = "first",
    ) -> tuple[int, str]:
        """Make a key; its secret is said once.

        Raises:
            UnknownNameError: the source's name cannot be one.
        """
        if not _SOURCE.fullmatch(source):
            raise UnknownNameError(
                f"{source!r} cannot name a source", "use small letters, digits, . _ and -"
            )
        secret = (HOOK_PREFIX if hook else PREFIX) + secrets.token_urlsafe(24)
        made = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
        with self._changing() as found:
            number = max((key.number for key in found), default=0) + 1
            key = SourceKey(number, source, _hash(secret), made, rate, origins)
            found.append(dataclasses.replace(key, hook=hook, repeats=repeats, versions=versions))
        return number, secret

    def sign(self, number: int, scheme: str) -> SourceKey:
        """Change how what comes to a webhook's address is signed.

        Raises:
            UnknownNameError: there is no such address that still works.
        """
        with self._changing() as found:
            for at, key in enumerate(found):
                if key.number == number and key.hook and not key.revoked_at:
                    found[at] = dataclasses.replace(key, hook=scheme)
                    return found[at]
        raise UnknownNameError(
            f"there is no webhook address {number} that works", "see: everytouch keys list"
        )

    def revoke(self, number: int) -> SourceKey:
        """End a key.

        Raises:
            UnknownNameError: there is no such key that still works.
        """
        now = datetime.datetime.now(datetime.UTC)
        with self._changing() as found:
            for at, key in enumerate(found):
                if key.number == number and not key.revoked_at:
                    found[at] = dataclasses.replace(key, revoked_at=f"{now:%Y-%m-%dT%H:%M:%SZ}")
                    return found[at]
        raise UnknownNameError(f"there is no key {number} that works", "see: everytouch keys list")

    def rotate(self, number: int) -> tuple[int, str]:
        """A new key like this one; the old one works until it is revoked."""
        for key in self.all():
            if key.number == number:
                return self.create(
                    key.source, key.rate, key.origins, key.hook, key.repeats, key.versions
                )
        raise UnknownNameError(f"there is no key {number}", "see: everytouch keys list")

    @contextlib.contextmanager
    def _changing(self) -> Iterator[list[SourceKey]]:
        """One process at a time changes the file; what is read is the old one or the new one."""
        with self.path.with_name(f".{_FILE}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._read_at = -1.0
            found = list(self.all())
            yield found
            fresh = self.path.with_name(f".{_FILE}.new")
            fresh.touch(mode=0o600)
            rows = [dataclasses.asdict(key) for key in found]
            said = {"sum": _sum(rows), "keys": rows}
            fresh.write_text(json.dumps(said, indent=1), encoding="utf-8")
            fresh.replace(self.path)
            self._read_at = -1.0

    def _read(self) -> None:
        now = time.monotonic()
        if now - self._read_at < FRESH:
            return
        try:
            stamp = self.path.stat().st_mtime_ns
        except FileNotFoundError:
            stamp = 0
        if stamp != self._stamp:
            self._take(stamp)
        self._read_at = now

    def _take(self, stamp: int) -> None:
        found = _read(self.path) if stamp else ()
        self._by_hash = {key.sha256: key for key in found if not key.revoked_at}
        self._found, self._stamp = found, stamp


def _read(path: Path) -> tuple[SourceKey, ...]:
    """The keys of a file; those of older versions have no checksum.

    Raises:
        DamageError: it is not as it was written.
    """
    try:
        said = json.loads(path.read_bytes())
        rows = said if isinstance(said, list) else said["keys"]
        if isinstance(said, dict) and said["sum"] != _sum(rows):
            raise ValueError("its checksum is another one")
        return tuple(SourceKey(**row | {"origins": tuple(row["origins"])}) for row in rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamageError(
            f"{path.name} is not as it was written: {error}", "restore it from a backup"
        ) from error


def _sum(rows: list[dict[str, Any]]) -> str:
    return xxhash.xxh3_128_hexdigest(json.dumps(rows, sort_keys=True).encode())


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
