"""Links that moments state by carrying several identifiers."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from everytouch.moments.api import Vocabulary, every, of_device, rows_where, split


def links_together(rows: pa.Table, words: Vocabulary) -> pa.Table:
    """Return a link from each record's leading identifier to each of its others.

    Identifiers of nobody are left out. Where a device leads and the record names a person as
    well, links start at the person: otherwise the person's identifiers would hang together by
    the device alone.
    """
    also = every(rows["also"])
    at = pc.list_parent_indices(also).to_numpy()
    namespace, value = split(pc.list_flatten(also))
    good = rows_where(pc.invert(words.nobody.mask(namespace, value)))
    at, namespace, value = at[good], namespace.take(good), value.take(good)
    owner = rows.select(["id", "occurred_at", "namespace", "identifier"]).take(pa.array(at))
    first = [every(owner["namespace"]), every(owner["identifier"])]
    second = [namespace, value]
    centre = _person(every(rows["namespace"]), at, namespace, words.devices)[at]
    turned = pa.array(centre == np.arange(len(at)))
    if (centre >= 0).any():
        there = pa.array(centre >= 0)
        person = [column.take(pa.array(np.maximum(centre, 0))) for column in second]
        second = [pc.if_else(turned, a, b) for a, b in zip(first, second, strict=True)]
        first = [pc.if_else(there, a, b) for a, b in zip(person, first, strict=True)]
    return pa.table(
        {
            "id": pc.binary_join_element_wise(owner["id"], *second, "\x1f"),
            "occurred_at": owner["occurred_at"],
            "namespace": first[0],
            "identifier": first[1],
            "other_namespace": second[0],
            "other_identifier": second[1],
            "same": pa.repeat(True, len(at)),
            "evidence": pc.binary_join_element_wise("seen together on", owner["id"], " "),
            "device": pa.nulls(len(at), pa.string()),
        }
    )


def _person(
    leading: pa.Array, at: NDArray[np.int64], namespace: pa.Array, devices: frozenset[str]
) -> NDArray[np.int64]:
    """For each record that a device leads, the place of the first other that is none; else -1."""
    centre = np.full(len(leading), -1)
    if not len(at):
        return centre
    led = of_device(leading, devices).to_numpy(zero_copy_only=False)
    if led.any():
        person = ~of_device(namespace, devices).to_numpy(zero_copy_only=False)
        places = np.flatnonzero(person & led[at])[::-1]
        centre[at[places]] = places  # the first of a record is written last
    return centre
