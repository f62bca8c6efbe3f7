"""Journeys equal hand-written SQL over the ledger, to the last count."""

import dataclasses
import datetime
import gzip
import itertools
import json
import shutil
from calendar import monthrange
from collections import Counter
from xml.etree import ElementTree

import duckdb
import pytest

import everytouch
from everytouch.errors import SettingError, UnknownNameError
from everytouch.journeys.api import NOTHING
from everytouch.settings import Settings
from everytouch.stats.comparing import compare
from everytouch.stats.differences import of_shares
from tests.conftest import DATA
from tests.test_extend import moment, send

DAY = 86_400_000_000

# One row an interaction, with its party: the ledger alone, no trails. Links are few enough to
# be followed once: a device belongs to the customer it was seen with at a check-out.
PARTIES = """
WITH moments AS (
  SELECT l.*, CASE WHEN party_key IN (SELECT k FROM roots) THEN
    (SELECT min(r) FROM roots WHERE k = party_key) ELSE party_key END AS party,
    epoch_us(occurred_at) AS t
  FROM ledger l
)
"""


def sql(workspace, query):
    resolution = _links(workspace)
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        files = [str(path) for path in workspace.tables.files("interactions")]
        con.read_parquet(files).create_view("ledger")
        con.register("roots", resolution)
        return con.sql(PARTIES + query).fetchall()


def _links(workspace):
    """Roots by SQL alone: every device was linked to one customer, so one step is enough."""
    return workspace.tables.query(
        "links",
        "SELECT DISTINCT other_key AS k, party_key AS r FROM ledger "
        "UNION SELECT DISTINCT party_key, party_key FROM ledger",
    )


ORDERED = """, o AS (SELECT party, touchpoint, t, row_number() OVER w AS i,
  lag(touchpoint) OVER w AS before, lag(t) OVER w AS t0,
  FROM moments WINDOW w AS
    (PARTITION BY party ORDER BY t, coalesce(sequence, 0), touchpoint, key_first))
"""


# The same bodies on this machine and on a Spark cluster; a gap would be a strict xfail here.
@pytest.fixture(params=["simulated", "spark", pytest.param("bpic", marks=pytest.mark.data)])
def workspace(request):
    return request.getfixturevalue(request.param)


def test_graph_equals_sql(workspace):
    query = ORDERED + (
        "SELECT before, touchpoint, count(*), avg((t - t0) / 1e6), median((t - t0) / 1e6) "
        "FROM o WHERE before IS NOT NULL GROUP BY ALL"
    )
    expected = {(a, b): (n, mean, median) for a, b, n, mean, median in sql(workspace, query)}
    found = {(e.source, e.target): e for e in workspace.graph().rows}
    assert {pair: e.count for pair, e in found.items()} == {
        pair: n for pair, (n, *_) in expected.items()
    }
    for pair, edge in found.items():
        assert edge.mean_s == pytest.approx(expected[pair][1], rel=1e-6, abs=1e-6)
        if edge.count > 500:
            assert edge.median_s == pytest.approx(expected[pair][2], rel=0.06, abs=0.002)
    assert sum(e.share for e in found.values()) == pytest.approx(1)


def test_nodes_equal_sql(workspace):
    query = "SELECT touchpoint, count(*), count(DISTINCT party) FROM moments GROUP BY ALL"
    found = {(n.touchpoint, n.moments, n.parties) for n in workspace.graph().nodes}
    assert found == set(sql(workspace, query))


def test_paths_equal_sql(workspace):
    query = ORDERED + (
        ", p AS (SELECT party, list(touchpoint ORDER BY i) AS path FROM o GROUP BY party) "
        "SELECT path, count(*) FROM p GROUP BY path ORDER BY 2 DESC, 1"
    )
    expected = sql(workspace, query)
    found = workspace.paths(top=5)
    assert found.distinct == len(expected)
    assert found.walks == sum(n for _, n in expected)
    assert [row.count for row in found.rows] == [n for _, n in expected[:5]]
    counts = {tuple(path): n for path, n in expected}
    assert all(counts[row.touchpoints] == row.count for row in found.rows)


def test_paths_by_order_equal_sql(workspace):
    query = """, p AS (
      SELECT party, correlations[1] AS c,
        list(touchpoint ORDER BY t, coalesce(sequence, 0), touchpoint, key_first) AS path
      FROM moments WHERE c IS NOT NULL GROUP BY ALL)
    SELECT path, count(*) FROM p GROUP BY path"""
    expected = {tuple(path): n for path, n in sql(workspace, query)}
    found = workspace.paths(unit="correlation", top=10_000)
    assert {row.touchpoints: row.count for row in found.rows} == expected


def test_sessions_equal_sql(workspace):
    query = ORDERED + (
        ", s AS (SELECT party, t, sum(CASE WHEN t0 IS NULL OR t - t0 > 1800000000 THEN 1 END) "
        "OVER (PARTITION BY party ORDER BY i) AS s FROM o) "
        "SELECT count(*), avg(x) FROM (SELECT max(t) - min(t) AS x FROM s GROUP BY party, s)"
    )
    ((count, mean),) = sql(workspace, query)
    (facts,) = workspace.sessions().rows
    assert facts.sessions == count
    assert facts.mean_s == pytest.approx(mean / 1e6, rel=1e-9)
    sessions = workspace.paths(unit="session", top=1)
    assert sessions.walks == count


STEPS = {
    "simulated": ("website_visit", "web_checkout", "parcel_delivered", "help_call"),
    "bpic": ("a_submitted", "o_sent", "a_approved"),
}


def test_funnel_equals_sql(workspace):
    steps = STEPS["bpic" if "bpic" in str(workspace.path) else "simulated"]
    joins = "".join(
        f" JOIN moments m{i} ON m{i}.party = m0.party AND m{i}.touchpoint = '{step}'"
        f" AND (m{i}.t, coalesce(m{i}.sequence, 0), m{i}.touchpoint, m{i}.key_first) >"
        f" (m{i - 1}.t, coalesce(m{i - 1}.sequence, 0), m{i - 1}.touchpoint, m{i - 1}.key_first)"
        f" AND m{i}.t - m0.t <= {14 * DAY}"
        for i, step in enumerate(steps)
        if i
    )
    for length in range(1, len(steps) + 1):
        part = joins.split(" JOIN ")[1:length]
        query = (
            "SELECT count(DISTINCT m0.party) FROM moments m0"
            + "".join(f" JOIN {p}" for p in part)
            + f" WHERE m0.touchpoint = '{steps[0]}'"
        )
        ((expected,),) = sql(workspace, query)
        found = workspace.funnel(steps, window_days=14).rows
        assert found[length - 1].parties == expected, steps[:length]


FUNNELS = {
    "simulated": ("website_visit", "product_browse", "web_checkout"),
    "bpic": ("a_accepted", "o_selected", "a_finalized"),
}


def name_of(workspace):
    return "bpic" if "bpic" in str(workspace.path) else "simulated"


def test_a_strict_funnel_equals_sql(workspace):
    steps = FUNNELS[name_of(workspace)]
    window = 2 * DAY
    found = workspace.funnel(steps, window_days=2, order="strict").rows
    for length in range(1, len(steps) + 1):
        joins = "".join(
            f" JOIN o o{n} ON o{n}.party = o0.party AND o{n}.i = o0.i + {n} "
            f"AND o{n}.touchpoint = '{steps[n]}' AND o{n}.t - o0.t <= {window}"
            for n in range(1, length)
        )
        query = ORDERED + (
            f"SELECT count(DISTINCT o0.party) FROM o o0{joins} WHERE o0.touchpoint = '{steps[0]}'"
        )
        assert [(found[length - 1].parties,)] == sql(workspace, query), steps[:length]


def test_an_unordered_funnel_equals_sql(workspace):
    steps = FUNNELS[name_of(workspace)][::-1]
    found = workspace.funnel(steps, window_days=3, order="unordered").rows
    query = (
        ", mine AS (SELECT party, t, touchpoint FROM moments WHERE touchpoint IN "
        f"{steps}), counts AS (SELECT a.party, a.t, count(DISTINCT b.touchpoint) AS c "
        f"FROM mine a JOIN mine b ON b.party = a.party AND b.t BETWEEN a.t AND a.t + {3 * DAY} "
        "GROUP BY a.party, a.t), most AS (SELECT party, max(c) AS c FROM counts GROUP BY party) "
        "SELECT count(*) FROM most, (SELECT unnest([1, 2, 3]) AS n) WHERE c >= n "
        "GROUP BY n ORDER BY n"
    )
    assert [(row.parties,) for row in found] == sql(workspace, query)
    assert [row.touchpoint for row in found] == ["any 1", "any 2", "any 3"]


def test_a_funnel_with_exclusions_equals_sql(workspace):
    steps, barred = {
        "simulated": (("website_visit", "web_checkout"), "website_search"),
        "bpic": (("a_accepted", "o_sent"), "o_selected"),
    }[name_of(workspace)]
    found = workspace.funnel(steps, window_days=5, without=[barred]).rows
    query = ORDERED + (
        "SELECT count(DISTINCT a.party) FROM o a JOIN o b ON a.party = b.party AND b.i > a.i "
        f"AND b.t - a.t <= {5 * DAY} WHERE a.touchpoint = '{steps[0]}' "
        f"AND b.touchpoint = '{steps[1]}' AND NOT EXISTS (SELECT 1 FROM o x WHERE "
        f"x.party = a.party AND x.i BETWEEN a.i AND b.i AND x.touchpoint = '{barred}')"
    )
    assert [(found[1].parties,)] == sql(workspace, query)
    free = workspace.funnel(steps, window_days=5).rows
    assert found[1].parties < free[1].parties
    with pytest.raises(UnknownNameError, match="barred at once"):
        workspace.funnel(steps, without=[steps[0]])


def test_two_funnels_are_compared_with_intervals(simulated):
    steps = FUNNELS["simulated"]
    first, second = (simulated.funnel(steps, simulated.scope(s)) for s in ("members", "urban"))
    found = compare(first, second).rows
    assert [row.first for row in found] == [row.share for row in first.rows]
    for row, a, b in zip(found, first.rows, second.rows, strict=True):
        newcombe = of_shares(b.parties, b.share.n, a.parties, a.share.n)
        assert row.difference.value == pytest.approx(newcombe.value)
        assert (row.difference.low, row.difference.high) == pytest.approx(
            (newcombe.low, newcombe.high)
        )


@pytest.mark.parametrize("direction", ["after", "before"])
def test_what_is_around_a_touchpoint_equals_sql(workspace, direction):
    point = {"simulated": "help_call", "bpic": "o_sent"}[name_of(workspace)]
    sign = {"after": "+", "before": "-"}[direction]
    query = ORDERED + (
        f", met AS (SELECT party, min(i) AS i FROM o WHERE touchpoint = '{point}' GROUP BY party) "
        "SELECT n, coalesce(o.touchpoint, '(nothing more)'), count(*), "
        "coalesce(median(abs(o.t - h.t)) / 1e6, -1) "
        "FROM met JOIN o h ON h.party = met.party AND h.i = met.i, "
        f"(SELECT unnest([1, 2, 3]) AS n) LEFT JOIN o ON o.party = met.party "
        f"AND o.i = met.i {sign} n GROUP BY ALL"
    )
    found = workspace.around(point, places=3, direction=direction).rows
    expected = {(n, name): (count, middle) for n, name, count, middle in sql(workspace, query)}
    assert {(r.place, r.touchpoint): r.parties for r in found} == {
        place: count for place, (count, _) in expected.items()
    }
    for row in found:
        if row.parties > 300 and row.touchpoint != NOTHING:
            middle = expected[row.place, row.touchpoint][1]
            assert row.median_s == pytest.approx(middle, rel=0.06, abs=0.002)
    with pytest.raises(UnknownNameError):
        workspace.around("moon")
    passages = workspace.around(point, places=3, direction=direction).passages
    query = query.replace("SELECT n, coalesce", "SELECT n, b.touchpoint, coalesce").replace(
        "GROUP BY ALL",
        f"JOIN o b ON b.party = met.party AND b.i = met.i {sign} n - ({sign}1) GROUP BY ALL",
    )
    known = {(n, a, b): count for n, a, b, count, _ in sql(workspace, query)}
    assert {(p.place, p.source, p.target): p.parties for p in passages} == known


def test_coming_again_equals_sql(workspace):
    query = ORDERED + (
        ", g AS (SELECT *, lag(t) OVER (PARTITION BY party, touchpoint ORDER BY i) AS last, "
        "lag(touchpoint, 2) OVER (PARTITION BY party ORDER BY i) AS earlier FROM o), "
        f"e AS (SELECT greatest(max(t), {_last(workspace)}) AS until FROM moments) "
        f"SELECT touchpoint, count(*), count(*) FILTER (t + {3 * DAY} <= until), "
        f"count(*) FILTER (t - last <= {3 * DAY} AND last + {3 * DAY} <= until), "
        "count(*) FILTER (before = touchpoint), "
        "count(*) FILTER (before <> touchpoint AND earlier = touchpoint) FROM g, e GROUP BY 1"
    )
    found = workspace.repeats(days=3).rows
    assert {
        (r.touchpoint, r.interactions, r.followed, r.again, r.directly, r.there_and_back)
        for r in found
    } == set(sql(workspace, query))
    for row in found:
        if row.followed:
            assert row.resolved.value == pytest.approx(1 - row.again / row.followed)
    assert [r.again for r in found] == sorted((r.again for r in found), reverse=True)


def _last(workspace):
    """Of perceptions, too: the data goes so far."""
    (row,) = workspace.tables.query(
        "perceptions", "SELECT epoch_us(max(occurred_at)) AS t FROM ledger"
    ).to_pylist()
    return row["t"] or 0


@pytest.mark.parametrize("every", ["month", "week"])
def test_lifecycle_equals_sql(workspace, every):
    zone = workspace.settings.timezone
    local = f"timezone('{zone}', make_timestamptz(t))"
    name = {"month": "%Y-%m", "week": "%G-W%V"}[every]
    query = (
        f", p AS (SELECT DISTINCT party, date_trunc('{every}', {local}) AS p FROM moments), "
        "l AS (SELECT *, lag(p) OVER w AS before, lead(p) OVER w AS after FROM p "
        "WINDOW w AS (PARTITION BY party ORDER BY p)), "
        f"d AS (SELECT date_trunc('{every}', {local}) AS p, "
        f"count(DISTINCT (party, date_trunc('day', {local}))) AS days FROM moments GROUP BY 1), "
        f"gone AS (SELECT p + to_{every}s(1) AS p, count(*) AS n FROM l "
        f"WHERE after IS NULL OR after > p + to_{every}s(1) GROUP BY 1) "
        f"SELECT strftime(l.p, '{name}'), count(*), count(*) FILTER (before IS NULL), "
        f"count(*) FILTER (before = l.p - to_{every}s(1)), "
        f"count(*) FILTER (before < l.p - to_{every}s(1)), coalesce(any_value(gone.n), 0), "
        "any_value(days) FROM l JOIN d USING (p) LEFT JOIN gone USING (p) GROUP BY l.p ORDER BY l.p"
    )
    expected = sql(workspace, query)
    found = [row for row in workspace.lifecycle(every=every).rows if row.active]
    assert [(r.period, r.active, r.new, r.returning, r.revived, r.dormant) for r in found] == [
        row[:6] for row in expected
    ]
    for row, (*_, days) in zip(found, expected, strict=True):
        length = 7 if every == "week" else monthrange(*map(int, row.period.split("-")))[1]
        assert row.stickiness == pytest.approx(days / (row.active * length))


def test_a_period_shows_its_part_of_the_lifecycle(simulated):
    """Who came before it is not new in it."""
    since, until = (datetime.datetime(2024, month, 1, tzinfo=datetime.UTC) for month in (5, 8))
    whole = {row.period: row for row in simulated.lifecycle().rows}
    part = simulated.lifecycle(simulated.scope(since=since, until=until)).rows
    assert [row.period for row in part] == ["2024-05", "2024-06", "2024-07"]
    assert [(row.active, row.new, row.revived) for row in part] == [
        (whole[row.period].active, whole[row.period].new, whole[row.period].revived) for row in part
    ]


STARTS = {"simulated": ("web_checkout", "help_call"), "bpic": ("a_submitted", "o_sent")}
RETAINED = """, cells AS (SELECT DISTINCT party, touchpoint,
    date_trunc('{every}', timezone('{zone}', make_timestamptz(t))) AS p FROM moments),
  starts AS (SELECT party, {cohort} AS cohort FROM cells WHERE {start} GROUP BY ALL),
  backs AS (SELECT DISTINCT party, p FROM cells WHERE {back}),
  over AS (SELECT date_trunc('{every}', timezone('{zone}', make_timestamptz(max(t) + 1))) AS until
    FROM moments),
  steps AS (SELECT unnest(range(1, 7)) AS after),
  cohorts AS (SELECT cohort, count(DISTINCT party) AS size FROM starts GROUP BY cohort)
SELECT strftime(cohort, '{name}'), size, after, (
    SELECT count(DISTINCT s.party) FROM starts s JOIN backs b USING (party)
    WHERE s.cohort = c.cohort AND {returned})
FROM cohorts c, steps, over WHERE cohort + to_{every}s(after::INTEGER + 1) <= until
ORDER BY cohort, after"""


@pytest.mark.parametrize("how", ["first", "recurring", "rolling"])
@pytest.mark.parametrize(("every", "named"), [("month", False), ("week", True), ("day", True)])
def test_retention_equals_sql(workspace, how, every, named):
    start, back = STARTS["bpic" if "bpic" in str(workspace.path) else "simulated"]
    later = f"c.cohort + to_{every}s(after::INTEGER)"
    query = RETAINED.format(
        every=every,
        zone=workspace.settings.timezone,
        name={"month": "%Y-%m", "week": "%G-W%V", "day": "%Y-%m-%d"}[every],
        cohort="p" if how == "recurring" else "min(p)",
        start=f"touchpoint = '{start}'" if named else "true",
        back=f"touchpoint = '{back}'" if named else "true",
        returned=f"b.p >= {later}" if how == "rolling" else f"b.p = {later}",
    )
    asked = {"start": start, "back": back} if named else {}
    found = workspace.retention(every=every, how=how, periods=6, **asked)
    assert [(r.cohort, r.size, r.after, r.returned) for r in found.rows] == sql(workspace, query)
    for whole in found.overall:
        same = [row for row in found.rows if row.after == whole.after]
        assert whole.size == sum(row.size for row in same)
        assert whole.returned == sum(row.returned for row in same)


def test_retention_counts_within_its_scope(simulated):
    until = datetime.datetime(2024, 9, 1, tzinfo=datetime.UTC)
    found = simulated.retention(simulated.scope("members", until=until))
    assert max(row.cohort for row in found.rows) == "2024-07"
    assert found.overall[0].size < simulated.retention().overall[0].size
    with pytest.raises(UnknownNameError, match="touchpoint 'moon'"):
        simulated.retention(back="moon")


def test_drop_off_equals_sql(workspace):
    stages = list(workspace.catalogue.stages)
    order = ", ".join(
        f"('{p.name}', {stages.index(p.stage)})" for p in workspace.catalogue.touchpoints.values()
    )
    query = f""", s AS (SELECT party, stage, t, coalesce(sequence, 0) AS q,
        (touchpoint, key_first) AS k
      FROM moments JOIN (VALUES {order}) AS v(touchpoint, stage) USING (touchpoint))
    SELECT stage, count(DISTINCT party), count(DISTINCT CASE WHEN EXISTS (
      SELECT 1 FROM s b WHERE b.party = a.party AND b.stage > a.stage
      AND (b.t, b.q, b.k) > (a.t, a.q, a.k)) THEN party END)
    FROM s a GROUP BY stage"""
    expected = {stages[s]: (n, went) for s, n, went in sql(workspace, query)}
    found = {row.stage: (row.parties, row.went_on) for row in workspace.drop_off().rows}
    assert found == expected


@pytest.mark.data
def test_bpic_has_its_published_size(bpic):
    trails = bpic.trails()
    assert (trails.parties, trails.moments) == (13_087, 262_200)
    top = bpic.paths(top=3)
    assert [row.count for row in top.rows] == [3_429, 1_872, 271]
    assert top.distinct == 4_366


@pytest.mark.data
def test_bpic_graph_equals_a_reading_of_the_file_itself(bpic):
    """Neither our XES reader, nor the ledger, nor trails: the XML, case by case."""
    pairs, events, cases = Counter(), 0, 0
    with gzip.open(DATA / "bpic2012" / "BPI_Challenge_2012.xes.gz") as file:
        for _, element in ElementTree.iterparse(file):
            if element.tag != "trace":
                continue
            names = [
                child.get("value").lower().replace(" ", "_")
                for event in element.iter("event")
                for child in event
                if child.get("key") == "concept:name"
            ]
            pairs.update(itertools.pairwise(names))
            events, cases = events + len(names), cases + 1
            element.clear()
    assert (cases, events) == (13_087, 262_200)
    assert {(e.source, e.target): e.count for e in bpic.graph().rows} == pairs


def test_a_period_and_a_segment_narrow_the_question(simulated):
    since = datetime.datetime(2024, 6, 1, tzinfo=datetime.UTC)
    until = datetime.datetime(2024, 9, 1, tzinfo=datetime.UTC)
    part = simulated.graph(simulated.scope(since=since, until=until))
    query = (
        "SELECT count(*) FROM moments WHERE occurred_at >= '2024-06-01' "
        "AND occurred_at < '2024-09-01'"
    )
    assert sum(n.moments for n in part.nodes) == sql(simulated, query)[0][0]
    assert part.basis.cut == "all parties, from 2024-06-01, until 2024-09-01"
    members = simulated.sessions(simulated.scope("members")).rows[0]
    everybody = simulated.sessions().rows[0]
    assert 0 < members.parties < everybody.parties


@pytest.mark.parametrize("from_", ["first", "last"])
def test_time_between_equals_sql(workspace, from_):
    pairs = [("help_call", "web_checkout"), ("newsletter", "website_visit")]
    if "help_call" not in workspace.trails().touchpoints:
        pairs = [("a_accepted", "o_sent"), ("o_sent", "w_nabellen_offertes")]
    for first, second in pairs:
        pick = "min" if from_ == "first" else "max"
        query = (
            ORDERED
            + f""", g AS (SELECT party, t, touchpoint = '{first}' AS a,
          touchpoint = '{second}' AS b, coalesce(sum((touchpoint = '{second}')::INT) OVER (
            PARTITION BY party ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS n
          FROM o),
        e AS (SELECT party, n, {pick}(t) FILTER (a) AS begun, max(t) FILTER (b) AS met FROM g
          GROUP BY party, n HAVING count(*) FILTER (a) > 0)
        SELECT count(*), count(met), avg((met - begun) / 1e6),
          quantile_disc((met - begun) / 1e6, 0.9) FROM e"""
        )
        ((starts, reached, mean, p90),) = sql(workspace, query)
        found = workspace.between(first, second, from_=from_).rows
        assert (found[0].starts, found[0].reached.n) == (starts, starts)
        assert found[0].reached.value == pytest.approx(reached / starts)
        assert reached > 20
        assert found[0].mean_s == pytest.approx(mean)
        assert found[0].p90_s == pytest.approx(p90, rel=0.05)
        assert sum(row.starts for row in found[1:]) == starts


def test_the_time_to_an_answer_is_that_from_a_touchpoint_to_an_instrument(simulated):
    """In the same order: an answer names what it is about."""
    (row, *_) = simulated.between("survey_asked", "nps", unit="correlation").rows
    assert 0 < row.reached.value < 1
    assert row.p10_s <= row.median_s <= row.p99_s
    with pytest.raises(UnknownNameError, match="'moon'"):
        simulated.between("moon", "nps")


def test_unknown_names_are_said(simulated):
    with pytest.raises(UnknownNameError, match="touchpoint 'moon'"):
        simulated.funnel(["moon"])
    with pytest.raises(UnknownNameError, match="segment 'moon'"):
        simulated.scope("moon")


QUESTIONS = {
    "graph": (), "paths": (), "sessions": (), "retention": (), "lifecycle": (), "repeats": (),
    "drop_off": (), "stage_flows": (), "volume": (), "perception": ("touchpoint",),
    "promises": (), "drivers": (), "worth": (), "findings": (), "movement": (),
    "funnel": (("website_visit", "web_checkout"),), "around": ("help_call",),
    "between": ("help_call", "web_checkout"), "foresight": (), "journey_kinds": (),
    "goes_with": ("help_call",),    "against": ("online_order",),
    "journeys_with": ("online_order", "late:delivered"),
}  # fmt: skip


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_cluster_answers_as_this_machine_does(simulated, spark, name):
    """With what it rests on; sums of arrays may differ in the last bit by where they lie."""
    here, there = (getattr(one, name)(*QUESTIONS[name]) for one in (simulated, spark))
    (texts, numbers), (same, close) = (apart(json.loads(one.to_json())) for one in (here, there))
    assert same == texts
    assert close == pytest.approx(numbers, rel=1e-12)


@pytest.fixture(scope="module")
def grown(simulated, tmp_path_factory):
    """The simulated company with one moment more: added to its trails, and rebuilt with them."""
    made = []
    for name in ("added", "anew"):
        folder = tmp_path_factory.mktemp(name) / "w"
        shutil.copytree(simulated.path, folder)
        made.append(everytouch.open(folder))
    made[0].trails()
    for workspace in made:
        send(workspace, [moment("new", "somebody-new", 0) | {"touchpoint": "newsletter"}])
    shutil.rmtree(made[1].path / "trails", ignore_errors=True)
    assert [len(one.trails().layers) for one in made] == [2, 1]
    return made


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_is_answered_on_trails_that_grew(grown, name):
    """Rows may come in another order: touchpoints are numbered as they are first met."""
    asked = {"top": 3} if name == "paths" else {}  # others are as frequent as each other
    answers = [getattr(one, name)(*QUESTIONS[name], **asked) for one in grown]
    told = [json.loads(one.to_json()) for one in answers]
    for one in told:
        one["rows"].sort(key=lambda row: json.dumps(apart(row)[0]))
    (same, close), (texts, numbers) = map(apart, told)
    assert same == texts
    assert close == pytest.approx(numbers, rel=1e-9, nan_ok=True)


def apart(value):
    """What a result says, and the floats in it, in their order."""
    floats = []

    def said(one):
        if isinstance(one, dict):
            return {name: said(inner) for name, inner in one.items()}
        if isinstance(one, list):
            return [said(inner) for inner in one]
        if isinstance(one, float):
            floats.append(one)
            return "float"
        return one

    return said(value), floats


def test_an_engine_that_is_none_is_refused():
    with pytest.raises(SettingError, match="use local, or spark"):
        Settings.from_mapping({"engine": "moon"})


def test_a_graph_goes_to_arrow_with_its_nodes(workspace):
    found = workspace.graph()
    edges, nodes = found.to_arrow(), found.to_arrow("nodes")
    assert edges["count"].to_pylist() == [edge.count for edge in found.rows]
    assert nodes.to_pylist() == [dataclasses.asdict(node) for node in found.nodes]
