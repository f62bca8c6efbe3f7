"""New moments in trails that are there: the last of a company's, added to all before them.

    PYTHONPATH=. python benchmarks/renewal.py [--parties 108500 | --company FOLDER] [--part 0.01]

Prints how long trails take as a whole, with the newest part added and with one moment added, and
the graph on each. FOLDER is what `everytouch simulate` made.
"""

import argparse
import datetime
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

import everytouch
from everytouch.moments.api import schema
from everytouch.workspace import Workspace

_KINDS = ("interactions", "perceptions")


def parted(company: Path, folder: Path, part: float) -> tuple[Path, Path]:
    """The company's files as two: all but the newest part of its moments, and those."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        times = " UNION ALL ".join(
            f"SELECT epoch_us(occurred_at) AS us FROM '{company / kind}.parquet'" for kind in _KINDS
        )
        asked = f"SELECT quantile_disc(us, {1 - part}) FROM ({times})"
        (cut,) = con.execute(asked).fetchone() or (None,)
        for name, sign in (("before", "<"), ("after", ">=")):
            (folder / name).mkdir()
            for file in ("source.toml", "catalogue.yaml", "traits.parquet"):
                shutil.copy(company / file, folder / name)
            for kind in _KINDS:
                rows = f"FROM '{company / kind}.parquet' WHERE epoch_us(occurred_at) {sign} $1"
                target = folder / name / f"{kind}.parquet"
                con.execute(f"COPY ({rows}) TO '{target}' (FORMAT parquet)", [cut])
    return folder / "before" / "source.toml", folder / "after" / "source.toml"


def one_more(workspace: Workspace, folder: Path, number: int) -> None:
    """One moment of somebody new, by a file as any other."""
    row = {
        "id": f"one-{number}",
        "occurred_at": datetime.datetime.now(datetime.UTC),
        "namespace": "device",
        "identifier": f"new-{number}",
        "touchpoint": workspace.trails().touchpoints[0],
        "also": [f"customer_no:C{number:08d}"],
    }
    columns = schema("interactions")
    table = pa.Table.from_pylist([{name: row.get(name) for name in columns.names}], columns)
    pq.write_table(table, folder / "one.parquet")
    text = "name = 'simulated'\n[inputs.one]\npath = 'one.parquet'\n"
    text += "[[interactions]]\nname = 'one'\nsql = 'SELECT * FROM one'\n"
    (folder / "one.toml").write_text(text)
    workspace.import_source(folder / "one.toml")


def timed(work: Callable[[], object]) -> float:
    """Seconds it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def graph_s(workspace: Workspace) -> float:
    """Median of five graphs, warm."""
    workspace.graph()
    return statistics.median(timed(workspace.graph) for _ in range(5))


def run(company: Path, folder: Path, part: float) -> None:
    """Build, add, print."""
    before, after = parted(company, folder, part)
    workspace = everytouch.create(folder / "w")
    workspace.import_source(before)
    whole = timed(workspace.trails)
    trails = workspace.trails()
    print(f"{trails.moments:,} moments of {trails.parties:,} parties")
    print(f"built as a whole   {whole:8.2f} s   graph {graph_s(workspace):.3f} s", flush=True)
    workspace.import_source(after)
    share = timed(workspace.trails)
    newer = workspace.trails()
    print(
        f"{newer.moments - trails.moments:,} added {share:8.2f} s   graph "
        f"{graph_s(workspace):.3f} s   {share / whole:.1%} of the whole",
        flush=True,
    )
    times = []
    for number in range(5):
        one_more(workspace, folder, number)
        times.append(timed(workspace.trails))
    print(
        f"one added: {statistics.median(times):.3f} s after its commit (most {max(times):.3f} s)"
        f"   graph {graph_s(workspace):.3f} s"
    )


def main() -> None:
    """Parse the arguments, run."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--parties", type=int, default=108_500)
    parser.add_argument("--company", type=Path, help="files of a simulated company")
    parser.add_argument("--part", type=float, default=0.01, help="of the moments, the newest")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        company = args.company or folder / "company"
        if args.company is None:
            words = [sys.executable, "-m", "everytouch", "simulate", str(company)]
            words += ["--parties", str(args.parties), "--years", "2"]
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        run(company, folder, args.part)


if __name__ == "__main__":
    main()
