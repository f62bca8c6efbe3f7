"""Every sample file through the wizard gives the same records as the command line does."""

import re

import pytest

import everytouch
from tests.files.measuring import FILES
from tests.files.test_every_file import NAMES
from tests.web.test_wizard import imported, page, uploaded

__all__ = ["uploaded"]  # a fixture
pytestmark = pytest.mark.data
KINDS = ("interactions", "perceptions", "traits", "links", "counts")


def stored(workspace) -> dict[str, int]:
    """Records by kind, of all sources."""
    rows = workspace.status()
    return {kind: sum(row.stored[kind] for row in rows) for kind in KINDS} | {
        "quarantine": sum(row.quarantined for row in rows)
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_file_through_the_wizard(name, uploaded, own, tmp_path):
    zone = own.settings.timezone
    other = everytouch.create(tmp_path / "o", currency=own.settings.currency, timezone=zone)
    other.import_plan(other.recognise(FILES / name))
    before = stored(own)
    client, address = uploaded((FILES / name).read_bytes(), name)
    assert "We recognised: " in page(client, address)
    seen = imported(client, address)
    assert "Traceback" not in seen
    assert not re.search(r"\b0 (customers|responses|interactions)", seen)
    if name == "store_footfall.csv":  # nobody, but counted
        assert '<b>370</b> <span class="sub">in<' in seen
        assert '<b>338</b> <span class="sub">out<' in seen
    after = stored(own)
    found = {kind: after[kind] - before[kind] for kind in after}
    assert found == stored(other)
