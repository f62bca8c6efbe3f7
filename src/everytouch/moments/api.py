"""What other rooms may import of the vocabulary of moments."""

from everytouch.moments.devices import (
    DEVICE_TYPES,
    EITHER,
    SECOND,
    changed,
    device_types,
    of_device,
)
from everytouch.moments.identifiers import (
    NOBODY,
    Nobody,
    described,
    every,
    normalise,
    rows_where,
    split,
)
from everytouch.moments.keys import Keys, hash_strings, key_name
from everytouch.moments.model import (
    COLUMNS,
    DEFAULTED,
    KINDS,
    MODES,
    MONEY_UNITS,
    PARTY_KINDS,
    POSITION,
    Column,
    Kind,
    records_table,
    schema,
)
from everytouch.moments.validate import Scale, Vocabulary, find_broken, score

__all__ = [
    "COLUMNS",
    "DEFAULTED",
    "DEVICE_TYPES",
    "EITHER",
    "KINDS",
    "MODES",
    "MONEY_UNITS",
    "NOBODY",
    "PARTY_KINDS",
    "POSITION",
    "SECOND",
    "Column",
    "Keys",
    "Kind",
    "Nobody",
    "Scale",
    "Vocabulary",
    "changed",
    "described",
    "device_types",
    "every",
    "find_broken",
    "hash_strings",
    "key_name",
    "normalise",
    "of_device",
    "records_table",
    "rows_where",
    "schema",
    "score",
    "split",
]
