"""Rules of retention: how long records are kept, and letting go of what is older."""

import datetime
import shutil
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import tomlkit

from everytouch.errors import SettingError
from everytouch.ledger import api as ledger
from everytouch.ledger.api import Expiry, ExpiryCertificate, audit
from everytouch.moments.api import Retention
from everytouch.settings import FILE
from everytouch.workspace.base import KNOWN, Base


class Retaining(Base):
    """Keeping records no longer than somebody said."""

    def change_retention(self, rules: Mapping[str, Any]) -> Retention:
        """Put rules in place of those of ``[retention]``. Audited.

        Args:
            rules: as the file has them, as ``{"texts": "2 years"}``.

        Raises:
            SettingError: an unknown name or touchpoint, or no age.
        """
        new = Retention.of(rules)
        unknown = {rule.touchpoint for rule in new.rules} - {"", *self.catalogue.touchpoints}
        if unknown:
            raise SettingError(
                f"retention names no touchpoint of the catalogue: {', '.join(sorted(unknown))}",
                "correct the name, or add the touchpoint first",
            )
        with self._changing(FILE):
            text = tomlkit.parse((self.path / FILE).read_text(encoding="utf-8"))
            text["retention"] = tomlkit.item(new.plain)
            self._replace(FILE, tomlkit.dumps(text))
        said = "; ".join(map(str, new.rules)) or "no rules"
        audit(self.path, "change retention", said[:1_000], self.who)
        return new

    def retention_due(self, now: datetime.datetime | None = None) -> Expiry:
        """What the rules would let go now; nothing is changed."""
        now = now or datetime.datetime.now(datetime.UTC)
        return ledger.due(self.tables, self.retention_rules, now)

    def retain(self, now: datetime.datetime | None = None) -> Expiry:
        """Let go of what is older than the rules allow, for good, with a certificate. Audited.

        Raises:
            SettingError: there are no rules.
            WorkspaceError: another process is writing.
        """
        now, rules = now or datetime.datetime.now(datetime.UTC), self.retention_rules
        if not rules:
            raise SettingError("no rule of retention is set", "set one: docs/privacy.md")
        with self.tables.writing():
            done = ledger.expire(self.tables, rules, now)
            done = replace(done, elsewhere=self._derived_gone() if done.rows else ())
            ledger.certify_expiry(self.tables, done)
        audit(self.path, "apply retention", f"{done.certificate}, {done.rows} rows", self.who)
        if done.rows:
            replace(self, stale=False).trails()
        return done

    def expiries(self, limit: int = 100) -> list[ExpiryCertificate]:
        """Certificates of retention, the newest first."""
        return ledger.expiries(self.tables, limit)

    def _derived_gone(self) -> tuple[str, ...]:
        """Remove what was derived of the ledger as it was known earlier."""
        shutil.rmtree(self.path / KNOWN, ignore_errors=True)
        return ("trails as known at earlier times removed, the others rebuilt",)
