"""The wizard's form: every field is checked against a closed list or cleaned; a plan comes out."""

import re
from collections.abc import Mapping as Fields
from dataclasses import replace

from django.utils.translation import gettext as _

from everytouch.catalogue.api import Catalogue, Touchpoint
from everytouch.collect.api import ROW_KINDS, Plan, Value, Who, check_scale, role_of, row_kind
from everytouch.errors import SourceError
from everytouch.settings import TIMEZONES
from everytouch.web.wizard.editing import Editor
from everytouch.web.wizard.formats import choices, with_code
from everytouch.web.wizard.showing import SECTIONS, USES
from everytouch.web.wizard.state import Upload

POINTS = 200  # values of a column of touchpoints that can be told apart
_ZONES = frozenset(TIMEZONES)
_NAMESPACE = re.compile(r"[\w.-]{1,60}")


def read_post(upload: Upload, post: Fields[str, str], known: Catalogue) -> Plan:
    """Return the plan with what a form changes about it.

    Raises:
        SourceError: a value is impossible; it names the value.
    """
    plan = upload.plan
    if "source" in post:
        plan = plan.changed(source=_source(post["source"]))
    if post.get("timezone", "") in _ZONES:
        plan = plan.changed(timezone=post["timezone"])
    for number in range(len(plan.mappings)):
        editor = _mapping(Editor(upload, plan, number, known), post)
        plan = editor.plan
    return _tidy(plan, upload)


def clean(text: str, most: int = 200) -> str:
    """Return a text of a form without what cannot be printed."""
    kept = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(kept.split())[:most]


def _source(text: str) -> str:
    name = clean(text, 60)
    if not re.fullmatch(r"[\w .-]+", name):
        raise SourceError(
            _("%(name)s cannot name a source") % {"name": repr(name)},
            _("use letters, digits, spaces and - . _"),
        )
    return name


def _mapping(editor: Editor, post: Fields[str, str]) -> Editor:
    prefix = f"m{editor.number}-"
    kind = post.get(f"{prefix}kind", "")
    if kind in ROW_KINDS and kind != row_kind(editor.mapping):
        return editor.as_rows(kind)
    for place, name in enumerate(editor.mapping.columns):
        editor = _column(editor, name, f"{prefix}c{place}-", post)
    for section, use in SECTIONS.items():
        column = _chosen(editor, post.get(f"{prefix}add-{section}", ""))
        if column:
            editor = editor.used_as(column, use)
    return _touchpoint(_id(editor, post.get(f"{prefix}id", "")), prefix, post)


def _chosen(editor: Editor, field: str) -> str:
    """The column that a field names by its place; "" if it names none."""
    found = re.fullmatch(r"c(\d{1,5})", field, re.ASCII)
    columns = editor.mapping.columns
    return columns[int(found[1])] if found and int(found[1]) < len(columns) else ""


def _id(editor: Editor, field: str) -> Editor:
    column = _chosen(editor, field)
    if column:
        return editor.with_mapping(replace(editor.mapping, id=(column,)))
    return editor.with_mapping(replace(editor.mapping, id=())) if field == "row" else editor


def _column(editor: Editor, name: str, prefix: str, post: Fields[str, str]) -> Editor:
    code = post.get(f"{prefix}role", "")
    if code in USES and code != editor.code(name):
        return editor.used_as(name, code)
    role, form = role_of(editor.mapping, name), editor.format(name)
    chosen = post.get(f"{prefix}format", "")
    if chosen in dict(choices(role, form)):
        form = with_code(form, chosen, editor.values(name))
    zone = post.get(f"{prefix}zone")
    if zone is not None and form.is_ == "time":
        form = replace(form, timezone=_zone(zone))
    if form.is_ == "choice" and f"{prefix}a0" in post:
        form = replace(form, answers=_answers(form.answers, prefix, post))
    if form != editor.format(name):
        editor = editor.with_format(name, form)
    if role == "question":
        return _question(editor, name, prefix, post)
    return _typed(editor, name, prefix, post)


def _zone(text: str) -> str:
    name = clean(text)
    if name and name not in _ZONES:
        raise SourceError(
            _("%(zone)s is not a time zone") % {"zone": repr(name)},
            _("choose one from the list, such as Europe/Berlin"),
        )
    return name


def _answers(before: Fields[str, str], prefix: str, post: Fields[str, str]) -> dict[str, str]:
    """Answers in words with their numbers; one without a number is no answer."""
    found = {}
    for place, answer in enumerate(before):
        number = clean(post.get(f"{prefix}a{place}", before[answer])).replace(",", ".")
        if number:
            found[answer] = f"{_number(number, answer):g}"
    return found


def _number(text: str, what: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e9:
        raise SourceError(
            _("%(what)s: %(text)s is not a number") % {"what": what, "text": repr(text)},
            _("write digits, such as 5"),
        )
    return number


def _typed(editor: Editor, name: str, prefix: str, post: Fields[str, str]) -> Editor:
    """The type of an ID, or of an order, a case and the like."""
    given = post.get(f"{prefix}type")
    if given is None:
        return editor
    kind = clean(given, 60).replace(" ", "_")
    if not _NAMESPACE.fullmatch(kind):
        raise SourceError(
            _("%(kind)s cannot name a type of ID") % {"kind": repr(kind)},
            _("use letters, digits and - . _"),
        )
    mapping = editor.mapping
    who = tuple(Who(kind, one.column) if one.column == name else one for one in mapping.who)
    objects = tuple((kind, one[1]) if one[1] == name else one for one in mapping.objects)
    return editor.with_mapping(replace(mapping, who=who, objects=objects))


def _question(editor: Editor, name: str, prefix: str, post: Fields[str, str]) -> Editor:
    current, of = editor.instrument(name), post.get(f"{prefix}of", "")
    if of.startswith("q:") and of[2:] in editor.known.instruments:
        return editor.asking(name, of[2:]) if of[2:] != current.name else editor
    if current.name in editor.known.instruments:
        if of != "new":
            return editor
        fresh = editor.new_question(current.label, current.kind, editor.scores(name))
        return editor.with_instrument(name, fresh)
    if f"{prefix}low" not in post:
        return editor
    made = replace(
        current,
        label=clean(post.get(f"{prefix}label", "")) or current.label,
        low=_number(post.get(f"{prefix}low", ""), current.label),
        high=_number(post.get(f"{prefix}high", ""), current.label),
        reversed=post.get(f"{prefix}reversed", "") == "on",
    )
    check_scale(made)
    return editor.with_instrument(name, made) if made != current else editor


def _touchpoint(editor: Editor, prefix: str, post: Fields[str, str]) -> Editor:
    value, chosen = editor.mapping.touchpoint, post.get(f"{prefix}tp")
    if value.column and chosen in (None, "column"):
        return _values(editor, prefix, post)
    if chosen == "new":
        label = clean(post.get(f"{prefix}tp-label", "")) if not value.constant else ""
        label = label or editor.plan.source
        return _about(editor.at_new(label, *_place(editor, f"{prefix}tp-", post)))
    if chosen and chosen.startswith("t:") and chosen[2:] in _points(editor):
        name = chosen[2:]
        own = next((one for one in editor.plan.touchpoints if one.name == name), None)
        if own is not None and value.constant == name and f"{prefix}tp-label" in post:
            editor = _renamed(editor, own, f"{prefix}tp-", post)
        return _about(editor.with_mapping(replace(editor.mapping, touchpoint=Value("", name))))
    if chosen == "" and value:
        return _about(editor.with_mapping(replace(editor.mapping, touchpoint=Value())))
    return editor


def _about(editor: Editor) -> Editor:
    """Responses are about their touchpoint, where they name one."""
    about = "touchpoint" if editor.mapping.touchpoint else "relationship"
    return editor.with_mapping(replace(editor.mapping, about=about))


def _points(editor: Editor) -> set[str]:
    return {*editor.known.touchpoints, *(one.name for one in editor.plan.touchpoints)}


def _place(editor: Editor, prefix: str, post: Fields[str, str]) -> tuple[str, str]:
    stage = post.get(f"{prefix}stage", "")
    channel = clean(post.get(f"{prefix}channel", ""), 60)
    return (stage if stage in editor.known.stages else ""), channel


def _renamed(editor: Editor, own: Touchpoint, prefix: str, post: Fields[str, str]) -> Editor:
    stage, channel = _place(editor, prefix, post)
    label = clean(post.get(f"{prefix}label", "")) or own.label
    made = replace(own, label=label, stage=stage or own.stage, channel=channel or own.channel)
    return editor.with_touchpoints((*editor.plan.touchpoints, made))


def _values(editor: Editor, prefix: str, post: Fields[str, str]) -> Editor:
    """The touchpoint that each value of a column stands for."""
    column = editor.mapping.touchpoint.column
    names = dict(editor.mapping.touchpoint.names)
    for place, value in enumerate(editor.values(column)[:POINTS]):
        field = f"{prefix}v{place}"
        chosen = post.get(field, "")
        if chosen == "new":
            point = editor.new_point(value, *_place(editor, f"{field}-", post))
            editor = editor.with_touchpoints((*editor.plan.touchpoints, point))
            names[value] = point.name
        elif chosen.startswith("t:") and chosen[2:] in _points(editor):
            own = next((one for one in editor.plan.touchpoints if one.name == chosen[2:]), None)
            if own is not None and names.get(value, value) == own.name:
                editor = _renamed(editor, own, f"{field}-", post)
            names[value] = chosen[2:]
    kept = tuple((text, name) for text, name in names.items() if text != name)
    return editor.with_mapping(replace(editor.mapping, touchpoint=Value(column, "", kept)))


def _tidy(plan: Plan, upload: Upload) -> Plan:
    """Without questions and touchpoints that nothing uses any more."""
    asked = {one.instrument for mapping in plan.mappings for one in mapping.questions}
    unused = _places(upload.recognised, upload) - _places(plan, upload)
    made = {one.name for one in plan.touchpoints} - {
        one.name for one in upload.recognised.touchpoints
    }
    unused |= made - _places(plan, upload)
    return plan.changed(
        instruments=tuple(one for one in plan.instruments if one.name in asked),
        touchpoints=tuple(one for one in plan.touchpoints if one.name not in unused),
    )


def _places(plan: Plan, upload: Upload) -> set[str]:
    """Touchpoints at which a plan puts something."""
    found = {one.touchpoint for mapping in plan.mappings for one in mapping.questions}
    for mapping in plan.mappings:
        value = mapping.touchpoint
        found |= {value.constant, *(name for _text, name in value.names)}
        if value.column:
            held = upload.table(mapping.table).column(value.column)
            found |= {text for text, _count in held.values}
    return found
