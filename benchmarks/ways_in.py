"""How fast ordinary files come in, beside DuckDB's bare read of the same file.

    PYTHONPATH=. python benchmarks/ways_in.py [--rows 1000000] [--repeat 3]

Ten columns: id, time, customer, touchpoint, outcome, amount, duration, order, two properties. The
import reads, understands, checks, recognises and commits every record; the opponent only reads
every value of the file into memory.
"""

import argparse
import datetime
import statistics
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

import everytouch

POINTS = ("store_checkout", "web_checkout", "parcel_delivered", "help_call")
SOURCE = """name = "visits"
catalogue = "catalogue.yaml"
[inputs.visits]
path = "{file}"
[[interactions]]
name = "visits"
sql = '''SELECT id, time AS occurred_at, 'customer_no' AS namespace, customer AS identifier,
touchpoint, outcome, amount, duration AS duration_s, 'order:' || order_no AS correlations,
{{'plan': plan, 'channel': channel}} AS properties FROM visits'''
"""
CATALOGUE = "touchpoints:\n" + "".join(
    f"  {name}: {{stage: buy, channel: web}}\n" for name in POINTS
)


def made(rows: int) -> pa.Table:
    """A table of visits."""
    rng = np.random.default_rng(1)
    start = np.datetime64("2025-01-01T00:00:00", "us")
    times = start + (rng.random(rows) * 3e13).astype("timedelta64[us]")
    cents = rng.integers(0, 100_000, rows)
    return pa.table({
        "id": pa.array([f"v{n}" for n in range(rows)]),
        "time": pa.array(times).cast(pa.string()),
        "customer": pa.array([f"C{n}" for n in rng.integers(0, rows // 5 + 1, rows)]),
        "touchpoint": pa.array(np.array(POINTS)[rng.integers(0, 4, rows)]),
        "outcome": pa.array(np.array(["ok", "failed"])[rng.integers(0, 2, rows)]),
        "amount": pa.array([f"{c / 100:.2f}" for c in cents]),
        "duration": pa.array(rng.integers(1, 900, rows)),
        "order_no": pa.array(rng.integers(0, rows, rows)),
        "plan": pa.array(np.array(["gold", "basic"])[rng.integers(0, 2, rows)]),
        "channel": pa.array(np.array(["web", "app", "store"])[rng.integers(0, 3, rows)]),
    })  # fmt: skip


def written(table: pa.Table, folder: Path) -> dict[str, Path]:
    """The table in each format; in Parquet with the types that it has."""
    typed = table.set_column(1, "time", table["time"].cast(pa.timestamp("us")))
    typed = typed.set_column(5, "amount", table["amount"].cast(pa.decimal128(18, 2)))
    pq.write_table(typed, folder / "v.parquet")
    pacsv.write_csv(table, folder / "v.csv")
    with duckdb.connect() as con:
        con.register("t", table)
        con.execute(f"COPY t TO '{folder / 'v.ndjson'}' (FORMAT json)")
    return {kind: folder / f"v.{kind}" for kind in ("parquet", "csv", "ndjson")}


def bare(path: Path, threads: int) -> float:
    """Seconds in which DuckDB reads every value of a file."""
    with duckdb.connect(config={"threads": threads}) as con:
        began = time.perf_counter()
        read = {".parquet": "read_parquet", ".csv": "read_csv", ".ndjson": "read_json"}[path.suffix]
        for batch in con.sql(f"FROM {read}('{path}')").to_arrow_reader(250_000):
            assert len(batch)
        return time.perf_counter() - began


def imported(path: Path, folder: Path) -> float:
    """Seconds in which a file is imported into a new workspace."""
    (path.parent / "catalogue.yaml").write_text(CATALOGUE)
    (path.parent / "s.toml").write_text(SOURCE.format(file=path.name))
    workspace = everytouch.create(folder)
    began = time.perf_counter()
    receipt = workspace.import_source(
        path.parent / "s.toml", now=datetime.datetime.now(datetime.UTC)
    )
    seconds = time.perf_counter() - began
    assert receipt.total.stored == receipt.total.received, receipt
    return seconds


def main() -> None:
    """Print a line a format: rows a second, and how many times as long as a bare read."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = written(made(given.rows), folder)
        small = folder / "small"
        small.mkdir()
        imported(written(made(1_000), small)["csv"], folder / "warm")  # kernels are compiled
        print(f"{given.rows:,} rows of 10 columns     rows/s   import s   bare s   times as long")
        for kind, path in files.items():
            took, read = [], []
            for number in range(given.repeat):
                took.append(imported(path, folder / f"{kind}{number}"))
                read.append(bare(path, given.threads))
            own, other = statistics.median(took), statistics.median(read)
            print(
                f"{kind:26} {given.rows / own:12,.0f} {own:10.2f} {other:8.2f} {own / other:15.1f}"
            )


if __name__ == "__main__":
    main()
