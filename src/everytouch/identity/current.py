"""The parties of a ledger: resolved once, and then by what is added."""

import datetime
import functools
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa

from everytouch.identity.components import all_same, edges_of, stated
from everytouch.identity.resolve import Resolution, among, resolve, settled
from everytouch.ledger.api import Tables
from everytouch.moments.api import DEVICE_TYPES, Keys

JOINING = ["party_key", "other_key", "same", "version", "namespace", "other_namespace", "device"]
STATEMENT = [*JOINING, "occurred_at", "received_at", "key_first", "id"]


class _Known:
    """The newest resolution of one ledger folder that this process has seen."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.version, self.resolution = -1, Resolution(*np.zeros((2, 0), np.int64))


def current(
    tables: Tables,
    known_at: datetime.datetime | None = None,
    types: frozenset[str] = DEVICE_TYPES,
) -> Resolution:
    """Parties by the links in the ledger; a newer ledger is resolved by what was added.

    Args:
        types: ID types of devices.
    """
    if known_at is not None:
        tables = Tables(tables.folder, known_at)
    return newest(tables, types)[1]


def newest(tables: Tables, types: frozenset[str] = DEVICE_TYPES) -> tuple[int, Resolution]:
    """The version of the links in the ledger, and the parties by them."""
    if tables.known_at is not None:
        version, files = tables.snapshot("links")
        return version, _whole(tables, files, types)
    known = _known(tables.folder, types)
    with known.lock:
        if tables.version("links") != known.version:
            version, files = tables.snapshot("links")
            known.resolution = _added(tables, known, version, types) or _whole(tables, files, types)
            known.version = version
        return known.version, known.resolution


def before(tables: Tables, added: pa.Table, types: frozenset[str]) -> Resolution:
    """Parties by the links in the ledger without some that were added, which have key_first."""
    links = tables.read("links", STATEMENT)
    new = np.isin(links["key_first"].to_numpy(), added["key_first"].to_numpy())
    return resolve(links.filter(pa.array(~new)), None, types)


@functools.lru_cache(maxsize=4)
def _known(_folder: Path, _types: frozenset[str]) -> _Known:
    return _Known()


def _added(tables: Tables, known: _Known, version: int, types: frozenset[str]) -> Resolution | None:
    if known.version < 0:
        return None
    files = tables.appended("links", known.version, version)
    if files is None:
        return None
    return known.resolution.grown(tables.read_of("links", files, JOINING), types)


def _whole(tables: Tables, files: list[Path], types: frozenset[str]) -> Resolution:
    """Resolved from all statements; where all join and devices stay, few columns say it."""
    links = stated(tables.read_of("links", files, JOINING))
    if not all_same(links):
        return resolve(tables.read_of("links", files, STATEMENT), None, types)
    edges = edges_of(links, types)
    return settled(edges, lambda keys: _about(tables, files, keys))


def _about(tables: Tables, files: list[Path], keys: Keys) -> pa.Table:
    """The statements that name one of these keys."""
    parts = []
    for batch in tables.batches_of("links", files, STATEMENT):
        named = (among(batch[name].to_numpy(), keys) for name in ("party_key", "other_key"))
        parts.append(batch.filter(pa.array(np.logical_or(*named))))
    return stated(pa.Table.from_batches(parts))
