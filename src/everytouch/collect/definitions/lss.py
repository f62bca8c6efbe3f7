"""LimeSurvey: the structure of a survey (.lss), an XML of its tables."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as Tree

from everytouch.collect.columns.answers import to_score
from everytouch.collect.definitions.model import (
    AnswerOption,
    Group,
    QuestionKind,
    Row,
    SurveyDefinition,
    SurveyQuestion,
    scored,
    without_markup,
)
from everytouch.errors import SourceError

_KINDS: dict[str, QuestionKind] = {
    **dict.fromkeys("L!O", "choice"), **dict.fromkeys("FHABCE1", "matrix"),
    **dict.fromkeys("MP", "choices"), **dict.fromkeys("STUQ", "text"),
    **dict.fromkeys("NK", "number"), "5": "scale", "Y": "choice", "G": "choice",
}  # fmt: skip
_FIXED = {"5": 5, "A": 5, "B": 10}
_REMARK = "X"
Record = dict[str, str]


def read_lss(path: Path) -> SurveyDefinition:
    """Read the structure of a survey.

    Raises:
        SourceError: it is not the structure of a LimeSurvey survey.
    """
    tables = _tables(path)
    surveys = tables.get("surveys") or [{}]
    base = surveys[0].get("language", "")
    languages = [base, *surveys[0].get("additional_languages", "").split()]
    texts = _Texts(tables, [one for one in languages if one])
    number = surveys[0].get("sid", "")
    titles = {
        row.get("surveyls_language"): row for row in tables.get("surveys_languagesettings", [])
    }
    title = titles.get(base, {}).get("surveyls_title", "")
    order = {row["gid"]: int(row.get("group_order") or 0) for row in tables.get("groups", [])}
    questions = sorted(
        _once(tables.get("questions", []), "qid", base),
        key=lambda row: (order.get(row.get("gid", ""), 0), int(row.get("question_order") or 0)),
    )
    codes = _codes(questions, tables, number)
    groups = sorted(_once(tables.get("groups", []), "gid", base), key=lambda row: order[row["gid"]])
    return SurveyDefinition(
        "limesurvey", number, title, tuple(texts.languages),
        tuple(
            Group(texts.of("group", row), _shown(row.get("grelevance", ""), codes))
            for row in groups
        ),
        tuple(
            _question(row, tables, texts, codes) for row in questions
            if row.get("parent_qid", "0") == "0" and row.get("type") != _REMARK
        ),
    )  # fmt: skip


def _tables(path: Path) -> dict[str, list[Record]]:
    text = path.read_bytes()
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise SourceError(f"{path.name} has a DOCTYPE", "export the survey structure again")
    try:
        root = Tree.fromstring(text)  # noqa: S314 - without a DOCTYPE there are no entities
    except Tree.ParseError as error:
        raise SourceError(f"{path.name} is not XML: {error}", "export the survey again") from error
    if root.findtext("LimeSurveyDocType") != "Survey":
        raise SourceError(
            f"{path.name} is not a LimeSurvey survey structure", "export it as .lss in LimeSurvey"
        )
    return {
        table.tag: [
            {cell.tag: (cell.text or "").strip() for cell in row}
            for row in table.iterfind("rows/row")
        ]
        for table in root
    }


def _once(rows: Sequence[Record], key: str, base: str) -> list[Record]:
    """Rows by their number: older structures repeat them in each language."""
    found: dict[str, Record] = {}
    for row in rows:
        if row.get("language", base) == base:
            found.setdefault(row[key], row)
    return list(found.values())


class _Texts:
    """Texts by language: in tables of their own, or in older structures beside the rest."""

    _PLACES: Mapping[str, tuple[str, str, str, str]] = {
        "question": ("question_l10ns", "questions", "qid", "question"),
        "answer": ("answer_l10ns", "answers", "aid", "answer"),
        "group": ("group_l10ns", "groups", "gid", "group_name"),
    }

    def __init__(self, tables: dict[str, list[Record]], languages: list[str]) -> None:
        self.languages = languages
        self._known: dict[tuple[str, str, str], str] = {}
        for kind, (table, older, key, name) in self._PLACES.items():
            beside = tables.get("subquestions", []) if kind == "question" else []
            for row in [*tables.get(older, []), *beside, *tables.get(table, [])]:
                if row.get(name):
                    self._known[kind, _number(row, key), row.get("language", "")] = row[name]

    def of(self, kind: str, row: Record) -> str:
        """Return the text in the base language."""
        return next(iter(self.every(kind, row)), "")

    def every(self, kind: str, row: Record) -> list[str]:
        """Return the text in every language, the base language first."""
        number = _number(row, self._PLACES[kind][2])
        texts = [self._known.get((kind, number, one), "") for one in self.languages]
        return [without_markup(text) for text in texts if text]


def _number(row: Record, key: str) -> str:
    """What texts belong to: answers of older structures have no number of their own."""
    return row.get(key) or f"{row.get('qid', '')}:{row.get('code', '')}"


def _question(
    row: Record, tables: dict[str, list[Record]], texts: _Texts, codes: Mapping[str, str]
) -> SurveyQuestion:
    text, kind = texts.of("question", row), _KINDS.get(row["type"], "other")
    below = _once(
        [
            one for name in ("subquestions", "questions") for one in tables.get(name, [])
            if one.get("parent_qid") == row["qid"]
        ], "qid", texts.languages[0] if texts.languages else "",
    )  # fmt: skip
    below.sort(key=lambda one: int(one.get("question_order") or 0))
    answers = _answers(row, tables, texts, text)
    if kind == "choice" and len({one.score for one in answers} - {None}) > 1:
        kind = "scale"
    return SurveyQuestion(
        row["title"], text, kind,
        tuple(Row(one["title"], texts.of("question", one)) for one in below),
        answers, row.get("other") == "Y", _shown(row.get("relevance", ""), codes), (),
        sum(one.get("qid") == row["qid"] for one in tables.get("conditions", [])), coded=True,
    )  # fmt: skip


def _answers(
    row: Record, tables: dict[str, list[Record]], texts: _Texts, text: str
) -> tuple[AnswerOption, ...]:
    if steps := _FIXED.get(row["type"]):
        return tuple(AnswerOption(str(n), str(n), float(n)) for n in range(1, steps + 1))
    rows = [one for one in tables.get("answers", []) if one.get("qid") == row["qid"]]
    base = texts.languages[0] if texts.languages else ""
    rows = [one for one in rows if one.get("language", base) == base]
    rows.sort(key=lambda one: int(one.get("sortorder") or 0))
    options = []
    for one in rows:
        labels = texts.every("answer", one) or [one.get("answer", "")]
        options.append(AnswerOption(one["code"], labels[0], translated=tuple(labels[1:])))
    given = [float(to_score(one.get("assessment_value", "")) or 0) for one in rows]
    if len(set(given)) > 1:  # somebody set them: they count, whatever the words
        return tuple(
            AnswerOption(one.code, one.label, score, one.translated)
            for one, score in zip(options, given, strict=True)
        )
    return scored(text, options)


def _codes(
    questions: Sequence[Record], tables: dict[str, list[Record]], survey: str
) -> dict[str, str]:
    """What logic calls a question, 426781X21X101, and the question's code."""
    found = {}
    for row in questions:
        name = f"{survey}X{row.get('gid', '')}X{row['qid']}"
        found[name] = row["title"]
        for one in tables.get("subquestions", []):
            if one.get("parent_qid") == row["qid"]:
                found[f"{name}{one['title']}"] = f"{row['title']}[{one['title']}]"
    return found


def _shown(relevance: str, codes: Mapping[str, str]) -> str:
    """A condition in words; "" where there is none."""
    text = relevance.strip()
    if text in ("", "1"):
        return ""
    for name in sorted(codes, key=len, reverse=True):
        text = text.replace(name, codes[name])
    text = re.sub(r"\.(NAOK|value|code)\b", "", text)
    text = re.sub(r"!\s*is_empty\(\s*([^()]+?)\s*\)", r"\1 is answered", text)
    text = re.sub(r"\bis_empty\(\s*([^()]+?)\s*\)", r"\1 is not answered", text)
    text = re.sub(r"[\"'](-?\d+(?:\.\d+)?)[\"']", r"\1", text)
    while text.startswith("(") and text.endswith(")") and _whole(text):
        text = text[1:-1].strip()
    return f"shown when {text}"


def _whole(text: str) -> bool:
    """Whether the first bracket is closed by the last."""
    depth = 0
    for place, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return place == len(text) - 1
    return False
