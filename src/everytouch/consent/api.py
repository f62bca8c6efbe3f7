"""What other rooms may import of consent."""

from everytouch.consent.allowed import EVERYBODY, Allowed, allowed, gated
from everytouch.consent.choices import Choice, choices, history

__all__ = [
    "EVERYBODY",
    "Allowed",
    "Choice",
    "allowed",
    "choices",
    "gated",
    "history",
]
