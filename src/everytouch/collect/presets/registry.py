"""All presets, in the order in which they are tried."""

from everytouch.collect.presets import qualtrics, trustpilot
from everytouch.collect.presets.base import Preset

PRESETS: tuple[Preset, ...] = (
    trustpilot.PRESET,
    qualtrics.PRESET,
)
