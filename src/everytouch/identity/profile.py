"""What is known of one party beside its trail: identifiers, how they were linked, traits."""

import datetime
from dataclasses import dataclass

import pyarrow as pa

from everytouch.identity.resolve import Resolution, among
from everytouch.identity.rows import rows_of
from everytouch.ledger.api import Tables

_LINKS = """
SELECT DISTINCT occurred_at, namespace, identifier, other_namespace, other_identifier, same,
       evidence, source
FROM ledger WHERE same IS NOT NULL AND (party_key IN (SELECT unnest($1::BIGINT[]))
   OR other_key IN (SELECT unnest($1::BIGINT[])))
ORDER BY occurred_at, namespace, identifier, other_namespace, other_identifier
"""
_TRAITS = """
SELECT name, value, occurred_at, source FROM ledger ORDER BY occurred_at, name
"""
_SEEN = """
SELECT namespace, identifier, count(*) AS moments FROM ledger GROUP BY ALL
"""


@dataclass(frozen=True)
class StatedLink:
    """A statement that two identifiers are, or are not, the same party."""

    occurred_at: datetime.datetime | None
    first: str
    second: str
    same: bool
    evidence: str
    source: str


@dataclass(frozen=True)
class Trait:
    """A trait and its value from a time on."""

    name: str
    value: str
    since: datetime.datetime | None
    source: str


@dataclass(frozen=True)
class Profile:
    """One party.

    Attributes:
        party: its key.
        identifiers: as namespace:value, with the moments seen under each.
        traits: all that were ever stated; the latest of a name counts.
        shared: identifiers of devices that others used as well; of these only the moments count
            that are this party's.
    """

    party: int
    identifiers: tuple[tuple[str, int], ...]
    links: tuple[StatedLink, ...]
    traits: tuple[Trait, ...]
    shared: tuple[str, ...] = ()


def profile(tables: Tables, resolution: Resolution, party: int) -> Profile:
    """What is known of a party."""
    members = [int(key) for key in resolution.members(party)]
    linked = [tables.of("links", column, members) for column in ("party_key", "other_key")]
    statements = pa.concat_tables(linked)
    links = tuple(
        StatedLink(
            row["occurred_at"],
            f"{row['namespace']}:{row['identifier']}",
            f"{row['other_namespace']}:{row['other_identifier']}",
            row["same"],
            row["evidence"] or "",
            row["source"],
        )
        for row in tables.query("links", _LINKS, [members], statements).to_pylist()
    )
    traits = tuple(
        Trait(row["name"], row["value"], row["occurred_at"], row["source"])
        for row in tables.query(
            "traits", _TRAITS, rows=rows_of(tables, resolution, "traits", party)
        ).to_pylist()
    )
    seen: dict[str, int] = {}
    for table in ("interactions", "perceptions"):
        mine = rows_of(tables, resolution, table, party)
        for row in tables.query(table, _SEEN, rows=mine).to_pylist():
            name = f"{row['namespace']}:{row['identifier']}"
            seen[name] = seen.get(name, 0) + row["moments"]
    for link in links:
        if link.same:
            seen.setdefault(link.first, 0)
            seen.setdefault(link.second, 0)
    named = tuple(sorted(seen.items(), key=lambda i: (-i[1], i[0])))
    return Profile(party, named, links, traits, _shared(statements, resolution))


def _shared(statements: pa.Table, resolution: Resolution) -> tuple[str, ...]:
    """The devices shared with others, as namespace:value."""
    found = set()
    for side in ("", "other_"):
        keys = statements["party_key" if not side else "other_key"].to_numpy()
        rows = statements.filter(pa.array(among(keys, resolution.shared.keys)))
        names = zip(rows[f"{side}namespace"].to_pylist(), rows[f"{side}identifier"].to_pylist(),
                    strict=True)  # fmt: skip
        found |= {f"{namespace}:{value}" for namespace, value in names}
    return tuple(sorted(found))
