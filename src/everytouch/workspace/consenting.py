"""Purposes and consent: what one person said, taking it down, and links by which they say it."""

import datetime
import hmac
import re
import secrets
from collections.abc import Mapping

import numpy as np

from everytouch.consent import api as consent
from everytouch.consent.api import Choice
from everytouch.errors import UnknownNameError
from everytouch.ledger.api import audit
from everytouch.moments.api import key_name
from everytouch.workspace.people import People, party_number
from everytouch.workspace.ways_in import WaysIn

PREFERENCES = "preferences"
"""Source of what people say on their page, and what staff takes down for them."""
DAYS = 180  # a link to the page of preferences works
_TOKEN = re.compile(r"([0-9a-f]{16})-([0-9a-f]{8})-([0-9a-f]{40})")
_SIDES = {
    "interactions": (("party_key", ""),),
    "perceptions": (("party_key", ""),),
    "traits": (("party_key", ""),),
    "consents": (("party_key", ""),),
    "links": (("party_key", ""), ("other_key", "other_")),
}


class Consenting(People, WaysIn):
    """What people allow."""

    def choices(self, party: int) -> tuple[Choice, ...]:
        """What a party said last of each purpose of the catalogue. Audited."""
        audit(self.path, "read consents", key_name(party), self.who)
        return consent.choices(self.tables, self._resolution(), self.catalogue, party)

    def choices_under(self, key: int) -> tuple[Choice, ...]:
        """The same for whoever has an identifier, by its key, who looks at their own page."""
        resolution = self._resolution()
        return consent.choices(self.tables, resolution, self.catalogue, self._party_of(key))

    def identifier_of(self, key: int) -> str:
        """An identifier, as namespace:value, by its key.

        Raises:
            UnknownNameError: nothing is stored under it.
        """
        for table, sides in _SIDES.items():
            for column, side in sides:
                rows = self.tables.of(table, column, [key])
                if len(rows):
                    row = rows.slice(0, 1).to_pylist()[0]
                    return f"{row[f'{side}namespace']}:{row[f'{side}identifier']}"
        raise UnknownNameError("nobody is known by this", "ask for a new link")

    def record_consents(
        self,
        key: int,
        choices: Mapping[str, bool],
        evidence: str = "",
        *,
        basis: str = "consent",
        at: datetime.datetime | None = None,
    ) -> tuple[Choice, ...]:
        """Take down what whoever has an identifier says of purposes. Audited.

        Args:
            key: of the identifier.
            evidence: what says so, as the wording that was shown.

        Raises:
            UnknownNameError: nobody is known by it, or there is no such purpose.
            WorkspaceError: another process is writing.
        """
        known, now = self.catalogue.purposes, datetime.datetime.now(datetime.UTC)
        if unknown := sorted(choices.keys() - known.keys()):
            raise UnknownNameError(
                f"purpose {unknown[0][:40]!r} is not in the catalogue",
                f"use one of: {', '.join(known) or 'none is defined yet'}",
            )
        namespace, _, value = self.identifier_of(key).partition(":")
        row = {"occurred_at": at or now, "namespace": namespace, "identifier": value}
        row |= {"basis": basis, "evidence": evidence or None}
        rows = [
            row | {"id": secrets.token_hex(8), "purpose": name, "given": given}
            for name, given in choices.items()
        ]
        self._importer(self.catalogue, now).take(PREFERENCES, "consents", rows)
        said = ", ".join(f"{name}: {'yes' if given else 'no'}" for name, given in choices.items())
        audit(self.path, "record consent", f"{key_name(key)} {said}"[:500], self.who)
        return self.choices_under(key)

    def preference_link(self, party: int, days: int = DAYS) -> str:
        """The path of a party's page of preferences, for the party alone. Audited.

        It holds a keyed hash and a day, signed under the workspace's secret.

        Raises:
            UnknownNameError: nobody has this key.
        """
        own = self.own_key(party)
        ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
        said = f"{key_name(own)}-{int(ends.timestamp()):08x}"
        audit(self.path, "make preference link", key_name(party), self.who)
        return f"/preferences/{said}-{self._signed(said)}"

    def somebody(self, identifier: str) -> int:
        """Return the key of a party that has records, by one of its identifiers.

        Args:
            identifier: namespace:value, as email:ana@example.org.

        Raises:
            UnknownNameError: nobody is known by it, or it names no namespace.
        """
        party = self.find(identifier)
        try:
            self.own_key(party)
        except UnknownNameError:
            raise UnknownNameError(
                f"nobody is known as {identifier!r}", "check namespace and value"
            ) from None
        return party

    def own_key(self, party: int) -> int:
        """The key of an identifier that is a party's own at all times.

        Raises:
            UnknownNameError: nobody has this key.
        """
        for key in sorted(self._resolution().members(party).tolist()):
            if any(len(self.tables.of(t, c, [key])) for t, s in _SIDES.items() for c, _ in s):
                return int(key)
        raise UnknownNameError("nobody is known by this", "search for the person again")

    def opened(self, token: str, now: datetime.datetime | None = None) -> int:
        """The key of the identifier that a token of such a path stands for.

        Raises:
            UnknownNameError: it is none of ours, or too old.
        """
        found = _TOKEN.fullmatch(token)
        said = f"{found[1]}-{found[2]}" if found else ""
        if not found or not hmac.compare_digest(self._signed(said), found[3]):
            raise UnknownNameError("this link is none of ours", "copy the whole link")
        if int(found[2], 16) < (now or datetime.datetime.now(datetime.UTC)).timestamp():
            raise UnknownNameError("this link is too old", "ask for a new one")
        return party_number(found[1])

    def _signed(self, said: str) -> str:
        key = hmac.digest(self._secret, b"everytouch preferences", "sha256")
        return hmac.new(key, said.encode(), "sha256").hexdigest()[:40]

    def _party_of(self, key: int) -> int:
        return int(self._resolution().party(np.array([key]))[0])
