"""Columns of a survey that say who answered: found by what they hold."""

import re

from everytouch.collect.mapping.look import Look

_PHONE = re.compile(r"phone|mobile|telefon|handy|téléphone|teléfono", re.I)
_DIGITS = re.compile(r"'?\+?[\d\s()/.-]{6,}")


def email_of(look: Look, *names: str) -> str:
    """Return the column with e-mail addresses: one of these, else the first that holds them."""
    if named := look.named(*names):
        return named
    for column in look.columns:
        values = look.values(column, 50)
        if values and sum("@" in value and " " not in value for value in values) * 2 > len(values):
            return column
    return ""


def phone_of(look: Look) -> str:
    """Return the column with phone numbers, by its name and what it holds."""
    for column in look.columns:
        values = look.values(column, 50)
        if _PHONE.search(column) and values and all(map(_DIGITS.fullmatch, values)):
            return column
    return ""
