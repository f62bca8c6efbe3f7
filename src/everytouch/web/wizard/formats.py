"""How values may be written: the closed lists to choose from, and the one that fits a column."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
from django.utils.translation import gettext_lazy as lazy

from everytouch.collect.api import ColumnFormat, to_score, understand

TIMES: dict[str, Any] = {
    "iso": lazy("2026-04-13 09:05 (year, month, day)"),
    "day-first": lazy("13/04/2026 (day first)"),
    "month-first": lazy("04/13/2026 (month first)"),
    "year-first": lazy("26/04/13 (year first)"),
    "epoch-seconds": lazy("1776063900 (seconds since 1970)"),
    "epoch-milliseconds": lazy("1776063900000 (milliseconds since 1970)"),
    "epoch-microseconds": lazy("1776063900000000 (microseconds since 1970)"),
    "excel": lazy("46125.38 (days, as spreadsheets count)"),
}
NUMBERS: dict[str, Any] = {
    ".": lazy("1,234.50 (decimal point)"),
    ",": lazy("1.234,50 (decimal comma)"),
}
UNITS: dict[str, Any] = {
    "seconds": lazy("seconds, or hh:mm:ss"),
    "minutes": lazy("minutes, or hh:mm:ss"),
    "hours": lazy("hours, or hh:mm:ss"),
    "h:mm": lazy("h:mm (hours and minutes)"),
    "m:ss": lazy("m:ss (minutes and seconds)"),
}
SCORES: dict[str, Any] = {
    "score": lazy("a number, also with words: 10 - Very likely"),
    "choice": lazy("words, each with a number"),
    "yes-no": lazy("yes or no"),
}
FORMS: dict[str, tuple[str, dict[str, Any], str]] = {
    "time": ("time", TIMES, "order"),
    "number": ("number", NUMBERS, "decimal"),
    "duration": ("duration", UNITS, "unit"),
}
"""Kind of format → its name, its variants, and the attribute that says which."""
BY_ROLE = {
    "when": "time", "due": "time", "amount": "number", "cost": "number", "weight": "number",
    "duration": "duration", "question": "score",
}  # fmt: skip
MOST_ANSWERS = 30  # of a question in words


def code_of(form: ColumnFormat) -> str:
    """Return a format as a form's field names it."""
    if form.is_ in FORMS:
        kind, _, name = FORMS[form.is_]
        return f"{kind}:{getattr(form, name)}"
    return form.is_


def choices(role: str, form: ColumnFormat) -> list[tuple[str, Any]]:
    """Return what a column of this use may be written like; nothing where it does not matter."""
    kind = BY_ROLE.get(role, "")
    if kind == "score":
        found = list(SCORES.items())
        if form.is_ == "number":
            found += [(f"number:{sign}", text) for sign, text in NUMBERS.items()]
        return found
    if not kind:
        return []
    return [(f"{kind}:{name}", text) for name, text in FORMS[kind][1].items()]


def with_code(form: ColumnFormat, code: str, values: Sequence[str]) -> ColumnFormat:
    """Return the format with the variant that was chosen; the same for an unknown one."""
    kind, _, variant = code.partition(":")
    if kind in FORMS and variant in FORMS[kind][1]:
        changes: dict[str, Any] = {"is_": kind, FORMS[kind][2]: variant}
        return replace(form, **changes)
    if code == "choice":
        answers = dict(form.answers) or numbered(values)
        return replace(form, is_="choice", answers=answers)
    return replace(form, is_=code) if code in (*SCORES, "text") else form


def numbered(values: Sequence[str]) -> dict[str, str]:
    """Return answers in words with numbers, in their order; people put them right."""
    return {value: str(number) for number, value in enumerate(sorted(values)[:MOST_ANSWERS], 1)}


def failing(values: Sequence[str], form: ColumnFormat, zone: str) -> int:
    """Return how many of the values the format does not understand."""
    return understand(pa.array(list(values), pa.string()), form, zone).failed


def fitting(role: str, values: Sequence[str], before: ColumnFormat, zone: str) -> ColumnFormat:
    """Return the format that understands most of a column's values, for what it is used for."""
    kind = BY_ROLE.get(role, "")
    if kind == "score":
        words = [one for one in values if to_score(one) is None]
        if len(words) * 2 > len(values):
            return with_code(replace(before, is_="text"), "choice", values)
        return replace(before, is_="score")
    if not kind:
        return before
    options = [with_code(before, f"{kind}:{name}", values) for name in FORMS[kind][1]]
    current = [before] if before.is_ == kind else []
    return min([*current, *options], key=lambda one: failing(values, one, zone))
