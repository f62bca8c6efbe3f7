"""What other rooms may import of the vocabulary of moments."""

from everytouch.moments.identifiers import normalise, split
from everytouch.moments.keys import Keys, hash_strings, key_name
from everytouch.moments.model import (
    ABOUT,
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
    "ABOUT",
    "COLUMNS",
    "DEFAULTED",
    "KINDS",
    "MODES",
    "MONEY_UNITS",
    "PARTY_KINDS",
    "POSITION",
    "Column",
    "Keys",
    "Kind",
    "Scale",
    "Vocabulary",
    "find_broken",
    "hash_strings",
    "key_name",
    "normalise",
    "records_table",
    "schema",
    "score",
    "split",
]
