"""What comes next, against the same counted in plain Python."""

import collections
import dataclasses
import datetime

import numpy as np
import pytest

from everytouch.errors import NotEnoughDataError, UnknownNameError
from everytouch.journeys.foresight import DEPTH, END, HELD_OUT, OFTEN
from everytouch.stats.ratios import RatioSums
from tests.test_extend import moment, send

TRAILS = """
SELECT party, correlation, touchpoint, epoch_us(occurred_at) AS t FROM moments
WHERE kind = 'interaction' AND correlation IS NOT NULL ORDER BY party, correlation, step
"""


def journeys(workspace):
    """(times, names) of the journeys of orders or cases that have ended."""
    found = collections.defaultdict(lambda: ([], []))
    for row in workspace.sql(TRAILS).to_pylist():
        times, names = found[row["party"], row["correlation"]]
        times.append(row["t"])
        names.append(row["touchpoint"])
    quiet = datetime.timedelta(days=workspace.settings.window_days)
    ended = workspace.trails().last - quiet
    last = int(ended.timestamp() * 1e6)
    return [(t, n) for t, n in found.values() if t[-1] <= last]


@pytest.mark.parametrize("name", ["simulated", pytest.param("bpic", marks=pytest.mark.data)])
def test_foresight_equals_plain_python(name, request):
    workspace = request.getfixturevalue(name)
    told = workspace.foresight(top=2)
    parted = told.basis.denominator.split("before ")[1].split(";")[0]
    known = journeys(workspace)
    begun = np.sort([times[0] for times, _ in known])
    guessed = begun[int((1 - HELD_OUT) * len(begun))] / 1e6
    cut_day = datetime.datetime.fromisoformat(parted).replace(tzinfo=datetime.UTC)
    assert abs(cut_day.timestamp() - guessed) < 2 * 86_400

    n = told.right.n
    held = sorted(known, key=lambda one: one[0][0])
    sizes = np.cumsum([len(names) for _, names in held[::-1]])
    count = int(np.flatnonzero(sizes == n)[0]) + 1  # journeys held out
    learned, tried = held[:-count], held[-count:]
    after, left = collections.defaultdict(collections.Counter), collections.Counter()
    for times, names in learned:
        for at in range(len(names)):
            for depth in range(min(DEPTH, at + 1) + 1):
                stretch = tuple(names[at + 1 - depth : at + 1])
                after[stretch][names[at + 1] if at + 1 < len(names) else END] += 1
                left[stretch] += (times[-1] - times[at]) / 1e6
    often = {s: c for s, c in after.items() if c.total() >= OFTEN}
    points = workspace.trails().touchpoints
    order = {name: code for code, name in enumerate((*points, END))}
    best = {s: sorted(c, key=lambda p: (-c[p], order[p])) for s, c in often.items()}
    right = three = frequent = 0
    off = plain = 0.0
    for times, names in tried:
        for at in range(len(names)):
            depth = next(d for d in range(min(DEPTH, at + 1), -1, -1)
                         if tuple(names[at + 1 - d : at + 1]) in often)  # fmt: skip
            stretch = tuple(names[at + 1 - depth : at + 1])
            came = names[at + 1] if at + 1 < len(names) else END
            remaining = (times[-1] - times[at]) / 1e6
            right += best[stretch][0] == came
            three += came in best[stretch][:3]
            frequent += best[()][0] == came
            off += abs(left[stretch] / often[stretch].total() - remaining)
            plain += abs(left[()] / often[()].total() - remaining)
    assert told.right.value == pytest.approx(right / n)
    assert told.right_of_three.value == pytest.approx(three / n)
    assert told.most_frequent.value == pytest.approx(frequent / n)
    assert told.off_s.value == pytest.approx(off / n)
    assert told.off_by_mean_s.value == pytest.approx(plain / n)
    assert told.helps
    for row in told.rows:
        stretch = tuple(row.after.split(" → "))
        assert row.share.value == pytest.approx(
            often[stretch][row.touchpoint] / often[stretch].total()
        )
        assert row.remaining_s == pytest.approx(left[stretch] / often[stretch].total())


def test_a_longer_stretch_is_relied_on_where_it_was_seen(simulated):
    long = simulated.foresight(["web_checkout", "payment", "order_confirmation"]).rows
    assert long[0].after == "web_checkout → payment → order_confirmation"
    assert long[0].touchpoint == "parcel_shipped"
    odd = simulated.foresight(["help_call", "overhead_music", "web_checkout", "payment"]).rows
    assert odd[0].after.endswith("payment")
    assert "help_call" not in odd[0].after


def test_where_nothing_can_be_foreseen_it_says_so(workspace):
    """Steps at random: the likeliest is right no more often than the most frequent."""
    rng = np.random.default_rng(3)
    rows = [
        moment(i, i // 8, i // 8 * 60 + i % 8, int(rng.choice(4, p=[0.55, 0.15, 0.15, 0.15])))
        for i in range(16_000)
    ]
    send(workspace, [*rows, moment("last", "z", 10**6)])
    told = workspace.foresight(unit="party")
    assert not told.helps
    assert "do not rely on it" in told.basis.cut


def test_too_little_is_said(workspace, simulated):
    with pytest.raises(NotEnoughDataError, match="no journey to learn from"):
        workspace.foresight()
    send(workspace, [moment(i, i, i) for i in range(3)])
    with pytest.raises(NotEnoughDataError, match="no journey has ended"):
        workspace.foresight(unit="party")
    with pytest.raises(UnknownNameError, match="moon"):
        simulated.foresight(["moon"])


def test_ratios_cover_what_they_estimate():
    """Steps of one journey hang together: the interval is made of journeys."""
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        sizes = rng.integers(1, 30, 200).astype(float)
        rate = rng.beta(4, 4, 200)  # of each journey: half on average, whatever its size
        hits = rng.binomial(sizes.astype(int), rate).astype(float)
        estimate = RatioSums.of(sizes, hits).estimate()
        covered += estimate.low <= 0.5 <= estimate.high
    assert 0.92 <= covered / 400 <= 0.98


def test_ratio_sums_add_up():
    rng = np.random.default_rng(2)
    n, x = rng.random(50) * 9, rng.random(50) * 3
    both = RatioSums.of(n[:20], x[:20]) + RatioSums.of(n[20:], x[20:])
    whole = RatioSums.of(n, x)
    assert dataclasses.astuple(both) == pytest.approx(dataclasses.astuple(whole))
    assert whole.estimate().value == pytest.approx(x.sum() / n.sum())
