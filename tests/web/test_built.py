"""Funnels and cohorts that a visitor builds in the app."""

import csv
import datetime
import io
import re

import pytest

from everytouch.stats.comparing import compare

# The list of the app's words is read as settings are made: by name here.
COMPARED = (
    "perception", "promises", "drop-off", "graph", "paths", "repeats", "retention", "lifecycle",
)  # fmt: skip
STEPS = "website_visit,web_checkout,parcel_delivered"


def test_a_funnel_begins_with_the_most_frequent_journey(visit, own):
    page = visit("analyst").get("/journeys/funnel").content.decode()
    chosen = re.findall(r'<option value="(\w+)" selected>', page.split("<ol>")[1].split("</ol>")[0])
    path = own.paths(unit="correlation").rows[0].touchpoints
    assert chosen == list(dict.fromkeys(path))[:5]


def test_steps_are_chosen_moved_and_taken_away_by_addresses(visit):
    client = visit("analyst")
    given = "step=website_visit&step=web_checkout&step=parcel_delivered&step="
    answer = client.get(f"/journeys/funnel?{given}&days=10&order=strict&segment=members")
    assert answer.status_code == 302
    assert answer.url == (
        "/journeys/funnel?segment=members&days=10&order=strict&steps=website_visit%2Cweb_checkout%2Cparcel_delivered"
    )
    page = client.get(answer.url).content.decode()
    assert page.count('aria-label="Move up"') == 2
    assert "steps=web_checkout%2Cwebsite_visit%2Cparcel_delivered" in page
    assert "steps=website_visit%2Cweb_checkout&quot;" in page or (
        'steps=website_visit%2Cweb_checkout"' in page
    )
    assert '<input type="hidden" name="steps"' in page  # the filters keep them


def test_the_figure_shows_what_the_library_counts(visit, own):
    figure = visit("analyst").get(f"/figures/funnel?steps={STEPS}&days=10").content.decode()
    rows = own.funnel(STEPS.split(","), window_days=10).rows
    for row in rows:
        assert f"{row.parties:,}" in figure
        assert f"{100 * row.share.value:.1f}" in figure
    assert "island" in figure


def test_two_segments_are_compared(visit):
    address = f"/figures/funnel?steps={STEPS}&segment=members&versus=urban"
    figure = visit("analyst").get(address).content.decode()
    assert "difference" in figure
    assert "MOVER" in figure
    assert "Subscribers" in figure
    assert "Customers in towns" in figure
    twice = address.replace("parcel_delivered", "website_visit")
    assert visit("analyst").get(twice).content.decode().count("Website visit") >= 2
    assert visit("analyst").get(f"/figures/funnel?steps={STEPS}&versus=moon").status_code == 404


def test_the_last_step_is_told_by_segment(visit, own):
    figure = visit("analyst").get(f"/figures/funnel-segments?steps={STEPS}").content.decode()
    for name, segment in own.catalogue.segments.items():
        rows = own.funnel(STEPS.split(","), own.scope(name)).rows
        if rows[0].parties >= own.settings.minimum_n:
            assert segment.label in figure
            assert f"{rows[-1].parties:,}" in figure


def test_what_is_no_touchpoint_is_refused(visit):
    client = visit("analyst")
    assert client.get("/figures/funnel?steps=moon").status_code == 404
    assert client.get("/journeys/funnel?steps=moon").url == "/journeys/funnel?"
    assert client.get("/figures/cohorts?start=moon").status_code == 404
    assert client.get("/figures/funnel?steps=web_checkout&order=moon").status_code == 404


def test_cohorts_begin_and_come_back_with_what_is_chosen(visit, own):
    client = visit("analyst")
    page = client.get("/journeys/cohorts?start=web_checkout&how=recurring").content.decode()
    assert '<option value="web_checkout" selected>' in page
    assert '<option value="recurring" selected>' in page
    address = "/figures/cohorts?start=web_checkout&back=help_call&how=recurring"
    figure = client.get(address).content.decode()
    found = own.retention(start="web_checkout", back="help_call", how="recurring")
    for rows in found.cohorts[:3]:
        assert f"{rows[0].size:,}" in figure


def test_what_comes_around_a_touchpoint_is_the_library_s(visit, home):
    rows = home.around("help_call", direction="before").rows
    address = "/figures/around.csv?at=help_call&direction=before"
    table = visit("analyst").get(address).content.decode()
    found = list(csv.reader(io.StringIO(table)))[1:]
    assert [int(line[2]) for line in found] == [row.parties for row in rows]
    page = visit("analyst").get("/journeys/around?at=help_call").content.decode()
    assert 'value="help_call" selected' in page
    assert "matrix" in visit("analyst").get("/figures/around?at=help_call").content.decode()
    assert visit("analyst").get("/journeys/around?at=moon").status_code == 302
    assert visit("analyst").get("/figures/around?at=moon").status_code == 404


@pytest.mark.parametrize("what", COMPARED)
def test_any_answer_is_compared_the_surest_difference_first(visit, what):
    address = f"/figures/compared.csv?what={what}&versus=urban&segment=members"
    found = list(csv.reader(io.StringIO(visit("analyst").get(address).content.decode())))[1:]
    rates = [float(line[-1]) for line in found]
    assert rates == sorted(rates)
    assert rates


def test_what_is_compared_is_the_library_s(visit, home):
    after, day = "2025-01-01", datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
    first = home.drop_off(home.scope("members", until=day))
    known = compare(first, home.drop_off(home.scope("members", since=day))).rows
    address = f"segment=members&until=2024-12-31&from={after}&what=drop-off"
    table = visit("analyst").get(f"/figures/compared.csv?{address}").content.decode()
    found = list(csv.DictReader(io.StringIO(table)))
    assert len(found) == len([row for row in known if row.q == row.q]) > 3
    values = sorted(100 * row.difference.value for row in known if row.q == row.q)
    named = next(name for name in found[0] if name.startswith("difference"))
    assert sorted(float(line[named]) for line in found) == pytest.approx(values)


def test_what_is_compared_is_named_once(visit):
    address = "/figures/compared.csv?what=perception&versus=urban&segment=members"
    text = visit("analyst").get(address).content.decode()
    assert "Call to the service line" in text
    assert "Call to the service line, Call to the service line" not in text
    assert "help_call" not in text


def test_every_comparison_offered_is_tried_here():
    from everytouch.web.words import COMPARED as OFFERED

    assert set(OFFERED) == set(COMPARED)


def test_a_comparison_with_nothing_says_what_to_choose(visit):
    client = visit("analyst")
    assert "choose a segment" in client.get("/figures/compared").content.decode()
    assert client.get("/figures/compared?versus=moon").status_code == 404
    assert client.get("/figures/compared?versus=urban&what=moon").status_code == 404
