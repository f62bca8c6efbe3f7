"""Writing the simulated company: records as Parquet, a source, the catalogue, the truth."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from everytouch.moments.api import COLUMNS, Kind, schema
from everytouch.simulate.company import COMPANY, DAY, EFFECTS, START
from everytouch.simulate.lives import INSTRUMENTS, NONE, OUTCOMES, TOUCHPOINTS, Block, live
from everytouch.simulate.others import work
from everytouch.simulate.words import comments, emotions

BLOCK = 20_000  # parties made at a time
_PEOPLE = {"customer": "C", "employee": "E", "partner": "P"}
_SCALES = (np.array([0.0, 1.0, 1.0]), np.array([10.0, 5.0, 5.0]))  # of INSTRUMENTS
_NAMESPACE = {"customer": "customer_no", "employee": "employee_no", "partner": "courier_no"}

_SOURCE = """\
# The simulated company: records are written in the ledger's own columns.
name = "simulated"
timezone = "UTC"
catalogue = "catalogue.yaml"

[inputs.traits_file]
path = "traits.parquet"

[inputs.interactions_file]
path = "interactions.parquet"

[inputs.perceptions_file]
path = "perceptions.parquet"

[[traits]]
name = "traits"
sql = "SELECT * FROM traits_file"

[[interactions]]
name = "interactions"
sql = "SELECT * FROM interactions_file"

[[perceptions]]
name = "perceptions"
sql = "SELECT * FROM perceptions_file"
"""


@dataclass(frozen=True)
class Simulated:
    """What was written."""

    folder: Path
    parties: int
    moments: int

    @property
    def source(self) -> Path:
        """The source file to import."""
        return self.folder / "source.toml"


def simulate(folder: Path, parties: int, years: float, seed: int) -> Simulated:
    """Write a simulated company; the same arguments give the same bytes.

    Args:
        folder: made when it is not there; files in it are replaced.
        parties: customers; employees and couriers come on top.
        years: how long it lasts, from 2024 on.
        seed: of all randomness.
    """
    folder.mkdir(parents=True, exist_ok=True)
    here = Path(__file__).parent
    for name in ("catalogue.yaml", "online_order.yaml"):
        shutil.copyfile(here / name, folder / name)
    (folder / "source.toml").write_text(_SOURCE, encoding="utf-8")
    writers = {
        kind: pq.ParquetWriter(folder / f"{kind}.parquet", schema(kind), compression="zstd")
        for kind in ("traits", "interactions", "perceptions")
    }
    moments, felt, purchases, recommend = 0, 0.0, 0, 0
    try:
        for kind, block, traits in _blocks(parties, years, seed):
            rows, answers = _sorted(block.rows), _sorted(block.answers)
            writers["interactions"].write_table(_interactions(rows, kind, block.first))
            writers["perceptions"].write_table(_perceptions(answers, kind, block.first))
            if traits is not None:
                writers["traits"].write_table(traits)
            moments += len(rows) + len(answers)
            felt, purchases = felt + block.felt, purchases + block.purchases
            recommend += block.recommend
    finally:
        for writer in writers.values():
            writer.close()
    truth = {
        "effects": EFFECTS,
        "company": asdict(COMPANY),
        "mean_feeling": felt / max(1, purchases),
        "nps": 100 * recommend / max(1, purchases),
        "purchases": purchases,
        "moments": moments,
    }
    (folder / "truth.json").write_text(json.dumps(truth, indent=2), encoding="utf-8")
    return Simulated(folder, parties, moments)


def _blocks(parties: int, years: float, seed: int) -> Iterator[tuple[str, Block, pa.Table | None]]:
    """Blocks of customers, then employees, then couriers; each with its own randomness."""
    end = START + int(years * 365 * DAY)
    staff, couriers = max(4, parties // 200), max(2, parties // 1_000)
    starts = list(range(0, parties, BLOCK))
    seeds = iter(np.random.SeedSequence(seed).spawn(len(starts) + 2))

    def block(first: int, count: int) -> Block:
        return Block(np.random.default_rng(next(seeds)), first, count, end, staff, couriers)

    for first in starts:
        made = block(first, min(BLOCK, parties - first))
        them = live(made)
        yield "customer", made, _traits(made, them.member, them.rural)
    others: list[tuple[str, int, str]] = [
        ("employee", staff, "shift_worked"),
        ("partner", couriers, "delivery_run"),
    ]
    for kind, count, touchpoint in others:
        made = block(0, count)
        work(made, touchpoint)
        yield kind, made, None


def _sorted(parts: list[NDArray[Any]]) -> NDArray[Any]:
    rows = np.concatenate(parts)
    return rows[np.lexsort((rows["touchpoint"], rows["time"], rows["party"]))]


def _traits(block: Block, member: NDArray[np.bool_], rural: NDArray[np.bool_]) -> pa.Table:
    who = _number("customer", np.arange(block.count) + block.first)
    parts = []
    for name, values in (
        ("member", np.where(member, "yes", "no")),
        ("region", np.where(rural, "rural", "urban")),
    ):
        columns = {
            "id": pc.binary_join_element_wise(name, who, ":"),
            "occurred_at": _time(np.full(len(who), START)),
            "namespace": pa.repeat("customer_no", len(who)),
            "identifier": who,
            "name": pa.repeat(name, len(who)),
            "value": pa.array(values.tolist()),
        }
        parts.append(_record("traits", len(who), columns))
    return pa.concat_tables(parts)


def _interactions(rows: NDArray[Any], kind: str, first: int) -> pa.Table:
    n, who, anonymous = len(rows), _number(kind, rows["party"]), pa.array(rows["anonymous"])
    device = pc.binary_join_element_wise("d", pc.cast(pa.array(rows["party"]), pa.string()), "-")
    checkout = rows["touchpoint"] == TOUCHPOINTS.index("web_checkout")
    courier = rows["touchpoint"] == TOUCHPOINTS.index("parcel_delivered")
    met = pa.array(rows["counterpart"], mask=rows["counterpart"] < 0)
    met = pc.utf8_lpad(pc.cast(met, pa.string()), 6, "0")
    columns = {
        "id": _ids(kind, "i", n, first),
        "occurred_at": _time(rows["time"]),
        "namespace": pc.if_else(anonymous, "device", _NAMESPACE[kind]),
        "identifier": pc.if_else(anonymous, device, who),
        "also": _also(checkout, device),
        "party_kind": pa.repeat(kind, n),
        "touchpoint": pa.array(TOUCHPOINTS).take(pa.array(rows["touchpoint"])),
        "outcome": pa.array(OUTCOMES).take(pa.array(rows["outcome"])),
        "duration_s": pc.cast(
            pa.array(rows["duration"], mask=np.isnan(rows["duration"])), pa.float64()
        ),
        "due_at": _time(rows["due"]),
        "amount": _money(rows["amount"]),
        "cost": _money(rows["cost"]),
        "currency": pa.repeat("EUR", n),
        "counterpart_namespace": pc.if_else(
            pc.is_valid(met), pc.if_else(pa.array(courier), "courier_no", "employee_no"), None
        ),
        "counterpart": pc.binary_join_element_wise(
            pc.if_else(pa.array(courier), "P", "E"), met, ""
        ),
        "correlations": _orders(rows) if kind == "customer" else None,
    }
    return _record("interactions", n, columns)


def _perceptions(rows: NDArray[Any], kind: str, first: int) -> pa.Table:
    n, placed = len(rows), rows["touchpoint"] >= 0
    names = pa.array(TOUCHPOINTS).take(pa.array(np.maximum(rows["touchpoint"], 0)))
    columns = {
        "id": _ids(kind, "p", n, first),
        "occurred_at": _time(rows["time"]),
        "namespace": pa.repeat(_NAMESPACE[kind], n),
        "identifier": _number(kind, rows["party"]),
        "party_kind": pa.repeat(kind, n),
        "about": pc.if_else(pa.array(placed), "touchpoint", "journey"),
        "touchpoint": pc.if_else(pa.array(placed), names, None),
        "instrument": pa.array(INSTRUMENTS).take(pa.array(rows["instrument"])),
        "mode": pa.repeat("stated", n),
        "raw": pa.array(rows["raw"]),
        "emotion": emotions(rows["time"], _place(rows)) if kind == "customer" else None,
        "text": comments(rows["time"], _place(rows)) if kind == "customer" else None,
        "correlations": _orders(rows) if kind == "customer" else None,
    }
    return _record("perceptions", n, columns)


def _place(rows: NDArray[Any]) -> NDArray[np.float64]:
    """Where each answer lies on its scale, 0..1."""
    low, high = (ends[rows["instrument"]] for ends in _SCALES)
    place: NDArray[np.float64] = (rows["raw"] - low) / (high - low)
    return place


def _record(kind: Kind, n: int, columns: dict[str, Any]) -> pa.Table:
    given = {name: values for name, values in columns.items() if values is not None}
    arrays = [given.get(c.name, pa.nulls(n, c.type)) for c in COLUMNS[kind]]
    return pa.table(arrays, names=[c.name for c in COLUMNS[kind]]).cast(schema(kind))


def _number(kind: str, numbers: NDArray[np.int64]) -> pa.Array:
    padded = pc.utf8_lpad(
        pc.cast(pa.array(numbers), pa.string()), 8 if kind == "customer" else 6, "0"
    )
    return pc.binary_join_element_wise(_PEOPLE[kind], padded, "")


def _ids(kind: str, letter: str, n: int, first: int) -> pa.Array:
    numbers = pc.cast(pa.array(np.arange(n)), pa.string())
    return pc.binary_join_element_wise(f"{_PEOPLE[kind]}{first}{letter}", numbers, "-")


def _orders(rows: NDArray[Any]) -> pa.Array:
    """One order a purchase, as a list of one."""
    parts = [pc.cast(pa.array(rows[name]), pa.string()) for name in ("party", "cycle")]
    return _lists(pc.binary_join_element_wise("order:", parts[0], "-", parts[1], ""))


def _lists(values: pa.Array) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(np.arange(len(values) + 1, dtype=np.int32)), values)


def _also(where: NDArray[np.bool_], device: pa.Array) -> pa.Array:
    """The device a known customer is seen on, at the check-out."""
    seen = pc.binary_join_element_wise("device", device, ":").filter(pa.array(where))
    offsets = np.concatenate([[0], np.cumsum(where)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), seen, mask=pa.array(~where))


def _time(values: NDArray[np.int64]) -> pa.Array:
    return pa.array(values, pa.int64(), mask=values == NONE).cast(pa.timestamp("us", tz="UTC"))


def _money(cents: NDArray[np.int64]) -> pa.Array:
    units = pa.array(cents, pa.int64(), mask=cents == NONE).cast(pa.decimal128(19, 0))
    return pc.divide(units.cast(pa.decimal128(30, 4)), pa.scalar(100, pa.decimal128(3, 0))).cast(
        pa.decimal128(18, 4)
    )
