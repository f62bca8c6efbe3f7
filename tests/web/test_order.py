"""The app keeps lists of the quarantine readable, and says what share of steps rests on ties."""

import json
import re
import time

from everytouch.collect.dialects.base import Taken
from everytouch.collect.server import encode
from everytouch.journal.api import Log

PARTY = {"namespace": "customer_no", "identifier": "C77"}


def bring(own, *events):
    """Load events of the collector's own dialect."""
    raw = [json.dumps(event).encode() for event in events]
    log = Log(own.log, lambda *_: None)
    log.append(encode(Taken("own", "till", int(time.time() * 1e6), 0, raw, [None] * len(raw))), 0)
    log.close()
    return own.drain().run()


def test_a_long_value_is_shortened_in_lists_and_whole_where_it_is_looked_at(visit, own):
    long = "v" * 500_000
    event = {"id": "long", **PARTY, "touchpoint": "newsletter", "amount": f"{long}x"}
    assert bring(own, event).quarantined == 1
    client = visit("analyst")
    page = client.get("/quarantine?source=till").content.decode()
    assert "500,0" in page  # its length
    assert "characters" in page
    assert len(page) < 100_000
    german = client.get("/quarantine?source=till", headers={"Accept-Language": "de"})
    assert re.search(r"500\.0\d\d Zeichen", german.content.decode())
    code = page.partition('href="/quarantine/')[2].partition('"')[0]
    assert long in client.get(f"/quarantine/{code}").content.decode()
    (row,) = client.get("/api/v1/quarantine?source=till").json()["rows"]
    assert len(row["row"]["amount"]) < 300 > len(row["reason"])
    (row,) = client.get("/api/v1/quarantine?source=till&full=true").json()["rows"]
    assert row["row"]["amount"] == f"{long}x"


def test_a_record_that_is_mended_in_the_app_keeps_its_place(visit, own):
    at = "2025-11-03T10:00:00Z"
    points = ("web_checkout", "newsletter", "moon", "website_visit")
    events = [
        {"id": f"t{n}", **PARTY, "identifier": "C78", "touchpoint": point, "occurred_at": at}
        for n, point in enumerate(points)
    ]
    assert bring(own, *events).quarantined == 1
    client = visit("analyst")
    page = client.get("/quarantine?source=till").content.decode()
    code = page.partition('href="/quarantine/')[2].partition('"')[0]
    form = client.get(f"/quarantine/{code}").content.decode()
    values = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    done = client.post(f"/quarantine/{code}", values | {"touchpoint": "help_call"})
    assert done.status_code == 302
    trail = own.trail("customer_no:C78")
    assert [row.id for row in trail.rows] == ["t0", "t1", "t2", "t3"]


def test_a_figure_states_the_share_of_steps_on_ties(visit, own):
    at = "2025-11-03T10:00:00Z"
    events = [
        {"id": f"t{n}", **PARTY, "touchpoint": "newsletter", "occurred_at": at} for n in range(900)
    ]
    assert bring(own, *events).stored == 900
    share = own.graph().basis.ties
    assert share > 0.01
    client = visit("analyst")
    shown = client.get("/figures/graph", headers={"HX-Request": "true"}).content.decode()
    assert re.search(rf"{share * 100:.1f}\s?% of steps rest on equal timestamps", shown)
    german = client.get(
        "/figures/graph", headers={"HX-Request": "true", "Accept-Language": "de"}
    ).content.decode()
    assert "der Schritte beruhen auf gleichen Zeitstempeln" in german
