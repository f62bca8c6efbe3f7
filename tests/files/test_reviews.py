"""Reviews of Trustpilot and others."""

import json
from collections import Counter

import pytest

from tests.files.measuring import check, imported

pytestmark = pytest.mark.data


def test_trustpilot(tmp_path):
    file = imported("trustpilot_reviews.csv", tmp_path, "UTC")
    own = {
        "records": lambda f: f.receipt.total.received,
        "stars": lambda f: f.mean("trustpilot_stars"),
        "texts": lambda f: int(f.one("perceptions", "count(text)")),
        "titles": lambda f: int(f.one("perceptions", "count(title)")),
        "languages": lambda f: dict(Counter(r["language"] for r in f.rows("perceptions"))),
        "answered": lambda f: sum(
            "Company Response" in json.loads(r["properties"]) for r in f.rows("perceptions")
        ),
    }
    check(file, "trustpilot_reviews.csv", own, frozenset())
