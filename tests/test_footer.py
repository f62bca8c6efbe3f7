"""Footers of reports: lines of one value after the last row of a CSV file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everytouch.collect.columns.written import decimal_of, order_of
from everytouch.collect.formats.base import Reading
from everytouch.collect.formats.delimited import read_delimited
from everytouch.collect.source import Input, input_from
from everytouch.errors import SourceError

LINES = {"row": "1;2;3", "one": "Total", "quoted": '""', "two": "a;b", "blank": "", "white": "  "}


def read(path, footer=True):
    reading = Reading(path.name)
    given = Input("file", (path,), "csv", delimiter=";", footer=footer)
    rows = sum(len(part) for part in read_delimited(path, given, reading))
    return rows, reading


@given(kinds=st.lists(st.sampled_from(sorted(LINES)), max_size=12))
def test_only_lines_of_one_value_behind_the_last_row_are_the_footer(tmp_path_factory, kinds):
    path = tmp_path_factory.mktemp("footer") / "report.csv"
    path.write_text("\n".join(["a;b;c", *(LINES[kind] for kind in kinds)]) + "\n")
    rows, reading = read(path)
    last = max((at for at, kind in enumerate(kinds) if kind == "row"), default=-1)
    footer = sum(kind in ("one", "quoted") for kind in kinds[last + 1 :])
    odd = sum(kind in ("one", "quoted", "two") for kind in kinds)
    assert (rows, reading.footer, len(reading.unread)) == (kinds.count("row"), footer, odd - footer)


def test_without_the_option_every_odd_line_is_held(tmp_path):
    path = tmp_path / "report.csv"
    path.write_text("a;b\n1;2\nTotal\n")
    rows, reading = read(path, footer=False)
    assert (rows, reading.footer, [one.text for one in reading.unread]) == (1, 0, ["Total"])


def test_the_delimiter_is_found_in_a_report_with_more_footer_than_rows(tmp_path):
    path = tmp_path / "report.csv"
    path.write_text('a;b;c\n"1,5";x;y\n' + "Some words and more\n" * 9)
    reading = Reading(path.name)
    (part,) = read_delimited(path, Input("file", (path,), "csv", footer=True), reading)
    assert part.to_pylist() == [{"a": "1,5", "b": "x", "c": "y"}]
    assert reading.footer == 9


def test_the_option_is_true_or_false(tmp_path):
    assert input_from("x", (tmp_path,), "csv", {"footer": True}, "inputs.x").footer
    with pytest.raises(SourceError, match="footer 'yes' is not true or false"):
        input_from("x", (tmp_path,), "csv", {"footer": "yes"}, "inputs.x")


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["2025-01-02", "2025-12-31 10:00"], "iso"),
        (["01/02/2025", "13/02/2025"], "day-first"),
        (["01/02/2025", "02/13/2025"], "month-first"),
        (["01.02.2025 08:00"], "day-first"),
        (["01/02/2025"], "unsure"),
        ([], "unsure"),
    ],
)
def test_the_order_of_day_and_month_is_told_by_all_values(values, order):
    assert order_of(values, "unsure") == order


@pytest.mark.parametrize(
    ("values", "sign"),
    [
        (["1.234,50"], ","),
        (["1,234.50 €"], "."),
        (["12", "3,5"], ","),
        (["1.234.567"], ","),
        (["1,234,567"], "."),
        (["1.234"], "unsure"),
        (["7"], "unsure"),
        (["1.234", "0.5"], "."),
    ],
)
def test_the_decimal_sign_is_told_by_all_values(values, sign):
    assert decimal_of(values, "unsure") == sign
