"""Moments by what was said of them besides: the properties a record brought along, as JSON."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from everytouch.identity.api import among
from everytouch.ledger.api import Tables
from everytouch.trails.model import Trails

Where = Mapping[str, Collection[str]]
"""Names of properties, and the values, as text, of which each is to have one."""

# A text that does not hold the name need not be taken apart: most of the time goes there.
_CARRYING = """SELECT key_first FROM ledger WHERE contains(properties, $told)
AND list_contains($values, json_extract_string(properties, $pointer))"""


def carrying(where: Where, trails: Trails, tables: Tables) -> dict[Path, NDArray[np.bool_]]:
    """Which moments carry every property with one of its values, per place of a bucket, (n,).

    A name is that of a member of the JSON object; ``a/b`` that of ``b`` within ``a``. Numbers
    and truth are compared as they are written in JSON.
    """
    keys = [_keys(tables, name, values) for name, values in where.items()]
    return {
        bucket.place: np.logical_and.reduce([among(bucket["key"], some) for some in keys])
        for bucket in trails.buckets
    }


def _keys(tables: Tables, name: str, values: Collection[str]) -> NDArray[np.int64]:
    """First halves of the keys of moments that carry a property, ascending."""
    last = name.rpartition("/")[2]
    plain = last.isascii() and json.dumps(last) == f'"{last}"'  # else it can be written otherwise
    asked = {
        "told": f'"{last}"' if plain else "",
        "pointer": f"/{name}",
        "values": sorted(values),
    }
    found = [
        tables.query(t, _CARRYING, asked)["key_first"] for t in ("interactions", "perceptions")
    ]
    return np.unique(np.concatenate([part.to_numpy() for part in found]))
