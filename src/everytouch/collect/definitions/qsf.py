"""Qualtrics: a survey's definition (.qsf), a JSON of its elements."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from everytouch.collect.columns.answers import to_score
from everytouch.collect.definitions.conditions import Conditions
from everytouch.collect.definitions.model import (
    AnswerOption,
    Branch,
    Group,
    QuestionKind,
    Row,
    SurveyDefinition,
    SurveyQuestion,
    scored,
    without_markup,
)
from everytouch.errors import SourceError

_SEVERAL = ("MAVR", "MAHR", "MACOL", "MSB")
_NO_QUESTIONS = ("DB", "Timing", "Captcha", "Meta")
_TO = {"ENDOFBLOCK": "end of block", "ENDOFSURVEY": "end of survey"}
Raw = dict[str, Any]


def read_qsf(path: Path) -> SurveyDefinition:
    """Read a survey.

    Raises:
        SourceError: it is not the definition of a Qualtrics survey.
    """
    raw = _json(path)
    entry = raw["SurveyEntry"]
    elements: dict[str, list[Raw]] = {}
    for one in raw["SurveyElements"]:
        elements.setdefault(str(one.get("Element")), []).append(one)
    payloads = [
        one["Payload"] for one in elements.get("SQ", []) if isinstance(one.get("Payload"), dict)
    ]
    by_id = {one["QuestionID"]: one for one in payloads if one.get("QuestionID")}
    blocks = [block for one in elements.get("BL", []) for block in _values(one.get("Payload"))]
    flow = [
        one["Payload"] for one in elements.get("FL", []) if isinstance(one.get("Payload"), dict)
    ]
    words = Conditions({number: _tag(one) for number, one in by_id.items()},
                       {number: _labels(one) for number, one in by_id.items()})  # fmt: skip
    names = {str(block.get("ID")): str(block.get("Description", "")) for block in blocks}
    base = str(entry.get("SurveyLanguage") or "EN")
    return SurveyDefinition(
        "qualtrics", str(entry.get("SurveyID", "")), str(entry.get("SurveyName", "")),
        _languages(base, elements, payloads),
        tuple(Group(names[str(one.get("ID"))]) for one in blocks if one.get("Type") != "Trash"),
        tuple(_questions(blocks, by_id, words)),
        tuple(_embedded(flow)), tuple(_branches(flow, words, names)),
    )  # fmt: skip


def _json(path: Path) -> Raw:
    try:
        raw = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path.name} is not JSON: {error}", "export the survey again") from error
    if not isinstance(raw, dict) or not {"SurveyEntry", "SurveyElements"} <= raw.keys():
        raise SourceError(
            f"{path.name} is not a Qualtrics survey", "export it in Qualtrics: Tools, Export survey"
        )
    return raw


def _values(given: Any) -> list[Any]:
    """Items of a list, or of an object whose keys number them: Qualtrics writes both."""
    if isinstance(given, dict):
        return [one for one in given.values() if isinstance(one, dict)]
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _tag(payload: Raw) -> str:
    return str(payload.get("DataExportTag") or payload["QuestionID"])


def _options(payload: Raw, name: str) -> list[tuple[str, str]]:
    """Choices or answers by key, in the order in which they are shown."""
    given = payload.get(name)
    pairs = list(given.items()) if isinstance(given, dict) else list(enumerate(given or []))
    known = {str(key): without_markup(str(one.get("Display", ""))) for key, one in pairs}
    order = [str(key) for key in payload.get(f"{name[:-1]}Order") or known]
    return [(key, known[key]) for key in order if key in known]


def _labels(payload: Raw) -> dict[str, str]:
    return dict(_options(payload, "Choices")) | {
        f"answer {key}": label for key, label in _options(payload, "Answers")
    }


def _languages(
    base: str, elements: dict[str, list[Raw]], payloads: Sequence[Raw]
) -> tuple[str, ...]:
    found = dict.fromkeys([base])
    for one in elements.get("SO", []):
        found |= dict.fromkeys((one.get("Payload") or {}).get("AvailableLanguages") or {})
    for payload in payloads:
        found |= dict.fromkeys(payload.get("Language") or {})
    return tuple(map(str, found))


def _questions(
    blocks: Sequence[Raw], by_id: dict[str, Raw], words: Conditions
) -> Iterator[SurveyQuestion]:
    """The questions in the order of the blocks; those of the trash are unused."""
    for block in blocks:
        for element in _values(block.get("BlockElements")):
            payload = by_id.get(str(element.get("QuestionID")))
            if payload and payload.get("QuestionType") not in _NO_QUESTIONS:
                yield _question(payload, element, block.get("Type") == "Trash", words)


def _question(payload: Raw, element: Raw, unused: bool, words: Conditions) -> SurveyQuestion:
    text = without_markup(str(payload.get("QuestionText", "")))
    kind, rows, answers = _form(payload, text)
    skips = tuple(
        f"{words.choice(str(one.get('ChoiceLocator', '')))} → {_to(one, words)}"
        for one in _values(element.get("SkipLogic"))
    )
    given = payload.get("Choices")
    other = any(str(one.get("TextEntry", "")).lower() == "true" for one in _values(given))
    shown = words.of(payload.get("DisplayLogic"))
    return SurveyQuestion(
        _tag(payload), text, kind, rows, answers, other,
        f"shown when {shown}" if shown else "", skips, unused=unused,
    )  # fmt: skip


def _to(skip: Raw, words: Conditions) -> str:
    place = str(skip.get("SkipToDestination", ""))
    return _TO.get(place) or words.tags.get(place, place)


def _form(
    payload: Raw, text: str
) -> tuple[QuestionKind, tuple[Row, ...], tuple[AnswerOption, ...]]:
    """The kind of a question with its rows and answers."""
    kind, selector = payload.get("QuestionType"), payload.get("Selector")
    choices = _options(payload, "Choices")
    if kind == "MC" and selector in _SEVERAL:
        return "choices", tuple(Row(key, label) for key, label in choices), ()
    if kind == "MC":
        answers = _answers(payload, "Choices", text)
        return ("scale" if any(one.score is not None for one in answers) else "choice"), (), answers
    if kind == "Matrix" and payload.get("SubSelector") in ("SingleAnswer", "DL"):
        rows = tuple(Row(key, label) for key, label in choices)
        return "matrix", rows, _answers(payload, "Answers", text)
    if kind == "TE":
        return "text", (), ()
    return ("number" if kind == "Slider" else "other"), tuple(Row(*one) for one in choices), ()


def _answers(payload: Raw, name: str, text: str) -> tuple[AnswerOption, ...]:
    recoded = payload.get("RecodeValues")
    recoded = recoded if isinstance(recoded, dict) else {}
    options, scores = [], []
    for key, label in _options(payload, name):
        languages = [one.get(name) for one in _values(payload.get("Language"))]
        translated = [one[key] for one in languages if isinstance(one, dict) and key in one]
        others = tuple(without_markup(str(one.get("Display", ""))) for one in translated)
        options.append(AnswerOption(key, label, translated=others))
        number = to_score(str(recoded.get(key, "")))
        scores.append(float(number) if number else None)
    return scored(text, options, scores)


def _steps(flow: Sequence[Raw]) -> Iterator[Raw]:
    for step in flow:
        yield step
        yield from _steps(_values(step.get("Flow")))


def _embedded(flow: Sequence[Raw]) -> Iterator[tuple[str, str]]:
    for step in _steps(flow):
        if step.get("Type") == "EmbeddedData":
            for one in _values(step.get("EmbeddedData")):
                yield str(one.get("Field", "")), str(one.get("Value") or "")


def _branches(flow: Sequence[Raw], words: Conditions, names: dict[str, str]) -> Iterator[Branch]:
    for step in _steps(flow):
        if step.get("Type") == "Branch":
            inside = [str(one.get("ID")) for one in _steps(_values(step.get("Flow")))]
            blocks = tuple(names[one] for one in inside if one in names)
            yield Branch(words.of(step.get("BranchLogic")), blocks)
