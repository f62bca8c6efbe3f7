"""What checking costs: processor time of a first answer with and without, and of a whole check.

python benchmarks/integrity.py [--moments 1000000]
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import everytouch
from everytouch.simulate.api import simulate

ANSWER = """
import sys, time
import everytouch
import everytouch.workspace
from everytouch.ledger import intact
from everytouch.trails import whole
if sys.argv[2] == "without":
    intact.Intact._check = lambda *_: None
    whole.check.__code__ = (lambda place: None).__code__
began = time.process_time()
workspace = everytouch.open(sys.argv[1])
if sys.argv[3] == "trails":
    workspace.perception()
else:
    workspace.sql("SELECT sum(amount) FROM interactions")
print(time.process_time() - began)
"""


def seconds(folder: Path, how: str, what: str) -> float:
    """The best of five first answers, each of a process of its own."""
    call = [sys.executable, "-c", ANSWER, str(folder), how, what]
    found = (subprocess.run(call, capture_output=True, text=True, check=True) for _ in range(5))
    return min(float(one.stdout) for one in found)


def main() -> None:
    """Print the figures."""
    options = argparse.ArgumentParser()
    options.add_argument("--moments", type=int, default=1_000_000)
    wanted = options.parse_args().moments
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        company = simulate(folder / "company", parties=max(60, wanted // 68), years=2.0, seed=1)
        workspace = everytouch.create(folder / "w", secret=b"everytouch bench")
        began = time.perf_counter()
        workspace.import_source(company.source)
        print(f"import: {time.perf_counter() - began:.1f} s")
        print(f"moments: {workspace.trails().moments:,}")
        workspace.perception()
        for what in ("trails", "ledger"):
            bare, checked = (seconds(folder / "w", how, what) for how in ("without", "with"))
            ratio = checked / bare
            print(
                f"first answer from the {what}: {bare:.3f} s unchecked, {ratio:.2f} times checked"
            )
        began = time.perf_counter()
        found = workspace.verify()
        spent = time.perf_counter() - began
        print(f"verify: {found.files} files, {found.bytes / 1e6:,.0f} MB in {spent:.2f} s")


if __name__ == "__main__":
    main()
