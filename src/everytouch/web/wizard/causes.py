"""Why rows do not hold, in words, with one fix each that is applied to all of them."""

from collections.abc import Mapping as Fields
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.catalogue.api import Catalogue
from everytouch.collect.api import Cause, Mapping, Plan, Value, role_of, to_score
from everytouch.errors import SourceError
from everytouch.web.wizard.editing import Editor
from everytouch.web.wizard.formats import choices, code_of, failing, with_code
from everytouch.web.wizard.state import Upload

FIELDS: dict[str, Any] = {
    "occurred_at": lazy("time"),
    "due_at": lazy("promised time"),
    "amount": lazy("amount"),
    "cost": lazy("cost"),
    "duration_s": lazy("duration"),
    "raw": lazy("answer"),
    "weight": lazy("survey weight"),
    "touchpoint": lazy("touchpoint"),
    "identifier": lazy("ID"),
    "id": lazy("ID of the row"),
    "currency": lazy("currency"),
    "sequence": lazy("order"),
    "value": lazy("value"),
}
_WORDS: tuple[tuple[str, Any], ...] = (
    ("is missing", lazy("No %(what)s")),
    ("is off the scale", lazy("Off the scale of the question")),
    ("touchpoint … is not in the catalogue", lazy("Unknown touchpoint")),
    ("is before 1970", lazy("The time is before 1970 or in the future")),
    ("does not exist in", lazy("The time does not exist: clocks were put forward")),
    ("is longer than", lazy("The %(what)s is too long")),
    ("is not", lazy("The %(what)s is not understood")),
)
OPTIONAL = ("raw", "amount", "cost", "duration_s", "due_at", "weight", "sequence")
"""Fields that a record may leave empty."""
RECORDS: dict[str, Any] = {
    "perceptions": lazy("responses"),
    "interactions": lazy("interactions"),
    "traits": lazy("details of customers"),
    "links": lazy("links of IDs"),
}
SHOWN = 5


def words(cause: Cause) -> str:
    """Return a cause in the words of the page; those of the record where it has none."""
    for part, text in _WORDS:
        if part in cause.text and (cause.field in FIELDS or "%" not in str(text)):
            return str(text) % {"what": FIELDS.get(cause.field, cause.field)}
    return cause.text


def shown(upload: Upload, causes: tuple[Cause, ...], known: Catalogue) -> list[dict[str, Any]]:
    """Return causes as the page shows them: words, examples, and what can be done."""
    return [
        {
            "number": number,
            "count": cause.count,
            "words": words(cause),
            "values": list(cause.values)[:SHOWN],
            "more": max(0, len(cause.values) - SHOWN),
            "column": _column(upload.plan, cause)[1],
            **_fixes(upload, cause, known),
        }
        for number, cause in enumerate(causes)
    ]


def _column(plan: Plan, cause: Cause) -> tuple[int, str]:
    """The mapping and the column of the file that a cause is about; "" if none."""
    for number, mapping in enumerate(plan.mappings):
        column = _of(mapping, cause)
        if column:
            return number, column
    return 0, ""


def _of(mapping: Mapping, cause: Cause) -> str:
    if cause.field == "raw":
        asked = [one.column for one in mapping.questions if one.instrument == cause.instrument]
        return asked[0] if asked else ""
    if cause.field == "occurred_at":
        return mapping.when[0] if mapping.when else ""
    if cause.field == "identifier":
        return mapping.who[0].column if mapping.who else ""
    if cause.field == "id":
        return mapping.id[0] if mapping.id else ""
    return {
        "touchpoint": mapping.touchpoint.column, "amount": mapping.amount, "cost": mapping.cost,
        "duration_s": mapping.duration, "due_at": mapping.due, "weight": mapping.weight,
        "sequence": mapping.source_order, "currency": mapping.currency.column,
    }.get(cause.field, "")  # fmt: skip


def _fixes(upload: Upload, cause: Cause, known: Catalogue) -> dict[str, Any]:
    """What can be done about a cause, the likeliest first."""
    number, column = _column(upload.plan, cause)
    if not column:
        return {"fixes": ()}
    editor, found = Editor(upload, upload.plan, number, known), []
    values, form = list(cause.values), editor.format(column)
    writable = editor.input_with(column) is not None
    formats = choices(role_of(editor.mapping, column), form) if writable else []
    unread = "is not" in cause.text and "catalogue" not in cause.text
    best = ""
    if unread and formats:
        zone = upload.plan.timezone
        fails = {
            code: failing(values, with_code(form, code, values), zone) for code, _label in formats
        }
        best = min(fails, key=lambda code: fails[code])
        found += ["format"] if fails[best] < len(values) else []
    if "off the scale" in cause.text and cause.instrument not in known.instruments:
        found.append("scale")
    if (unread or "off the scale" in cause.text) and writable and values:
        found += ["missing"] if cause.field in OPTIONAL else []
    if cause.field == "touchpoint" and "catalogue" in cause.text:
        found += ["create", "map"]
    points = {**known.touchpoints, **{one.name: one for one in upload.plan.touchpoints}}
    return {
        "fixes": tuple(found),
        "formats": formats,
        "format": best or code_of(form),
        "points": [(name, one.label) for name, one in points.items()],
    }


def fixed(upload: Upload, post: Fields[str, str], known: Catalogue) -> Plan:
    """Return the plan with a fix for all rows of a cause.

    Raises:
        SourceError: the plan has changed since the rows were tried, or there is no such fix.
    """
    causes, number = upload.causes(), post.get("cause", "")
    if not (number.isascii() and number.isdecimal() and int(number) < len(causes)):
        raise SourceError(
            _("The rows were checked with another matching"), _("look at the problems again")
        )
    cause, fix = causes[int(number)], post.get("fix", "")
    if fix not in _fixes(upload, cause, known)["fixes"]:
        raise SourceError(_("There is no such fix"), _("choose one from the list"))
    at, column = _column(upload.plan, cause)
    editor = Editor(upload, upload.plan, at, known)
    return _FIXES[fix](editor, column, cause, post).plan


def _format(editor: Editor, column: str, cause: Cause, post: Fields[str, str]) -> Editor:
    form, code = editor.format(column), post.get("format", "")
    if code not in dict(choices(role_of(editor.mapping, column), form)):
        raise SourceError(_("There is no such format"), _("choose one from the list"))
    values = [*editor.values(column), *cause.values]
    return editor.with_format(column, with_code(form, code, list(dict.fromkeys(values))))


def _missing(editor: Editor, column: str, cause: Cause, _post: Fields[str, str]) -> Editor:
    """The values are no answer: those of the column that are one of the wrong ones."""
    form, wrong = editor.format(column), set(cause.values)
    numbers = {float(one) for value in wrong if (one := to_score(value))}
    held = [v for v in editor.values(column) if v in wrong or _score(v) in numbers]
    missing = dict.fromkeys([*form.missing, *(held or wrong)])
    return editor.with_format(column, replace(form, missing=tuple(missing)))


def _score(text: str) -> float | None:
    found = to_score(text)
    return float(found) if found else None


def _scale(editor: Editor, column: str, cause: Cause, _post: Fields[str, str]) -> Editor:
    """The question's scale reaches as far as its answers."""
    instrument = editor.instrument(column)
    scores = [found for value in cause.values if (found := _score(value)) is not None]
    ends = [instrument.low, instrument.high, *scores]
    made = replace(instrument, low=min(ends), high=max(ends))
    if instrument.kind == "nps":
        made = replace(made, kind="mean")
    return editor.with_instrument(column, made)


def _create(editor: Editor, column: str, cause: Cause, _post: Fields[str, str]) -> Editor:
    names = dict(editor.mapping.touchpoint.names)
    for text in cause.values:
        point = editor.new_point(text)
        editor = editor.with_touchpoints((*editor.plan.touchpoints, point))
        names[text] = point.name
    value = Value(column, "", tuple(names.items()))
    return editor.with_mapping(replace(editor.mapping, touchpoint=value))


def _map(editor: Editor, column: str, cause: Cause, post: Fields[str, str]) -> Editor:
    name = post.get("point", "")
    if name not in {*editor.known.touchpoints, *(one.name for one in editor.plan.touchpoints)}:
        raise SourceError(_("There is no such touchpoint"), _("choose one from the list"))
    names = dict(editor.mapping.touchpoint.names) | dict.fromkeys(cause.values, name)
    value = Value(column, "", tuple(names.items()))
    return editor.with_mapping(replace(editor.mapping, touchpoint=value))


_FIXES = {
    "format": _format, "missing": _missing, "scale": _scale, "create": _create, "map": _map,
}  # fmt: skip
