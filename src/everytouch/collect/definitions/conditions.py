"""Conditions of Qualtrics' logic in words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SIGNS = {
    "EqualTo": "=", "NotEqualTo": "≠", "GreaterThan": ">", "GreaterThanOrEqual": "≥",
    "LessThan": "<", "LessThanOrEqual": "≤", "Contains": "contains",
    "DoesNotContain": "does not contain", "MatchesRegex": "matches",
}  # fmt: skip
_EMPTY = {"Empty": "is empty", "NotEmpty": "is not empty", "Displayed": "is displayed",
          "NotDisplayed": "is not displayed"}  # fmt: skip
_NEGATED = ("NotSelected",)
_CHOICE = re.compile(
    r"q://(QID\d+)/(?:SelectableChoice|SelectableAnswer|ChoiceTextEntryValue)/(\w+)"
)


@dataclass(frozen=True)
class Conditions:
    """Says conditions in words.

    Attributes:
        tags: codes of the questions by their id.
        labels: of their choices by key.
    """

    tags: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]

    def of(self, logic: Any) -> str:
        """Return a condition in words; "" where there is none."""
        if not isinstance(logic, dict):
            return ""
        parts: list[str] = []
        for group in _numbered(logic):
            text = self._group(group)
            if text:
                joined = ", and " if "And" in str(group.get("Type", "")) else ", or "
                parts += [joined, text] if parts else [text]
        return "".join(parts)

    def choice(self, locator: str) -> str:
        """Return the label of a choice."""
        found = _CHOICE.search(locator)
        return self.labels.get(found[1], {}).get(found[2], found[2]) if found else locator

    def _group(self, group: dict[str, Any]) -> str:
        """Expressions of a group; choices of one question that are joined by "or" come together."""
        clauses: list[tuple[str, str, list[str]]] = []  # what joins it, its beginning, its choices
        for one in _numbered(group):
            start, choice = self._expression(one)
            joined = str(one.get("Conjuction") or one.get("Conjunction") or "Or").lower()
            if clauses and choice and clauses[-1][1] == start and joined == "or":
                clauses[-1][2].append(choice)
            else:
                clauses.append((joined, start, [choice] if choice else []))
        text = ""
        for joined, start, choices in clauses:
            clause = f"{start} {_listed(choices)}".strip()
            text = f"{text} {joined} {clause}" if text else clause
        return text

    def _expression(self, one: dict[str, Any]) -> tuple[str, str]:
        """The beginning of an expression, and the choice that it is about, if it is."""
        operator, left = str(one.get("Operator", "")), str(one.get("LeftOperand", ""))
        question = self.tags.get(str(one.get("QuestionID", "")), "")
        subject = question if one.get("LogicType") == "Question" and question else left
        if operator in ("Selected", *_NEGATED):
            verb = "is not" if operator in _NEGATED else "is"
            return f"{subject} {verb}", self.choice(str(one.get("ChoiceLocator") or left))
        if operator in _EMPTY:
            return f"{subject} {_EMPTY[operator]}", ""
        return (
            f"{subject} {_SIGNS.get(operator, operator)} {one.get('RightOperand', '')}".strip(),
            "",
        )


def _numbered(given: dict[str, Any]) -> list[dict[str, Any]]:
    keys = sorted((key for key in given if key.isdecimal()), key=int)
    return [given[key] for key in keys if isinstance(given[key], dict)]


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)
