"""The ledger's rows as records: fixed in width, coded, with the party they belong to."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from everytouch.identity.api import Resolution
from everytouch.moments.api import MODES, MONEY_UNITS, PARTY_KINDS, hash_strings
from everytouch.trails.model import COLUMNS, INTERACTION, NEVER, PERCEPTION

RECORD = np.dtype([("party", np.int64), ("sequence", np.int64), *COLUMNS.items()])
CODED = ("touchpoint", "outcome", "instrument", "emotion")
_SHARED = ["key_first", "party_key", "occurred_at", "touchpoint", "correlations", "sequence"]
READ = {
    "interactions": [*_SHARED, "party_kind", "outcome", "duration_s", "due_at", "amount", "cost"],
    "perceptions": [*_SHARED, "party_kind", "instrument", "mode", "score", "emotion"],
}


class _Codes:
    """Gives every string a code, in the order of its first appearance."""

    def __init__(self, known: tuple[str, ...]) -> None:
        self.codes = {name: code for code, name in enumerate(known)}

    def of(self, strings: pa.Array) -> NDArray[np.int16]:
        encoded = pc.dictionary_encode(strings)
        known = [self.codes.setdefault(s, len(self.codes)) for s in encoded.dictionary.to_pylist()]
        indices = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
        table: NDArray[np.int16] = np.array([*known, -1], np.int16)
        codes: NDArray[np.int16] = table[indices]
        return codes


class Records:
    """Makes records of batches of the ledger.

    Args:
        resolution: which identifiers are one party.
        secret: the workspace's secret, for hashes of correlations.
        known: strings that have codes already, by column.
    """

    def __init__(
        self,
        resolution: Resolution,
        secret: bytes,
        known: dict[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.resolution, self.secret = resolution, secret
        self.codes = {name: _Codes((known or {}).get(name, ())) for name in CODED}

    def coded(self) -> dict[str, tuple[str, ...]]:
        """The strings of each column, in the order of their codes."""
        return {name: tuple(codes.codes) for name, codes in self.codes.items()}

    def of(self, name: str, batch: pa.RecordBatch) -> NDArray[Any]:
        """One batch of a ledger table as records, (len(batch),)."""
        out = np.zeros(len(batch), RECORD)
        out["kind"] = INTERACTION if name == "interactions" else PERCEPTION
        out["sequence"] = _numbers(batch["sequence"], 0)
        out["key"] = batch["key_first"].to_numpy()
        out["time"] = _times(batch["occurred_at"])
        out["party"] = self.resolution.party(batch["party_key"].to_numpy(), out["time"])
        out["correlation"] = self._correlation(batch["correlations"])
        out["touchpoint"] = self.codes["touchpoint"].of(batch["touchpoint"])
        out["party_kind"] = _index(batch["party_kind"], PARTY_KINDS)
        if name == "interactions":
            self._interactions(out, batch)
        else:
            out["due"], out["outcome"], out["duration"] = NEVER, -1, np.nan
            out["instrument"] = self.codes["instrument"].of(batch["instrument"])
            out["emotion"] = self.codes["emotion"].of(batch["emotion"])
            out["mode"] = _index(batch["mode"], MODES)
            out["score"] = _numbers(batch["score"], np.nan)
        return out

    def _interactions(self, out: NDArray[Any], batch: pa.RecordBatch) -> None:
        out["due"] = _times(batch["due_at"])
        out["outcome"] = self.codes["outcome"].of(batch["outcome"])
        out["duration"] = _numbers(batch["duration_s"], np.nan)
        out["amount"], out["cost"] = _money(batch["amount"]), _money(batch["cost"])
        out["instrument"], out["emotion"], out["mode"], out["score"] = -1, -1, -1, np.nan

    def _correlation(self, lists: pa.Array) -> NDArray[np.int64]:
        """Hash of each row's leading correlation, 0 where it has none."""
        result = np.zeros(len(lists), np.int64)
        lengths = pc.fill_null(pc.list_value_length(lists), 0)
        rows = np.flatnonzero(lengths.to_numpy(zero_copy_only=False))
        if len(rows):
            leading = pc.list_element(lists.take(pa.array(rows)), 0)
            named = pc.fill_null(pc.not_equal(leading, ""), False).to_numpy(zero_copy_only=False)
            result[rows] = np.where(named, hash_strings(leading, self.secret)[0], 0)
        return result


def _numbers(values: pa.Array, missing: float) -> NDArray[Any]:
    array: NDArray[Any] = pc.fill_null(values, missing).to_numpy(zero_copy_only=False)
    return array


def _times(values: pa.Array) -> NDArray[np.int64]:
    return _numbers(values.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()), NEVER)


def _money(values: pa.Array) -> NDArray[np.int64]:
    """Exact: decimals of four places become integers of 1/10,000."""
    if values.null_count == len(values):
        return np.zeros(len(values), np.int64)
    scaled = pc.multiply(values, pa.scalar(MONEY_UNITS, pa.decimal128(6, 0)))
    return _numbers(scaled.cast(pa.int64()), 0)


def _index(values: pa.Array, names: tuple[str, ...]) -> NDArray[Any]:
    return _numbers(pc.index_in(values, value_set=pa.array(names)), -1)
