"""Scales of survey questions, orders of dates, and names made of texts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everytouch.collect.columns.order import date_order
from everytouch.collect.columns.scales import labelled, scale_of, stated_ends
from everytouch.collect.naming import slug


@pytest.mark.parametrize(
    ("text", "values", "kind", "ends"),
    [
        ("How likely are you to recommend us?", ["9", "10 - Extremely likely"], "nps", (0, 10)),
        ("Würden Sie uns empfehlen?", ["3", "8"], "nps", (0, 10)),
        ("How satisfied are you?", ["4", "5"], "csat", (1, 5)),
        ("Wie zufrieden sind Sie?", ["Sehr zufrieden", "zufrieden"], "csat", (1, 5)),
        ("It was easy", ["Strongly agree", "Somewhat disagree", "Agree"], "ces", (1, 7)),
        ("How easy was it? (1 = hard, 5 = easy)", ["3"], "mean", (1, 5)),
        ("Rate us from 1 to 10", ["2", "3"], "mean", (1, 10)),
        ("How do you rate the shop?", ["Poor", "Excellent"], "mean", (1, 5)),
    ],
)
def test_what_is_a_question_with_a_score(text, values, kind, ends):
    scale = scale_of(text, values)
    assert scale is not None
    assert (scale.kind, scale.low, scale.high) == (kind, *ends)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("How old are you?", ["5", "9"]),
        ("How many bikes do you rate as good?", ["1", "2"]),
        ("Which size?", ["1", "3"]),
        ("How satisfied are you?", ["6-7"]),
        ("How satisfied are you?", ["n/a"]),
        ("I agree to be contacted", ["0", "1"]),
        ("Comments", ["ok"]),
        ("How satisfied are you?", ["42"]),
    ],
)
def test_what_is_none(text, values):
    assert scale_of(text, values) is None


def test_answers_that_are_none_are_missing():
    scale = scale_of("How satisfied are you?", ["Satisfied", "Very dissatisfied", "Don't know"])
    assert scale is not None
    assert scale.missing == ("Don't know",)
    assert labelled(["Satisfied", "purple"]) is None


@given(st.integers(3, 10), st.sampled_from(["{} to {}", "{} - {}", "({} = bad, {} = good)"]))
def test_stated_ends_are_read(high, form):
    assert stated_ends("Rate us: " + form.format(1, high)) == (1, high)


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["2026-01-02"], ("iso", True)),
        (["31/01/2026", "01/02/2026"], ("day-first", True)),
        (["01/31/2026"], ("month-first", True)),
        (["01/02/2026 9:00 AM"], ("month-first", False)),
        (["01.02.2026"], ("day-first", True)),
        (["01/02/2026"], ("day-first", False)),
    ],
)
def test_order_of_dates(values, order):
    assert date_order(values) == order


@given(st.text(min_size=1, max_size=200))
def test_every_text_has_a_name(text):
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,63}", slug(text))


@given(
    st.text("abcdefgh ", min_size=70, max_size=90), st.text("abcdefgh ", min_size=70, max_size=90)
)
def test_long_texts_that_differ_have_different_names(one, other):
    if one.split() != other.split():
        assert (slug(one) != slug(other)) or slug(" ".join(one.split())) == slug(one)


def test_texts_in_other_scripts_have_names_of_their_own():
    assert slug("満足度") != slug("推奨度")
    assert slug("Wie groß ist Ihr Ärger?") == "wie_gross_ist_ihr_arger"
