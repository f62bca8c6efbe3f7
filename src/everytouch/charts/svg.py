"""Charts as plain SVG: for PDF, for print, and for who has no JavaScript."""

import math
from html import escape

from everytouch.charts import Chart

WIDTH, LABEL, ROW = 760, 290, 26
GOOD, BAD, INK, FAINT = "#0072B2", "#D55E00", "#33415c", "#c3ccd9"


def svg(chart: Chart) -> str:
    """Draw a chart; an empty one is an empty string."""
    if chart.kind == "graph":
        return _graph(chart) if chart.points else ""
    if chart.kind == "matrix":
        return _matrix(chart) if chart.points else ""
    if not chart.labels:
        return ""
    return _line(chart) if chart.kind == "line" else _bars(chart)


def _range(chart: Chart) -> tuple[float, float]:
    ends = [v for v in (*chart.values, *chart.low, *chart.high, *chart.meant) if v is not None]
    low, high = min((0.0, *ends)), max((0.0, *ends))
    return low, high if high > low else low + 1


def _bars(chart: Chart) -> str:
    low, high = _range(chart)
    room = WIDTH - LABEL - 70

    def x(value: float) -> float:
        return LABEL + (value - low) / (high - low) * room

    parts = []
    for i, label in enumerate(chart.labels):
        value, y = chart.values[i], i * ROW + ROW / 2
        parts.append(_text(LABEL - 8, y + 4, _short(label, 40), "end"))
        if value is None:
            continue
        left, width = min(x(0), x(value)), abs(x(value) - x(0))
        colour = GOOD if value >= 0 else BAD
        parts.append(
            f'<rect x="{left:.1f}" y="{y - 8}" width="{width:.1f}" height="16" rx="2" '
            f'fill="{colour}"/>'
        )
        from_, to = chart.low[i], chart.high[i]
        if from_ is not None and to is not None:
            parts.append(
                f'<path d="M{x(from_):.1f} {y}H{x(to):.1f}M{x(from_):.1f} {y - 5}v10'
                f'M{x(to):.1f} {y - 5}v10" stroke="{INK}" fill="none"/>'
            )
        parts.append(_text(WIDTH - 60, y + 4, f"{value:,.1f}"))
    height = len(chart.labels) * ROW + 20
    parts.append(_text(LABEL, height - 4, chart.unit, size=11))
    return _frame(height, parts, chart.title)


def _line(chart: Chart) -> str:
    low, high = _range(chart)
    height, n = 240, len(chart.labels)

    def x(i: int) -> float:
        return 50 + (WIDTH - 80) * (i / max(1, n - 1))

    def at(i: int, value: float | None) -> str:
        y = height - 40 - ((value or 0) - low) / (high - low) * (height - 60)
        return f"{x(i):.1f},{y:.1f}"

    known = [i for i, value in enumerate(chart.values) if value is not None]
    band = [at(i, chart.high[i]) for i in known] + [at(i, chart.low[i]) for i in reversed(known)]
    line = " ".join(at(i, chart.values[i]) for i in known)
    stroke = f'fill="none" stroke="{GOOD}" stroke-width="2"'
    parts = [
        f'<polygon points="{" ".join(band)}" fill="{FAINT}"/>',
        f'<polyline points="{line}" {stroke}/>',
    ]
    if meant := " ".join(at(i, value) for i, value in enumerate(chart.meant) if value is not None):
        dashed = f'fill="none" stroke="{BAD}" stroke-width="2" stroke-dasharray="6 4"'
        parts.append(f'<polyline points="{meant}" {dashed}/>')
    some = range(0, n, max(1, math.ceil(n / 9)))
    parts += [_text(x(i), height - 20, chart.labels[i], "middle", 11) for i in some]
    parts += [_text(4, 24, f"{high:,.0f}", size=11), _text(4, height - 40, f"{low:,.0f}", size=11)]
    parts.append(_text(50, height - 4, chart.unit, size=11))
    return _frame(height, parts, chart.title)


def _graph(chart: Chart) -> str:
    height = 360

    def place(i: int) -> tuple[float, float]:
        point = chart.points[i]
        return 40 + point.x * (WIDTH - 80), 20 + point.y * (height - 60)

    parts = []
    for arrow in chart.arrows:
        (x1, y1), (x2, y2) = place(arrow.source), place(arrow.target)
        bend = 26 if x2 >= x1 else -26
        parts.append(
            f'<path d="M{x1:.0f} {y1:.0f}Q{(x1 + x2) / 2:.0f} {(y1 + y2) / 2 - bend:.0f} '
            f'{x2:.0f} {y2:.0f}" fill="none" stroke="{INK}" stroke-opacity=".35" '
            f'stroke-width="{0.8 + 7 * arrow.weight:.1f}"/>'
        )
    for i, point in enumerate(chart.points):
        x, y = place(i)
        colour = FAINT if point.feeling is None else (GOOD if point.feeling >= 70 else BAD)
        parts.append(
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{5 + 11 * math.sqrt(point.size):.1f}" '
            f'fill="{colour}"/>'
        )
        parts.append(_text(x, y + 28, _short(point.label, 22), "middle", 10))
    return _frame(height, parts, chart.title)


def _matrix(chart: Chart) -> str:
    wide, left = (WIDTH - LABEL) / len(chart.labels), LABEL
    parts = [
        _text(left + (i + 0.5) * wide, 14, label, "middle", 11)
        for i, label in enumerate(chart.labels)
    ]
    for y, line in enumerate(chart.lines):
        parts.append(_text(left - 8, ROW * (y + 1) + 17, _short(line, 40), "end"))
    most = max(point.size for point in chart.points) or 1.0
    for point in chart.points:
        at, top, shade = left + point.x * wide, ROW * (point.y + 1), point.size / most
        parts.append(
            f'<rect x="{at + 1:.1f}" y="{top + 1:.1f}" width="{wide - 2:.1f}" height="{ROW - 2}" '
            f'fill="{GOOD}" fill-opacity="{0.05 + 0.6 * shade:.2f}"/>'
        )
        parts.append(_text(at + wide / 2, top + 17, point.label, "middle", 11))
    return _frame(ROW * (len(chart.lines) + 1) + 10, parts, chart.title)


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="{INK}">{escape(text)}</text>'
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _frame(height: float, parts: list[str], title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'role="img" font-family="sans-serif"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )
