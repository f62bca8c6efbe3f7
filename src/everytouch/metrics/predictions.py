"""A score for every journey or party: stated where it was stated, predicted elsewhere."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from everytouch.catalogue.api import Catalogue
from everytouch.engine.api import Engine
from everytouch.errors import NotEnoughDataError
from everytouch.metrics.population import sampled
from everytouch.perception.api import (
    Learnt,
    Per,
    Rules,
    Units,
    headline,
    learn,
    units,
)
from everytouch.settings import Settings
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails, microseconds


@dataclass(frozen=True)
class _Parts:
    """Tables of buckets, one after the other."""

    tables: tuple[pa.Table, ...]

    def __add__(self, other: "_Parts") -> "_Parts":
        return _Parts(self.tables + other.tables)


def predictions(
    trails: Trails,
    engine: Engine,
    catalogue: Catalogue,
    settings: Settings,
    scope: Scope = EVERYTHING,
    *,
    per: Per = "party",
) -> pa.Table:
    """One row a party or journey, never stated and predicted blended.

    Returns:
        party (as in the SQL view of moments), ended_at of its last interaction, stated, predicted
        (by models that have not seen the party) and chance (to answer), n rows.

    Raises:
        NotEnoughDataError: too few answered, or the model is no better than the mean.
    """
    asked, rules = headline(trails, engine, settings), Rules.of(catalogue, trails, settings)
    if asked < 0 or trails.last is None:
        raise NotEnoughDataError("nobody was asked anything", "import answers to a question")
    now = microseconds(trails.last)

    def of(bucket: Bucket) -> Units:
        return units(bucket, scope, rules, asked, per, now)

    sample = sampled(of, trails, engine)
    learnt = learn(sample, sample.score, settings.confidence, settings.seed)
    if not learnt.validation.useful:
        raise NotEnoughDataError(
            "the prediction is no better than always saying the mean", "wait for more answers"
        )
    parts = engine.run(lambda bucket: _Parts((_table(of(bucket), learnt),)), trails.buckets)
    return pa.concat_tables(parts.tables)


def _table(found: Units, learnt: Learnt) -> pa.Table:
    chance, predicted, _ = learnt.of(found)
    missing = ~found.answered
    ended = pa.array(found.time, pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    return pa.table(
        {
            "party": found.party,
            "ended_at": ended,
            "stated": pa.array(np.nan_to_num(found.score), mask=missing),
            "predicted": np.clip(predicted, 0, 100),
            "chance": chance,
        }
    )
