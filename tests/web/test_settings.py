"""Settings: the API, the page and the library refuse the same."""

import pytest

from everytouch.errors import SettingError

WRONG = {
    "engine": ["ray", "spark://a b", 1],
    "currency": ["euro", "EU", ""],
    "timezone": ["Mars/Olympus", ""],
    "minimum_n": [2, 0, -1, 2**40, "6", 5.5, True],
    "confidence": [0.4, 1.0, float("nan"), float("inf"), "much"],
    "drivers": [1, 17],
    "seed": [-1, 10**30],
    "headline": ["moon"],
    "second_factor": ["boss", "owner;analyst"],
    "ids_of_nobody": ["x" * 2_001, "a\nb", "a\x00b"],
    "unheard_of": ["1"],
}
CASES = [(name, value) for name, values in WRONG.items() for value in values]


@pytest.mark.parametrize(("name", "value"), CASES, ids=range(len(CASES)))
def test_what_cannot_be_is_refused_by_api_page_and_library(visit, own, name, value):
    text = (own.path / "everytouch.toml").read_text()
    owner = visit("owner")
    body = {"changes": {name: value}}
    answer = owner.put("/api/v1/settings", body, content_type="application/json")
    assert answer.status_code in (400, 422), answer.content
    assert answer["Content-Type"] == "application/problem+json"
    with pytest.raises(SettingError):
        own.change_settings({name: value})
    page = owner.get("/settings/organisation")
    form = page.context["form"]
    given = {field: form.initial.get(field, "") for field in form.fields}
    if name in given and not (isinstance(value, str) and value.strip().isdecimal()):
        answer = owner.post("/settings/organisation", given | {name: value})
        if value not in (True, ""):  # a form has texts: True is "True", and none is none given
            assert answer.status_code == 422, (name, value)
    assert (own.path / "everytouch.toml").read_text() == text


def test_what_can_be_is_taken_by_all(visit, own):
    owner = visit("owner")
    body = {"changes": {"minimum_n": 7, "confidence": 0.9, "headline": "nps"}}
    answer = owner.put("/api/v1/settings", body, content_type="application/json")
    assert answer.status_code == 200
    assert (own.settings.minimum_n, own.settings.headline) == (7, "nps")
