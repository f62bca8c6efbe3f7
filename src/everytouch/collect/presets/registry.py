"""All presets, in the order in which they are tried."""

from everytouch.collect.presets import appstore, google_business, googleplay, till, trustpilot
from everytouch.collect.presets.base import Preset

PRESETS: tuple[Preset, ...] = (
    appstore.PRESET,
    google_business.PRESET,
    googleplay.PRESET,
    till.PRESET,
    trustpilot.PRESET,
)
