"""Numbers as people write them: decimal comma, thousands separators, currency signs, per cent."""

import re

_CURRENCY = r"(?:[€$£¥₹₽₺₩]|R\$|kr\.?|zł|CHF|EUR|USD|GBP|JPY|SEK|NOK|DKK|PLN|BRL|CAD|AUD)"
_SIGN = r"[+\-−–]?"
# Nothing beside white space takes white space as well: of many spaces there is one reading only.
_AROUND = re.compile(
    rf"({_SIGN})\s*+{_CURRENCY}?+\s*+({_SIGN})\s*+"
    r"([\d.,'’](?:[\d.,' \u00a0\u202f’]*[\d.,'’])?)"
    rf"\s*+(?:{_CURRENCY}|%)?+(-?)",
    re.IGNORECASE,
)
_PARENTHESES = re.compile(r"\((.*)\)")
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_GROUPED = {
    ".": re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?|\d{1,3}([ '’\u00a0\u202f]\d{3})+(\.\d+)?"),
    ",": re.compile(r"\d{1,3}(\.\d{3})+(,\d+)?|\d{1,3}([ '’\u00a0\u202f]\d{3})+(,\d+)?"),
}
_SIMPLE = {".": re.compile(r"\d+(\.\d*)?|\.\d+"), ",": re.compile(r"\d+(,\d*)?|,\d+")}
# A point that cannot part thousands is a decimal point also in a column with decimal commas, as
# in a workbook that holds numbers and texts.
_POINT = re.compile(r"\d+\.(\d{1,2}|\d{4,})")


def to_number(text: str, decimal: str = ".") -> str | None:
    """Return a number's digits with a decimal point; None where it is not one number.

    Args:
        text: such as ``2.399,00 €``, ``(12.50)``, ``1'234.5``, ``45 %`` (which is 45).
        decimal: the sign before the decimals.
    """
    if decimal == "." and _PLAIN.fullmatch(text):
        return text
    negative = False
    if inside := _PARENTHESES.fullmatch(text):
        negative, text = True, inside[1].strip()
    found = _AROUND.fullmatch(text)
    if not found or sum(map(bool, (found[1], found[2], found[4], negative))) > 1:
        return None
    negative = negative or any(sign in "-−–" and sign for sign in (found[1], found[2], found[4]))
    digits = _digits(found[3].strip(), decimal)
    if digits is None:
        return None
    return f"-{digits}" if negative else digits


def _digits(text: str, decimal: str) -> str | None:
    if _GROUPED[decimal].fullmatch(text):
        for sign in {",", ".", " ", "'", "’", "\u00a0", "\u202f"} - {decimal}:
            text = text.replace(sign, "")
    elif decimal == "," and _POINT.fullmatch(text):
        return text
    elif not _SIMPLE[decimal].fullmatch(text):
        return None
    plain = text.replace(",", ".").rstrip(".")
    return f"0{plain}" if plain.startswith(".") else plain
