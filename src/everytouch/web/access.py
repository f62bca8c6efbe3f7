"""Who may do what: the one table of roles and rights, and the tokens' scopes."""

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext_lazy as lazy

from everytouch.settings import ROLES

RIGHTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "see": (lazy("see pages and figures"), ROLES),
    "comments": (lazy("read what people wrote"), ("owner", "analyst", "manager")),
    "dig": (lazy("open the moments behind a number"), ("owner", "analyst")),
    "behind": (
        lazy("open the interactions behind a finding"),
        ("owner", "analyst", "manager"),
    ),
    "people": (lazy("search people and read their trails"), ("owner", "analyst")),
    "export": (lazy("export a person's data"), ("owner", "analyst")),
    "erase": (lazy("erase a person"), ("owner",)),
    "catalogue": (lazy("change touchpoints, segments, personas"), ("owner", "analyst")),
    "sources": (lazy("import, and mend the quarantine"), ("owner", "analyst")),
    "share": (lazy("make links for others"), ("owner", "analyst")),
    "tokens": (lazy("make tokens for the API"), ("owner", "analyst")),
    "audit": (lazy("read and export the audit log"), ("owner",)),
    "administer": (lazy("change people, roles and privacy"), ("owner",)),
}
"""Right → what it is, and the roles that have it. A manager has it for their own places only."""

SCOPES: dict[str, tuple[str, ...]] = {
    "read": ("see", "comments", "dig", "behind"),
    "people": ("people", "export"),
    "write": ("catalogue", "sources"),
    "admin": ("audit", "administer", "erase"),
}
"""Scope of a token → the rights it lends, as far as its owner has them."""

PUBLIC, SIGNED_IN = "public", "signed in"  # needs that are no rights


def may(user: Any, right: str, scopes: Collection[str] | None = None) -> bool:
    """Whether a user has a right; with ``scopes``, whether a token of theirs with these does."""
    if right == PUBLIC:
        return True
    if not user.is_authenticated or not user.is_active:
        return False
    lent = scopes is None or any(right in SCOPES.get(scope, ()) for scope in scopes)
    if right == SIGNED_IN:
        return scopes is None
    return lent and user.role in RIGHTS[right][1]


def rights(user: Any) -> frozenset[str]:
    """All rights of a user."""
    return frozenset(right for right in RIGHTS if may(user, right))
