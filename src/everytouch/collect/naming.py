"""Stable names in the catalogue, made of a question's text."""

import hashlib
import re
import unicodedata

_LONGEST = 64
_SPECIAL = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe"})


def slug(text: str) -> str:
    """Return a name of letters, digits and underscores.

    Texts that differ in what a name cannot hold, or after its longest length, get different
    names by their hash.
    """
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_SPECIAL))
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    name = re.sub(r"[^a-z0-9]+", "_", letters).strip("_")
    foreign = any(one.isalpha() and not one.isascii() for one in letters)
    if name and len(name) <= _LONGEST and not foreign:
        return name if name[0].isalpha() else f"q_{name}"
    mark = hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:8]
    kept = name[: _LONGEST - len(mark) - 1].rstrip("_")
    return slug(f"{kept}_{mark}") if kept else f"question_{mark}"
