"""Nothing changes on the way in: a value is read back as it was written, or the row is held."""

import datetime
import decimal
import io
import json
import math
import zipfile
from pathlib import Path

import hypothesis.strategies as st
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings

from everytouch.collect.formats.base import Reading
from everytouch.collect.formats.registry import READERS
from everytouch.collect.scratch import scratch
from everytouch.collect.source import Input
from everytouch.collect.staging import stage
from everytouch.errors import SourceError
from tests.test_collect import source

UTC = datetime.UTC
day = datetime.datetime.fromisoformat
# Control characters other than line ends and tabs cannot stand in a workbook's XML.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20)
PRINTED = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn"),
                  exclude_characters="\ufffe\uffff"), max_size=20,
)  # fmt: skip
NAMES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp", "Zs", "Co", "Cn")),
            min_size=1, max_size=12),
    min_size=2, max_size=5, unique_by=lambda name: name.casefold(),
)  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.decimals(allow_nan=False, allow_infinity=False, places=6),
    st.dates(),
    TEXTS,
)
NESTED = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**20), 10**20), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
FREELY = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def read(path: Path, kind: str, **options) -> tuple[dict[str, list[str | None]], Reading]:
    """All columns of a file as the reader gives them."""
    report = Reading(path.name)
    parts = list(READERS[kind](path, Input("file", (path,), kind, **options), report))
    whole = pa.concat_tables(parts, promote_options="default")
    return whole.to_pydict(), report


def text_of(value) -> str | None:
    """A scalar as CSV and JSON have it."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def tables(cells):
    """Names and rows of cells."""
    return NAMES.flatmap(
        lambda names: st.tuples(
            st.just(names), st.lists(st.lists(cells, min_size=len(names), max_size=len(names)),
                                     min_size=1, max_size=6),
        )
    )  # fmt: skip


def columns(names, rows, cell=text_of):
    return {name: [cell(row[at]) for row in rows] for at, name in enumerate(names)}


def kept(found: dict, wanted: dict, report: Reading) -> None:
    """Equal, but for rows that are all empty (they say nothing) and rows that are reported."""
    assert list(found) == list(wanted)
    rows = [row for row in zip(*wanted.values(), strict=True) if any(v is not None for v in row)]
    assert list(zip(*found.values(), strict=True)) == rows or report.unread


@FREELY
@given(tables(SCALARS), st.sampled_from([",", ";", "\t", "|"]),
       st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))  # fmt: skip
@example((["a", 'b"c'], [["x\ny", 'q"r'], ["", None]]), ";", "utf-8")
def test_csv(table, sign, encoding):
    names, rows = table
    quoted = lambda cell: "" if cell is None else '"' + text_of(cell).replace('"', '""') + '"'  # noqa: E731
    lines = [sign.join(map(quoted, names)), *(sign.join(map(quoted, row)) for row in rows)]
    with scratch() as folder:
        path = folder / "t.csv"
        path.write_bytes("\n".join(lines).encode(encoding))
        found, report = read(path, "csv", delimiter=sign)
    kept(found, columns(names, rows), report)
    assert not report.unread


@FREELY
@given(tables(st.one_of(SCALARS, NESTED)), st.booleans(), st.booleans())
def test_json(table, lines, indented):
    names, rows = table
    lines = lines and len(rows) > 1  # one object alone is a document: its lists may be the rows

    def plain(value):
        exact = isinstance(value, decimal.Decimal | datetime.date)
        return text_of(value) if exact else value

    records = [{n: plain(v) for n, v in zip(names, row, strict=True)} for row in rows]
    dumped = [json.dumps(record, ensure_ascii=False) for record in records]
    if lines:
        whole = "\n".join(dumped)
    else:
        whole = json.dumps(records, indent=1 if indented else None, ensure_ascii=False)
    with scratch() as folder:
        path = folder / "t.json"
        path.write_text(whole, encoding="utf-8")
        found, report = read(path, "json")
    assert not report.unread
    for at, name in enumerate(names):
        for value, text in zip([row[at] for row in rows], found[name], strict=True):
            if isinstance(value, list | dict):
                assert json.loads(text) == json.loads(json.dumps(value))
            else:
                assert text == text_of(value)


@FREELY
@given(tables(st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53),
                        st.floats(-1e300, 1e300),
                        st.datetimes(day("1905-01-01"), day("2090-01-01")),
                        PRINTED)))  # fmt: skip
def test_xlsx(table):
    names, rows = table
    book = openpyxl.Workbook()
    for at, name in enumerate(names, 1):
        book.active.cell(1, at).value = name
        book.active.cell(1, at).data_type = "s"
    for number, row in enumerate(rows, 2):
        for at, value in enumerate(row, 1):
            cell = book.active.cell(number, at)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"
    with scratch() as folder:
        book.save(folder / "t.xlsx")
        found, _ = read(folder / "t.xlsx", "xlsx")
    rows = [row for row in rows if any(value not in (None, "") for value in row)]
    for at, name in enumerate(names):
        for value, text in zip([row[at] for row in rows], found.get(name, []), strict=False):
            assert same_cell(value, text), (value, text)


def same_cell(value, text) -> bool:
    if value is None or value == "":
        return text in (None, "")
    if isinstance(value, bool):
        return text == str(value).lower()
    if isinstance(value, datetime.datetime):
        found = datetime.datetime.fromisoformat(text)
        return abs(found - value) <= datetime.timedelta(
            milliseconds=1
        )  # what a serial number holds
    if isinstance(value, int):
        return int(text) == value
    if isinstance(value, float):
        return math.isclose(float(text), value, rel_tol=1e-15, abs_tol=0) or float(text) == value
    return text == value


RECORDS = st.lists(
    st.tuples(
        st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**16), max_value=10**16),
        st.integers(-(10**20), 10**20),
        st.datetimes(day("1971-01-01"), day("2026-01-01")),
    ),
    min_size=1, max_size=5,
)  # fmt: skip
SQL = """SELECT id, time AS occurred_at, 'login' AS namespace, 'ana' AS identifier,
'till' AS touchpoint, paid AS amount, place AS sequence FROM visits"""


@settings(FREELY, max_examples=max(25, FREELY.max_examples // 100))
@given(RECORDS, st.sampled_from(["csv", "json", "parquet"]))
def test_records_hold_the_value_or_are_held(rows, kind):
    """Through SQL into the ledger: exact, or in quarantine."""
    import everytouch

    names = ["id", "paid", "place", "time"]
    cells = [
        [str(at), format(paid, "f"), str(place), f"{time.isoformat(sep=' ')}Z"]
        for at, (paid, place, time) in enumerate(rows)
    ]
    with scratch() as folder:
        path = folder / f"v.{'ndjson' if kind == 'json' else kind}"
        if kind == "csv":
            path.write_text("\n".join(",".join(row) for row in [names, *cells]))
        elif kind == "json":
            bare = [
                f'{{"id": "{a}", "paid": {b}, "place": {c}, "time": "{d}"}}' for a, b, c, d in cells
            ]
            path.write_text("\n".join([*bare, "", ""]) + '{"id": null}\n')
        else:
            pq.write_table(pa.table(dict(zip(names, zip(*cells, strict=True), strict=True))), path)
        workspace = everytouch.create(folder / "w", secret=b"everytouch tests")
        receipt = workspace.import_source(source(folder, path.name, SQL))
        assert receipt.total.stored + receipt.total.quarantined == receipt.total.received
        stored = workspace.tables.query("interactions", "SELECT * FROM ledger").to_pylist()
        held = {row.id for row in workspace.quarantine()}
    by_id = {row["id"]: row for row in stored}
    for at, (paid, place, time) in enumerate(rows):
        fits = paid == round(paid, 4) and abs(paid) < 10**14 and -(2**63) <= place < 2**63
        assert (str(at) in by_id) == fits
        assert (str(at) in held) == (not fits)
        if fits:
            row = by_id[str(at)]
            assert (row["amount"], row["sequence"]) == (paid, place)
            assert row["occurred_at"] == time.replace(tzinfo=UTC)


# One line an example of what was changed silently once, and of its kind.
CASTS = [
    ("0.00004", "1", "amount '0.00004' is not an amount"),
    ("1e-9", "1", "amount '1e-9' is not an amount"),
    ("4,5", "1", "amount '4,5' is not an amount"),
    ("1_000", "1", "amount '1_000' is not an amount"),
    ("100000000000000", "1", "is not an amount"),
    ("1.00000", "1", None),
    ("1e2", "1", None),
    ("3", "1.6", "sequence '1.6' is not a whole number"),
    ("3", "0x10", "sequence '0x10' is not a whole number"),
    ("3", "9223372036854775808", "is not a whole number"),
    ("3", "2.0", None),
]


@pytest.mark.parametrize(("paid", "place", "reason"), CASTS)
def test_a_type_that_cannot_hold_a_value_refuses_it(paid, place, reason, workspace, tmp_path):
    (tmp_path / "v.csv").write_text(
        f'id;time;paid;place\n1;2025-03-01;"{paid}";{place}\n2;2025-03-01;1;1\n'
    )
    workspace.import_source(source(tmp_path, "v.csv", SQL))
    reasons = [row.reason for row in workspace.quarantine()]
    assert (reason is None and reasons == []) or reason in reasons[0]


TIMES = [
    ("Europe/Berlin", "2026-03-29 02:30:00", None),  # the clock is put forward at 02:00
    ("Europe/Berlin", "2026-10-25 02:10:00", "2026-10-25 00:10:00"),  # twice: the earlier
    ("Europe/Berlin", "2026-10-25T02:10:00+01:00", "2026-10-25 01:10:00"),
    ("America/Sao_Paulo", "2018-11-04", "2018-11-04 03:00:00"),  # a day that begins at 01:00
    ("Australia/Lord_Howe", "2026-04-05 01:45:00", "2026-04-04 14:45:00"),
    ("UTC", "07:15", None),
    ("UTC", "2026-03-01T10:00:00.1234567Z", None),
    ("UTC", "2026-03-01T10:00:00.1234560Z", "2026-03-01 10:00:00.123456"),
    ("UTC", "2024-3-1", "2024-03-01 00:00:00"),
]


@pytest.mark.parametrize(("zone", "text", "right"), TIMES)
def test_local_times_are_exact_or_held(zone, text, right, workspace, tmp_path):
    (tmp_path / "v.csv").write_text(f"id,time,paid,place\n1,{text},1,1\n2,2025-03-01,1,1\n")
    file = source(tmp_path, "v.csv", SQL)
    file.write_text(f'timezone = "{zone}"\n' + file.read_text())
    receipt = workspace.import_source(file)
    found = workspace.tables.query(
        "interactions", "SELECT * FROM ledger WHERE id = '1'"
    ).to_pylist()
    if right is None:
        assert found == []
        assert text in workspace.quarantine()[0].reason
    else:
        when = datetime.datetime.fromisoformat(right).replace(tzinfo=UTC)
        assert found[0]["occurred_at"] == when
    assert receipt.ambiguous == (text in ("2026-10-25 02:10:00", "2026-04-05 01:45:00"))


def test_json_keeps_digits_ids_and_late_keys(tmp_path):
    """A decimal, a key, a long number far down: no type is guessed from the first rows."""
    rows = [f'{{"id": {i}, "n": 5}}' for i in range(60_000)]
    rows[50_001] = '{"id": "ABC", "n": 5.25, "late": {"x": 1.10}}'
    rows[50_002] = '{"id": 98765432109876543210987, "n": "07:15"}'
    (tmp_path / "v.ndjson").write_text("\n".join(rows))
    found, report = read(tmp_path / "v.ndjson", "json")
    assert not report.unread
    assert found["n"][50_001:50_003] == ["5.25", "07:15"]
    assert found["id"][50_001:50_003] == ["ABC", "98765432109876543210987"]
    assert found["late"][50_001] == '{"x": 1.10}'
    assert found["n"].count("5") == 59_998


@pytest.mark.parametrize(
    ("text", "names", "count"),
    [
        ('{"tickets": [{"id": 1}, {"id": 2}], "next": null}', ["id"], 2),
        ('[{"id": 1}]', ["id"], 1),
        ('{"id": 1}\n\n{"id": 2}\n', ["id"], 2),
        ('{"id": 1, "a": {"b": 2}}', ["id", "a"], 1),
        ('\ufeff{"Id": 1, "id": 2}\n{"id": 3}', ["Id", "id_2"], 2),
        ("[1, 2]", ["value"], 2),
    ],
)
def test_json_of_every_form(text, names, count, tmp_path):
    (tmp_path / "v.json").write_text(text, encoding="utf-8")
    found, _ = read(tmp_path / "v.json", "json")
    assert list(found) == names
    assert len(found[names[0]]) == count


HEADERS = [
    ('"a\nb",c\n1,2\n', ["a b", "c"]),
    ('"x, y";z\n1;2\n', ["x, y", "z"]),
    ("sep=;\na;b\n1;2\n", ["a", "b"]),
    ("A,a,,a\n1,2,3,4\n", ["A", "a_2", "column_3", "a_3"]),
    ("a\tb\n1\t2\n", ["a", "b"]),
    ('a;b\n"1,5";"2,5"\n', ["a", "b"]),
    ("a,b\n\x00x,2\n", ["a", "b"]),
]


@pytest.mark.parametrize(("text", "names"), HEADERS)
def test_csv_headers_and_delimiters(text, names, tmp_path):
    (tmp_path / "v.csv").write_text(text, newline="")
    found, report = read(tmp_path / "v.csv", "csv")
    assert list(found) == names
    assert not report.unread
    assert found[names[0]] in (["1"], ["1,5"], ["\x00x"])


def test_a_sheet_is_read_whatever_size_it_says_it_has(tmp_path):
    book = openpyxl.Workbook()
    for row in [("a", "b"), (1, 2), (3, 4)]:
        book.active.append(row)
    book.save(tmp_path / "v.xlsx")
    packed = zipfile.ZipFile(tmp_path / "v.xlsx")
    small = io.BytesIO()
    with zipfile.ZipFile(small, "w") as out:
        for part in packed.infolist():
            text = packed.read(part).replace(b'ref="A1:B3"', b'ref="A1"')
            out.writestr(part, text)
    packed.close()
    (tmp_path / "v.xlsx").write_bytes(small.getvalue())
    found, _ = read(tmp_path / "v.xlsx", "xlsx")
    assert found == {"a": ["1", "3"], "b": ["2", "4"]}


def test_merged_and_repeated_headers_are_numbered(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Who", "Rating", None, "who"])
    book.active.append(["ana", 1, 2, "x"])
    book.active.merge_cells("B1:C1")
    book.save(tmp_path / "v.xlsx")
    found, _ = read(tmp_path / "v.xlsx", "xlsx")
    assert list(found) == ["Who", "Rating", "Rating_2", "who_2"]


def test_a_workbook_of_1904_has_its_own_days(tmp_path):
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append(["when"])
    book.active.append([day("2026-03-09 12:00")])
    book.save(tmp_path / "v.xlsx")
    found, _ = read(tmp_path / "v.xlsx", "xlsx")
    assert found["when"] == ["2026-03-09 12:00:00"]


XES = """<log><trace><string key="concept:name" value="c1"/><event>
<string key="concept:name" value="till"/>
<list key="items"><values><string key="concept:name" value="inner"/>
<int key="n" value="1"/></values></list>
<container key="box"><string key="concept:name" value="boxed"/></container>
<string key="org" value="x"><string key="concept:name" value="deep"/></string>
</event></trace></log>"""


def test_nested_attributes_of_xes_are_not_the_events_own(tmp_path):
    (tmp_path / "v.xes").write_text(XES)
    found, _ = read(tmp_path / "v.xes", "xes")
    assert found["concept:name"] == ["till"]
    assert found["case:concept:name"] == ["c1"]
    assert "n" not in found


def test_a_format_that_does_not_fit_holds_the_record(workspace, tmp_path):
    (tmp_path / "v.csv").write_text(
        "id;time;paid;place\n1;13/04/2026 09:05;19,90;1\n2;04/31/2026;1.5;2\n3;1/5/26;1.234,5;3\n"
    )
    formats = (
        '[inputs.visits.columns]\ntime = {is = "time", order = "day-first"}\n'
        'paid = {is = "number", decimal = ","}'
    )
    receipt = workspace.import_source(source(tmp_path, "v.csv", SQL, formats))
    assert (receipt.total.stored, receipt.total.quarantined) == (2, 1)
    rows = workspace.tables.query("interactions", "SELECT * FROM ledger ORDER BY id").to_pylist()
    assert [float(row["amount"]) for row in rows] == [19.9, 1234.5]
    assert rows[0]["occurred_at"] == datetime.datetime(2026, 4, 13, 9, 5, tzinfo=UTC)
    (held,) = workspace.quarantine()
    assert "'04/31/2026' is not a time (day first)" in held.reason
    assert held.row["occurred_at"] == "04/31/2026"


def test_staging_stops_where_it_is_told(tmp_path):
    (tmp_path / "v.csv").write_text("a\n" + "1\n" * 100)
    with scratch() as folder:
        staged = stage(Input("v", (tmp_path / "v.csv",), "csv"), "UTC", folder, 7)
        assert sum(pq.read_metadata(path).num_rows for path in staged.files) == 7


BAD = {
    "an object over two lines": (b'{"id": "x",\n"n": 1}', 2),
    "two objects in a line": (b'{"id": "x"}{"id": "y"}', 1),
    "both, as many lines as objects": (b'{"id":\n"x"}{"id": "y"}', 2),
    "no end": (b'{"id": "x"', 1),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("before", [1, 30_000])  # by its first line a file is known
@pytest.mark.parametrize("blank", [b"", b"\n", b"\n\n\r\n"])
def test_a_line_that_is_no_object_is_held_by_its_number_wherever_it_stands(
    bad, before, blank, tmp_path
):
    """Lines are read many at a time, and come out as if each were read alone."""
    text, lines = BAD[bad]
    good = b"".join(b'{"id": "%d", "n": 1.50}\n' % n for n in range(before))
    (tmp_path / "v.ndjson").write_bytes(blank + good + text + b'\n{"id": "last"}\n')
    staged = stage(Input("v", (tmp_path / "v.ndjson",), "json"), "UTC", tmp_path)
    first = blank.count(b"\n") + before + 1
    assert [one.row for one in staged.unread] == list(range(first, first + lines))
    ids = [one for path in staged.files for one in pq.read_table(path)["id"].to_pylist()]
    assert ids == [*map(str, range(before)), "last"]


def test_a_line_longer_than_what_is_read_at_once(tmp_path):
    long = "x" * 5_000_000
    (tmp_path / "v.ndjson").write_text(f'{{"id": "a"}}\n{{"id": "{long}"}}\n{{"id": "b"}}')
    staged = stage(Input("v", (tmp_path / "v.ndjson",), "json"), "UTC", tmp_path)
    ids = [one for path in staged.files for one in pq.read_table(path)["id"].to_pylist()]
    assert ids == ["a", long, "b"]


def test_a_file_that_names_every_object_differently_is_refused(tmp_path):
    """Its columns would be as many as its rows, and the memory as the product of both."""
    path = tmp_path / "many.jsonl"
    path.write_text("".join(json.dumps({f"k{n}": n}) + "\n" for n in range(3_000)))
    with pytest.raises(SourceError, match="over 2,000 different names"):
        list(READERS["json"](path, Input("t", (str(path),), format="json"), Reading("many.jsonl")))
