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


def test_appstore(tmp_path):
    file = imported("appstore_reviews.csv", tmp_path, "UTC")
    own = {
        "records": lambda f: f.receipt.total.received,
        "stars": lambda f: f.mean("appstore_stars"),
    }
    check(file, "appstore_reviews.csv", own, frozenset({"zone"}))


def test_googleplay(tmp_path):
    file = imported("googleplay_reviews.csv", tmp_path, "UTC")
    submitted = "min(CAST(properties->>'Review Submit Millis Since Epoch' AS TIMESTAMPTZ))"
    own = {
        "records": lambda f: f.receipt.total.received,
        "stars": lambda f: f.mean("googleplay_stars"),
        "earliest_submit_utc": lambda f: f.one("perceptions", submitted),
    }
    check(file, "googleplay_reviews.csv", own, frozenset())


def test_google_business(tmp_path):
    file = imported("google_business_reviews.csv", tmp_path, "UTC")
    own = {
        "records": lambda f: f.receipt.total.received,
        "stars": lambda f: f.mean("google_stars"),
        "without_stars": lambda f: int(f.one("perceptions", "count(*)", "raw IS NULL")),
        "by_location": lambda f: dict(
            Counter(json.loads(r["properties"])["location"] for r in f.rows("perceptions"))
        ),
    }
    check(file, "google_business_reviews.csv", own, frozenset())
