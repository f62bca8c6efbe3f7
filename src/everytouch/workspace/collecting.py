"""The collector's part of a workspace: its keys, its log, and what is loaded from it."""

import datetime
from collections.abc import Sequence
from pathlib import Path

from everytouch.catalogue import api as catalogue_room
from everytouch.collect.api import (
    UNSIGNED,
    Choices,
    Drain,
    Example,
    Keys,
    Pulse,
    SigningSecrets,
    SourceKey,
    Tried,
    as_yaml,
    bare,
    checked_scheme,
    draft,
    example,
    hook_path,
    in_log,
    likely_dialect,
    pulse,
    read_rules,
    tried,
    try_held,
    with_rule,
)
from everytouch.errors import SourceError, UnknownNameError
from everytouch.ledger.api import Policy, Quarantined, audit
from everytouch.moments.api import Vocabulary
from everytouch.workspace.base import LOG, RULES, Base


def _requests(body: bytes) -> list[bytes]:
    """Bodies of requests: one, or one a line where every line is one by itself."""
    lines = [line for line in map(bare, body.splitlines()) if line]
    whole = [line for line in lines if line[:1] == b"{" and line[-1:] == b"}"]
    return lines if len(lines) > 1 and len(whole) == len(lines) else [body]


AHEAD = datetime.timedelta(days=1)  # a sender's clock may be ahead so far


class Collecting(Base):
    """What comes over HTTP."""

    @property
    def log(self) -> Path:
        """The folder of the write-ahead log."""
        return self.path / LOG

    def drain(self) -> Drain:
        """What loads the log into the ledger; keep it, as it knows which keys are there."""
        return Drain(
            self.tables,
            self._secret,
            self.log,
            self._words,
            lambda: self.rules,
            Keys(self.path).versions,
        )

    def try_events(self, body: bytes, dialect: str = "", rules: str | None = None) -> list[Tried]:
        """What events would be, by the rules; nothing is stored.

        Args:
            body: as a program sends it, or event by event on lines.
            dialect: own, segment, posthog, snowplow, cloudevents or hooks; recognised when left
                out.
            rules: a rule table to try instead of the workspace's.

        Raises:
            SourceError: it holds no events, or the rules are none.
        """
        now = datetime.datetime.now(datetime.UTC)
        table = self.rules if rules is None else read_rules(rules, self.catalogue)
        words, received = self._words(now), int(now.timestamp() * 1e6)
        spoken = dialect or likely_dialect(body)
        return [
            one for part in _requests(body) for one in tried(part, spoken, table, words, received)
        ]

    def try_held(self, rows: Sequence[Quarantined], rules: str) -> list[Tried]:
        """What events in quarantine would be by another rule table; nothing is stored.

        Raises:
            SourceError: it is no rule table.
        """
        table = read_rules(rules, self.catalogue)
        words = self._words(datetime.datetime.now(datetime.UTC))
        return [try_held(row.row, row.source, table, words) for row in rows]

    def example(self, row: Quarantined) -> Example:
        """Return the fields of an event in quarantine, with how each is probably used.

        Raises:
            SourceError: it is not an event that a rule can name.
        """
        return example(row.row, row.source, self.catalogue)

    def draft_rule(self, of: Example, choices: Choices) -> tuple[str, str]:
        """Return the rule that uses the fields of an example so, and the rule table with it.

        Raises:
            SourceError: the choices do not make a rule.
        """
        rule = draft(choices, of, self.settings.currency)
        return as_yaml(rule), with_rule(self.rules_text, rule, of, self.catalogue)

    def save_rules(self, new: str, before: str) -> None:
        """Write a changed rule table, as YAML; the change is audited.

        Args:
            before: what was changed.

        Raises:
            SourceError: it is no table of rules, or somebody changed it meanwhile.
        """
        read_rules(new, self.catalogue)
        with self._changing(RULES):
            if self.rules_text != before:
                raise SourceError(
                    "somebody else changed the rules meanwhile",
                    "reload them and make the change again",
                )
            self._replace(RULES, new)
        audit(self.path, "change rules", f"{len(new.splitlines())} lines", self.who)

    def collector(self) -> Pulse | None:
        """How the collector is; None where none is at work."""
        return pulse(self.path)

    def in_log(self) -> dict[str, int]:
        """Events by source that were answered for and are not in the ledger yet."""
        return in_log(self.log)

    def source_keys(self) -> tuple[SourceKey, ...]:
        """Source keys; never their secrets."""
        return Keys(self.path).all()

    def create_key(
        self,
        source: str,
        rate: int = 0,
        origins: tuple[str, ...] = (),
        versions: Policy = "first",
    ) -> str:
        """Make a source key; its secret is said this once. Audited.

        Args:
            source: what it sends is of this source.
            rate: events a second it may send, 0 for any number.
            origins: of pages whose scripts may send with it.
            versions: what other content under a known id is: "first" for a conflict, "newest"
                for a correction.
        """
        number, secret = Keys(self.path).create(source, rate, origins, versions=versions)
        audit(self.path, "make source key", f"{number} of {source}", self.who)
        return secret

    def rotate_key(self, number: int) -> str:
        """A new key like another, which works until it is revoked. Audited.

        Of a webhook's address it returns the new path, which wants the same signatures.
        """
        new, secret = Keys(self.path).rotate(number)
        key = next(key for key in self.source_keys() if key.number == new)
        if key.hook not in ("", UNSIGNED):
            kept = SigningSecrets(self.path)
            kept.keep(new, kept.of(number))
        audit(self.path, "rotate source key", f"{number} to {new}", self.who)
        return hook_path(key.source, secret) if key.hook else secret

    def revoke_key(self, number: int) -> None:
        """End a source key. Audited."""
        key = Keys(self.path).revoke(number)
        if key.hook:
            SigningSecrets(self.path).keep(number, "")
        audit(self.path, "revoke source key", f"{number} of {key.source}", self.who)

    def create_hook(
        self, source: str, rate: int = 0, *, repeats: bool = False, versions: Policy = "first"
    ) -> tuple[int, str]:
        """Make the address of a webhook: its number, and its path, which is said this once.

        Audited. Anybody may send to it who knows it, until ``sign_hook`` asks for signatures.

        Args:
            source: what comes there is of this source.
            rate: events a second that may come, 0 for any number.
            repeats: whether a body that comes again without an id of its own is another event
                (a button that was pressed twice); otherwise it counts once (a retry).
            versions: what other content under a known id is: a conflict, or a correction.
        """
        number, secret = Keys(self.path).create(
            source, rate, hook=UNSIGNED, repeats=repeats, versions=versions
        )
        audit(self.path, "make webhook address", f"{number} of {source}", self.who)
        return number, hook_path(source, secret)

    def sign_hook(self, number: int, scheme: str, secret: str) -> None:
        """Take only what is signed with this secret at a webhook's address. Audited.

        Args:
            scheme: a name of ``SCHEMES``.
            secret: the signing secret that the tool shows; it is kept encrypted.

        Raises:
            UnknownNameError: there is no such address, or no such scheme.
            SourceError: the secret cannot be one.
        """
        keys, secret = Keys(self.path), secret.strip()
        checked_scheme(scheme, secret)
        if not any(key.number == number and key.hook for key in keys.all()):
            raise UnknownNameError(
                f"there is no webhook address {number}", "see: everytouch keys list"
            )
        SigningSecrets(self.path).keep(number, secret)
        keys.sign(number, scheme)
        audit(self.path, "set signing secret", f"{number}, {scheme}", self.who)

    def _words(self, received: datetime.datetime) -> Vocabulary:
        return catalogue_room.vocabulary(
            self.catalogue, self.settings, received + AHEAD, self.retention_rules
        )
