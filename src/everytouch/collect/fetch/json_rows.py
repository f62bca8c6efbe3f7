"""Records in a JSON answer, each value as its source text."""

from typing import Any

import msgspec

from everytouch.errors import SourceError

_Object = dict[str, msgspec.Raw]


def rows_at(body: bytes, path: str, place: str) -> list[dict[str, str | None]]:
    """Return the records under a path such as data.items; the whole answer for an empty one.

    Texts are decoded, numbers stay as they are written, nested values stay JSON.

    Raises:
        SourceError: the answer is not JSON, or there is no list of objects.
    """
    try:
        found = msgspec.json.decode(_at(body, path), type=list[_Object])
        return [{name: _text(value) for name, value in row.items()} for row in found]
    except (KeyError, msgspec.DecodeError) as error:
        where = f"under {path!r}" if path else "at the top"
        raise SourceError(
            f"{place}: the answer has no list of records {where}: {error}",
            'state in records where the list is, as in records = "data.items"',
        ) from None


def scalar_at(body: bytes, path: str) -> str:
    """Return the value under a path as text; empty where there is none."""
    try:
        return _text(msgspec.Raw(_at(body, path))) or ""
    except (KeyError, msgspec.DecodeError):
        return ""


def _at(body: bytes, path: str) -> bytes:
    for name in filter(None, path.split(".")):
        body = bytes(msgspec.json.decode(body, type=_Object)[name])
    return body


def _text(raw: msgspec.Raw) -> str | None:
    text = bytes(raw)
    first = text.lstrip()[:1]
    if first == b'"':
        decoded: Any = msgspec.json.decode(text, type=str)
        return str(decoded)
    return None if text.strip() == b"null" else text.decode("utf-8")
