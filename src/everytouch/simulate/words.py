"""What some of the simulated customers write beside their score: about one in four."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_POOR = (
    "It came days after the day you named, and nobody told me.",
    "I was left waiting, twice, and had to explain everything again.",
    "The website gave me an error at the till. I almost went elsewhere.",
    "The box was damaged and half of it was missing.",
    "Nobody picked up the phone for ages.",
    "So loud in the store that I left without asking anybody.",
)
_MIXED = (
    "Nice things, but the delivery could be faster.",
    "Fine in the end, though it took two calls.",
    "Good quality. The line at the check-out was long.",
    "As expected, nothing special.",
)
_GOOD = (
    "Came on the day you said, lovely to unpack.",
    "Friendly people who know what they sell.",
    "So easy, ordered in two minutes.",
    "Beautiful quality, I told my sister about it.",
    "The lady on the phone solved it at once. Thank you!",
)
_EVERY, _MINUTE = 4, 60_000_000


def comments(times: NDArray[np.int64], shares: NDArray[np.float64]) -> pa.Array:
    """A comment or nothing for each answer, by its time and its place (0..1) on the scale."""
    minutes = times // _MINUTE
    texts = pa.array([*_POOR, *_MIXED, *_GOOD])
    starts, counts = np.zeros(len(times), np.int64), np.full(len(times), len(_POOR))
    for least, start, words in ((0.55, len(_POOR), _MIXED), (0.85, len(_POOR + _MIXED), _GOOD)):
        starts[shares >= least], counts[shares >= least] = start, len(words)
    picked = starts + (minutes // _EVERY) % counts
    return texts.take(pa.array(picked, mask=minutes % _EVERY != 0))


_FELT = (
    ("frustrated", "disappointed", "stressed", "neglected", "irritated"),
    ("unsatisfied", "hurried", "interesting", "focused"),
    ("pleased", "happy", "trusting", "valued", "cared for", "safe"),
)
_NAMES = 3  # of so many answers, one names an emotion


def emotions(times: NDArray[np.int64], shares: NDArray[np.float64]) -> pa.Array:
    """An emotion or nothing for each answer, by its time and its place (0..1) on the scale."""
    minutes = times // _MINUTE
    starts, counts = np.zeros(len(times), np.int64), np.full(len(times), len(_FELT[0]))
    for least, group in ((0.55, 1), (0.8, 2)):
        there = shares >= least
        starts[there], counts[there] = sum(map(len, _FELT[:group])), len(_FELT[group])
    picked = starts + (minutes // _NAMES) % counts
    words = pa.array([word for group in _FELT for word in group])
    return words.take(pa.array(picked, mask=minutes % _NAMES != 0))
