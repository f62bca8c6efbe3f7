"""Touchpoints of support, by the channel that a ticket or a conversation came through."""

import re
from collections.abc import Iterable

from everytouch.catalogue.api import Touchpoint
from everytouch.collect.mapping.sql import literal
from everytouch.collect.naming import slug

_CHANNELS = (
    (r"e-?mail|^mail$", "support_email", "Support by e-mail", "email"),
    (r"phone|voice|call|telefon", "support_phone", "Support by phone", "phone"),
    (r"chat|messag|conversation", "support_chat", "Support by chat", "chat"),
    (r"whats ?app", "support_whatsapp", "Support by WhatsApp", "messenger"),
    (r"facebook|twitter|instagram|^x$", "support_social", "Support by social media", "social"),
    (r"sms|text", "support_sms", "Support by text message", "sms"),
    (
        r"web ?form|^web$|portal|help ?center|widget|mobile",
        "support_form",
        "Support by form",
        "web",
    ),
    (r"api|service", "support_api", "Support request by another program", "api"),
)


def support(channel: str) -> Touchpoint:
    """Return the touchpoint of a channel, as "Mail", "voice" or "Feedback Widget"."""
    for pattern, name, label, way in _CHANNELS:
        if re.search(pattern, channel, re.IGNORECASE):
            return _point(name, label, way)
    return _point(f"support_{slug(channel)}", f"Support: {channel}", channel.lower())


def _point(name: str, label: str, channel: str) -> Touchpoint:
    return Touchpoint(name, label, "get help", channel, element="people", contact=True)


OTHER = _point("support_other", "Support by another channel", "other")


def by_channel(column: str, channels: Iterable[str]) -> tuple[str, tuple[Touchpoint, ...]]:
    """Return SQL from a column of channels to names of touchpoints, and the touchpoints.

    Args:
        column: SQL of the channel.
        channels: all that there are.
    """
    points = {channel: support(channel) for channel in channels}
    cases = " ".join(
        f"WHEN {literal(channel)} THEN {literal(one.name)}" for channel, one in points.items()
    )
    unique = {one.name: one for one in [*points.values(), OTHER]}
    other = literal(OTHER.name)
    sql = f"CASE trim({column}) {cases} ELSE {other} END" if cases else other
    return sql, tuple(unique.values())
