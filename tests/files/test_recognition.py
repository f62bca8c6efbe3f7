"""Every sample file is recognised as the export of its tool, and by no other preset."""

import pytest

from everytouch.collect.api import input_of
from everytouch.collect.mapping.look import looking
from everytouch.collect.presets.registry import PRESETS
from everytouch.settings import Settings
from tests.files.measuring import FILES

RECORDS = {
    "zendesk_tickets.json": "zendesk_tickets",
    "zendesk_events.ndjson": "zendesk_events",
    "intercom_conversations.ndjson": "intercom",
    "freshdesk_tickets.csv": "freshdesk",
    "salesforce_report.csv": "salesforce",
    "hubspot_contacts.csv": "hubspot",
    "callcentre_cdr.csv": "callcentre",
    "stripe_charge_succeeded.json": "stripe_events",
    "stripe_charges.csv": "stripe_payments",
    "shopify_orders.csv": "shopify",
    "amplitude_events.ndjson": "amplitude",
    "mixpanel_events.ndjson": "mixpanel",
    "ga4_events.ndjson": "ga4",
}

PRESET_OF = {"trustpilot_reviews.csv": "trustpilot", **RECORDS}
OURS = frozenset(RECORDS.values())


def fitting(name: str) -> list[str]:
    """Names of the presets that take a file for theirs."""
    with looking(input_of(FILES / name), Settings()) as look:
        return [preset.name for preset in PRESETS if preset.fits(look)]


@pytest.mark.data
@pytest.mark.parametrize(("name", "preset"), PRESET_OF.items())
def test_a_file_is_recognised_by_the_preset_of_its_tool_alone(name, preset):
    assert fitting(name) == [preset]


@pytest.mark.data
@pytest.mark.parametrize("name", [
    path.name for path in sorted(FILES.glob("*.*"))
    if path.suffix in (".csv", ".json", ".ndjson", ".xlsx", ".sav") and path.name not in PRESET_OF
    and path.name != "expected.json"
])  # fmt: skip
def test_no_preset_of_records_takes_a_file_of_another_tool(name):
    assert not OURS & set(fitting(name))


def test_names_of_presets_are_unique():
    names = [preset.name for preset in PRESETS]
    assert len(names) == len(set(names))
