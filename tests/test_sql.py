"""SQL of people's own: what it sees is what the ledger and the trails hold, and nothing else."""

import csv
import io
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from everytouch.cli.commands import main
from everytouch.errors import QueryError
from everytouch.ledger.api import entries, limited, session
from everytouch.trails.api import NEVER, VIEWS
from everytouch.workspace import create, open_workspace

DOCS = Path(__file__).parent.parent / "docs" / "sql.md"


def test_moments_are_the_trails_step_by_step(simulated):
    trails = simulated.trails()
    found = simulated.sql("FROM moments ORDER BY party, step")
    assert len(found) == trails.moments
    buckets = trails.buckets  # ranges of party keys, and so in their order once signs are minded
    owner = np.concatenate([b.parties[b.owner()] for b in buckets])
    order = np.argsort(owner, kind="stable")
    assert found["party"].to_numpy().tolist() == owner[order].tolist()

    def column(name):
        return np.concatenate([b[name] for b in buckets])[order]

    times = found["occurred_at"].cast("timestamp[us]").cast("int64").to_numpy()
    assert (times == column("time")).all()
    names = np.array([*trails.touchpoints, None], object)
    assert (found["touchpoint"].to_numpy() == names[column("touchpoint")]).all()
    assert found["due_at"].null_count == (column("due") == NEVER).sum()
    assert found["score"].null_count == np.isnan(column("score")).sum()
    assert found["amount"].to_numpy() == pytest.approx(column("amount") / 10_000)
    first = simulated.sql("SELECT count(*) FILTER (step = 1), count(DISTINCT party) FROM moments")
    assert list(first.to_pylist()[0].values()) == [trails.parties] * 2
    known = simulated.catalogue.touchpoints
    placed = simulated.sql("SELECT DISTINCT touchpoint, stage, owner FROM moments").to_pylist()
    for row in [row for row in placed if row["touchpoint"]]:
        assert (row["stage"], row["owner"]) == (
            known[row["touchpoint"]].stage,
            known[row["touchpoint"]].owner,
        )


def test_records_name_their_party_as_the_trails_do(simulated):
    query = "SELECT party, count(*) AS n FROM {} GROUP BY party ORDER BY party"
    both = "(SELECT party FROM interactions UNION ALL SELECT party FROM perceptions)"
    assert simulated.sql(query.format(both)).equals(simulated.sql(query.format("moments")))
    ends = simulated.sql("SELECT count(*) AS n FROM links WHERE party <> other_party AND same")
    assert ends["n"].to_pylist() == [0]


def test_what_was_rewritten_by_an_erasure_is_read(simulated, tmp_path):
    shutil.copytree(simulated.path, tmp_path / "copy")
    own = open_workspace(tmp_path / "copy")
    someone = own.sql("SELECT min(party) AS p FROM interactions")["p"][0].as_py()
    query = f"SELECT count(*) AS n, count(*) FILTER (party = {someone}) AS mine FROM interactions"
    (before,) = own.sql(query).to_pylist()
    own.erase_party(someone, "asked for it")
    (after,) = own.sql(query).to_pylist()
    assert after == {"n": before["n"] - before["mine"], "mine": 0}
    assert own.sql("SELECT DISTINCT identifier FROM interactions").num_rows > 1


@pytest.mark.parametrize(
    "query",
    [
        "COPY (SELECT 1) TO '{there}'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('{ledger}')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_text('/etc/passwd')",
        "ATTACH '{there}'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET python_enable_replacements = true",
        "EXPORT DATABASE '{there}'",
        "SELECT * FROM there",  # a variable of ours
        "SELECT 1; SELECT nothing",
        "SELECT",
        "",
    ],
)
def test_it_reaches_nothing_else_and_says_what_it_can(simulated, tmp_path, query):
    there = tmp_path / "there"
    ledger = simulated.tables.files("interactions")[0]
    with pytest.raises(QueryError) as said:
        simulated.sql(query.format(there=there, ledger=ledger))
    assert "moments" in said.value.remedy
    assert not there.exists()


def test_nothing_that_is_asked_changes_what_is_recorded(simulated):
    before = [simulated.tables.version(kind) for kind in ("interactions", "traits")]
    for query in ("DELETE FROM traits", "INSERT INTO links SELECT * FROM links", "DROP TABLE x"):
        with pytest.raises(QueryError):
            simulated.sql(query)
    simulated.sql("DROP VIEW traits")  # of this asking alone
    assert simulated.sql("SELECT count(*) AS n FROM traits")["n"][0].as_py() > 0
    assert [simulated.tables.version(kind) for kind in ("interactions", "traits")] == before


def test_asking_is_audited_without_what_it_says(simulated):
    simulated.sql("SELECT count(*) FROM traits WHERE identifier = 'C00000007'")
    last, *_ = entries(simulated.path)
    assert "ask SQL" in str(last)
    assert "traits" in str(last)
    assert "C00000007" not in str(last)


def test_the_command_prints_tables_csv_and_json(simulated):
    def asked(*words, given=None):
        said = CliRunner().invoke(main, ["-w", str(simulated.path), "sql", *words], input=given)
        return said.exit_code, said.output

    code, text = asked("SELECT touchpoint, count(*) AS n FROM moments GROUP BY ALL ORDER BY 2 DESC")
    assert code == 0
    assert "touchpoint" in text
    code, text = asked("--csv", "SELECT step, occurred_at FROM moments LIMIT 150")
    assert len(list(csv.reader(io.StringIO(text)))) == 151
    code, text = asked("SELECT step FROM moments LIMIT 150")
    assert "150 rows, the first 100 shown" in text
    code, text = asked("--json", "SELECT 1 AS one, [2] AS two, NULL AS three")
    assert json.loads(text) == [{"one": 1, "two": [2], "three": None}]
    code, text = asked(given="SELECT 17\n  AS n;\nSELECT nope;\n\nSELECT 18 AS m")
    assert code == 0
    assert "17" in text
    assert "nope" in text
    assert "18" in text
    code, text = asked("SELECT nope")
    assert code == 2
    assert "Remedy: ask of the views moments" in text


def test_the_docs_name_every_view_and_column(simulated):
    text = DOCS.read_text()
    for view in VIEWS:
        assert f"`{view}`" in text
        for row in simulated.sql(f"DESCRIBE {view}").to_pylist():
            assert f"`{row['column_name']}`" in text, (view, row["column_name"])


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT count(*) FROM range(1000000000000)", "longer than 1 seconds"),
        ("SELECT max(a.range * b.range) FROM range(1000000) a, range(1000000) b", "longer than"),
        ("SELECT list(range) FROM range(100000000)", "more memory"),
        ("SELECT hash(a.range + b.range) AS h FROM range(9999) a, range(9999) b ORDER BY h",
         "more memory"),
    ],
)  # fmt: skip
def test_what_takes_too_long_or_too_much_is_broken_off(tmp_path, query, said):
    """The connection answers on, and nothing is written to a disk."""
    create(tmp_path / "w").change_settings({"sql_seconds": 1, "memory_mb": 100})
    before = set(tmp_path.rglob("*"))
    with open_workspace(tmp_path / "w").asking_sql() as asked:
        with pytest.raises(QueryError, match=said) as refused:
            asked.query(query)
        assert refused.value.remedy
        assert asked.query("SELECT count(*) AS n FROM moments")["n"].to_pylist() == [0]
    assert {path for path in set(tmp_path.rglob("*")) - before if ".tmp" in path.name} == set()


def test_ctrl_c_ends_a_statement_in_a_word(tmp_path):
    create(tmp_path / "w")
    words = ["-w", str(tmp_path / "w"), "sql", "SELECT count(*) FROM range(1000000000000)"]
    command = [sys.executable, "-m", "everytouch", *words]
    log = tmp_path / "w" / "audit.jsonl"
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as asking:
        try:
            while "ask SQL" not in (log.read_text() if log.exists() else ""):
                assert asking.poll() is None
                time.sleep(0.05)
            asking.send_signal(signal.SIGINT)
            assert asking.communicate(timeout=60)[1].split() == ["Aborted!"]
            assert asking.returncode == 1
        finally:
            asking.kill()


class Late:
    """A connection on which a statement begins later than it was asked."""

    def __init__(self, con):
        self.con, self.began = con, threading.Event()

    def sql(self, text):
        time.sleep(0.5)
        self.began.set()
        return self.con.sql(text)

    def __getattr__(self, name):
        return getattr(self.con, name)


def test_ctrl_c_before_a_statement_begins_ends_it_too(tmp_path):
    with create(tmp_path / "w").asking_sql() as asked:
        late = asked._views._con = Late(asked._views._con)
        main_thread = threading.main_thread().ident
        timer = threading.Timer(0.2, signal.pthread_kill, (main_thread, signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            asked._views._answer("SELECT count(*) FROM range(1000000000000)")
        assert late.began.is_set()


def late_and_long(con):
    with limited(con, 0.1, QueryError, "simplify it"):
        time.sleep(0.3)
        con.execute("SELECT count(*) FROM range(1000000000000)").fetchall()


def test_a_limit_that_is_over_before_a_statement_begins_ends_it_too():
    with session() as con:
        with pytest.raises(QueryError, match=r"longer than 0\.1 seconds"):
            late_and_long(con)
        assert con.execute("SELECT 1").fetchall() == [(1,)]
