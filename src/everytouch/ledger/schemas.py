"""The schemas of the ledger's tables."""

import pyarrow as pa

from everytouch.moments.api import COLUMNS, Kind, schema

_KEY = [pa.field("key_first", pa.int64()), pa.field("key_second", pa.int64())]
_SOURCE = [pa.field("source", pa.string())]
_RECEIVED = [pa.field("received_at", pa.timestamp("us", tz="UTC"))]
_VERSION = [pa.field("content", pa.int64()), pa.field("version", pa.int64())]
_EXTRA: dict[str, list[pa.Field]] = {
    "interactions": [pa.field("party_key", pa.int64())],
    "perceptions": [pa.field("party_key", pa.int64()), pa.field("score", pa.float64())],
    "links": [pa.field("party_key", pa.int64()), pa.field("other_key", pa.int64())],
    "traits": [pa.field("party_key", pa.int64())],
    "consents": [pa.field("party_key", pa.int64())],
    "counts": [],
}

QUARANTINE = pa.schema(
    [
        *_KEY,
        *_SOURCE,
        pa.field("kind", pa.string()),
        pa.field("id", pa.string()),
        pa.field("row", pa.string()),
        pa.field("reason", pa.string()),
        *_RECEIVED,
    ]
)
IMPORTS = pa.schema(
    [
        pa.field("source", pa.string()),
        pa.field("started_at", pa.timestamp("us", tz="UTC")),
        pa.field("kind", pa.string()),
        *[
            pa.field(n, pa.int64())
            for n in (
                "received",
                "stored",
                "duplicate",
                "quarantined",
                "refused",
                "conflict",
                "expired",
            )
        ],
        pa.field("nobody", pa.string()),  # JSON: identifiers that identify nobody, how often each
    ]
)
ERASURES = pa.schema(
    [
        pa.field("certificate", pa.string()),
        pa.field("erased_at", pa.timestamp("us", tz="UTC")),
        pa.field("keys", pa.list_(pa.int64())),
        pa.field("text", pa.string()),
        pa.field("moments", pa.list_(pa.int64())),
    ]
)
EXPIRIES = pa.schema(
    [
        pa.field("certificate", pa.string()),
        pa.field("expired_at", pa.timestamp("us", tz="UTC")),
        pa.field("rows", pa.int64()),
        pa.field("text", pa.string()),
    ]
)


def stored_schema(kind: Kind) -> pa.Schema:
    """Schema of a ledger table: keys, source, the record, what was derived from it."""
    return pa.schema([*_KEY, *_SOURCE, *schema(kind), *_EXTRA[kind], *_RECEIVED, *_VERSION])


TABLES: dict[str, pa.Schema] = {
    **{kind: stored_schema(kind) for kind in COLUMNS},
    "quarantine": QUARANTINE,
    "conflicts": QUARANTINE,
    "imports": IMPORTS,
    "erasures": ERASURES,
    "expiries": EXPIRIES,
}
LATER = ("conflicts", "consents", "counts", "expiries")
"""Tables that an older ledger does not have until something is written."""
