"""Qualtrics: responses exported as CSV or TSV, with choice text or numeric values."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.columns.scales import Scale
from everytouch.collect.definitions.model import SurveyDefinition, SurveyQuestion, same
from everytouch.collect.mapping.look import Look, looking
from everytouch.collect.mapping.model import Choice, Plan, Value, Who
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.presets.survey import Draft, one_of
from everytouch.settings import TIMEZONES

_TIMES = ("RecordedDate", "EndDate", "StartDate")
_STANDARD = frozenset(
    name.casefold() for name in (
        *_TIMES, "Status", "IPAddress", "Progress", "Duration (in seconds)", "Finished",
        "ResponseId", "RecipientLastName", "RecipientFirstName", "RecipientEmail",
        "ExternalReference", "LocationLatitude", "LocationLongitude", "DistributionChannel",
        "UserLanguage", "Q_RecaptchaScore", "Q_Language", "Q_TerminateFlag",
    )
)  # fmt: skip
_SELECTED = " - Selected Choice"
_NOT_RESPONSES = {
    "preview": ("Survey Preview", "Offline Survey Preview", "1", "17"),
    "test": ("Survey Test", "2", "9"),
    "spam": ("Spam", "Imported Spam", "Possible Spam", "8", "12"),
}
_MOST_GROUPS = 12


@dataclass(frozen=True)
class _Column:
    """A column with what the rows under the header say of it."""

    name: str
    text: str
    import_id: str

    @property
    def question(self) -> str:
        """What Qualtrics calls the question; "" where the column is of none."""
        found = re.match(r"(?:\d+_)?(QID\d+)", self.import_id)
        if found:
            return found[1]
        coded = re.match(r"(Q\d+(?:\.\d+)?)", self.name) if not self.import_id else None
        return coded[1] if coded else ""

    def ends(self, end: str) -> bool:
        """Whether its name or Qualtrics' own name for it ends so."""
        return self.name.endswith(end) or self.import_id.endswith(end)

    @property
    def code(self) -> str:
        """The question's code in the export, without that of a row or choice."""
        return re.sub(r"_(\d+|TEXT|NPS_GROUP|\d+_TEXT)$", "", self.name)


def fits(look: Look) -> bool:
    """Recognise the columns of every export."""
    return look.has("StartDate", "RecordedDate", "ResponseId", "Status")


def plan(look: Look, asked: Asked) -> Plan:
    """Return a response a row; the two rows under the header give texts and time zone."""
    rows = look.first(2)
    texts = rows[0] if rows and _is_header(look, rows[0]) else ()
    ids = rows[1] if len(rows) > 1 and '"ImportId"' in (rows[1][0] or "") else ()
    details = [_detail(one) for one in ids] or [{}] * len(look.columns)
    columns = [
        _Column(name, " ".join((text or "").split()), detail.get("ImportId", ""))
        for name, text, detail in zip(look.columns, texts or look.columns, details, strict=True)
    ]
    zones = [d["timeZone"] for d in details if d.get("timeZone") in TIMEZONES]
    given = replace(look.given, skip=bool(texts) + bool(ids))
    zone = zones[0] if zones else asked.timezone
    with looking(given, look.settings, zone) as data:
        draft = Draft(data, asked, "Qualtrics responses", "qualtrics")
        for name in _TIMES:
            if data.has(name):
                draft.formats[data.named(name)] = ColumnFormat("time")
        _questions(draft, columns, asked)
        return _finished(draft, zone)


def _is_header(look: Look, row: Sequence[str | None]) -> bool:
    at = look.columns.index(look.named("ResponseId"))
    return not (row[at] or "").startswith(("R_", "FS_"))


def _detail(text: str | None) -> dict[str, str]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _finished(draft: Draft, zone: str) -> Plan:
    look = draft.look
    for reason, words in _NOT_RESPONSES.items():
        draft.left_out[reason] = one_of("Status", *words)
    email, reference = look.named("RecipientEmail"), look.named("ExternalReference")
    who = [Who("customer_no", reference)] if reference else []
    who += [Who("email", email)] if email else []
    order = look.named("OrderId", "Order ID", "order_id", "OrderNumber")
    finished = look.named("Finished")
    return draft.plan(
        key=(look.named("ResponseId"),),
        when=tuple(look.named(name) for name in _TIMES if look.has(name)),
        who=tuple(who), zone=zone,
        partial=one_of(finished, "False", "0") if finished else "",
        language=Value(""),
        objects=(("order", order),) if order else (),
    )  # fmt: skip


def _questions(draft: Draft, columns: Sequence[_Column], asked: Asked) -> None:
    survey = asked.survey("qualtrics", [one.code for one in columns if one.question])
    groups: dict[str, list[_Column]] = {}
    for one in columns:
        if one.name.casefold() in _STANDARD:
            continue
        if one.question:
            groups.setdefault(one.question, []).append(one)
        else:
            _embedded(draft, one.name)
    language = draft.look.named("UserLanguage")
    if language:
        draft.traits.append(language)
    for group in groups.values():
        _question(draft, group, survey)


def _embedded(draft: Draft, name: str) -> None:
    """Data that came with the invitation: few different words describe the person."""
    values = draft.look.values(name)
    worded = any(char.isalpha() for value in values for char in value)
    if 0 < len(values) <= min(_MOST_GROUPS, draft.look.size // 2) and worded:
        draft.traits.append(name)


def _question(draft: Draft, group: Sequence[_Column], survey: SurveyDefinition | None) -> None:
    derived = [one.name for one in group if one.ends("_NPS_GROUP")]
    draft.leave += derived
    rest = [one for one in group if one.name not in derived]
    several = [one for one in rest if _SELECTED in one.text]
    written = [
        one for one in rest if one not in several
        and (one.ends("_TEXT") or one.text.endswith(" - Text"))
    ]  # fmt: skip
    draft.write(*(one.name for one in written))
    single = [one for one in rest if one not in several and one not in written]
    if several:
        _several(draft, several)
    if single and not _scored(draft, single, survey):
        _unscored(draft, single)


def _several(draft: Draft, columns: Sequence[_Column]) -> None:
    text, _, first = columns[0].text.partition(_SELECTED)
    names = tuple(one.name for one in columns)
    if len(columns) == 1 and not first:
        if not draft.rate(names, lambda _: text, code=lambda name: name):
            draft.choose(Choice(text, names, split=","))
        return
    labels = tuple(one.text.partition(_SELECTED)[2].removeprefix(" - ") for one in columns)
    draft.choose(Choice(text, names, labels))


def _scored(draft: Draft, columns: Sequence[_Column], survey: SurveyDefinition | None) -> bool:
    by_name = {one.name: one.text for one in columns}
    known = survey.question(columns[0].code) or survey.question(columns[0].name) if survey else None
    if known and known.ends and _matches(known, columns):
        for one in columns:
            scale = Scale(known.instrument_kind(one.text), *known.ends, known.scores)
            draft.score(one.name, one.text, scale, one.name)
        return True
    return draft.rate(
        list(by_name), by_name.__getitem__, sure=_is_nps(columns), code=lambda name: name
    )


def _matches(question: SurveyQuestion, columns: Sequence[_Column]) -> bool:
    texts = [question.text, *(question.row_text(row) for row in question.rows)]
    return question.kind in ("scale", "matrix") and all(
        any(same(one.text, text) for text in texts) for one in columns
    )


def _is_nps(columns: Sequence[_Column]) -> bool:
    return "NPS" in columns[0].name.upper()


def _unscored(draft: Draft, columns: Sequence[_Column]) -> None:
    for one in columns:
        values = draft.look.values(one.name)
        if any(" " in value or "\n" in value for value in values) and len(values) > _MOST_GROUPS:
            draft.write(one.name)
        else:
            draft.answered.append(one.name)


PRESET = Preset("qualtrics", "Qualtrics responses (CSV)", fits, plan)
