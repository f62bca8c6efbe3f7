"""Whole numbers that somebody sent: in an address, a form, a blank."""

import re

_WHOLE = re.compile(r"[0-9]{1,18}")  # fits a column of the store, and takes no time to read


def whole(text: str | None, default: int, low: int = 0, high: int = 10**18) -> int:
    """The number a text says, held within its limits; ``default`` where it says none."""
    found = stated(text)
    return default if found is None else min(high, max(low, found))


def stated(text: str | None) -> int | None:
    """The number a text says, None where it says none."""
    text = (text or "").strip()
    return int(text) if _WHOLE.fullmatch(text) else None
