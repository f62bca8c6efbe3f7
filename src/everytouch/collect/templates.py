"""Templates of the rules: text with ``{path}`` or ``{path|converter}`` in it."""

import datetime
import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from everytouch.collect.dialects.base import UnusableError
from everytouch.collect.dialects.paths import at
from everytouch.collect.dialects.values import text
from everytouch.errors import SourceError

FIELD = re.compile(r"\{([^{}]*)\}")
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?")

# ISO 4217: digits after the point of currencies that do not have two.
_NOT_TWO = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DIGITS = {code: digits for digits, codes in _NOT_TWO.items() for code in codes.split()}
# Stripe differs: docs.stripe.com/currencies, "Zero-decimal currencies" and "Special cases".
_STRIPE_DIGITS = _DIGITS | {"ISK": 2, "UGX": 2, "MGA": 0}


@dataclass(frozen=True)
class Converter:
    """A way to read a value.

    Attributes:
        convert: the value as text and the currency of its record → text; raises UnusableError.
        help: what it does.
        money: whether it needs to know the currency.
    """

    convert: Callable[[str, str], str]
    help: str
    money: bool = False


def _epoch(a_second: int) -> Callable[[str, str], str]:
    def convert(given: str, _: str) -> str:
        microseconds = _number(given) * 1_000_000 / a_second
        if microseconds != microseconds.to_integral_value():
            raise UnusableError(f"the time {given!r} is finer than a microsecond")
        try:
            return (_EPOCH + datetime.timedelta(microseconds=int(microseconds))).isoformat()
        except OverflowError as error:
            raise UnusableError(f"the time {given!r} is out of range") from error

    return convert


def _minor(digits: Mapping[str, int]) -> Callable[[str, str], str]:
    def convert(given: str, currency: str) -> str:
        number = _number(given)
        if number != number.to_integral_value():
            raise UnusableError(f"the amount {given!r} is not a whole number of minor units")
        if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
            raise UnusableError(f"an amount in minor units of an unknown currency {currency!r}")
        return format(number.scaleb(-digits.get(currency.upper(), 2)), "f")

    return convert


def _decimal_comma(given: str, _: str) -> str:
    if not _COMMA.fullmatch(given.strip()):
        raise UnusableError(f"{given!r} is not a number with a decimal comma")
    return given.strip().replace(".", "").replace(",", ".")


def _number(given: str) -> Decimal:
    try:
        number = Decimal(given)
    except InvalidOperation as error:
        raise UnusableError(f"{given!r} is not a number") from error
    if not number.is_finite() or abs(number.adjusted()) > 25:
        raise UnusableError(f"{given!r} is not a number that can be used")
    return number


CONVERTERS: dict[str, Converter] = {
    "minor": Converter(
        _minor(_DIGITS), "an amount in cents, or whatever ISO 4217 divides its currency into", True
    ),
    "stripe": Converter(
        _minor(_STRIPE_DIGITS), "an amount in Stripe's units: as minor, but for ISK, MGA, UGX", True
    ),
    "decimal_comma": Converter(_decimal_comma, "a number such as 1.234,50"),
    "epoch_s": Converter(_epoch(1), "a time in seconds since 1970"),
    "epoch_ms": Converter(_epoch(1_000), "a time in milliseconds since 1970"),
    "epoch_us": Converter(_epoch(1_000_000), "a time in microseconds since 1970"),
    "upper": Converter(lambda given, _: given.upper(), "the text in capital letters"),
    "lower": Converter(lambda given, _: given.lower(), "the text in small letters"),
    "trim": Converter(lambda given, _: given.strip(), "the text without spaces around it"),
}
"""Name after ``|`` in a template → how it reads a value."""


@dataclass(frozen=True)
class Field:
    """A path in a template, and the converters its value goes through."""

    path: str
    converters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Template:
    """Text with fields between its pieces.

    Attributes:
        pieces: text before, between and after the fields.
    """

    pieces: tuple[str, ...]
    fields: tuple[Field, ...] = ()

    def __call__(self, value: Mapping[str, Any], currency: str | None = None) -> str | None:
        """Return the text for an event; None where a field is missing.

        Raises:
            UnusableError: a value cannot be converted.
        """
        filled = [self.pieces[0]]
        for field, piece in zip(self.fields, self.pieces[1:], strict=True):
            found = text(at(value, field.path))
            if found is None:
                return None
            for name in field.converters:
                found = CONVERTERS[name].convert(found, currency or "")
            filled += [found, piece]
        return "".join(filled)

    @property
    def money(self) -> bool:
        """Whether it needs to know the currency."""
        return any(CONVERTERS[name].money for one in self.fields for name in one.converters)


def template(given: str, where: str) -> Template:
    """Read a template.

    Raises:
        SourceError: it names a converter that does not exist.
    """
    pieces = FIELD.split(given)  # text, field, text, field, … text
    fields = tuple(_field(one, where) for one in pieces[1::2])
    return Template(tuple(pieces[::2]), fields)


def _field(given: str, where: str) -> Field:
    path, *names = (part.strip() for part in given.split("|"))
    for name in names:
        if name not in CONVERTERS:
            near = difflib.get_close_matches(name, CONVERTERS, 1)
            raise SourceError(
                f"{where}: converter {name!r} is unknown",
                f"did you mean {near[0]!r}?" if near else f"use one of: {', '.join(CONVERTERS)}",
            )
    return Field(path, tuple(names))
