"""What other rooms may import of disclosure."""

from everytouch.disclosure.cuts import (
    EVERYBODY,
    Cut,
    Menu,
    Place,
    months_beside,
    people_beside,
    places_beside,
)
from everytouch.disclosure.guard import disclosed, withheld
from everytouch.disclosure.policies import policy_of
from everytouch.disclosure.policy import Counted, Key, Policy, Presence, Table, counted
from everytouch.disclosure.rounding import in_words

__all__ = [
    "EVERYBODY",
    "Counted",
    "Cut",
    "Key",
    "Menu",
    "Place",
    "Policy",
    "Presence",
    "Table",
    "counted",
    "disclosed",
    "in_words",
    "months_beside",
    "people_beside",
    "places_beside",
    "policy_of",
    "withheld",
]
