"""The report: one file that needs nothing else, every figure with what it rests on."""

import html
import html.parser
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from everytouch.charts import Chart
from everytouch.charts.svg import svg
from everytouch.errors import EverytouchError
from everytouch.journeys.api import NOTHING, cohort_triangle, passing, step_matrix
from everytouch.simulate.api import simulate
from everytouch.workspace.reporting import Reporting


def absent(what: str) -> NoReturn:
    """Leave a test out on a developer's machine; fail it where all must run (.ci/run)."""
    (pytest.fail if os.environ.get("EVERYTOUCH_COMPLETE") else pytest.skip)(what)


class Page(html.parser.HTMLParser):
    """What a page holds: figures with their parts, and everything it would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.figures: list[dict[str, str]] = []
        self.fetches: list[str] = []
        self.open: list[str] = []
        self.is_spec = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.open.append(tag)
        if tag == "figure":
            self.figures.append({"island": given.get("data-island", ""), "caption": "", "spec": ""})
        self.is_spec = given.get("type") == "application/json"
        if self.figures and tag in ("table", "svg"):
            self.figures[-1][tag] = "yes"
        self.fetches += [
            value
            for name, value in attrs
            if name in ("src", "href", "action") and value and not value.startswith("#")
        ]

    def handle_data(self, data):
        if self.figures and "figcaption" in self.open:
            self.figures[-1]["caption"] += data
        if self.figures and self.is_spec and self.open[-1:] == ["script"]:
            self.figures[-1]["spec"] += data

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass


@pytest.fixture(scope="module", autouse=True)
def answered(simulated):
    """What the simulated company's reports say is worked out once."""
    ask, known = Reporting._report_data, {}

    def once(workspace):
        if workspace.path != simulated.path:
            return ask(workspace)
        if not known:
            known[0] = ask(workspace)
        return known[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reporting, "_report_data", once)
        yield


@pytest.fixture(scope="module")
def report(simulated, tmp_path_factory):
    return simulated.report(tmp_path_factory.mktemp("report") / "report.html", full=True)


@pytest.fixture(scope="module")
def text(report):
    return report.read_text(encoding="utf-8")


def test_it_fetches_nothing(text):
    page = Page(text)
    assert page.fetches == []
    assert "default-src 'none'" in text
    assert "@import" not in text
    assert "url(" not in text.split("</style>")[0]


def test_every_figure_says_formula_denominator_and_data(text):
    figures = Page(text).figures
    assert len(figures) >= 11
    for figure in figures:
        for part in ("Formula", "Denominator", "Data"):
            assert part in figure["caption"], figure["caption"]


def test_every_chart_has_its_spec_and_a_picture_without_javascript(text):
    islands = [f for f in Page(text).figures if f["island"]]
    assert len(islands) >= 9
    for figure in islands:
        assert json.loads(figure["spec"])["kind"] in ("bars", "line", "graph")
        assert figure["svg"] == "yes"


def test_every_figure_but_the_ranked_lists_has_a_table(text):
    without = [f for f in Page(text).figures if "table" not in f]
    assert len(without) == 1  # its table is the list itself


def test_the_figures_are_those_of_the_library(simulated, text):
    first = simulated.findings().rows[0]
    assert first.problem in text
    assert f"{first.parties:,} parties" in text
    assert f"everytouch moments {first.name}" in text
    nps = next(c for c in simulated.perception("all").rows if c.instrument == "nps")
    assert f"{nps.headline.value:,.1f}".replace("-", "−") in text


def test_what_lies_behind_the_score_is_there(simulated, text):
    part = text[text.index('id="beyond"') :].split("</section>")[0]
    net = simulated.emotions().nev
    assert "Net Emotional Value" in part
    assert f"{net.value:.1f}" in part
    assert simulated.remembered().sentence in html.unescape(part)
    for row in simulated.aspects().rows:
        assert html.escape(row.label) in part


def test_a_journey_that_was_meant_lies_beside_the_real_ones(simulated, text):
    found = simulated.against("online_order")
    part = text.split('<section id="meant">')[1].split("</section>")[0]
    assert f"{found.walks:,} journeys are as the map says" in part
    for step in found.steps:
        assert f"<td>{step.label}</td>" in part
    worst = found.rows[0]
    assert f"<td>{worst.kind}: {worst.label}</td><td>{worst.walks:,}</td>" in part
    assert "<svg" in part


def test_names_cannot_become_markup(workspace, tmp_path):
    company = simulate(tmp_path / "company", parties=200, years=1.0, seed=7)
    workspace.import_source(company.source)
    catalogue = workspace.path / "catalogue.yaml"
    evil = "</script><script>alert(1)</script>"
    catalogue.write_text(catalogue.read_text().replace("Parcel delivered", evil))
    text = workspace.report(workspace.path / "r.html").read_text()
    assert "<script>alert(1)" not in text
    assert "\\u003c/script>\\u003cscript>alert(1)" in text
    assert "&lt;/script&gt;" in text


def test_an_empty_workspace_says_what_to_do(workspace):
    text = workspace.report(workspace.path / "r.html").read_text()
    assert "No problem was found" in text
    assert "the catalogue defines no segment" in text
    assert "No touchpoint has a promise" in text


def test_no_identifier_of_a_person_is_in_it(text):
    assert not re.search(r"\bC0\d{7}\b", text)


def test_the_pdf_has_pages_with_the_findings(simulated, tmp_path):
    try:
        path = simulated.report(tmp_path / "report.pdf")
    except EverytouchError as error:
        absent(f"no Pango here: {error}")
    assert path.read_bytes().startswith(b"%PDF")
    assert path.stat().st_size > 30_000
    if shutil.which("pdftotext"):
        done = subprocess.run(
            ["pdftotext", str(path), "-"], capture_output=True, text=True, check=True
        )
        assert simulated.findings().rows[0].problem in done.stdout


def test_a_place_that_cannot_be_written_is_said(simulated):
    with pytest.raises(EverytouchError, match="cannot be written"):
        simulated.report(Path("/proc/none/report.html"))


def test_a_browser_draws_every_chart(report, text, tmp_path):
    if not shutil.which("chromium"):
        absent("no chromium here")
    options = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--no-first-run",
        f"--user-data-dir={tmp_path}", "--virtual-time-budget=5000", "--dump-dom",
    ]  # fmt: skip
    done = subprocess.run(
        ["chromium", *options, report.as_uri()],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    islands = [f for f in Page(text).figures if f["island"]]
    assert f'data-charts="{len(islands)}"' in done.stdout


@pytest.mark.parametrize("kind", ["bars", "line"])
def test_a_chart_with_gaps_is_drawn(kind):
    chart = Chart(kind, "t", "u", ("a", "<b>"), (1.0, None), (0.5, None), (2.0, None))
    drawn = svg(chart)
    assert drawn.startswith("<svg")
    assert "<b>" not in drawn
    assert svg(Chart(kind, "empty")) == ""


def test_a_matrix_has_a_cell_for_each_share(simulated):
    around = simulated.around("help_call", places=3)
    chart = step_matrix(around, lambda name: "over" if name == NOTHING else name.upper())
    shown = [row for row in around.rows if not row.share.hidden]
    assert len(chart.points) == len(shown) > 10
    assert chart.labels == ("1", "2", "3")
    assert chart.lines[-1] == "over"
    for row, cell in zip(shown, chart.points, strict=True):
        assert (cell.x + 1, cell.size) == (row.place, row.share.value)
        assert chart.lines[int(cell.y)] in (row.touchpoint.upper(), "over")
    drawn = svg(chart)
    assert drawn.count("<rect") == len(shown)
    assert "SURVEY" in drawn
    flow = passing(simulated.around("help_call", places=3, direction="before"), str, back=True)
    assert max(point.x for point in flow.points) == 3
    assert [p.label for p in flow.points if p.x == 3] == ["help_call"]
    assert all(flow.points[a.target].x - flow.points[a.source].x == 1 for a in flow.arrows)
    triangle = cohort_triangle(simulated.retention())
    assert [int(point.x) for point in triangle.points if point.y == 0] == list(range(12))
    assert svg(Chart("matrix", "empty")) == ""


def test_a_report_to_send_gives_nobody_away(simulated, text, tmp_path):
    """Without single moments; counts are rounded, and rows of a few people are not there."""
    sent = simulated.report(tmp_path / "report.html").read_text()
    first = simulated.findings().rows[0]
    assert "The newest of the" in text
    assert "The newest of the" not in sent
    assert f"{first.parties:,} parties" in text
    assert f"{first.parties // 5 * 5:,} parties" in sent
    assert f"everytouch moments {first.name}" in sent
    assert len(re.findall("<tr>", sent)) < len(re.findall("<tr>", text))
