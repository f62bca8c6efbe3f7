"""Scales that survey tools use: from the question's words and its answers to a range of numbers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from everytouch.collect.columns.answers import plain, to_score

Kind = Literal["nps", "csat", "ces", "mean"]

NO_ANSWERS = (
    "n/a", "na", "n.a.", "not applicable", "does not apply", "don't know", "don’t know",
    "do not know", "no answer", "no opinion", "not sure", "unsure", "prefer not to say",
    "prefer not to answer", "refused", "skipped", "-", "–", "keine angabe", "k. a.", "k.a.",
    "weiß nicht", "weiss nicht", "weiß ich nicht", "keine antwort", "trifft nicht zu auf mich",
    "nicht zutreffend", "ne sait pas", "no sabe", "no procede",
)  # fmt: skip
"""Answers that are none."""

RECOMMEND = re.compile(
    r"recommend|empfehl|recommand|recomend|raccomand|aanbevel|\bnps\b|\bltr\b", re.I
)
_SATISFIED = re.compile(r"satisf|zufrieden|\bo?csat\b|\bosat\b|tevreden|soddisf", re.I)
_EFFORT = re.compile(
    r"\beas(y|e|ily|ier)\b|effort|difficult|\beinfach|\bleicht|aufwand|schwierig|facile|fácil|\bces\b",
    re.I,
)
_RATED = re.compile(
    r"\brat(e|ed|ing|ings)\b|likely|likelihood|do you agree|agree or disagree|quality|"
    r"\bscores?\b|\bstars?\b|scale|"
    r"how (well|good|helpful|clear|friendly|happy|useful|important)|☆|★|bewert|wahrschein|"
    r"\bnoten?\b|zustimm|qualität|wie (gut|hilfreich|freundlich|verständlich|wichtig)|sterne|skala",
    re.I,
)  # fmt: skip
_COUNTED = re.compile(
    r"how (many|much|old|often|long)|number of|\bage\b|wie (viele?|alt|oft|lange)|anzahl", re.I
)
_RANGE = re.compile(
    r"\b(0|1)\s*(?:=|:|is|means|steht)?[^\d]{0,40}?(?:-|–|to|bis|through|and|und|,|;|\.\.+|à|a)\s*(10|[3-9])\b",
    re.I,
)
_STEPS = re.compile(r"scale(?:_?)(\d{1,2})\b", re.I)
_USUAL = ((1, 5), (1, 7), (0, 10))

_STEPS_OF: tuple[tuple[str, ...], ...] = (
    # From the worst answer to the best; words that mean the same step stand side by side.
    ("very dissatisfied|very unsatisfied", "dissatisfied|unsatisfied",
     "neither satisfied nor dissatisfied|neither|neutral|neither satisfied nor unsatisfied",
     "satisfied", "very satisfied"),
    ("extremely dissatisfied", "somewhat dissatisfied",
     "neither satisfied nor dissatisfied|neutral", "somewhat satisfied", "extremely satisfied"),
    ("extremely dissatisfied|very dissatisfied", "dissatisfied|moderately dissatisfied",
     "somewhat dissatisfied|slightly dissatisfied", "neither satisfied nor dissatisfied|neutral",
     "somewhat satisfied|slightly satisfied", "satisfied|moderately satisfied",
     "extremely satisfied|very satisfied"),
    ("strongly disagree", "disagree", "neither agree nor disagree|neutral|undecided", "agree",
     "strongly agree"),
    ("strongly disagree", "somewhat disagree", "neither agree nor disagree|neutral",
     "somewhat agree", "strongly agree"),
    ("strongly disagree", "disagree|moderately disagree", "somewhat disagree|slightly disagree",
     "neither agree nor disagree|neutral", "somewhat agree|slightly agree",
     "agree|moderately agree", "strongly agree"),
    ("very poor|very bad", "poor|bad", "fair|average|ok|okay|neutral", "good", "very good"),
    ("poor", "fair", "good", "very good", "excellent"),
    ("terrible|very poor", "poor", "average|fair", "good", "excellent|great"),
    ("very difficult|very hard", "difficult|hard", "neither easy nor difficult|neutral", "easy",
     "very easy"),
    ("extremely difficult", "somewhat difficult", "neither easy nor difficult|neutral",
     "somewhat easy", "extremely easy"),
    ("extremely difficult|very difficult", "difficult|moderately difficult",
     "somewhat difficult|slightly difficult", "neither easy nor difficult|neutral",
     "somewhat easy|slightly easy", "easy|moderately easy", "extremely easy|very easy"),
    ("very unlikely", "unlikely", "neither likely nor unlikely|neutral", "likely", "very likely"),
    ("extremely unlikely", "somewhat unlikely", "neither likely nor unlikely|neutral",
     "somewhat likely", "extremely likely"),
    ("not at all likely", "not so likely", "somewhat likely", "very likely", "extremely likely"),
    ("not at all satisfied", "not so satisfied", "somewhat satisfied", "very satisfied",
     "extremely satisfied"),
    ("very unhappy", "unhappy", "neutral", "happy", "very happy"),
    ("sehr unzufrieden", "unzufrieden|eher unzufrieden",
     "weder noch|teils/teils|teils, teils|teils teils|neutral|weder zufrieden noch unzufrieden",
     "zufrieden|eher zufrieden", "sehr zufrieden"),
    ("stimme überhaupt nicht zu|stimme gar nicht zu|trifft überhaupt nicht zu|trifft gar nicht zu",
     "stimme nicht zu|stimme eher nicht zu|trifft eher nicht zu",
     "weder noch|teils/teils|teils, teils|neutral", "stimme zu|stimme eher zu|trifft eher zu",
     "stimme voll zu|stimme voll und ganz zu|trifft voll zu|trifft voll und ganz zu"),
    ("stimme gar nicht zu|stimme überhaupt nicht zu", "stimme nicht zu", "stimme eher nicht zu",
     "weder noch|teils/teils|neutral", "stimme eher zu", "stimme zu",
     "stimme voll zu|stimme voll und ganz zu"),
    ("sehr schlecht", "schlecht", "mittel|mittelmäßig|befriedigend|ok|neutral", "gut", "sehr gut"),
    ("sehr schwierig|sehr schwer", "schwierig|schwer", "weder noch|neutral", "leicht|einfach",
     "sehr leicht|sehr einfach"),
    ("sehr unwahrscheinlich", "unwahrscheinlich", "neutral|vielleicht", "wahrscheinlich",
     "sehr wahrscheinlich"),
)  # fmt: skip


@dataclass(frozen=True)
class Scale:
    """What the answers of a question range over.

    Attributes:
        kind: of the instrument.
        answers: label → number; empty where the answers are numbers themselves.
        missing: answers that are none.
        certain: whether the ends were stated; else they were concluded from the answers.
        reversed: whether the lowest number is the best answer.
    """

    kind: Kind
    low: float
    high: float
    answers: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    certain: bool = True
    reversed: bool = False


def labelled(labels: Sequence[str]) -> dict[str, str] | None:
    """Return the labels of a known scale as numbers, from 1; None where they are of none.

    The shortest scale that holds all of them is taken.
    """
    given = {plain(label) for label in labels}
    known = [one for one in _known() if given <= one.keys()]
    return min(known, key=lambda one: max(map(int, one.values()))) if given and known else None


def _known() -> list[dict[str, str]]:
    return [
        {word: str(number) for number, words in enumerate(steps, 1) for word in words.split("|")}
        for steps in _STEPS_OF
    ]


def without_none(values: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return the answers, and apart from them those that are none."""
    none = tuple(value for value in values if plain(value) in NO_ANSWERS)
    return [value for value in values if value not in none], none


def scale_of(text: str, values: Sequence[str], sure: bool = False) -> Scale | None:
    """Return the scale of a question; None where it is no question with a score.

    Args:
        text: of the question, and anything that its header says.
        values: the different answers.
        sure: that it is a rating, whatever its words.
    """
    given, missing = without_none(values)
    if not given:
        return None
    answers = labelled(given)
    if answers and (sure or len(given) > 1 or rates(text)):
        high = max(map(int, answers.values()))
        return Scale(kind_of(text + " " + " ".join(given), 1, high), 1, high, answers, missing)
    return _numbers(text, given, missing, sure)


def _numbers(text: str, given: list[str], missing: tuple[str, ...], sure: bool) -> Scale | None:
    numbers = [to_score(value) for value in given]
    rated = sure or (rates(text) and not _COUNTED.search(text))
    if not rated or any(number is None for number in numbers):
        return None
    found = [float(number) for number in numbers if number is not None]
    if set(found) <= {0, 1} and not stated_ends(text):  # yes and no
        return None
    ends, certain = _ends(text, found)
    if ends is None:
        return None
    low, high = ends
    return Scale(kind_of(text, low, high), low, high, missing=missing, certain=certain)


def rates(text: str) -> bool:
    """Whether the words of a question ask for a rating."""
    return any(one.search(text) for one in (RECOMMEND, _SATISFIED, _EFFORT, _RATED))


def _ends(text: str, numbers: Sequence[float]) -> tuple[tuple[float, float] | None, bool]:
    """The ends of the scale, and whether the question states them."""
    low, high = min(numbers), max(numbers)
    stated = stated_ends(text)
    if stated and stated[0] <= low and high <= stated[1]:
        return stated, True
    if RECOMMEND.search(text) and low >= 0 and high <= 10:
        return (0, 10), high > 7 or low < 1
    for ends in _USUAL:
        if ends[0] <= low and high <= ends[1]:
            return ends, False
    return None, False


def stated_ends(text: str) -> tuple[float, float] | None:
    """Return the ends that a question states, as "0 to 10", "(1 = hard, 5 = easy)", "scale11"."""
    if found := _STEPS.search(text):
        steps = int(found[1])
        return (0, 10) if steps == 11 else (1, steps)
    if found := _RANGE.search(text):
        return float(found[1]), float(found[2])
    return None


def kind_of(text: str, low: float, high: float) -> Kind:
    """Return the kind of instrument that a question on a scale is."""
    if (low, high) == (0, 10) and RECOMMEND.search(text):
        return "nps"
    if (low, high) == (1, 7) and _EFFORT.search(text):
        return "ces"
    if (low, high) == (1, 5) and _SATISFIED.search(text):
        return "csat"
    return "mean"
