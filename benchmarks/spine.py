"""The spine at size: simulate, import, trails, kernels, beside hand-written DuckDB SQL.

    python benchmarks/spine.py [--parties 108500] [--years 2] [--repeat 5] [--keep FOLDER]

Prints one table. Kernels and SQL run in one process on the same moments; the SQL reads a
Parquet file that is sorted as the trails are, by party and time. Times are medians of
``--repeat`` warm runs; read them as ratios where the machine is shared.
"""

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import everytouch
from everytouch.trails.api import Trails

STEPS = ("website_visit", "web_checkout", "parcel_delivered", "help_call")
WINDOW = 30 * 86_400_000_000
GAP = 30 * 60_000_000

GRAPH = """
SELECT a, b, count(*), avg(d) FROM (
  SELECT lag(touchpoint) OVER w AS a, touchpoint AS b, time - lag(time) OVER w AS d
  FROM moments WINDOW w AS (PARTITION BY party ORDER BY n))
WHERE a IS NOT NULL GROUP BY a, b
"""
PATHS = """
SELECT path, count(*) AS c FROM (
  SELECT list(touchpoint ORDER BY n) AS path FROM moments GROUP BY party)
GROUP BY path ORDER BY c DESC LIMIT 20
"""
SESSIONS = f"""
SELECT count(*), avg(b - a) FROM (
  SELECT min(time) AS a, max(time) AS b FROM (
    SELECT party, time, sum(new) OVER (PARTITION BY party ORDER BY n) AS s FROM (
      SELECT party, n, time,
        CASE WHEN time - lag(time) OVER (PARTITION BY party ORDER BY n) <= {GAP}
          THEN 0 ELSE 1 END AS new FROM moments))
  GROUP BY party, s)
"""


def funnel_sql(codes: list[int]) -> str:
    """Ordered funnel by window functions: the start of each step's latest chain."""
    first = f"CASE WHEN touchpoint = {codes[0]} THEN time END AS c0"
    steps = [f"s0 AS (SELECT party, n, time, touchpoint, {first} FROM moments)"]
    for i, code in enumerate(codes[1:], 1):
        steps.append(
            f"s{i} AS (SELECT *, CASE WHEN touchpoint = {code} AND time - last_value(c{i - 1} "
            f"IGNORE NULLS) OVER w <= {WINDOW} THEN last_value(c{i - 1} IGNORE NULLS) OVER w END "
            f"AS c{i} FROM s{i - 1} WINDOW w AS (PARTITION BY party ORDER BY n "
            "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))"
        )
    last = len(codes) - 1
    counts = ", ".join(
        f"count(DISTINCT CASE WHEN c{i} IS NOT NULL THEN party END)" for i in range(last + 1)
    )
    return f"WITH {', '.join(steps)} SELECT {counts} FROM s{last}"


def peak_gb() -> float:
    """Most memory this process has held, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def warm(ask: Callable[[], object], repeat: int) -> float:
    """Median seconds of ``repeat`` runs after one that warms up."""
    ask()
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        ask()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def write_sorted(trails: Trails, path: Path) -> None:
    """The interactions of the trails, in their order, as one Parquet file."""
    schema = pa.schema(
        [("party", pa.int64()), ("n", pa.int64()), ("time", pa.int64()), ("touchpoint", pa.int16())]
    )
    with pq.ParquetWriter(path, schema) as writer:
        for bucket in trails.buckets:
            keep = np.flatnonzero(bucket["kind"] == 0)
            owner = bucket.parties[bucket.owner()[keep]]
            columns = [owner, keep, bucket["time"][keep], bucket["touchpoint"][keep]]
            writer.write_table(pa.table([pa.array(c) for c in columns], schema=schema))


def run(folder: Path, parties: int, years: float, repeat: int) -> list[tuple[str, str, str, str]]:
    """Do everything; rows of the table."""
    rows = []
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "everytouch", "simulate", str(folder / "company"),
         "--parties", str(parties), "--years", str(years)], check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    made = time.perf_counter() - began
    workspace = everytouch.create(folder / "w")
    began = time.perf_counter()
    receipt = workspace.import_source(folder / "company" / "source.toml")
    took = time.perf_counter() - began
    n = receipt.total.stored - receipt.counts["traits"].stored
    rows.append(("simulate", f"{made:.1f} s", f"{n / made / 1e3:,.0f} k moments/s", ""))
    rows.append(
        (
            "import",
            f"{took:.1f} s",
            f"{n / took / 1e3:,.0f} k moments/s",
            f"peak {peak_gb():.2f} GB",
        )
    )
    began = time.perf_counter()
    trails = workspace.trails()
    took = time.perf_counter() - began
    rows.append(
        (
            "trails built",
            f"{took:.1f} s",
            f"{n / took / 1e3:,.0f} k moments/s",
            f"peak {peak_gb():.2f} GB",
        )
    )
    asks: dict[str, Callable[[], object]] = {
        "graph": workspace.graph,
        "paths": workspace.paths,
        "funnel": lambda: workspace.funnel(STEPS),
        "sessions": workspace.sessions,
    }
    mine = {name: warm(ask, repeat) for name, ask in asks.items()}
    peak = peak_gb()
    write_sorted(trails, folder / "sorted.parquet")
    codes = [trails.touchpoints.index(step) for step in STEPS]
    queries = {"graph": GRAPH, "paths": PATHS, "funnel": funnel_sql(codes), "sessions": SESSIONS}
    with duckdb.connect(config={"threads": workspace.settings.cores, "memory_limit": "8GB"}) as con:
        con.read_parquet(str(folder / "sorted.parquet")).create_view("moments")
        agree(workspace, con, queries)
        for name, query in queries.items():
            theirs = warm(lambda q=query: con.sql(q).fetchall(), max(1, repeat // 2))
            rows.append(
                (
                    name,
                    f"{mine[name]:.3f} s",
                    f"SQL {theirs:.2f} s",
                    f"{theirs / mine[name]:,.0f} times faster",
                )
            )
    rows.append(
        (
            "all of it",
            f"{n / 1e6:.2f} M moments",
            f"{trails.parties:,} parties",
            f"peak {peak:.2f} GB",
        )
    )
    return rows


def agree(
    workspace: everytouch.Workspace, con: duckdb.DuckDBPyConnection, queries: dict[str, str]
) -> None:
    """Stop unless both sides give the same counts."""
    edges = sorted(count for *_, count, _ in con.sql(queries["graph"]).fetchall())
    assert edges == sorted(edge.count for edge in workspace.graph().rows), "graph differs"
    tops = [count for _, count in con.sql(queries["paths"]).fetchall()]
    assert tops == [path.count for path in workspace.paths().rows], "paths differ"
    reached = list(con.sql(queries["funnel"]).fetchall()[0])
    assert reached == [step.parties for step in workspace.funnel(STEPS).rows], "funnel differs"
    ((count, _),) = con.sql(queries["sessions"]).fetchall()
    assert count == workspace.sessions().rows[0].sessions, "sessions differ"


def main() -> None:
    """Parse the arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--parties", type=int, default=108_500)
    parser.add_argument("--years", type=float, default=2.0)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="leave the workspace in this new folder")
    args = parser.parse_args()
    folder = args.keep or Path(tempfile.mkdtemp())
    folder.mkdir(exist_ok=True, parents=True)
    try:
        for row in run(folder, args.parties, args.years, args.repeat):
            print("{:14} {:>16} {:>22} {:>22}".format(*row), flush=True)
    finally:
        if not args.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
