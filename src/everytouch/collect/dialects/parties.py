"""Who an event is of: identifiers, links between them, traits."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from everytouch.collect.dialects.base import Event, Record, Row, UnusableError
from everytouch.collect.dialects.values import text
from everytouch.moments.api import SECOND

_WHO = ("occurred_at", "namespace", "identifier", "also")
_REACHED = ("email", "phone")  # traits that identify


def of_party(row: Row, found: Callable[[], Sequence[Record | Event]]) -> list[Record | Event]:
    """What is found in an event of this party, whose name goes with what is wrong with it."""
    try:
        return list(found())
    except UnusableError as error:
        error.row = row
        raise


def identified(given: Mapping[str, Any]) -> Row:
    """A party as columns, of identifiers by namespace, the strongest first.

    Raises:
        UnusableError: there is none.
    """
    found = [(space, value) for space, one in given.items() if (value := text(one)) is not None]
    found = [(space, value) for space, value in found if value.strip()]
    if not found:
        raise UnusableError(f"it names nobody: give {' or '.join(given)}")
    (space, value), *others = found
    also = [f"{other}:{name}" for other, name in others]
    return {"namespace": space, "identifier": value} | ({"also": also} if also else {})


def described(row: Row, traits: Any, *, once: bool = False, device: bool = False) -> list[Record]:
    """Traits of the party of a row as records, and the links that an address among them makes.

    Args:
        row: with id, occurred_at, namespace and identifier.
        once: only the first value that ever came counts.
        device: the party is a device nobody has signed in on.
    """
    if not isinstance(traits, dict):
        return []
    found: list[Record] = []
    who: Row = {n: row[n] for n in _WHO if n in row}
    for name, given in traits.items():
        value = text(given)
        if value is None or not value.strip():
            continue
        whose = f"once\x1f{row['namespace']}\x1f{row['identifier']}" if once else row["id"]
        found.append(("traits", {"id": f"{whose}\x1f{name}", **who, "name": name, "value": value}))
        if name in _REACHED and row["namespace"] != name:
            link = same(row, name, value, f"trait {name}")
            found.append(_from_device(link) if device else link)
    return found


def same(
    row: Row, namespace: str, identifier: str, evidence: str, device: str | None = None
) -> Record:
    """A link between the party of a row and another identifier of it.

    Args:
        device: which of the two is a device's, ``second`` or ``either``, if one is.
    """
    return "links", {
        "id": f"{row['id']}\x1f{namespace}\x1f{identifier}",
        "occurred_at": row["occurred_at"],
        "namespace": row["namespace"],
        "identifier": row["identifier"],
        "other_namespace": namespace,
        "other_identifier": identifier,
        "evidence": evidence,
        "device": device,
        **({"also": row["also"]} if "also" in row else {}),
    }


def _from_device(link: Record) -> Record:
    """A link whose first identifier is a device's, with the two in the other order."""
    kind, row = link
    pairs = (("namespace", "other_namespace"), ("identifier", "other_identifier"))
    turned = {a: row[b] for pair in pairs for a, b in (pair, pair[::-1])}
    return kind, {**row, **turned, "device": SECOND}
