"""Tags of the pages: cells of tables, icons, figures."""

import datetime
import json
import math
from dataclasses import replace
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from everytouch.ledger.api import shortened as short
from everytouch.results import duration, plain
from everytouch.stats.intervals import Estimate
from everytouch.web import words
from everytouch.web.ask import PERIODS, Ask
from everytouch.web.figure import Column, Figure, Spec
from everytouch.web.figures import FIGURES
from everytouch.web.words import FILTERS, LANES, WITHHELD

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; decoration, unless it is given a label."""
    said = (
        format_html('role="img" aria-label="{}"', label)
        if label
        else mark_safe('aria-hidden="true"')
    )
    return format_html(
        '<svg class="icon" {}><use href="{}#{}"/></svg>', said, static("icons/icons.svg"), name
    )


@register.filter
def num(value: Any, digits: int = 0) -> str:
    """A number as the visitor's language writes it; a template gives "" for what is not there."""
    if value in (None, "") or (isinstance(value, float) and math.isnan(value)):
        return "–"
    text = number_format(
        value if digits == 0 and isinstance(value, int) else round(float(value), digits),
        digits,
        use_l10n=True,
        force_grouping=True,
    )
    return str(text.replace("-", "−"))


@register.filter
def plain_number(value: Any) -> str:
    """A number as a field of a form takes it, whatever the language."""
    return "" if value is None else f"{value:g}"


@register.filter
def signed(value: Any) -> str:
    """A whole number with its sign, as an NPS is written."""
    shown = num(value)
    if round(value) == 0:
        return "0"
    return f"+{shown}" if value > 0 else shown


@register.filter
def metric(kind: str) -> Any:
    """What the figure of a question is called."""
    return words.METRICS.get(kind, kind)


@register.filter
def day(text: str) -> str:
    """A day of a time that is written in ISO format, in the viewer's zone and language."""
    return str(date_format(timezone.localtime(datetime.datetime.fromisoformat(text)), "j M Y"))


@register.filter
def pct(value: Any, digits: int = 1) -> str:
    """A share as per cent."""
    return "–" if value is None else f"{num(100 * value, digits)} %"


@register.filter
def span(value: Any, digits: int = 1) -> SafeString:
    """An estimate with its interval, or why it is withheld."""
    return _estimate(value, digits, 1.0)


@register.filter
def shortened(text: str) -> str:
    """A text as a list shows it: of a long one, its start, length and end."""
    return short(text, lambda count: _("{count} characters").format(count=num(count)))


@register.filter
def took(seconds: Any) -> str:
    """A duration in the unit that fits."""
    return "–" if seconds is None else duration(seconds)


@register.filter
def when(value: Any, exact: str = "") -> SafeString:
    """A time in the viewer's zone; exact, with the zone, for who looks closer.

    Args:
        exact: "s" where seconds count.
    """
    if value in (None, ""):
        return SafeString("–")
    local = timezone.localtime(value)
    short = date_format(local, "H:i:s" if exact else "j M Y, H:i")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value.isoformat(),
        f"{local:%Y-%m-%d %H:%M:%S %Z}",
        short,
    )


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """A value of a mapping, by a key that is no word of the template."""
    return mapping.get(key) if hasattr(mapping, "get") else None


def _estimate(value: Any, digits: int, factor: float) -> SafeString:
    if not isinstance(value, Estimate):
        return format_html('<span class="withheld">{}</span>', "–" if value is None else value)
    if value.hidden:
        why = WITHHELD.get(value.method, WITHHELD["hidden"])
        n = f" (n = {num(value.n)})" if value.n else ""  # not to be told, or nobody
        return format_html('<span class="withheld">{}{}</span>', why, n)
    middle, low, high = (num(v * factor, digits) for v in (value.value, value.low, value.high))
    return format_html('<b>{}</b> <span class="interval">{} … {}</span>', middle, low, high)


SHOWN = {
    "text": lambda value, _: value,
    "number": lambda value, column: num(value, 0 if isinstance(value, int) else column.digits),
    "percent": lambda value, column: pct(value, column.digits),
    "estimate": lambda value, column: _estimate(value, column.digits, column.factor),
    "money": lambda value, _: num(value, 0),
    "time": lambda value, _: when(value),
    "duration": lambda value, _: took(value),
    "chip": lambda value, _: format_html('<span class="badge bg-secondary-lt">{}</span>', value),
}


@register.simple_tag
def cell(column: Column, row: Any) -> Any:
    """A cell of a figure's table."""
    shown = SHOWN[column.kind](column.read(row), column)
    address = column.link(row) if column.link else None
    return format_html('<a href="{}">{}</a>', address, shown) if address else shown


@register.filter
def spec(figure: Figure) -> SafeString:
    """The chart as JSON that cannot end the script element it stands in."""
    text = json.dumps(plain(figure.chart), ensure_ascii=False)
    return mark_safe(text.replace("<", "\\u003c").replace("&", "\\u0026"))


_CLASSES = {
    "checkbox": "form-check-input",
    "select": "form-select",
    "selectmultiple": "form-select",
    "checkboxselectmultiple": "",
}
_SUGGESTED = {"channel": "channels", "owner": "owners"}


@register.filter
def styled(field: Any) -> SafeString:
    """A form's field in the look of the pages, with what was seen before to choose from."""
    attributes = {"class": _CLASSES.get(field.widget_type, "form-control")}
    if field.name in _SUGGESTED:
        attributes["list"] = _SUGGESTED[field.name]
    shown: SafeString = field.as_widget(attrs=attributes)
    return shown


@register.filter
def tabled(figure: Figure) -> Figure:
    """The figure as a table alone."""
    return replace(figure, chart=None)


@register.filter
def deaf(spec: Spec, ask: Ask) -> str:
    """Filters that are set and that a figure does not heed, in words."""
    return ", ".join(str(FILTERS[name]) for name in spec.deaf(ask))


@register.filter
def problem(finding: Any) -> str:
    """A finding in words."""
    return words.problem(finding.name, finding.label)


def _named(names: Any) -> Any:
    """A filter that says a word of the library in the visitor's language."""
    return lambda name: names.get(name, name)


for _name, _words in (
    ("grade", words.GRADES),
    ("metric", words.METRICS),
    ("role", words.ROLES),
    ("state", words.STATES),
    ("jobkind", words.JOBS),
    ("recordkind", words.RECORDS),
):
    register.filter(_name, _named(_words))


@register.inclusion_tag("web/filters.html", takes_context=True)
def filterbar(context: Any, fixed: bool = False) -> dict[str, Any]:
    """The filters of a page; ``fixed`` where the touchpoint is the page itself."""
    ask = context["ask"]
    points = ask.workspace.catalogue.touchpoints.values()
    return {
        "ask": ask,
        "request": context.get("request"),
        "fixed": fixed,
        "periods": [(days, words.PERIODS[days]) for days in PERIODS],
        "channels": sorted({point.channel for point in points}),
    }


@register.inclusion_tag("web/tabs.html", takes_context=True)
def tabs(context: Any, option: str, choices: Any, label: str, figure: str) -> dict[str, Any]:
    """Links that choose an option of a figure; the first is chosen when none is."""
    ask: Ask = context["ask"]
    if ask.shared:  # there is nothing to choose
        return {"ask": ask}
    chosen = ask.options.get(option) or next(iter(choices))[0]
    links = [(text, ask.query(**{option: name}), name == chosen) for name, text in choices]
    return {"ask": ask, "links": links, "label": label, "figure": figure}


@register.simple_tag(takes_context=True)
def editcell(context: Any, name: str, step: str, lane: str) -> SafeString:
    """The way to a cell of the sheet of a map, for those who may change it."""
    if "catalogue" not in context["rights"]:
        return SafeString("")
    text = _("Edit %(cell)s") % {"cell": f"{step}, {LANES[lane]}"}
    address = f"/maps/{name}/sheet?cell={step}.{lane}"
    return format_html('<a class="cell" href="{}" aria-label="{}">✎</a>', address, text)


@register.simple_tag(takes_context=True)
def figure(context: Any, name: str, now: bool = False) -> SafeString:
    """A figure of the page: at once where it was made already, otherwise when it is loaded."""
    ask, made = context["ask"], FIGURES[name]
    if made.forbids(ask):
        return SafeString("")
    values = {
        "ask": ask,
        "spec": made,
        "request": context.get("request"),
        "lead": context.get("lead"),
    }
    if now or ask.shared or made.ready(ask):
        return SafeString(render_to_string("web/figure.html", values | {"figure": made.of(ask)}))
    return SafeString(render_to_string("web/loading.html", values))
