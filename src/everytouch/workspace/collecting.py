"""The collector's part of a workspace: its keys, its log, and what is loaded from it."""

import datetime
from pathlib import Path

from everytouch.catalogue import api as catalogue_room
from everytouch.collect.api import Drain, Keys, SourceKey, in_log
from everytouch.ledger.api import audit
from everytouch.moments.api import Vocabulary
from everytouch.workspace.base import LOG, Base

AHEAD = datetime.timedelta(days=1)  # a sender's clock may be ahead so far


class Collecting(Base):
    """What comes over HTTP."""

    @property
    def log(self) -> Path:
        """The folder of the write-ahead log."""
        return self.path / LOG

    def drain(self) -> Drain:
        """What loads the log into the ledger; keep it, as it knows which keys are there."""
        return Drain(self.tables, self._secret, self.log, self._words, lambda: self.rules)

    def in_log(self) -> dict[str, int]:
        """Events by source that were answered for and are not in the ledger yet."""
        return in_log(self.log)

    def keys(self) -> tuple[SourceKey, ...]:
        """Source keys; never their secrets."""
        return Keys(self.path).all()

    def create_key(self, source: str, rate: int = 0, origins: tuple[str, ...] = ()) -> str:
        """Make a source key; its secret is said this once. Audited.

        Args:
            source: what it sends is of this source.
            rate: events a second it may send, 0 for any number.
            origins: of pages whose scripts may send with it.
        """
        number, secret = Keys(self.path).create(source, rate, origins)
        audit(self.path, "make source key", f"{number} of {source}", self.who)
        return secret

    def rotate_key(self, number: int) -> str:
        """A new key like another, which works until it is revoked. Audited."""
        new, secret = Keys(self.path).rotate(number)
        audit(self.path, "rotate source key", f"{number} to {new}", self.who)
        return secret

    def revoke_key(self, number: int) -> None:
        """End a source key. Audited."""
        key = Keys(self.path).revoke(number)
        audit(self.path, "revoke source key", f"{number} of {key.source}", self.who)

    def _words(self, received: datetime.datetime) -> Vocabulary:
        return catalogue_room.vocabulary(self.catalogue, self.settings.currency, received + AHEAD)
