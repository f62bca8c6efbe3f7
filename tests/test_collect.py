"""Ways in: every format, every kind of bad input, and out of quarantine again."""

import gzip
import json
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from everytouch.cli import main
from everytouch.errors import SourceError
from everytouch.workspace import Workspace

CATALOGUE = """
organisation: A shop
touchpoints:
  till: {stage: buy, channel: store, element: process}
instruments:
  stars: {kind: csat, low: 1, high: 5}
"""
HEADER = "id,time,who,place,paid\n"
ROWS = "1,2025-03-01 10:00:00,ana,till,3.50\n2,2025-03-02 11:00:00,ben,till,\n"
SQL = """
SELECT id, time AS occurred_at, 'login' AS namespace, who AS identifier, place AS touchpoint,
       paid AS amount FROM visits
"""
XES = """<?xml version="1.0"?><log><trace><string key="concept:name" value="c1"/>
<event><string key="concept:name" value="till"/><date key="time:timestamp"
 value="2025-03-01T10:00:00+02:00"/><string key="org" value="x"><string key="in" value="y"/>
</string></event></trace></log>"""


def source(folder: Path, path: str, sql: str = SQL, extra: str = "", kind: str = "interactions"):
    (folder / "catalogue.yaml").write_text(CATALOGUE)
    file = folder / "source.toml"
    file.write_text(
        f'name = "visits"\ncatalogue = "catalogue.yaml"\n[inputs.visits]\npath = "{path}"\n'
        f"{extra}\n"
        f'[[{kind}]]\nname = "visits"\nsql = """{sql}"""\n'
    )
    return file


def amounts(workspace: Workspace):
    query = "SELECT id, occurred_at, amount FROM ledger ORDER BY id"
    return [
        (row["id"], row["occurred_at"].hour, row["amount"])
        for row in workspace.tables.query("interactions", query).to_pylist()
    ]


def as_csv(folder):
    (folder / "v.csv").write_text(HEADER + ROWS)
    return "v.csv"


def as_gzip(folder):
    (folder / "v.csv.gz").write_bytes(gzip.compress((HEADER + ROWS).encode()))
    return "v.csv.gz"


def as_tsv(folder):
    (folder / "v.tsv").write_text((HEADER + ROWS).replace(",", "\t"))
    return "v.tsv"


def rows_of():
    names = HEADER.strip().split(",")
    return [dict(zip(names, line.split(","), strict=True)) for line in ROWS.splitlines()]


def as_parquet(folder):
    rows = [{**row, "paid": row["paid"] or None} for row in rows_of()]
    pq.write_table(pa.Table.from_pylist(rows), folder / "v.parquet")
    return "v.parquet"


def as_jsonl(folder):
    (folder / "v.jsonl").write_text("\n".join(json.dumps(row) for row in rows_of()))
    return "v.jsonl"


def as_xlsx(folder):
    book = openpyxl.Workbook()
    book.active.append(HEADER.strip().split(","))
    for row in rows_of():
        book.active.append([value or None for value in row.values()])
    book.save(folder / "v.xlsx")
    return "v.xlsx"


@pytest.mark.parametrize("write", [as_csv, as_gzip, as_tsv, as_parquet, as_jsonl, as_xlsx])
def test_every_format_gives_the_same_moments(write, workspace, tmp_path):
    receipt = workspace.import_source(source(tmp_path, write(tmp_path)))
    assert vars(receipt.total) == {
        "received": 2, "stored": 2, "duplicate": 0, "quarantined": 0, "refused": 0,
        "conflict": 0, "expired": 0,
    }  # fmt: skip
    (one, two) = amounts(workspace)
    assert (one[0], one[1], float(one[2])) == ("1", 10, 3.5)
    assert two == ("2", 11, None)


@pytest.mark.parametrize("suffix", [".xes", ".xes.gz"])
def test_xes_events_carry_their_trace(suffix, workspace, tmp_path):
    path = tmp_path / f"log{suffix}"
    path.write_bytes(gzip.compress(XES.encode()) if suffix.endswith("gz") else XES.encode())
    sql = """SELECT "case:concept:name" || event_index AS id, "time:timestamp" AS occurred_at,
        'case' AS namespace, "case:concept:name" AS identifier, "concept:name" AS touchpoint
        FROM visits"""
    workspace.import_source(source(tmp_path, path.name, sql))
    assert amounts(workspace) == [("c10", 8, None)]


def test_local_times_are_read_in_the_zone_of_the_source(workspace, tmp_path):
    file = source(tmp_path, as_csv(tmp_path))
    file.write_text('timezone = "America/Sao_Paulo"\n' + file.read_text())
    workspace.import_source(file)
    assert [hour for _, hour, _ in amounts(workspace)] == [13, 14]


def test_importing_twice_changes_nothing(workspace, tmp_path):
    file = source(tmp_path, as_csv(tmp_path))
    workspace.import_source(file)
    before = [workspace.tables.version(name) for name in ("interactions", "links", "quarantine")]
    receipt = workspace.import_source(file)
    assert receipt.total.duplicate == 2
    assert receipt.total.stored == 0
    after = [workspace.tables.version(name) for name in ("interactions", "links", "quarantine")]
    assert before == after


def test_a_dry_run_stores_nothing(workspace, tmp_path):
    receipt = workspace.import_source(source(tmp_path, as_csv(tmp_path)), dry_run=True)
    assert receipt.total.stored == 2
    assert amounts(workspace) == []
    assert workspace.status() == ()
    assert workspace.catalogue.touchpoints == {}


def test_a_json_array_is_read_too(workspace, tmp_path):
    (tmp_path / "v.json").write_text(json.dumps(rows_of()))
    workspace.import_source(source(tmp_path, "v.json"))
    assert [row[0] for row in amounts(workspace)] == ["1", "2"]


def test_a_select_may_end_in_a_comment_and_name_columns_in_capitals(workspace, tmp_path):
    sql = SQL.replace("SELECT id", "SELECT id AS ID").rstrip() + " -- all of them"
    workspace.import_source(source(tmp_path, as_csv(tmp_path), sql))
    assert [row[0] for row in amounts(workspace)] == ["1", "2"]


def test_an_empty_correlation_ties_nothing(workspace, tmp_path):
    sql = SQL.replace("paid AS amount", "[NULL, 'visit:1'] AS correlations")
    workspace.import_source(source(tmp_path, as_csv(tmp_path), sql))
    assert workspace.trails().buckets[0]["correlation"].tolist() == [0, 0]


@pytest.mark.parametrize("sign", [";", "|"])
def test_the_header_tells_the_delimiter(sign, workspace, tmp_path):
    (tmp_path / "v.csv").write_text((HEADER + ROWS).replace(",", sign), encoding="utf-8-sig")
    workspace.import_source(source(tmp_path, "v.csv"))
    assert [row[0] for row in amounts(workspace)] == ["1", "2"]


def test_quotes_commas_and_line_ends_in_cells_come_through(workspace, tmp_path):
    who = 'a "b", c\nd'
    (tmp_path / "v.csv").write_text(HEADER + '1,2025-03-01,"a ""b"", c\nd",till,1\n')
    workspace.import_source(source(tmp_path, "v.csv"))
    assert workspace.tables.read("interactions", ["identifier"])["identifier"].to_pylist() == [who]


# What stops an import: one message that says what, where, and the remedy; exit code 2


def missing_file(folder):
    return source(folder, "none.csv"), "none.csv is not there", "--folder"


def empty_file(folder):
    (folder / "v.csv").write_text("")
    return source(folder, "v.csv"), "v.csv is empty", "header"


def unknown_column(folder):
    sql = SQL.replace("paid AS amount", "paid AS amonut")
    return source(folder, as_csv(folder), sql), "'amonut'", "did you mean 'amount'?"


def missing_column(folder):
    sql = SQL.replace("place AS touchpoint,", "")
    return source(folder, as_csv(folder), sql), "gives no touchpoint", "add … AS touchpoint"


def failing_select(folder):
    return (
        source(folder, as_csv(folder), "SELECT nothing FROM visits"),
        "nothing",
        "correct the SELECT",
    )


def select_that_breaks_off(folder):
    sql = SQL.replace("paid AS amount", "CAST(who AS INTEGER) AS amount")
    return source(folder, as_csv(folder), sql), "ana", "TRY_CAST"


def no_select(folder):
    return source(folder, as_csv(folder), "DROP VIEW visits"), "is not one SELECT", "one SELECT"


def cut_off_gzip(folder):
    whole = gzip.compress((HEADER + ROWS * 5_000).encode())
    (folder / "v.csv.gz").write_bytes(whole[: len(whole) // 2])
    return source(folder, "v.csv.gz"), "v.csv.gz", "fetch the file again"


def cut_off_xes(folder):
    whole = gzip.compress(XES.encode())
    (folder / "v.xes.gz").write_bytes(whole[: len(whole) - 20])
    return source(folder, "v.xes.gz"), "cut off", "fetch the file again"


def no_xes(folder):
    (folder / "v.xes").write_text("<log><trace></log>")
    return source(folder, "v.xes"), "is not XES", "at that line"


def no_workbook(folder):
    (folder / "v.xlsx").write_text("hello")
    return source(folder, "v.xlsx"), "is not a workbook", "save it as .xlsx"


def no_such_sheet(folder):
    return source(folder, as_xlsx(folder), extra='sheet = "Moon"'), "'Moon'", "use one of: Sheet"


def no_parquet(folder):
    (folder / "v.parquet").write_bytes(b"PAR1 not really")
    return source(folder, "v.parquet"), "v.parquet", "fetch the file again"


def no_json(folder):
    (folder / "v.jsonl").write_text('{"id": "1"\n{{{')
    return source(folder, "v.jsonl"), "v.jsonl", "correct the file"


def only_blank_lines(folder):
    (folder / "v.csv").write_text("\n\n")
    return source(folder, "v.csv"), "v.csv has no header", "name the columns"


def unknown_encoding(folder):
    return source(folder, as_csv(folder), extra='encoding = "moon"'), "'moon' is unknown", "cp1252"


def unknown_format(folder):
    (folder / "v.dat").write_text(HEADER)
    return source(folder, "v.dat"), "v.dat", 'format = "csv"'


def unknown_key(folder):
    file = source(folder, as_csv(folder))
    file.write_text('colour = "red"\n' + file.read_text())
    return file, "'colour' is unknown", "use: name"


def unknown_zone(folder):
    file = source(folder, as_csv(folder))
    file.write_text('timezone = "Mars/North"\n' + file.read_text())
    return file, "Mars/North", "IANA"


def written(folder, text):
    as_csv(folder)
    (folder / "s.toml").write_text('name = "v"\n' + text)
    return folder / "s.toml"


def inputs_are_no_table(folder):
    return written(folder, "inputs = 3"), "inputs is no table", "[inputs.NAME]"


def path_is_no_text(folder):
    return written(folder, "[inputs.v]\npath = 5"), "path 5 is no text", "path ="


def select_is_no_list(folder):
    return written(folder, 'interactions = "x"'), "interactions is no list", "[[interactions]]"


def select_is_no_text(folder):
    text = '[inputs.v]\npath = "v.csv"\n[[interactions]]\nsql = 5'
    return written(folder, text), "sql is missing or no text", "sql ="


def catalogue_is_no_text(folder):
    file = source(folder, as_csv(folder))
    file.write_text(file.read_text().replace('"catalogue.yaml"', "5"))
    return file, "catalogue is missing or no text", "catalogue ="


def input_is_no_name(folder):
    file = source(folder, as_csv(folder))
    file.write_text(file.read_text().replace("[inputs.visits]", "[inputs.'v\"x']"))
    return file, "is no name of a table", "letters"


def xes_without_events(folder):
    (folder / "v.xes").write_text("<log></log>")
    return source(folder, "v.xes"), "holds no event", "XES"


def no_toml(folder):
    (folder / "s.toml").write_text("name = ")
    return folder / "s.toml", "no TOML", "correct it"


def missing_source(folder):
    return folder / "none.toml", "is not there", "check the path"


def bad_catalogue(folder):
    file = source(folder, as_csv(folder))
    (folder / "catalogue.yaml").write_text("touchpoints: {t: {stage: lunch, channel: web}}")
    return file, "'lunch' is not known", "use one of"


def another_file(folder):
    (folder / "secret.csv").write_text("password\nopen sesame\n")
    sql = f"SELECT password AS id FROM read_csv('{folder / 'secret.csv'}')"
    return source(folder, as_csv(folder), sql), "secret.csv", ""


BAD = [
    only_blank_lines, missing_file, empty_file,
    unknown_column, missing_column, failing_select,
    select_that_breaks_off, no_select, cut_off_gzip, cut_off_xes, no_xes, no_workbook,
    no_such_sheet, no_parquet, no_json, unknown_encoding, unknown_format, unknown_key,
    unknown_zone, no_toml, missing_source, bad_catalogue, another_file,
    inputs_are_no_table, path_is_no_text, select_is_no_list, select_is_no_text,
    catalogue_is_no_text, input_is_no_name, xes_without_events,
]  # fmt: skip


@pytest.mark.parametrize("make", BAD, ids=lambda f: f.__name__)
def test_bad_input_gets_one_clear_message(make, workspace, tmp_path):
    file, what, remedy = make(tmp_path)
    done = CliRunner().invoke(main, ["-w", str(workspace.path), "import", str(file)])
    assert done.exit_code == 2
    assert what in done.stderr
    assert remedy in done.stderr
    assert "Traceback" not in done.output
    assert "open sesame" not in done.output
    assert done.stderr.startswith("everytouch: ")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_the_encoding_is_found_from_the_bytes(encoding, workspace, tmp_path):
    (tmp_path / "v.csv").write_bytes((HEADER + ROWS.replace("ana", "Zoë")).encode(encoding))
    workspace.import_source(source(tmp_path, "v.csv"))
    assert workspace.trail("login:Zoë").rows


UNREAD = [
    ("3,2025-03-03,cem,till,4,5\n", "row has 6 values where the header has 5"),
    ("3,2025-03-03\n", "row has 2 values where the header has 5"),
    ('x,"2025', "a quote is opened and not closed"),
    ('x,2025-03-03,cem,till,"4', "a quote is opened and not closed"),
]


@pytest.mark.parametrize(("line", "reason"), UNREAD)
def test_a_row_that_cannot_be_read_is_held_and_released_when_corrected(
    line, reason, workspace, tmp_path
):
    (tmp_path / "v.csv").write_text(HEADER + ROWS + line)
    file = source(tmp_path, "v.csv")
    receipt = workspace.import_source(file)
    assert (receipt.total.received, receipt.total.stored, receipt.total.quarantined) == (3, 2, 1)
    (held,) = workspace.quarantine()
    assert held.kind == "rows"
    assert reason in held.reason
    assert held.row["text"] == line.strip().replace('"', "") or held.row["text"] == line.strip()
    assert workspace.import_source(file).total.quarantined == 1
    assert len(workspace.quarantine()) == 1
    (tmp_path / "v.csv").write_text(HEADER + ROWS)
    workspace.import_source(file)
    assert workspace.quarantine() == ()


# What goes to quarantine, and comes out again

HELD = [
    ("1,2025-02-30 10:00:00,ana,till,1", "occurred_at '2025-02-30 10:00:00' is not a time"),
    ("1,yesterday,ana,till,1", "occurred_at 'yesterday' is not a time"),
    ("1,,ana,till,1", "occurred_at is missing"),
    ("1,2025-02-03,ana,moon,1", "touchpoint 'moon' is not in the catalogue"),
    ("1,2025-02-03,ana,till,much", "amount 'much' is not an amount"),
    ("1,1950-02-03,ana,till,1", "before 1970"),
    (",2025-02-03,ana,till,1", "id is missing"),
    ("1,infinity,ana,till,1", "occurred_at 'infinity' is not a time"),
    ("1,290000-01-01,ana,till,1", "occurred_at '290000-01-01' is not a time"),
    ("1,2025-02-03,ana,till,1e30", "amount '1e30' is not an amount"),
]


@pytest.mark.parametrize(("line", "reason"), HELD)
def test_a_bad_record_is_held_and_the_others_are_stored(line, reason, workspace, tmp_path):
    (tmp_path / "v.csv").write_text(HEADER + line + "\n" + ROWS.replace("1,2025", "9,2025"))
    receipt = workspace.import_source(source(tmp_path, "v.csv"))
    assert (receipt.total.received, receipt.total.stored, receipt.total.quarantined) == (3, 2, 1)
    (held,) = workspace.quarantine()
    assert reason in held.reason
    assert set(line.split(",")) - {"", "ana", "1"} <= {str(v) for v in held.row.values()} | {
        "2025-02-03", "1950-02-03"
    }  # fmt: skip


def test_a_score_off_its_scale_is_held(workspace, tmp_path):
    (tmp_path / "v.csv").write_text("id,score\n1,5\n2,6\n")
    sql = """SELECT id, '2025-01-01' AS occurred_at, 'login' AS namespace, 'ana' AS identifier,
        'stars' AS instrument, score AS raw FROM visits"""
    receipt = workspace.import_source(source(tmp_path, "v.csv", sql, kind="perceptions"))
    assert (receipt.total.stored, receipt.total.quarantined) == (1, 1)
    assert "off the scale of stars, 1 to 5" in workspace.quarantine()[0].reason


def held_workspace(workspace, tmp_path):
    (tmp_path / "v.csv").write_text(HEADER + ROWS + "3,2025-03-03,cem,moon,4\n4,never,dan,till,5\n")
    file = source(tmp_path, "v.csv")
    assert workspace.import_source(file).total.quarantined == 2
    return file


def test_replay_stores_what_a_corrected_catalogue_allows(workspace, tmp_path):
    held_workspace(workspace, tmp_path)
    catalogue = workspace.path / "catalogue.yaml"
    catalogue.write_text(
        catalogue.read_text().replace(
            "touchpoints:\n", "touchpoints:\n  moon: {stage: use, channel: space}\n"
        )
    )
    receipt = workspace.replay()
    assert (receipt.total.received, receipt.total.stored, receipt.total.quarantined) == (2, 1, 1)
    assert [row.id for row in workspace.quarantine()] == ["4"]
    assert [row[0] for row in amounts(workspace)] == ["1", "2", "3"]


def test_export_fix_and_import_again(workspace, tmp_path):
    file = held_workspace(workspace, tmp_path)
    run = CliRunner().invoke
    out = tmp_path / "held.jsonl"
    where = ["-w", str(workspace.path), "quarantine"]
    assert run(main, [*where, "export", str(out)]).exit_code == 0
    out.write_text(out.read_text().replace('"moon"', '"till"').replace('"never"', '"2025-03-04"'))
    done = run(main, [*where, "fix", str(out)])
    assert done.exit_code == 0, done.output
    assert workspace.quarantine() == ()
    assert [row[0] for row in amounts(workspace)] == ["1", "2", "3", "4"]
    assert workspace.import_source(file).total.duplicate == 2


def test_a_text_with_a_sign_that_may_end_a_line_is_fixed_like_any(workspace, tmp_path):
    (tmp_path / "v.csv").write_text(HEADER + "a\u2028b\x85c,2025-03-03,ana,moon,4\n")
    workspace.import_source(source(tmp_path, "v.csv"))
    out, where = tmp_path / "held.jsonl", ["-w", str(workspace.path), "quarantine"]
    assert CliRunner().invoke(main, [*where, "export", str(out)]).exit_code == 0
    out.write_text(out.read_text().replace('"moon"', '"till"'))
    done = CliRunner().invoke(main, [*where, "fix", str(out)])
    assert done.exit_code == 0, done.output
    assert [row[0] for row in amounts(workspace)] == ["a\u2028b\x85c"]


def test_exported_csv_runs_no_formula(workspace, tmp_path):
    (tmp_path / "v.csv").write_text(HEADER + "=cmd(),2025-03-03,+evil,moon,4\n")
    workspace.import_source(source(tmp_path, "v.csv"))
    out = tmp_path / "held.csv"
    CliRunner().invoke(main, ["-w", str(workspace.path), "quarantine", "export", str(out)])
    text = out.read_text()
    assert "'=cmd()" in text
    assert "'+evil" in text


def test_status_adds_up(workspace, tmp_path):
    held_workspace(workspace, tmp_path)
    (status,) = workspace.status()
    assert status.received == 4
    assert status.received == status.newly_stored + status.duplicate + status.newly_quarantined
    assert (status.stored["interactions"], status.quarantined) == (2, 2)


def test_a_corrected_file_empties_the_quarantine(workspace, tmp_path):
    file = held_workspace(workspace, tmp_path)
    (tmp_path / "v.csv").write_text(HEADER + ROWS + "3,2025-03-03,cem,till,4\n4,never,dan,till,5\n")
    receipt = workspace.import_source(file)
    assert (receipt.total.stored, receipt.total.duplicate) == (1, 2)
    assert [row.id for row in workspace.quarantine()] == ["4"]


def test_a_bad_twin_of_a_good_record_stays_held(workspace, tmp_path):
    (tmp_path / "v.csv").write_text(HEADER + ROWS + "1,never,ana,till,1\n")
    for _ in range(2):
        workspace.import_source(source(tmp_path, "v.csv"))
        assert [row.id for row in workspace.quarantine()] == ["1"]


def test_comments_in_a_catalogue_that_has_all_survive(workspace, tmp_path):
    file = source(tmp_path, as_csv(tmp_path))
    workspace.import_source(file)
    catalogue = workspace.path / "catalogue.yaml"
    catalogue.write_text("# ours\n" + catalogue.read_text())
    workspace.import_source(file)
    assert catalogue.read_text().startswith("# ours")


def test_a_source_error_leaves_the_workspace_usable(workspace, tmp_path):
    file, *_ = select_that_breaks_off(tmp_path)
    with pytest.raises(SourceError):
        workspace.import_source(file)
    workspace.import_source(source(tmp_path, as_csv(tmp_path)))
    assert len(amounts(workspace)) == 2
