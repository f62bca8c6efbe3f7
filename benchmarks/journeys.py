"""Journeys at size: kernels beside the best hand-written DuckDB SQL, in one run.

    PYTHONPATH=. python benchmarks/journeys.py [--workspace FOLDER] [--parties 108500] [--repeat 5]

108,500 parties over two years are 10 million moments, 1,085,000 are 100 million (an hour, 20 GB of
disk). A workspace that is there is used as it is. The SQL reads a Parquet file that is sorted as
the trails are, by party and time; where a query can use that order it does. Both give the same
counts, or the benchmark stops. Times are medians of warm runs: read them as ratios.
"""

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from benchmarks.spine import peak_gb, run, show
from tests.clusters import cluster

import everytouch
from everytouch.engine.api import engine_of
from everytouch.trails.api import Trails

STEPS = ("website_visit", "web_checkout", "parcel_delivered", "help_call")
WINDOW = 30 * 86_400_000_000
GAP = 30 * 60_000_000

# The order of the file stands in for PARTITION BY: several times faster than sorting again.
GRAPH = """
SELECT a, b, count(*), avg(d), approx_quantile(d, 0.5), approx_quantile(d, 0.9) FROM (
  SELECT lag(touchpoint) OVER () AS a, touchpoint AS b, time - lag(time) OVER () AS d,
    lag(party) OVER () AS before, party FROM moments)
WHERE before = party GROUP BY a, b
"""
PATHS = """
SELECT path, count(*) AS c FROM (
  SELECT list(touchpoint ORDER BY n) AS path FROM moments GROUP BY party)
GROUP BY path ORDER BY c DESC LIMIT 20
"""
SESSIONS = f"""
SELECT count(*), avg(b - a), approx_quantile(b - a, 0.5) FROM (
  SELECT min(time) AS a, max(time) AS b FROM (
    SELECT time, sum(new) OVER (ROWS UNBOUNDED PRECEDING) AS s FROM (
      SELECT time, CASE WHEN lag(party) OVER () = party AND time - lag(time) OVER () <= {GAP}
        THEN 0 ELSE 1 END AS new FROM moments))
  GROUP BY s)
"""
RETENTION = """
WITH seen AS (
  SELECT DISTINCT party, year(make_timestamp(time)) * 12 + month(make_timestamp(time)) AS m
  FROM moments),
born AS (SELECT party, min(m) AS first FROM seen GROUP BY party)
SELECT first, m - first AS after, count(*) FROM seen JOIN born USING (party)
WHERE m - first BETWEEN 1 AND 12 AND m < (SELECT max(m) FROM seen) GROUP BY ALL
"""
READ = {  # columns that each answer reads, to be summed
    "graph": ("time", "kind", "touchpoint"),
    "variants": ("time", "kind", "touchpoint"),
    "funnel": ("time", "kind", "touchpoint"),
    "sessions": ("time", "kind"),
    "retention": ("time", "kind", "touchpoint"),
}
COLD = """
import time; began = time.perf_counter()
import everytouch
everytouch.open({path!r}).graph()
print(time.perf_counter() - began)
"""


def warm(ask: Callable[[], object], repeat: int) -> float:
    """Median seconds of ``repeat`` runs after one that warms up."""
    ask()
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        ask()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


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


def write_sorted(trails: Trails, path: Path) -> None:
    """The interactions of the trails, in their order, as one Parquet file."""
    schema = pa.schema(
        [("party", pa.int64()), ("n", pa.int64()), ("time", pa.int64()), ("touchpoint", pa.int16())]
    )
    with pq.ParquetWriter(path, schema) as writer:
        for bucket in trails.buckets:
            live = np.repeat(bucket.live, np.diff(bucket.offsets))
            keep = np.flatnonzero(live & (bucket["kind"] == 0))
            owner = bucket.parties[bucket.owner()[keep]]
            columns = [owner, keep, bucket["time"][keep], bucket["touchpoint"][keep]]
            writer.write_table(pa.table([pa.array(c) for c in columns], schema=schema))


def asks(workspace: everytouch.Workspace) -> dict[str, Callable[[], Any]]:
    """The answers that are timed."""
    return {
        "graph": workspace.graph,
        "variants": workspace.paths,
        "funnel": lambda: workspace.funnel(STEPS),
        "sessions": workspace.sessions,
        "retention": workspace.retention,
    }


def summing(workspace: everytouch.Workspace, columns: tuple[str, ...]) -> object:
    """Sum columns, on as many threads as an answer has: what reading them costs."""
    engine = workspace._engine
    return engine.run(
        lambda bucket: sum(int(bucket[name].sum()) for name in columns), workspace.trails().buckets
    )


def kernels(workspace: everytouch.Workspace, repeat: int) -> dict[str, float]:
    """Seconds of each answer; printed beside a plain sum of what it reads."""
    trails, found = workspace.trails(), {}
    print(f"\n{trails.moments:,} moments of {trails.parties:,} parties, {os.cpu_count()} cores")
    print(f"{'':12}{'answer':>10}{'sum':>10}{'times':>8}")
    for name, ask in asks(workspace).items():
        found[name] = warm(ask, repeat)
        plain = warm(lambda n=name: summing(workspace, READ[n]), repeat)
        print(f"{name:12}{found[name]:8.3f} s{plain:8.3f} s{found[name] / plain:8.1f}", flush=True)
    print(f"peak memory {peak_gb():.2f} GB")
    return found


def beside_sql(
    workspace: everytouch.Workspace, file: Path, mine: dict[str, float], repeat: int
) -> None:
    """The same questions in SQL."""
    trails = workspace.trails()
    if not file.exists():
        write_sorted(trails, file)
    codes = [trails.touchpoints.index(step) for step in STEPS]
    queries = {
        "graph": GRAPH,
        "variants": PATHS,
        "funnel": funnel_sql(codes),
        "sessions": SESSIONS,
        "retention": RETENTION,
    }
    known = {name: counts(name, ask()) for name, ask in asks(workspace).items()}
    print(f"\n{'':12}{'SQL':>10}{'times slower':>14}")
    for name, query in queries.items():
        config = {"threads": workspace.settings.cores, "memory_limit": "8GB"}
        with duckdb.connect(config=config) as con:
            con.execute("SET TimeZone = 'UTC'")
            con.read_parquet(str(file)).create_view("moments")
            rows: list[Any] = []
            took = warm(lambda q=query, c=con, r=rows: r.append(c.sql(q).fetchall()), repeat)
            assert in_sql(name, rows[0]) == known[name], f"{name} differs"
        print(f"{name:12}{took:8.2f} s{took / mine[name]:14.0f}", flush=True)


def counts(name: str, result: Any) -> list[int]:
    """What must be equal."""
    read: dict[str, Callable[[Any], int]] = {
        "graph": lambda row: row.count,
        "variants": lambda row: row.count,
        "funnel": lambda row: row.parties,
        "sessions": lambda row: row.sessions,
        "retention": lambda row: row.returned,
    }
    return sorted(filter(None, map(read[name], result.rows)))


def in_sql(name: str, rows: list[Any]) -> list[int]:
    """The same of SQL's rows."""
    if name == "funnel":
        return sorted(rows[0])
    place = {"graph": 2, "variants": 1, "sessions": 0, "retention": 2}[name]
    return sorted(row[place] for row in rows)


def cold(workspace: everytouch.Workspace, repeat: int) -> float:
    """Median seconds from the start of a process to its first answer, its imports included."""
    code = COLD.format(path=str(workspace.path))
    kept = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}
    run = [sys.executable, "-c", code]
    subprocess.run(run, check=True, stdout=subprocess.DEVNULL, env=kept)  # compiled code is kept
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL, env=kept)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def on_spark(workspace: everytouch.Workspace, mine: dict[str, float], repeat: int) -> None:
    """The same questions on a cluster of two workers on this machine: what going there costs."""
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder)) as master:
        opened = everytouch.open(workspace.path)
        vars(opened)["_engine"] = engine_of(master, 0)
        print(f"\n{'':12}{'Spark':>10}{'times slower':>14}")
        for name, ask in asks(opened).items():
            took = warm(ask, repeat)
            print(f"{name:12}{took:8.2f} s{took / mine[name]:14.1f}", flush=True)


def pm4py_too(workspace: everytouch.Workspace) -> None:
    """pm4py's directly-follows graph on the same log, where somebody has installed it."""
    if importlib.util.find_spec("pm4py") is None:
        print("pm4py is not installed")
        return
    import pandas  # noqa: PLC0415 - both optional
    import pm4py  # noqa: PLC0415

    trails, parts = workspace.trails(), []
    for bucket in trails.buckets:
        keep = bucket["kind"] == 0
        parts.append(
            pandas.DataFrame({
                "case:concept:name": bucket.parties[bucket.owner()[keep]].astype(str),
                "concept:name": [trails.touchpoints[code] for code in bucket["touchpoint"][keep]],
                "time:timestamp": pandas.to_datetime(bucket["time"][keep], unit="us", utc=True),
            })
        )  # fmt: skip
    frame = pandas.concat(parts)
    began = time.perf_counter()
    pm4py.discover_dfg(frame)
    print(f"pm4py's graph: {time.perf_counter() - began:.1f} s")


def main() -> None:
    """Parse the arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--workspace", type=Path, help="of a simulated company, used as it is")
    parser.add_argument("--parties", type=int, default=108_500)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--sql-repeat", type=int, default=2, help="0 leaves SQL out")
    parser.add_argument("--spark", action="store_true", help="also on a cluster on loopback")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.workspace:
            workspace = everytouch.open(given.workspace)
        else:
            for row in run(Path(folder), given.parties, 2.0):
                show(row)
            workspace = everytouch.open(Path(folder) / "w")
        began = time.perf_counter()
        workspace.trails()
        print(f"trails opened or built in {time.perf_counter() - began:.1f} s")
        mine = kernels(workspace, given.repeat)
        print(f"a process from its start to its first answer: {cold(workspace, 3):.2f} s")
        if given.spark:
            on_spark(workspace, mine, given.repeat)
        if given.sql_repeat:
            beside_sql(workspace, Path(folder) / "sorted.parquet", mine, given.sql_repeat)
        pm4py_too(workspace)


if __name__ == "__main__":
    main()
