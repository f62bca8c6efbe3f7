"""What the rules of retention leave of records as they come in: nothing too old is taken in."""

import datetime
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from everytouch.moments.api import BLANKED, Kind, Retention, Rule


@dataclass(frozen=True)
class Limits:
    """The rules of retention at a time of receipt.

    They hold as long as they are in the settings, so that an import of old files brings nothing
    back that has gone.
    """

    retention: Retention
    now: datetime.datetime

    def expired(self, kind: Kind, rows: pa.Table, source: str) -> NDArray[np.bool_]:
        """Return which records are older than they may be kept."""
        found = np.zeros(len(rows), np.bool_)
        for rule in self.retention.rules:
            if rule.what == kind and kind != "links":  # these go with the last of their people
                found |= self._older(rule, rows, source)
        return found

    def blanked(self, kind: Kind, rows: pa.Table, source: str) -> dict[str, pa.Array]:
        """Return the columns that a rule empties in older records, by name."""
        found: dict[str, pa.Array] = {}
        for rule in self.retention.rules:
            names = BLANKED.get(rule.what, {}).get(kind, ())
            old = self._older(rule, rows, source) if names else np.zeros(0, np.bool_)
            if old.any():
                nothing = pa.scalar(None, pa.string())
                for name in names:
                    column = found.get(name, rows[name])
                    found[name] = pc.if_else(pa.array(old), nothing, column)
        return found

    def _older(self, rule: Rule, rows: pa.Table, source: str) -> NDArray[np.bool_]:
        if rule.source not in ("", source):
            return np.zeros(len(rows), np.bool_)
        limit = pa.scalar(rule.age.before(self.now), pa.timestamp("us", tz="UTC"))
        old = pc.less(rows["occurred_at"], limit)
        if rule.touchpoint:
            old = pc.and_kleene(old, pc.equal(rows["touchpoint"], rule.touchpoint))
        mask: NDArray[np.bool_] = pc.fill_null(old, False).to_numpy()
        return mask
