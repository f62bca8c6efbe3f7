"""What one person said of each purpose: as it counts now, and statement by statement."""

import datetime
from dataclasses import dataclass
from typing import Any

from everytouch.catalogue.api import Catalogue
from everytouch.identity.api import Resolution, rows_of
from everytouch.ledger.api import Tables

_SAID = """
SELECT purpose, given, occurred_at, basis, evidence, source, namespace || ':' || identifier AS name
FROM ledger ORDER BY occurred_at, received_at, key_first
"""


@dataclass(frozen=True)
class Choice:
    """What somebody said of a purpose.

    Attributes:
        given: whether it may be done; None where they said nothing.
        allowed: whether it may be done, by the purpose's default where they said nothing.
        since: when they said so.
        basis: the legal ground; ``evidence``: what says so; ``source``: where that came from.
        identifier: under which they said it, as namespace:value.
    """

    purpose: str
    label: str
    description: str
    given: bool | None
    allowed: bool
    since: datetime.datetime | None = None
    basis: str = ""
    evidence: str = ""
    source: str = ""
    identifier: str = ""


def history(
    tables: Tables, resolution: Resolution, catalogue: Catalogue, party: int
) -> tuple[Choice, ...]:
    """Every statement of a party, the oldest first."""
    rows = rows_of(tables, resolution, "consents", party)
    return tuple(
        _choice(catalogue, row) for row in tables.query("consents", _SAID, rows=rows).to_pylist()
    )


def _choice(catalogue: Catalogue, row: dict[str, Any]) -> Choice:
    known = catalogue.purposes.get(row["purpose"])
    return Choice(
        row["purpose"],
        known.label if known else row["purpose"],
        known.description if known else "",
        row["given"],
        row["given"],
        row["occurred_at"],
        row["basis"] or "",
        row["evidence"] or "",
        row["source"],
        row["name"],
    )


def choices(
    tables: Tables, resolution: Resolution, catalogue: Catalogue, party: int
) -> tuple[Choice, ...]:
    """What a party's latest word on each purpose of the catalogue is."""
    last = {one.purpose: one for one in history(tables, resolution, catalogue, party)}
    return tuple(
        last.get(one.name)
        or Choice(one.name, one.label, one.description, None, one.default == "opt-out")
        for one in catalogue.purposes.values()
    )
