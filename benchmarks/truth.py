"""Whether the numbers deserve trust: coverage, recovery, false alarms, against known truth.

    PYTHONPATH=. python benchmarks/truth.py [--draws 2000] [--parties 100000] [--only coverage ...]

Nominal 95 % intervals are drawn again and again from a truth that is known, and how often they hold
it is counted; the simulated company is asked for drivers and for how everybody feels; tests with
nothing to find are run until they find something. The test suite runs a smaller one.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.stats import spearmanr

import everytouch
from everytouch.metrics.api import BY
from everytouch.perception.api import Rules, headline, units
from everytouch.simulate.api import simulate
from everytouch.stats import (
    causal,
    differences,
    intervals,
    panel,
    sequential,
    shrinkage,
)
from everytouch.stats.intervals import Moments2
from everytouch.stats.regression import GROUPS, CrossProducts, correlation, lmg
from everytouch.trails.api import EVERYTHING, microseconds

Row = tuple[str, str, str]


def held(low: float, truth: float, high: float) -> bool:
    """Whether an interval holds the truth."""
    return low <= truth <= high


def cover_nps(rng: np.random.Generator, n: int, draws: int) -> float:
    """NPS of n answers, over nine truths."""
    inside = []
    for p in ((0.5, 0.2, 0.3), (0.75, 0.2, 0.05), (0.35, 0.35, 0.3)):
        counts = rng.multinomial(n, p, draws)
        found = (intervals.nps(int(a), int(c), n) for a, _, c in counts)
        inside += [held(e.low, p[0] - p[2], e.high) for e in found]
    return float(np.mean(inside))


def cover_share(rng: np.random.Generator, n: int, draws: int) -> float:
    """Shares of n, over three truths."""
    inside = []
    for p in (0.2, 0.5, 0.85):
        found = (intervals.share(int(k), n) for k in rng.binomial(n, p, draws))
        inside += [held(e.low, p, e.high) for e in found]
    return float(np.mean(inside))


def cover_difference(rng: np.random.Generator, n: int, draws: int) -> float:
    """Differences of two shares of n and 2 n."""
    pairs = zip(rng.binomial(n, 0.6, draws), rng.binomial(2 * n, 0.45, draws), strict=True)
    found = (differences.of_shares(int(a), n, int(b), 2 * n) for a, b in pairs)
    return float(np.mean([held(e.low, 0.15, e.high) for e in found]))


def cover_means(rng: np.random.Generator, n: int, draws: int) -> float:
    """Differences of two means of scores on eleven steps."""
    steps, p = np.arange(0, 101, 10.0), np.array([2, 1, 1, 2, 2, 4, 5, 9, 12, 10, 8]) / 56
    q, inside = np.roll(p, 1) * 0.5 + p * 0.5, []
    truth = float(steps @ p - steps @ q)
    for _ in range(draws):
        parts = [rng.choice(steps, n, p=weights) for weights in (p, q)]
        sums = [Moments2(n, float(x.sum()), float(x @ x)) for x in parts]
        e = differences.of_means(*sums)
        inside.append(held(e.low, truth, e.high))
    return float(np.mean(inside))


def cover_league(rng: np.random.Generator, units_: int, draws: int) -> float:
    """Shrunken means of a league table, each unit's own truth."""
    inside = []
    for _ in range(draws):
        truth, n = rng.normal(70, 3, units_), rng.integers(4, 40, units_)
        variances = 400 / n
        found = shrinkage.shrink(truth + rng.normal(0, np.sqrt(variances)), variances)
        inside.append(((found.low <= truth) & (truth <= found.high)).mean())
    return float(np.mean(inside))


def cover_population(rng: np.random.Generator, n: int, draws: int) -> tuple[float, float]:
    """The mean of everybody where the pleased answer more; and of respondents alone."""
    inside, alone = [], []
    for _ in range(draws):
        X = rng.normal(size=(n, 3))
        y = 60 + 8 * X[:, 0] - 4 * X[:, 1] + rng.normal(0, 10, n)
        there = rng.random(n) < 1 / (1 + np.exp(1 - X[:, 0]))
        e, _, _ = causal.population_mean(X, there, y)
        told = y[there]
        one = intervals.mean(len(told), float(told.sum()), float(told @ told))
        inside.append(held(e.low, 60, e.high))
        alone.append(held(one.low, 60, one.high))
    return float(np.mean(inside)), float(np.mean(alone))


def coverage(draws: int) -> Iterator[Row]:
    """How often nominal 95 % intervals hold the truth."""
    rng = np.random.default_rng(1)
    for n in (10, 30, 100, 1_000):
        yield f"NPS, n = {n:,}", f"{cover_nps(rng, n, draws):.1%}", "93 to 97 %"
    for n in (10, 30, 100, 1_000):
        yield f"share, n = {n:,}", f"{cover_share(rng, n, draws):.1%}", "93 to 97 %"
    for n in (30, 300):
        yield (
            f"difference of shares, n = {n:,}",
            f"{cover_difference(rng, n, draws):.1%}",
            "93 to 97 %",
        )
        yield f"difference of means, n = {n:,}", f"{cover_means(rng, n, draws):.1%}", "93 to 97 %"
    for k in (4, 8, 20, 40, 100):
        yield f"shrunken league table of {k}", f"{cover_league(rng, k, draws):.1%}", "93 to 97 %"
    mean, alone = cover_population(rng, 1_000, draws)
    yield "population mean, of 1,000", f"{mean:.1%}", "93 to 97 %"
    yield "  of respondents alone", f"{alone:.1%}", "shows why"


def planted(
    rng: np.random.Generator, n: int, hidden: float = 0.0, lean: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """People, a treatment that raises the outcome by 1, the outcome, and one from before."""
    X, unseen = rng.normal(size=(n, 3)), rng.normal(size=n)
    chance = 1 / (1 + np.exp(-(lean * X[:, 0] - 0.5 * X[:, 1] + hidden * unseen)))
    treated = rng.random(n) < chance
    outcome = treated + 2 * X[:, 0] - X[:, 1] + hidden * unseen + rng.normal(size=n)
    return X, treated, outcome, X[:, 0] + hidden * unseen + rng.normal(size=n)


def causes(draws: int) -> Iterator[Row]:
    """Adjusted effects: their coverage, and warnings where an assumption is broken."""
    rng = np.random.default_rng(2)

    def adjusted(**broken: float) -> causal.Adjusted:
        X, treated, outcome, before = planted(rng, 1_500, **broken)
        return causal.adjusted(X, treated, outcome, before=before, second="linear")

    right = [adjusted() for _ in range(draws)]
    inside = np.mean([held(one.effect.low, 1.0, one.effect.high) for one in right])
    yield "effect within its interval", f"{inside:.1%}", "≥ 90 %"
    quiet = np.mean([not one.warnings for one in right])
    yield "  and no warning there", f"{quiet:.1%}", "as often as may be"
    for name, word, broken in (
        ("hidden confounder", "hidden", {"hidden": 1.0}),
        ("no overlap", "overlap", {"lean": 12.0}),
    ):
        wrong = [adjusted(**broken).warnings for _ in range(draws // 4)]
        caught = np.mean([any(word in said for said in warnings) for warnings in wrong])
        yield f"{name}: warned", f"{caught:.1%}", "warned"
    first, seen = np.array([6, panel.NEVER]), []
    for _ in range(draws):
        y = rng.normal(0, 1, (2, 12, 50)) + 0.3 * np.arange(12)[None, :, None] * [[[1]], [[0]]]
        found = panel.repeated(np.full((2, 12), 50.0), y.sum(2), (y**2).sum(2), first)
        seen.append(found.p_parallel < 0.01)
    yield "a trend already there: warned", f"{np.mean(seen):.1%}", "warned"


def alarms(draws: int) -> Iterator[Row]:
    """How often a verdict cries "worked" where nothing did."""
    rng, first, fixed = np.random.default_rng(3), np.array([6, panel.NEVER]), 0
    for _ in range(draws):
        y = rng.normal(0, 1, (2, 12, 50))
        found = panel.repeated(np.full((2, 12), 50.0), y.sum(2), (y**2).sum(2), first)
        fixed += found.p_parallel >= 0.01 and found.overall.low > 0
    yield 'roll-out cries "worked"', f"{fixed / draws:.1%}", "≤ 5 %"
    ever = naive = 0
    for _ in range(draws):
        x, y = rng.normal(size=(2, 3_000))
        looks = [
            [Moments2(n, float(z[:n].sum()), float(z[:n] @ z[:n])) for z in (x, y)]
            for n in range(100, 3_001, 100)
        ]
        ever += any(sequential.anytime(*arms, planned=3_000).low > 0 for arms in looks)
        naive += any(differences.of_means(*arms).low > 0 for arms in looks)
    yield 'experiment, 30 daily looks, ever "worked"', f"{ever / draws:.1%}", "≤ 5 %"
    yield "  the same with a fixed interval", f"{naive / draws:.1%}", "shows why"
    unsound = sum(
        not sequential.sample_ratio(k := int(rng.binomial(5_000, 0.5)), 5_000 - k).sound
        for _ in range(draws)
    )
    yield "fair split called void", f"{unsound / draws:.1%}", "≤ 0.1 %"


def recovery(parties: int) -> Iterator[Row]:
    """The simulated company asked for what is known of it."""
    with tempfile.TemporaryDirectory() as folder:
        company = simulate(Path(folder) / "company", parties, 2.0, 1)
        truth = json.loads((company.folder / "truth.json").read_text())
        workspace = everytouch.create(Path(folder) / "w")
        workspace.import_source(company.source)
        found = {row.name: row.lowers.value for row in workspace.findings().rows}
        names = sorted(truth["effects"])
        known = [-truth["effects"][name] for name in names]
        rank = spearmanr([found[name] for name in names], known).statistic
        yield f"drivers' rank with the truth, {parties:,} parties", f"{rank:.3f}", "≥ 0.9"
        (row,) = workspace.population().rows
        errors = [
            one.value - truth["nps"] for one in (row.respondents, row.weighted, row.population)
        ]
        yield "NPS of respondents, off by", f"{errors[0]:+.2f}", f"truth {truth['nps']:.2f}"
        yield "  weighted alone", f"{errors[1]:+.2f}", f"{1 - errors[1] / errors[0]:.0%} less"
        (other,) = workspace.population(weights="raked").rows
        error = other.weighted.value - truth["nps"]
        yield "  raked alone", f"{error:+.2f}", f"{1 - error / errors[0]:.0%} less"
        shrunk = f"{1 - abs(errors[2] / errors[0]):.0%} less"
        yield "  weighted and predicted", f"{errors[2]:+.2f} ({shrunk})", "≥ 70 % less"


def timed(work: Callable[[], object], repeat: int = 3) -> float:
    """Seconds of the fastest half, as a median of a few."""
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return float(np.median(times))


def speed(workspace: Path | None) -> Iterator[Row]:
    """Seconds, on this machine as it is."""
    rng = np.random.default_rng(4)
    X, group = rng.normal(size=(1_000_000, 12)), rng.integers(0, GROUPS, 1_000_000)
    y = X @ rng.normal(size=12) + rng.normal(size=1_000_000)
    lmg(np.eye(3))
    seconds = timed(lambda: lmg(correlation(CrossProducts.of(X, y, group).total)))
    yield "LMG, 12 drivers, 1 M rows", f"{seconds:.2f} s", "≤ 5 s"
    if workspace is None:
        return
    opened = everytouch.open(workspace).pin()
    trails, engine = opened.trails(), opened._engine
    rules = Rules.of(opened.catalogue, trails, opened.settings)
    asked, now = headline(trails, engine, opened.settings), microseconds(trails.last)

    def features() -> None:
        for bucket in trails.buckets:
            units(bucket, EVERYTHING, rules, asked, "party", now)

    features()
    seconds, million = timed(features), trails.parties / 1e6
    yield "features of parties", f"{seconds / million:.1f} s a million", "≤ 10 s"
    yield from breakdowns(opened, "of a company")
    with tempfile.TemporaryDirectory() as folder:
        yield from breakdowns(surveyed(Path(folder), 10_000_000).pin(), "of a survey")


SURVEY = """name = "survey"
timezone = "UTC"
catalogue = "catalogue.yaml"
[inputs.said]
path = "said.parquet"
[[perceptions]]
name = "answers"
sql = '''SELECT id::text AS id, occurred_at, 'no' AS namespace, identifier::text AS identifier,
  'p' || point AS touchpoint, 'felt' AS instrument, raw::double AS raw FROM said'''
"""


def surveyed(folder: Path, answers: int) -> everytouch.Workspace:
    """A workspace of nothing but answers: five touchpoints, a tenth as many parties."""
    points = "".join(
        f"  p{i}: {{label: P{i}, stage: use, channel: c{i % 3}, owner: o{i % 2}}}\n"
        for i in range(5)
    )
    (folder / "catalogue.yaml").write_text(
        f"touchpoints:\n{points}"
        "instruments: {felt: {label: Felt, kind: csat, low: 1, high: 5}}\n"
        "segments:\n  many: {label: Many, party_kind: customer}\n"
    )
    rng = np.random.default_rng(1)
    times = np.datetime64("2025-01-01", "us") + rng.integers(0, 365 * 24 * 60, answers) * 60_000_000
    table = {
        "id": np.arange(answers),
        "occurred_at": times,
        "identifier": rng.integers(0, answers // 10, answers),
        "point": rng.integers(0, 5, answers),
        "raw": rng.integers(1, 6, answers),
    }
    pq.write_table(pa.table(table), folder / "said.parquet")
    (folder / "source.toml").write_text(SURVEY)
    workspace = everytouch.create(folder / "w")
    workspace.import_source(folder / "source.toml")
    return workspace


def breakdowns(opened: everytouch.Workspace, of: str) -> Iterator[Row]:
    """Seconds of each breakdown."""
    answers = sum(c.n for c in opened.perception("all").rows)
    yield f"{answers / 1e6:.2f} M answers {of}", "", ""
    for by in BY:
        opened.perception(by)
        seconds = timed(lambda by=by: opened.perception(by))
        yield f"  perception by {by}", f"{seconds:.2f} s", "10 M ≤ 1 s"


def main() -> None:
    """Parse the arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2_000)
    parser.add_argument("--parties", type=int, default=100_000)
    parser.add_argument("--workspace", type=Path, help="of spine.py --keep, for the speed")
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    parts: dict[str, Callable[[], Iterator[Row]]] = {
        "coverage": lambda: coverage(given.draws),
        "causes": lambda: causes(max(40, given.draws // 5)),
        "alarms": lambda: alarms(given.draws),
        "recovery": lambda: recovery(given.parties),
        "speed": lambda: speed(given.workspace),
    }
    for name, part in parts.items():
        if not given.only or name in given.only:
            print(f"\n{name}")
            for row in part():
                print("  {:48} {:>20}   {}".format(*row), flush=True)


if __name__ == "__main__":
    main()
