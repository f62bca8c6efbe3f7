"""All presets, in the order in which they are tried."""

from everytouch.collect.presets import (
    formbricks,
    google_forms,
    limesurvey,
    medallia,
    microsoft_forms,
    qualtrics,
    spss,
    surveymonkey,
    trustpilot,
    typeform,
)
from everytouch.collect.presets.base import Preset

PRESETS: tuple[Preset, ...] = (
    spss.PRESET,
    trustpilot.PRESET,
    qualtrics.PRESET,
    surveymonkey.PRESET,
    limesurvey.PRESET,
    typeform.PRESET,
    formbricks.CSV,
    formbricks.JSON,
    medallia.PRESET,
    microsoft_forms.PRESET,
    google_forms.PRESET,
)
