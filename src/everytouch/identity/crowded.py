"""Identifiers that link unusually many people: shared devices, and values that are nobody's own."""

import datetime
from dataclasses import dataclass

import numpy as np

from everytouch.identity.resolve import Resolution
from everytouch.ledger.api import Tables

_CROWDED = """
WITH sides AS (
  SELECT party_key AS key, namespace, identifier, other_key AS other, other_namespace AS kind,
         same, occurred_at, received_at, key_first FROM ledger WHERE same IS NOT NULL
  UNION ALL
  SELECT other_key, other_namespace, other_identifier, party_key, namespace,
         same, occurred_at, received_at, key_first FROM ledger WHERE same IS NOT NULL
), pairs AS (
  SELECT key, other, any_value(namespace) AS namespace, min(identifier) AS identifier,
         lower(trim(any_value(kind))) AS kind, min(occurred_at) AS first, max(occurred_at) AS last,
         last(same ORDER BY occurred_at, received_at, key_first) AS same
  FROM sides WHERE key <> other GROUP BY key, other
)
SELECT any_value(namespace) AS namespace, min(identifier) AS identifier, kind,
       count(*) AS linked, list(other) AS others, min(first) AS first, max(last) AS last
FROM pairs WHERE same AND NOT list_contains($types, kind)
GROUP BY key, kind HAVING count(*) > $most
QUALIFY row_number() OVER (PARTITION BY key ORDER BY count(*) DESC, kind) = 1
ORDER BY linked DESC, namespace, identifier LIMIT $limit
"""


@dataclass(frozen=True)
class SharedIdentifier:
    """An identifier that is linked to many people.

    Attributes:
        identifier: namespace:value.
        device: whether it is a device's, which never joins people.
        kind: ID type of those it is linked to.
        linked: how many IDs of this type it is linked to.
        people: how many different people they are; 1 where it makes one of all.
        first, last: times of the first and the last link.
    """

    identifier: str
    device: bool
    kind: str
    linked: int
    people: int
    first: datetime.datetime
    last: datetime.datetime


def shared_identifiers(
    tables: Tables, resolution: Resolution, types: frozenset[str], most: int, limit: int
) -> tuple[SharedIdentifier, ...]:
    """Return identifiers linked to more than ``most`` others of one ID type, the worst first.

    Args:
        types: ID types of devices.
    """
    given = {"types": sorted(types), "most": most, "limit": limit}
    return tuple(
        SharedIdentifier(
            f"{row['namespace']}:{row['identifier']}",
            row["namespace"].strip().lower() in types,
            row["kind"],
            row["linked"],
            len(np.unique(resolution.party(np.array(row["others"], np.int64)))),
            row["first"],
            row["last"],
        )
        for row in tables.query("links", _CROWDED, given).to_pylist()
    )
