"""Sample files of known tools: imported into a workspace, and measured from its ledger.

Every figure that a file's README gives is checked: one that nobody knows how to measure fails.
"""

import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import everytouch
from everytouch.collect.api import Plan, Receipt
from everytouch.identity import api as identity
from everytouch.workspace import Workspace
from tests.conftest import ROOT, SECRET

FILES = Path(os.environ.get("EVERYTOUCH_FILES", ROOT.parent / "shared" / "files"))


@dataclass
class Imported:
    """A file in a workspace of its own."""

    workspace: Workspace
    plan: Plan
    receipt: Receipt

    def rows(self, kind: str, columns: str = "*", where: str = "true") -> list[dict[str, Any]]:
        """Rows of a ledger table in order of time."""
        sql = f"SELECT {columns} FROM ledger WHERE {where} ORDER BY occurred_at, sequence, id"
        return self.workspace.tables.query(kind, sql).to_pylist()

    def one(self, kind: str, what: str, where: str = "true") -> Any:
        """One value over a ledger table."""
        return self.workspace.tables.query(
            kind, f"SELECT {what} AS v FROM ledger WHERE {where}"
        ).to_pylist()[0]["v"]

    @cached_property
    def parties(self) -> int:
        """Different people, by the links between identifiers."""
        keys = [
            self.workspace.tables.read(name, ["party_key"])["party_key"].to_numpy()
            for name in ("interactions", "perceptions", "traits")
        ]
        return len(np.unique(identity.current(self.workspace.tables).party(np.concatenate(keys))))

    def answers(self, instrument: str, where: str = "true") -> list[float]:
        """Raw answers to a question."""
        given = f"instrument = '{instrument}' AND raw IS NOT NULL AND {where}"
        return [
            row["raw"] for row in self.rows("perceptions", "raw, occurred_at, sequence, id", given)
        ]

    def nps(self, instrument: str, where: str = "true") -> dict[str, Any]:
        """Promoters, passives, detractors and NPS to two decimals, as the README counts them."""
        given = self.answers(instrument, where)
        high, low = sum(a >= 9 for a in given), sum(a <= 6 for a in given)
        return {
            "n": len(given), "promoters": high, "passives": len(given) - high - low,
            "detractors": low, "nps": round(100 * (high - low) / len(given), 2),
        }  # fmt: skip

    def mean(self, instrument: str, where: str = "true") -> dict[str, Any]:
        """Mean of raw answers to four decimals."""
        given = self.answers(instrument, where)
        return {"n": len(given), "mean": round(float(np.mean(given)), 4)}

    def texts(self) -> int:
        """Perceptions with something written."""
        return int(self.one("perceptions", "count(*)", "text IS NOT NULL OR title IS NOT NULL"))

    def picks(self, name: str) -> dict[str, int]:
        """How many responses chose each answer of a question with several."""
        seen = {}
        for row in self.rows("perceptions", "id, occurred_at, sequence, properties"):
            given = json.loads(row["properties"] or "{}").get(name)
            if given:
                seen[row["id"].rpartition(":")[0]] = given
        return dict(Counter(pick for given in seen.values() for pick in given))

    def total(self, what: str = "amount", where: str = "true") -> Decimal:
        """Sum of money over interactions."""
        return Decimal(self.one("interactions", f"sum({what})", where) or 0)

    def edge(self, which: str) -> datetime:
        """First or last moment, by "min" or "max"."""
        found = [
            self.one(kind, f"{which}(occurred_at)")
            for kind in ("interactions", "perceptions", "traits")
        ]
        times = [one for one in found if one is not None]
        return min(times) if which == "min" else max(times)


def imported(name: str, folder: Path, timezone: str = "Europe/Berlin", currency: str = "EUR",
             change: Callable[[Plan], Plan] = lambda plan: plan) -> Imported:  # fmt: skip
    """Import a sample file as `everytouch import FILE --yes` does."""
    workspace = everytouch.create(folder / "w", currency=currency, timezone=timezone, secret=SECRET)
    plan = change(workspace.recognise(FILES / name))
    return Imported(workspace, plan, workspace.import_plan(plan))


def expected(name: str) -> dict[str, Any]:
    """The right figures of a file."""
    return json.loads((FILES / "expected.json").read_text())[name]


def utc(text: str) -> datetime:
    """A time of the README."""
    return datetime.fromisoformat(text)


Check = Callable[[Imported], Any]

USUAL: dict[str, Check] = {
    "interactions": lambda f: int(f.one("interactions", "count(*)")),
    "perceptions": lambda f: int(f.one("perceptions", "count(*)", "true")),
    "traits": lambda f: int(f.one("traits", "count(DISTINCT (party_key, name))")),
    "parties": lambda f: f.parties,
    "texts": lambda f: f.texts(),
    "first_utc": lambda f: f.edge("min"),
    "last_utc": lambda f: f.edge("max"),
    "left_out": lambda f: f.receipt.left_out,
}


def check(file: Imported, name: str, own: dict[str, Check], words: frozenset[str]) -> None:
    """Compare every figure of the README with the workspace.

    Args:
        own: how to measure the figures that only this file has.
        words: figures that are no numbers but remarks, such as the zone.
    """
    checks = USUAL | own
    wrong = {}
    for figure, right in expected(name).items():
        if figure in words:
            continue
        assert figure in checks, f"{name}: nobody measures {figure!r} ({right!r})"
        value = checks[figure](file)
        wanted = utc(right) if figure.endswith("_utc") else right
        if value != wanted:
            wrong[figure] = (value, wanted)
    assert not wrong, f"{name}: measured, right: {wrong}"
