"""Matching a file's columns: what they hold, what an import would do, and what it first says."""

import datetime
import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from everytouch.catalogue import api as catalogue_room
from everytouch.collect.api import (
    Plan,
    Review,
    TableProfile,
    dump_source,
    plan_from_json,
    plan_to_json,
    profiles,
    review,
    source_of,
    with_needed,
)
from everytouch.errors import SourceError
from everytouch.identity import api as identity
from everytouch.workspace.base import Base

MAPPINGS = "mappings"
_RANK = ("nps", "csat", "ces", "mean")


@dataclass(frozen=True)
class Score:
    """What people answered to a question, over all its answers in the workspace.

    Attributes:
        metric: nps, csat, ces or mean.
        hidden: whether it is withheld, because too few answered.
    """

    label: str
    metric: str
    n: int
    value: float
    low: float
    high: float
    hidden: bool


@dataclass(frozen=True)
class FirstAnswer:
    """What a source holds after an import, in a few numbers.

    Attributes:
        people: different people of everything that the source brought.
        amount: sum of what people paid, as text; "" if the source names no amounts.
        counted: what was counted without naming anybody, as "visitors in", and how many.
    """

    source: str
    people: int
    responses: int
    interactions: int
    touchpoints: int
    first: str
    last: str
    amount: str
    currency: str
    score: Score | None
    counted: tuple[tuple[str, float], ...] = ()


class Matching(Base):
    """From a file's columns to a plan, and back to the next file of the same shape."""

    def profiles(self, plan: Plan) -> tuple[TableProfile, ...]:
        """What the columns of a plan's tables hold."""
        return profiles(plan, self.settings)

    def review(self, plan: Plan) -> Review:
        """What an import by a plan would do with the rows; nothing is stored.

        Raises:
            SourceError: the file cannot be read, or its columns cannot be used this way.
        """
        latest = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
        known = with_needed(self.catalogue, plan)
        words = catalogue_room.vocabulary(known, self.settings, latest, self.retention_rules)
        return review(source_of(plan, self.settings.currency), self.settings, words)

    def plan_toml(self, plan: Plan) -> str:
        """A plan as a source file for ``everytouch import``."""
        source = source_of(plan, self.settings.currency)
        return dump_source(source, " ".join(plan.title.split()), beside=True)

    def keep_mapping(self, shape: str, plan: Plan) -> None:
        """Keep a plan for the next file of the same shape.

        Args:
            shape: as ``shape_of`` gives it.
        """
        text = json.dumps(plan_to_json(plan), ensure_ascii=False, indent=1)
        with self._changing(MAPPINGS):
            (self.path / MAPPINGS).mkdir(mode=0o700, exist_ok=True)
            self._replace(f"{MAPPINGS}/{_file(shape)}", text)

    def kept_mapping(self, shape: str, path: Path) -> Plan | None:
        """The plan that was kept for files of this shape, for another file.

        Returns:
            None where none is kept, or the one that is kept cannot be read any more.
        """
        kept = self.path / MAPPINGS / _file(shape)
        try:
            plan = plan_from_json(json.loads(kept.read_text(encoding="utf-8")), path)
        except (OSError, ValueError, SourceError):
            return None
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        dated = [replace(one, at=today) if one.at else one for one in plan.mappings]
        return plan.changed(mappings=tuple(dated))

    def first_answer(self, plan: Plan) -> FirstAnswer:
        """What the source of a plan holds now, and its first score."""
        asked = [one.instrument for mapping in plan.mappings for one in mapping.questions]
        heard = self._told("perceptions", plan.source, _HEARD)
        happened = self._told("interactions", plan.source, _HAPPENED)
        counted = self._counted(plan.source)
        told = (heard, happened, *counted)
        times = [one[name] for one in told for name in ("first", "last") if one[name]]
        return FirstAnswer(
            plan.source,
            self._people(plan.source),
            heard["n"],
            happened["n"],
            happened["touchpoints"],
            min(times).isoformat() if times else "",
            max(times).isoformat() if times else "",
            "" if happened["amount"] is None else str(happened["amount"]),
            self.settings.currency,
            self._score(asked),
            tuple((one["name"], one["n"]) for one in counted),
        )

    def _counted(self, source: str) -> list[dict[str, Any]]:
        sql = (
            "SELECT name, sum(value) AS n, min(occurred_at) AS first, max(occurred_at) AS last "
            "FROM ledger WHERE source = $1 GROUP BY name ORDER BY n DESC, name"
        )
        found: list[dict[str, Any]] = self.tables.query("counts", sql, [source]).to_pylist()
        return found

    def _told(self, table: str, source: str, what: str) -> dict[str, Any]:
        sql = f"SELECT {what} FROM ledger WHERE source = $1"
        found: dict[str, Any] = self.tables.query(table, sql, [source]).to_pylist()[0]
        return found

    def _people(self, source: str) -> int:
        sql = "SELECT DISTINCT party_key FROM ledger WHERE source = $1"
        keys = [
            self.tables.query(name, sql, [source])["party_key"].to_numpy()
            for name in ("interactions", "perceptions", "traits")
        ]
        parties = identity.current(self.tables).party(np.concatenate(keys))
        return len(np.unique(parties))

    def _score(self, asked: list[str]) -> Score | None:
        """Of the question that says most: NPS before CSAT before CES, then the most answered."""
        known = self.catalogue.instruments
        cells = [one for one in self.perception("all").rows if one.instrument in asked]  # type: ignore[attr-defined]
        if not cells:
            return None
        best = min(cells, key=lambda one: (_RANK.index(known[one.instrument].kind), -one.n))
        instrument, e = known[best.instrument], best.headline
        value, low, high = (0.0 if best.hidden else float(v) for v in (e.value, e.low, e.high))
        label = instrument.label.replace("\0", "")  # which PostgreSQL does not keep
        return Score(label, instrument.kind, best.n, value, low, high, best.hidden)


_ROW = (
    "CASE WHEN ends_with(id, ':' || coalesce(instrument, 'text')) "
    "THEN left(id, length(id) - length(coalesce(instrument, 'text')) - 1) ELSE id END"
)
_HEARD = f"count(DISTINCT {_ROW}) AS n, min(occurred_at) AS first, max(occurred_at) AS last"
_HAPPENED = (
    "count(*) AS n, count(DISTINCT touchpoint) AS touchpoints, sum(amount) AS amount, "
    "min(occurred_at) AS first, max(occurred_at) AS last"
)


def shape_of(plan: Plan, tables: tuple[TableProfile, ...]) -> str:
    """Return what files of the same shape have in common: format and names of columns."""
    inputs = [(one.name, one.format) for one in plan.inputs]
    columns = [(one.name, sorted(c.name for c in one.columns)) for one in tables]
    names = [one for one in columns if one[0] in dict(inputs)]
    text = json.dumps([inputs, names], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _file(shape: str) -> str:
    if not shape.isalnum():
        raise SourceError(f"{shape!r} is not the shape of a file", "upload the file again")
    return f"{shape}.json"
