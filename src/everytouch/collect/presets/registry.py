"""All presets, in the order in which they are tried."""

from everytouch.collect.presets import (
    appstore,
    formbricks,
    google_business,
    google_forms,
    googleplay,
    limesurvey,
    medallia,
    microsoft_forms,
    qualtrics,
    spss,
    surveymonkey,
    till,
    trustpilot,
    typeform,
)
from everytouch.collect.presets.base import Preset

PRESETS: tuple[Preset, ...] = (
    spss.PRESET,
    appstore.PRESET,
    google_business.PRESET,
    googleplay.PRESET,
    till.PRESET,
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
