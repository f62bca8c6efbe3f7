"""A survey as its tool defines it: questions, answers with their scores, logic."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from everytouch.catalogue.api import Instrument
from everytouch.collect.columns.answers import plain
from everytouch.collect.columns.scales import Kind, kind_of, labelled, rates, stated_ends
from everytouch.collect.naming import slug

QuestionKind = Literal["scale", "matrix", "choice", "choices", "text", "number", "other"]
_FEWEST = 3
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class AnswerOption:
    """An answer that can be chosen: its code, its label, its score if it has one.

    Attributes:
        translated: its label in the survey's other languages.
    """

    code: str
    label: str
    score: float | None = None
    translated: tuple[str, ...] = ()


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
        coded: whether exports hold the codes of answers; else labels, or scores.
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
    coded: bool = False

    @property
    def scores(self) -> dict[str, str]:
        """What exports hold of its answers as numbers, where all of them are scored."""
        scored = [one for one in self.answers if one.score is not None]
        if len(scored) < 2 or len(scored) < len(self.answers):
            return {}
        texts = {
            label: f"{one.score:g}" for one in scored for label in (*one.translated, one.label)
        }
        return texts | ({one.code: f"{one.score:g}" for one in scored} if self.coded else {})

    @property
    def ends(self) -> tuple[float, float] | None:
        """Lowest and highest score that an answer can have."""
        numbers = [one.score for one in self.answers if one.score is not None]
        return (min(numbers), max(numbers)) if self.scores and min(numbers) < max(numbers) else None

    def instrument_kind(self, text: str) -> Kind:
        """Return the kind of instrument that it is, or a row of it with this text."""
        low, high = self.ends or (0, 0)
        answers = " ".join(one.label for one in self.answers)
        return kind_of(f"{text} {self.code} {answers}", low, high)

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
    kind = question.instrument_kind(text)
    return [Named(code, text, Instrument(slug(text), text, kind, *ends), question)]


def scored(
    text: str, answers: Sequence[AnswerOption], given: Sequence[float | None] = ()
) -> tuple[AnswerOption, ...]:
    """Return answers with their scores: as given, by the words of a known scale, or as numbers.

    Args:
        text: of the question; scores that were given count only where it or its answers rate.
        given: scores in the order of the answers.
    """
    words = [one.label for one in answers]
    known = labelled(words)
    numbers = [float(word) if word.isdecimal() else None for word in words]
    rated = known is not None or rates(text) or stated_ends(text) is not None
    if len(answers) < _FEWEST or not rated:
        return tuple(answers)
    if len(set(given) - {None}) > 1 and None not in given:
        return _with(answers, given)
    if None not in numbers:
        return _with(answers, numbers)
    return (
        _with(answers, [float(known[plain(word)]) for word in words]) if known else tuple(answers)
    )


def _with(
    answers: Sequence[AnswerOption], scores: Sequence[float | None]
) -> tuple[AnswerOption, ...]:
    return tuple(replace(one, score=score) for one, score in zip(answers, scores, strict=True))


def without_markup(text: str) -> str:
    """Return the words of an HTML text on one line."""
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())


def same(one: str, other: str) -> bool:
    """Whether two texts of questions are the same but for markup, white space and case."""
    return plain(without_markup(one)) == plain(without_markup(other))
