"""What every result has: rows that become frames, and a statement of what they rest on."""

import dataclasses
import datetime
import json
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Literal

import pyarrow as pa

Reason = Literal["few", "alike", "complement", "subtraction"]


@dataclass(frozen=True)
class Withheld:
    """Rows that are not shown to whoever may not see single people.

    Attributes:
        reason: "few": they count too few people; "alike": everybody in them answered the same;
            "subtraction": taken from another answer they
            would leave too few; "complement": a total would give the others away.
        rows: how many.
    """

    reason: Reason
    rows: int


@dataclass(frozen=True)
class Basis:
    """What a figure rests on: shown beside it wherever it is shown.

    Attributes:
        formula: how it was computed, in words or symbols.
        denominator: who or what was counted.
        cut: which data: period, filters, what was left out.
        method: name of the interval or estimation method.
        ties: share of the steps it counts that lie between moments of equal time, where the
            answer depends on the order of moments.
        withheld: rows that are not shown, by the reason why.
        left_out: people left out, as what their data may be used for says so.
        rounded: what counts are rounded down to multiples of; 1 where they are as they are.
    """

    formula: str
    denominator: str
    cut: str
    method: str = ""
    ties: float = 0.0
    withheld: tuple[Withheld, ...] = ()
    rounded: int = 1
    left_out: int = 0

    @property
    def consent(self) -> str:
        """Who is left out, in words; empty where nobody is."""
        if not self.left_out:
            return ""
        whose = "person is left out: their" if self.left_out == 1 else "people are left out: their"
        return f"{self.left_out:,} {whose} data may not be analysed"

    @property
    def order(self) -> str:
        """What the order of moments rests on; empty where nothing is to be said of it."""
        if not self.ties:
            return ""
        share = f"{self.ties:.1%} of" if self.ties >= 0.001 else "Fewer than one in 1,000"
        return f"{share} steps rest on equal timestamps; their order is the order of the source"


@dataclass(frozen=True)
class Result:
    """A result of the library: ``rows`` (frozen dataclasses) and their ``basis``."""

    basis: Basis
    rows: tuple[Any, ...]

    row_type: ClassVar[type]

    def to_pylist(self) -> list[dict[str, Any]]:
        """The rows as dictionaries of plain values."""
        return [plain(row) for row in self.rows]

    def to_arrow(self, part: str = "rows") -> pa.Table:
        """The rows as a ``pyarrow.Table``, empty columns included.

        Args:
            part: another list of records that the result has, as a graph's ``nodes``.
        """
        records = getattr(self, part)
        kind = self.row_type if part == "rows" or not records else type(records[0])
        names = [field.name for field in dataclasses.fields(kind)]
        rows = [plain(record) for record in records]
        return pa.table({name: pa.array([row[name] for row in rows]) for name in names})

    def to_pandas(self) -> Any:
        """The rows as a ``pandas.DataFrame`` (needs ``everytouch[frames]``)."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:
        """The rows as a ``polars.DataFrame`` (needs ``everytouch[frames]``)."""
        import polars  # noqa: PLC0415 - an optional extra

        return polars.from_arrow(self.to_arrow())

    def to_json(self) -> str:
        """The whole result, basis included, as JSON."""
        return json.dumps(plain(self), ensure_ascii=False, indent=2)


def plain(value: Any) -> Any:
    """``value`` with dataclasses as dictionaries, and only what JSON can say inside."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.item() if hasattr(value, "item") else value


def duration(seconds: float) -> str:
    """Seconds in the unit that fits."""
    if math.isnan(seconds):
        return "–"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:,.0f} s"
