"""All presets, in the order in which they are tried."""

from everytouch.collect.presets import (
    callcentre,
    freshdesk,
    hubspot,
    intercom,
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
    salesforce.PRESET,
    hubspot.PRESET,
    stripe.PAYMENTS,
    stripe.EVENTS,
    shopify.PRESET,
)
