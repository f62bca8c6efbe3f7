"""Signatures of webhooks: who signed a request, and when, is checked before it is read.

Sources: the documentation of each sender, and the Standard Webhooks specification.
"""

import base64
import binascii
import datetime
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

TOLERANCE = 300.0  # seconds that a sender's clock and ours may be apart
Verify = Callable[[str, Any, bytes, float], bool]


@dataclass(frozen=True)
class Scheme:
    """How a tool signs what it sends.

    Attributes:
        label: name of the tool.
        verify: the signing secret, headers by name in small letters, body, time in seconds since
            1970 → whether the signature is there, right and not too old.
        usable: whether a text can be a signing secret of this tool.
        help: where people find the secret.
    """

    label: str
    verify: Verify
    help: str
    usable: Callable[[str], bool] = bool


def _stripe(secret: str, headers: Any, body: bytes, now: float) -> bool:
    parts = [
        part.strip().partition("=") for part in _header(headers, "stripe-signature").split(",")
    ]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not _recent(times[0], now):
        return False
    expected = _digest(secret, times[0].encode() + b"." + body).hex()
    return any(_same(expected, value) for name, _, value in parts if name == "v1")


def _shopify(secret: str, headers: Any, body: bytes, _: float) -> bool:
    return _same(_base64(_digest(secret, body)), _header(headers, "x-shopify-hmac-sha256"))


def _zendesk(secret: str, headers: Any, body: bytes, now: float) -> bool:
    stamp = _header(headers, "x-zendesk-webhook-signature-timestamp")
    expected = _base64(_digest(secret, stamp.encode() + body))
    right = _same(expected, _header(headers, "x-zendesk-webhook-signature"))
    return right and _recent(stamp, now)


def _typeform(secret: str, headers: Any, body: bytes, _: float) -> bool:
    expected = "sha256=" + _base64(_digest(secret, body))
    return _same(expected, _header(headers, "typeform-signature"))


def _standard(secret: str, headers: Any, body: bytes, _: float) -> bool:
    given = {
        f"webhook-{name}": _header(headers, f"webhook-{name}") or _header(headers, f"svix-{name}")
        for name in ("id", "timestamp", "signature")
    }
    try:
        Webhook(secret).verify(body, given, json_parse=False)
    except (WebhookVerificationError, ValueError):  # also what is not base64, or not UTF-8
        return False
    return True


def _is_standard(secret: str) -> bool:
    """Whether it is the base64 of a key."""
    try:
        plain = secret.removeprefix("whsec_")
        return bool(base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True))
    except (binascii.Error, ValueError):  # also letters that are not ASCII
        return False


SCHEMES: dict[str, Scheme] = {
    "stripe": Scheme("Stripe", _stripe, "Developers › Webhooks › the endpoint › Signing secret"),
    "shopify": Scheme(
        "Shopify", _shopify, "Settings › Notifications › Webhooks, or the app's client secret"
    ),
    "zendesk": Scheme("Zendesk", _zendesk, "Admin Center › Webhooks › the webhook › Reveal secret"),
    "typeform": Scheme("Typeform", _typeform, "Connect › Webhooks › Edit › Secret"),
    "standard": Scheme(
        "Standard Webhooks", _standard, "The secret of the endpoint, whsec_…", _is_standard
    ),
}
"""Name → scheme. A new one is a function and a line here."""


def _header(headers: Any, name: str) -> str:
    return str(headers.get(name) or "")


def _digest(secret: str, signed: bytes) -> bytes:
    return hmac.new(secret.encode(), signed, hashlib.sha256).digest()


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def _recent(stamp: str, now: float) -> bool:
    """Whether a time, in seconds or as ISO 8601, is within the tolerance."""
    try:
        if stamp.isdecimal():
            seconds = float(stamp)
        else:
            seconds = datetime.datetime.fromisoformat(stamp).timestamp()
    except (ValueError, OverflowError):
        return False
    return abs(now - seconds) <= TOLERANCE
