"""Segments: rules of the catalogue turned into the parties they select."""

import datetime
import functools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from everytouch.catalogue.api import Segment
from everytouch.identity.api import Resolution, among
from everytouch.ledger.api import Tables
from everytouch.moments.api import PARTY_KINDS
from everytouch.trails.model import Bucket, Trails
from everytouch.trails.scope import Scope

TRAIT_COLUMNS = ["party_key", "name", "value", "occurred_at", "key_first"]


def traits_of(tables: Tables) -> pa.Table:
    """The ledger's traits, ``TRAIT_COLUMNS``; read once for each version."""
    return _traits(tables.folder, tables.version("traits"), tables.known_at)


@functools.lru_cache(maxsize=2)
def _traits(folder: Path, _version: int, known_at: datetime.datetime | None) -> pa.Table:
    return Tables(folder, known_at).read("traits", TRAIT_COLUMNS)


def scope_of(segment: Segment, trails: Trails, traits: pa.Table, resolution: Resolution) -> Scope:
    """The parties a segment selects.

    Args:
        traits: the ledger's traits, ``TRAIT_COLUMNS``; the latest value of each counts.
    """
    with_trait = _with_trait(segment, traits, resolution)
    chosen = {b.place: _select(segment, trails, b, with_trait) for b in trails.buckets}
    return Scope(chosen, text=f"segment {segment.label}")


def _with_trait(
    segment: Segment, traits: pa.Table, resolution: Resolution
) -> NDArray[np.int64] | None:
    """Keys of parties whose latest value of the trait is one of the segment's."""
    if segment.trait is None:
        return None
    mine = traits.filter(pc.equal(traits["name"], segment.trait)).sort_by(
        [("occurred_at", "descending"), ("key_first", "descending")]
    )
    party, latest = np.unique(resolution.of(mine), return_index=True)
    fits = pc.is_in(mine["value"], value_set=pa.array(segment.values, pa.string()))
    keys: NDArray[np.int64] = party[fits.to_numpy(zero_copy_only=False)[latest]]
    return keys


def _select(
    segment: Segment, trails: Trails, bucket: Bucket, with_trait: NDArray[np.int64] | None
) -> NDArray[np.bool_]:
    chosen = bucket.live.copy()
    if with_trait is not None:
        chosen &= among(bucket.parties, with_trait)
    if segment.party_kind is not None:
        kinds = bucket["party_kind"][bucket.offsets[:-1]]
        chosen &= kinds == PARTY_KINDS.index(segment.party_kind)
    if segment.touchpoint is not None:
        passed = np.zeros(len(bucket.parties), np.int64)
        if segment.touchpoint in trails.touchpoints:
            here = (bucket["touchpoint"] == trails.touchpoints.index(segment.touchpoint)) & (
                bucket["kind"] == 0
            )
            passed = np.bincount(bucket.owner()[here], minlength=len(bucket.parties))
        chosen &= passed >= segment.at_least
    return chosen
