"""The spine at size: simulate, import, build trails.

    python benchmarks/spine.py [--parties 108500] [--years 2] [--keep FOLDER]

Prints one table. What the kernels then take: benchmarks/journeys.py, on the workspace that --keep
leaves in FOLDER/w.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import everytouch

Row = tuple[str, str, str, str]


def peak_gb() -> float:
    """Most memory this process has held, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def run(folder: Path, parties: int, years: float) -> Iterator[Row]:
    """Make ``folder``/w; a row of the table after each part."""
    began = time.perf_counter()
    words = [sys.executable, "-m", "everytouch", "simulate", str(folder / "company")]
    words += ["--parties", str(parties), "--years", str(years)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    made = time.perf_counter() - began
    workspace = everytouch.create(folder / "w")
    began = time.perf_counter()
    receipt = workspace.import_source(folder / "company" / "source.toml")
    n = receipt.total.stored - receipt.counts["traits"].stored
    imported = time.perf_counter() - began
    yield _row("simulate", n, made)
    yield _row("import", n, imported)
    began = time.perf_counter()
    trails = workspace.trails()
    yield _row("trails built", n, time.perf_counter() - began)
    yield "all of it", f"{n / 1e6:.2f} M moments", f"{trails.parties:,} parties", ""


def _row(name: str, moments: int, seconds: float) -> Row:
    speed = f"{moments / seconds / 1e3:,.0f} k moments/s"
    return name, f"{seconds:.1f} s", speed, f"peak {peak_gb():.2f} GB"


def show(row: Row) -> None:
    """Print a row of the table."""
    print("{:14} {:>16} {:>22} {:>22}".format(*row), flush=True)


def main() -> None:
    """Parse the arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--parties", type=int, default=108_500)
    parser.add_argument("--years", type=float, default=2.0)
    parser.add_argument("--keep", type=Path, help="leave the workspace in this new folder")
    args = parser.parse_args()
    folder = args.keep or Path(tempfile.mkdtemp())
    folder.mkdir(exist_ok=True, parents=True)
    try:
        for row in run(folder, args.parties, args.years):
            show(row)
    finally:
        if not args.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
