"""The report as HTML, and that HTML as PDF."""

import dataclasses
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from everytouch.charts import STATIC, Chart
from everytouch.charts.svg import svg
from everytouch.drivers import api as drivers
from everytouch.errors import EverytouchError
from everytouch.improvement import api as improvement
from everytouch.journeys import api as journeys
from everytouch.later import Later
from everytouch.metrics import api as metrics
from everytouch.metrics.api import Breakdown, Cell
from everytouch.report.model import ReportData
from everytouch.results import duration, plain
from everytouch.stats.intervals import Estimate, withheld

if TYPE_CHECKING:
    import jinja2
else:
    jinja2 = Later("jinja2")

_HERE = Path(__file__).parent
_TITLES = {
    "touchpoint": "Feeling by touchpoint",
    "stage": "Feeling by stage",
    "channel": "Feeling by channel",
    "segment": "Feeling by segment",
    "month": "Feeling by month",
}


def templates() -> "jinja2.Environment":
    """The templates of documents; what they show is escaped."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def html(data: ReportData, *, interactive: bool = True) -> str:
    """The whole report as one HTML document that needs nothing else."""
    environment = templates()
    environment.filters |= {
        "num": _number,
        "pct": _percent,
        "span": _span,
        "time": duration,
        "svg": lambda chart: Markup(svg(chart)),  # noqa: S704 - svg() escapes every text
        "spec": _spec,
    }
    scripts = [
        STATIC / "echarts" / "echarts.min.js",
        STATIC / "draw.js",
        _HERE / "templates/island.js",
    ]
    return environment.get_template("report.html").render(
        d=data,
        validated=metrics.validated(data.population) if data.population else (),
        charts=_charts(data),
        titles=_TITLES,
        rows={b.by: _rows(b) for b in data.perception},
        labels={p.name: p.label for p in data.catalogue.touchpoints.values()},
        style=Markup((_HERE / "templates" / "style.css").read_text(encoding="utf-8")),  # noqa: S704
        scripts=[Markup(path.read_text(encoding="utf-8")) for path in scripts if interactive],  # noqa: S704
    )


def write_html(data: ReportData, path: Path) -> None:
    """Write the report as one self-contained HTML file."""
    path.write_text(html(data), encoding="utf-8")


def write_pdf(data: ReportData, path: Path) -> None:
    """Write the report as PDF (needs ``everytouch[pdf]``)."""
    path.write_bytes(pdf_of(html(data, interactive=False)))


def pdf_of(text: str) -> bytes:
    """Return an HTML document that needs nothing else as PDF (needs ``everytouch[pdf]``).

    Raises:
        EverytouchError: WeasyPrint or the Pango library it draws with is not there.
    """
    try:
        import weasyprint  # noqa: PLC0415 - an optional extra
    except (ImportError, OSError) as error:
        raise EverytouchError(
            f"a PDF needs WeasyPrint and Pango: {error}",
            "pip install 'everytouch[pdf]', and Pango by the system's packages",
        ) from error
    document: bytes = weasyprint.HTML(string=text, url_fetcher=_nothing).write_pdf()
    return document


def _nothing(url: str, *_: Any, **__: Any) -> dict[str, Any]:
    raise ValueError(f"a report fetches nothing, not {url}")


def _charts(data: ReportData) -> dict[str, Chart]:
    by_touchpoint = next((b for b in data.perception if b.by == "touchpoint"), None)
    cells = by_touchpoint.rows if by_touchpoint else ()
    feeling = {c.group: c.score.value for c in cells if not c.hidden}
    charts = {
        "ranked": improvement.overall(data.ranked),
        "graph": journeys.observed(data.graph, data.catalogue, feeling),
        "spend": drivers.spend(data.worth, data.settings.currency),
    }
    charts |= {f"map {m.journey.name}": journeys.as_meant(m.against) for m in data.maps}
    charts |= {b.by: metrics.scores(b, _TITLES[b.by]) for b in data.perception}
    if data.drivers is not None:
        charts["drivers"] = drivers.shares(data.drivers)
    return charts


def _rows(shown: Breakdown) -> tuple[Cell, ...]:
    """The cells of a table: months only of the instrument that is asked most."""
    if shown.by != "month":
        return shown.rows
    most = metrics.most_asked(shown)
    return tuple(cell for cell in shown.rows if cell.instrument == most)


def _spec(chart: Chart) -> Markup:
    """The chart as JSON that cannot end the script element it stands in."""
    text = json.dumps(plain(dataclasses.asdict(chart)), ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S704


def _number(value: float | Decimal | None, digits: int = 0) -> str:
    if value is None or math.isnan(value):
        return "–"
    return f"{value:,.{digits}f}".replace("-", "−")


def _percent(value: float | None, digits: int = 0) -> str:
    if value is None or math.isnan(value):
        return "–"
    return f"{100 * value:,.{digits}f} %".replace("-", "−")


def _span(value: Estimate | None, digits: int = 1, factor: float = 1.0) -> Markup:
    """An estimate with its interval under it."""
    if value is None or value.hidden:
        why = "–" if value is None else withheld(value)
        return Markup('<span class="hidden">{}</span>').format(why)
    middle, low, high = (_number(v * factor, digits) for v in (value.value, value.low, value.high))
    return Markup('{} <span class="interval">{} to {}</span>').format(middle, low, high)
