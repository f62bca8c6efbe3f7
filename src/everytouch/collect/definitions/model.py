"""A survey as its tool defines it: questions, answers with their scores, logic."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from everytouch.catalogue.api import Instrument
from everytouch.collect.columns.answers import plain
from everytouch.collect.columns.scales import kind_of, labelled, rates, stated_ends
from everytouch.collect.naming import slug

QuestionKind = Literal["scale", "matrix", "choice", "choices", "text", "number", "other"]
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class AnswerOption:
    """An answer that can be chosen: its code in exports, its label, its score if it has one."""

    code: str
    label: str
    score: float | None = None


@dataclass(frozen=True)
class Row:
    """A row of a matrix, or a choice of a question with several."""

    code: str
    label: str


@dataclass(frozen=True)
class SurveyQuestion:
    """A question of a survey.

    Attributes:
        rows: of a matrix, and the choices of a question with several.
        answers: of a scale, a single choice or each row of a matrix.
        other: whether an answer can be written in.
        shown: when it is shown, in words; "" for always.
        skips: what answers lead away, in words.
        conditions: how many older conditions stand beside ``shown``.
        unused: whether it is not asked any more.
    """

    code: str
    text: str
    kind: QuestionKind
    rows: tuple[Row, ...] = ()
    answers: tuple[AnswerOption, ...] = ()
    other: bool = False
    shown: str = ""
    skips: tuple[str, ...] = ()
    conditions: int = 0
    unused: bool = False

    @property
    def scores(self) -> dict[str, str]:
        """Labels and codes of its answers as numbers, where all of them are scored."""
        scored = [one for one in self.answers if one.score is not None]
        if len(scored) < 2 or len(scored) < len(self.answers):
            return {}
        by_code = {one.code: f"{one.score:g}" for one in scored}
        return by_code | {one.label: f"{one.score:g}" for one in scored}

    @property
    def ends(self) -> tuple[float, float] | None:
        """Lowest and highest score that an answer can have."""
        numbers = [one.score for one in self.answers if one.score is not None]
        return (min(numbers), max(numbers)) if self.scores and min(numbers) < max(numbers) else None

    def row_text(self, row: Row) -> str:
        """Return what a row asks, with the question before it."""
        return f"{self.text} - {row.label}"


@dataclass(frozen=True)
class Group:
    """A block or page of questions, and when it is shown."""

    name: str
    shown: str = ""


@dataclass(frozen=True)
class Branch:
    """A part of the survey that only some people see: the condition and the blocks, in words."""

    condition: str
    blocks: tuple[str, ...]


@dataclass(frozen=True)
class SurveyDefinition:
    """A survey.

    Attributes:
        tool: qualtrics or limesurvey.
        languages: the base language first.
        embedded: fields that the survey is sent with or sets itself, with the value it sets.
    """

    tool: str
    id: str
    title: str
    languages: tuple[str, ...]
    groups: tuple[Group, ...]
    questions: tuple[SurveyQuestion, ...]
    embedded: tuple[tuple[str, str], ...] = ()
    branches: tuple[Branch, ...] = ()

    @property
    def asked(self) -> tuple[SurveyQuestion, ...]:
        """Questions that are in use."""
        return tuple(question for question in self.questions if not question.unused)

    def fits(self, codes: Sequence[str]) -> int:
        """Return how many of these question codes are the survey's."""
        return len({question.code for question in self.questions} & set(codes))

    def question(self, code: str) -> SurveyQuestion | None:
        """Return the question of a code."""
        return next((one for one in self.questions if one.code == code), None)


@dataclass(frozen=True)
class Named:
    """A scored question or row of a matrix with its instrument."""

    code: str
    text: str
    instrument: Instrument
    question: SurveyQuestion = field(repr=False)


def instruments(survey: SurveyDefinition) -> tuple[Named, ...]:
    """Return the questions of a survey that have a score, each row of a matrix on its own."""
    found: list[Named] = []
    for question in survey.asked:
        if question.kind == "scale":
            found += _named(question, question.code, question.text)
        elif question.kind == "matrix":
            for row in question.rows:
                code = f"{question.code}_{row.code}"
                found += _named(question, code, question.row_text(row))
    return tuple(found)


def _named(question: SurveyQuestion, code: str, text: str) -> list[Named]:
    ends = question.ends
    if ends is None:
        return []
    words = f"{text} {code} " + " ".join(one.label for one in question.answers)
    kind = kind_of(words, *ends)
    return [Named(code, text, Instrument(slug(text), text, kind, *ends), question)]


def is_scale(text: str, answers: Sequence[AnswerOption], scored: bool) -> bool:
    """Whether single answers of a question are a scale: scores that were set, or known words."""
    if len(answers) < 3:
        return False
    words = [one.label for one in answers]
    numbers = all(one.label.isdecimal() for one in answers)
    return (
        scored
        or labelled(words) is not None
        or (numbers and (rates(text) or bool(stated_ends(text))))
    )


def without_markup(text: str) -> str:
    """Return the words of an HTML text on one line."""
    return " ".join(html.unescape(_TAG.sub(" ", text)).split()).replace(" …", " …")


def same(one: str, other: str) -> bool:
    """Whether two texts of questions are the same but for markup, white space and case."""
    return plain(without_markup(one)) == plain(without_markup(other))
