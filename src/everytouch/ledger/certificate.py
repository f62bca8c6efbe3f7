"""The certificate of an erasure: what was removed and masked, where was looked, what was left."""

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from everytouch.moments.api import key_name

LOOKED_IN = (
    "all tables of the ledger, older versions of them, their files and logs",
    "records in quarantine and in conflict, and events held as they came",
    "free text, properties, ids and traits of other people's records",
    "trails and every result computed from them",
)


@dataclass(frozen=True)
class Certificate:
    """What an erasure did. It names nobody.

    Attributes:
        keys: of the identifiers that were erased.
        removed: rows, by table.
        masked: rows of others in which identifiers were masked, by table.
        too_short: identifiers that are too short to be sought in texts.
        looked_in: further places that were searched.
        elsewhere: what was done to files and stores beside the ledger.
        left: where an identifier is still found, and why.
    """

    number: str
    at: datetime.datetime
    keys: tuple[int, ...]
    removed: Mapping[str, int]
    reason: str = ""
    masked: Mapping[str, int] = field(default_factory=dict)
    too_short: int = 0
    looked_in: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @cached_property
    def text(self) -> str:
        """The certificate as JSON, with a checksum."""
        said: dict[str, Any] = {
            "certificate": self.number,
            "erased_at": self.at.isoformat(timespec="seconds"),
            "identifiers": len(self.keys),
            "identifier_keys": [key_name(key) for key in self.keys],
            "removed": dict(self.removed),
            "masked": dict(self.masked),
            "identifiers_too_short_to_seek": self.too_short,
            "looked_in": [*LOOKED_IN, *self.looked_in],
            "elsewhere": list(self.elsewhere),
            "left": list(self.left),
            "reason": self.reason,
        }
        said["sha256"] = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        return json.dumps(said, ensure_ascii=False)
