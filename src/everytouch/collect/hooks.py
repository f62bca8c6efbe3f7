"""Webhook addresses: whose they are, and whether what comes there is signed as agreed."""

from pathlib import Path
from typing import Any

from everytouch.collect.dialects.hooks import PATH
from everytouch.collect.keys import UNSIGNED, Keys, SourceKey
from everytouch.collect.signatures import SCHEMES
from everytouch.collect.signing import SigningSecrets
from everytouch.errors import SourceError, UnknownNameError

LONGEST = 512  # characters of a challenge that is sent back
_TOKENS = ("validationToken", "validationtoken")  # of Microsoft Graph, sent with POST
_ECHOED = ("hub.challenge", "challenge", *_TOKENS)


class Hooks:
    """The webhook addresses of a workspace: ``/v1/hooks/SOURCE/KEY``."""

    def __init__(self, workspace: Path, keys: Keys) -> None:
        self.keys, self.secrets = keys, SigningSecrets(workspace)

    def key(self, path: str) -> SourceKey | None:
        """Return the key in a path if it works and is of the source in the path.

        Keys are looked up by their hash, so the time it takes tells nothing of a key.
        """
        source, _, secret = path.removeprefix(PATH).strip("/").partition("/")
        key = self.keys.of(secret) if secret else None
        return key if key is not None and key.hook and key.source == source else None

    def signed(self, key: SourceKey, headers: Any, body: bytes, now: float) -> bool:
        """Return whether a request is signed as agreed; any is where nothing was agreed.

        Raises:
            WorkspaceError: the signing secret cannot be read.
        """
        if key.hook == UNSIGNED:
            return True
        secret = self.secrets.of(key.number)
        return bool(secret) and SCHEMES[key.hook].verify(secret, headers, body, now)


def hook_path(source: str, secret: str) -> str:
    """Return the path of a webhook's address."""
    return f"{PATH}/{source}/{secret}"


def checked_scheme(name: str, secret: str) -> str:
    """Return the name of a signature scheme, if the text can be a signing secret of its.

    Raises:
        UnknownNameError: there is no such scheme.
        SourceError: the secret cannot be one.
    """
    if name not in SCHEMES:
        raise UnknownNameError(
            f"signature scheme {name!r} is unknown", f"use one of: {', '.join(SCHEMES)}"
        )
    if not SCHEMES[name].usable(secret):
        raise SourceError(
            f"this cannot be a signing secret of {name}", "copy it again from the tool, in full"
        )
    return name


def echoed(query: dict[str, str], method: str) -> str | None:
    """Return what a sender wants to hear back to make sure of an address; None if nothing."""
    names = _ECHOED if method == "GET" else _TOKENS
    found = next((query[name] for name in names if name in query), None)
    return found if found and found.isprintable() and len(found) <= LONGEST else None
