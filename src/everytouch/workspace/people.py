"""Single moments and single people. Reading them is audited."""

import datetime
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from everytouch.consent import api as consent
from everytouch.errors import ConfirmationError, LedgerError, UnknownNameError
from everytouch.identity import api as identity
from everytouch.identity.api import ErasurePlan, Masks, Profile, SharedIdentifier
from everytouch.improvement import api as improvement
from everytouch.journal import api as journal
from everytouch.ledger import api as ledger
from everytouch.ledger.api import Erasure, Words, audit
from everytouch.moments.api import hash_strings, key_name, normalise
from everytouch.report.api import PersonCopy
from everytouch.trails import api as trails_room
from everytouch.trails.api import EVERYTHING, Glimpse, Scope, Trail
from everytouch.workspace.collecting import Collecting
from everytouch.workspace.erasing import erase_beside, left, looked_in

PATIENCE = 10.0  # seconds that a collector has to load what waits


def party_name(party: int) -> str:
    """A party's key as it is written: sixteen hexadecimal digits."""
    return key_name(party)


def party_number(name: str) -> int:
    """The key of a party from its sixteen digits.

    Raises:
        UnknownNameError: it is no such name.
    """
    try:
        if len(name) != 16:
            raise ValueError(name)
        number = int(name, 16)
    except ValueError as error:
        raise UnknownNameError(f"{name!r} is no party", "give its sixteen digits") from error
    return number - 2**64 if number >= 2**63 else number


class People(Collecting):
    """Whose moments they are."""

    def find(self, identifier: str, at: datetime.datetime | None = None) -> int:
        """The key of the party known by an identifier; nothing is read of it yet.

        Args:
            identifier: namespace:value, as email:ana@example.org.
            at: when, as a device that several people used had several owners; now if left out.

        Raises:
            UnknownNameError: the identifier names no namespace.
        """
        namespace, colon, value = identifier.partition(":")
        if not (colon and namespace.strip() and value.strip()):
            raise UnknownNameError(
                f"identifier {identifier!r} names no namespace", "write it as namespace:value"
            )
        names = pa.array([namespace.strip()]), pa.array([value.strip()])
        key, _ = hash_strings(normalise(*names), self._secret)
        when = None if at is None else np.array([trails_room.microseconds(at)])
        return int(self._resolution().party(key, when)[0])

    def parties(
        self, identifiers: Sequence[str], at: Sequence[datetime.datetime] | None = None
    ) -> list[int]:
        """The keys of the parties known by identifiers (namespace:value), in one go.

        Args:
            at: when, one for each; now if left out.
        """
        if not identifiers:
            return []
        pairs = [identifier.partition(":")[::2] for identifier in identifiers]
        names = (pa.array([pair[i] for pair in pairs], pa.string()) for i in (0, 1))
        keys, _ = hash_strings(normalise(*names), self._secret)
        when = None if at is None else np.array([trails_room.microseconds(one) for one in at])
        found: list[int] = self._resolution().party(keys, when).tolist()
        return found

    def masks(self) -> Masks:
        """What masks texts for everybody but who looks at the person's own page."""
        return identity.masks(self.tables, self._resolution())

    def trail(self, identifier: str) -> Trail:
        """Everything one party lived through, under all its identifiers. Reading is audited.

        Args:
            identifier: namespace:value, as email:ana@example.org.

        Raises:
            UnknownNameError: nobody is known by it.
        """
        trail = self.trail_of(self.find(identifier))
        if not trail.rows:
            raise UnknownNameError(
                f"nobody is known as {identifier!r}", "check namespace and value"
            )
        return trail

    def trail_of(self, party: int) -> Trail:
        """Everything the party of this key lived through. Reading is audited."""
        audit(self.path, "read trail", party_name(party), self.who)
        resolution = self._resolution()
        return trails_room.trail_of(self.tables, resolution, party, self.catalogue)

    def profile(self, party: int) -> Profile:
        """Identifiers, links and traits of a party. Reading is audited."""
        audit(self.path, "read profile", party_name(party), self.who)
        return identity.profile(self.tables, self._resolution(), party)

    def moments_behind(self, finding: str, limit: int = 100, scope: Scope = EVERYTHING) -> Trail:
        """The newest moments behind a finding, of the scope or the last year. Audited.

        Args:
            finding: its name, as late:parcel_delivered.

        Raises:
            UnknownNameError: there is no such finding.
        """
        audit(self.path, "read moments", finding, self.who)
        return self._behind(finding, limit, scope)

    def moments(self, glimpses: Sequence[Glimpse], what: str) -> Trail:
        """These moments as the ledger has them. Reading is audited."""
        audit(self.path, "read moments", what, self.who)
        found = [(glimpse.time, glimpse.key) for glimpse in glimpses]
        return trails_room.moments_by_key(
            self.tables, self._resolution(), found, what, self.catalogue
        )

    def _behind(self, finding: str, limit: int, scope: Scope = EVERYTHING) -> Trail:
        keys = improvement.moments_behind(
            self.trails(), self.catalogue, self.settings, finding, limit, scope
        )
        what = f"the newest {len(keys)} moments behind {finding}"
        return trails_room.moments_by_key(
            self.tables, self._resolution(), keys, what, self.catalogue
        )

    def export_party(self, party: int) -> dict[str, Any]:
        """All data of a party, for the party (GDPR, articles 15 and 20). Audited."""
        audit(self.path, "export person", party_name(party), self.who)
        resolution = self._resolution()
        known = identity.profile(self.tables, resolution, party)
        return {
            "party": party_name(party),
            "identifiers": [name for name, _ in known.identifiers],
            "traits": known.traits,
            "links": known.links,
            "consents": consent.history(self.tables, resolution, self.catalogue, party),
            "moments": self._moments_of(party, every=True),
        }

    def person_copy(self, party: int) -> PersonCopy:
        """All data of a party, to be written for it in plain words. Audited."""
        audit(self.path, "export person", party_name(party), self.who)
        resolution, known = self._resolution(), self.catalogue
        return PersonCopy(
            identity.profile(self.tables, resolution, party),
            self._moments_of(party),
            consent.choices(self.tables, resolution, known, party),
            consent.history(self.tables, resolution, known, party),
            known,
            self.settings.privacy_contact,
            self.settings.timezone,
            datetime.datetime.now(datetime.UTC),
        )

    def _moments_of(self, party: int, *, every: bool = False) -> dict[str, list[dict[str, Any]]]:
        resolution = self._resolution()
        rows = {
            name: identity.rows_of(self.tables, resolution, name, party, every=every)
            for name in ("interactions", "perceptions")
        }
        return ledger.moments_of(self.tables, rows)

    def erasure_plan(self, party: int) -> ErasurePlan:
        """Return whom else an erasure would remove: all identifiers of the party. Audited."""
        audit(self.path, "read erasure plan", party_name(party), self.who)
        return identity.erasure_plan(self.tables, self._resolution(), party)

    def shared_identifiers(self, limit: int = 100) -> tuple[SharedIdentifier, ...]:
        """Return identifiers that link unusually many people, the worst first. Audited."""
        most = self.settings.shared_from
        audit(self.path, "list shared identifiers", f"linked to more than {most}", self.who)
        return identity.shared_identifiers(
            self.tables, self._resolution(), self._device_types, most, limit
        )

    def erase_party(self, party: int, reason: str = "", confirm: str | None = None) -> Erasure:
        """Erase a party from ledger, trails, and what lies beside them. Audited.

        Others' texts that name it are masked; the certificate says where it is named still.

        Everything known under any of its identifiers goes; ``erasure_plan`` says what that is.
        What others did on a device they shared with it stays.

        Args:
            confirm: of the plan that somebody agreed to; nothing is erased if it is another now.

        Raises:
            UnknownNameError: nobody has this key.
            ConfirmationError: other identifiers would go than those that were agreed to.
            WorkspaceError: another process is writing.
        """
        self._load_log()
        now = datetime.datetime.now(datetime.UTC)
        with self.tables.writing():
            resolution = self._resolution()
            keys = {int(key) for key in resolution.members(party)}
            plan = identity.erasure_plan(self.tables, resolution, party)
            if confirm is not None and confirm != plan.confirm:
                raise ConfirmationError(
                    f"confirmation {confirm!r} does not fit what would be erased now",
                    "read the erasure plan again and confirm that",
                )
            if not (plan.identifiers or plan.shared):
                raise UnknownNameError(
                    f"nobody has the key {party_name(party)}", "search for the person again"
                )
            others = identity.rows_on_devices(self.tables, resolution, party)
            words = ledger.named_as(self.tables, self._secret, keys)
            done = ledger.erase(self.tables, self._secret, keys, now, reason, others, words)
            done = self._certified(done, erase_beside(self.path, words), words)
            ledger.tell_backups(self.path)
        audit(self.path, "erase person", f"{party_name(party)} {done.certificate}", self.who)
        replace(self, stale=False).trails()
        return done

    def _load_log(self) -> None:
        """Have what waits in the log loaded, to be erased as well; a collector at work does so."""
        deadline = time.monotonic() + PATIENCE
        while journal.sealed(self.log) and time.monotonic() < deadline:
            try:
                journal.lock(self.log).close()
            except LedgerError:
                time.sleep(0.1)
                continue
            drain = self.drain()
            drain.run()
            drain.readers.close()
            return

    def _certified(self, done: Erasure, elsewhere: tuple[str, ...], words: Words) -> Erasure:
        """The erasure with a certificate that says what became of files beside the ledger."""
        if done.certified is None:
            return done
        whole = replace(
            done.certified,
            looked_in=looked_in(self.path),
            elsewhere=elsewhere,
            left=left(self.path, words),
        )
        return ledger.certify(self.tables, done, whole)
