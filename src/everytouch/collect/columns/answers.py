"""Answers as numbers: labels of a scale, scores with words beside them, yes and no."""

import re
from collections.abc import Callable, Mapping

_SCORE = re.compile(
    r"(-?\d+(?:[.,]\d+)?)(?:\s*[-–—:=]\s*\D.*|\s+\([^)\d]*\)|\s*(?:/|von|of)\s*\d+)?"
)
_STARS = re.compile(r"(★+)☆*")
_YES = frozenset(
    ("yes", "y", "true", "t", "1", "ja", "j", "oui", "o", "si", "sí", "s", "sim", "x", "on", "wahr")
)
_NO = frozenset(("no", "n", "false", "f", "0", "nein", "non", "não", "nao", "nej", "off", "falsch"))


def to_score(text: str) -> str | None:
    """Return the number that an answer begins with; None where it is not one number.

    ``10 - Extremely likely``, ``7/10`` and ``★★★☆☆`` are 10, 7 and 3; ``6-7`` is none.
    """
    if stars := _STARS.fullmatch(text):
        return str(len(stars[1]))
    found = _SCORE.fullmatch(text)
    return found[1].replace(",", ".") if found else None


def to_yes_no(text: str) -> str | None:
    """Return ``true`` or ``false``; None for what is neither."""
    low = text.casefold()
    if low in _YES:
        return "true"
    return "false" if low in _NO else None


def plain(text: str) -> str:
    """Return an answer as it is compared: white space folded, case ignored."""
    return " ".join(text.split()).casefold()


def to_choice(answers: Mapping[str, str]) -> Callable[[str], str | None]:
    """Return a function from an answer's label, or its number, to the number."""
    known = {plain(label): value for label, value in answers.items()}
    numbers = set(answers.values())

    def number(text: str) -> str | None:
        found = known.get(plain(text))
        return text if found is None and text in numbers else found

    return number
