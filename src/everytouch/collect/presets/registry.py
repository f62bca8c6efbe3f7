"""All presets, in the order in which they are tried."""

from everytouch.collect.presets import (
    amplitude,
    callcentre,
    freshdesk,
    ga4,
    hubspot,
    intercom,
    mixpanel,
    salesforce,
    shopify,
    stripe,
    trustpilot,
    zendesk,
    zendesk_events,
)
from everytouch.collect.presets.base import Preset

PRESETS: tuple[Preset, ...] = (
    trustpilot.PRESET,
    zendesk.PRESET,
    zendesk_events.PRESET,
    intercom.PRESET,
    freshdesk.PRESET,
    callcentre.PRESET,
    amplitude.PRESET,
    mixpanel.PRESET,
    ga4.PRESET,
    salesforce.PRESET,
    hubspot.PRESET,
    stripe.PAYMENTS,
    stripe.EVENTS,
    shopify.PRESET,
)
