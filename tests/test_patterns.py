"""No text that is masked or searched takes forever, however long it is and whatever it repeats."""

import signal

import pytest

from everytouch.collect.columns.durations import to_seconds
from everytouch.identity.api import Masks

LENGTH, SECONDS = 200_000, 20  # of time by quadratic steps: minutes
UNITS = [
    "a",
    "A",
    "1",
    "é",
    *"_.@+-#/,( \"'=:",
    "1,",
    "1.",
    "a.",
    "1 ",
    "a@b.",
    "#1",
    "AB12 ",
    "’a",
]


@pytest.fixture
def alarm():
    """Ends what does not end: a limit of processor time, which other work does not use up."""

    def late(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, late)
    yield lambda: signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("unit", UNITS)
def test_a_long_text_is_masked_in_linear_time(alarm, unit):
    masks = Masks(frozenset({"ana", "berg"}), {1: ("ana", "K-77")})
    alarm()
    for end in ("", "x", "!", "@a"):
        masks.masked(unit * (LENGTH // len(unit)) + end, ("C77",), 1)


@pytest.mark.parametrize("unit", ["1", "1.", "1h", "1:", "1 ", "d", " "])
def test_a_long_value_is_no_duration_in_linear_time(alarm, unit):
    alarm()
    assert to_seconds(unit * (LENGTH // len(unit)) + "?") is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h 30m", "5400"), ("2 Stunden, 5 min.", "7500"), ("1 day, 2:03:04", "93784"),
     ("1.5 h", "5400"), ("1 h or so", None), ("a 1 h", None), ("", None), ("3 fortnights", None)],
)  # fmt: skip
def test_durations_that_are_spoken(text, seconds):
    assert to_seconds(text) == seconds
