"""The ledger's rows of one party, what happened on devices while it had them included."""

import pyarrow as pa

from everytouch.identity.resolve import Resolution, among
from everytouch.ledger.api import Tables


def rows_of(
    tables: Tables, resolution: Resolution, name: str, party: int, *, every: bool = False
) -> pa.Table:
    """Return a party's rows of a ledger table of moments or traits.

    Args:
        every: also earlier versions.
    """
    rows = tables.of(name, "party_key", resolution.seen_under(party).tolist(), every=every)
    on_devices = among(rows["party_key"].to_numpy(), resolution.shared.keys)
    if not on_devices.any():
        return rows
    return rows.filter(pa.array(~on_devices | (resolution.of(rows) == party)))


def rows_on_devices(tables: Tables, resolution: Resolution, party: int) -> list[int]:
    """Return keys of a party's moments and traits on devices that others used as well."""
    found: list[int] = []
    if not len(resolution.shared.owned_by(party)):
        return found
    for name in ("interactions", "perceptions", "traits", "consents"):
        rows = rows_of(tables, resolution, name, party)
        on_devices = among(rows["party_key"].to_numpy(), resolution.shared.keys)
        found += rows["key_first"].to_numpy()[on_devices].tolist()
    return found
