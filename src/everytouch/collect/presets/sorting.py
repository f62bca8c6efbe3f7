"""What the answers of a question without a score are: written, chosen, or about the person."""

import re

from everytouch.collect.columns.scales import NO_ANSWERS
from everytouch.collect.mapping.model import Choice
from everytouch.collect.mapping.sql import cell, literal
from everytouch.collect.presets.survey import Draft

_ASKS_WORDS = re.compile(
    r"comment|why|tell us|anything|improve|better|feedback|suggest|reason|explain|describe|"
    r"say|know\?|thoughts|kommentar|warum|sonst|verbesser|anmerk|begründ|mitteilen|sagen|feedback|"
    r"pourquoi|comentario",
    re.I,
)
_DESCRIBES = re.compile(
    r"how old|\bage\b|age group|gender|which team|your team|department|\brole\b|job title|industry|"
    r"occupation|income|household|education|marital|customer since|how long have you been|"
    r"(which|what) (country|region|state|city) (do|are) you|where do you live|postcode|zip code|"
    r"wie alt|\balter\b|geschlecht|abteilung|beruf|wohn(en|ort)|bundesland|einkommen|haushalt|"
    r"welche[ms]? team",
    re.I,
)
_PERSONAL = re.compile(
    r"\b(first |last |full |your |sur)?name\b|e-?mail|phone|mobile|telephone|vorname|nachname|"
    r"telefon|address|anschrift|\bphone\b",
    re.I,
)
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")
_ALL_THAT_APPLY = re.compile(
    r"all that apply|mark all|select all|tick all|choose all|mehrfach|alles zutreffende|"
    r"alle zutreffenden|zutreffendes", re.I,
)  # fmt: skip
_LONG = 40
_LONGEST_CHOICE = 80


def is_personal(text: str) -> bool:
    """Whether a question asks for a name or a way to reach somebody."""
    return bool(_PERSONAL.search(text))


def sort_answers(draft: Draft, column: str, text: str, split: str = "") -> None:
    """Take a column as several choices, as written text, as a trait, or keep it as it is.

    Args:
        text: of the question.
        split: what the tool writes between several choices of one cell.
    """
    values = draft.look.values(column)
    if split and _is_several(draft, column, text, values, split):
        draft.choose(Choice(text, (column,), split=split))
    elif _DESCRIBES.search(text) and not any(len(value) > _LONG for value in values):
        value, none = draft.value(column), ", ".join(map(literal, NO_ANSWERS))
        draft.replaced[column] = f"CASE WHEN lower({value}) IN ({none}) THEN NULL ELSE {value} END"
        draft.describe(column)
    elif is_written(draft, column, text):
        draft.write(column)
    elif not is_personal(text):
        draft.answered.append(column)


def _is_several(draft: Draft, column: str, text: str, values: list[str], split: str) -> bool:
    """Whether cells hold several choices: the question says so, or the same parts come again."""
    if not any(split in value for value in values):
        return bool(values) and bool(_ALL_THAT_APPLY.search(text))
    if _ALL_THAT_APPLY.search(text) or all(value.endswith(split) for value in values):
        return True
    rows = draft.look.sql(f"SELECT {cell(column)} FROM file WHERE {cell(column)} IS NOT NULL")
    parts = [part.strip() for row in rows for part in row[0].split(split) if part.strip()]
    return len(set(parts)) * 2 <= len(parts) and max(map(len, parts)) <= _LONGEST_CHOICE


def is_written(draft: Draft, column: str, text: str) -> bool:
    """Whether the answers of a question are texts that people wrote."""
    values = draft.look.values(column)
    if not values or is_personal(text) or all(_DATE.fullmatch(value) for value in values):
        return False
    if not any(char.isalpha() for value in values for char in value) and not _ASKS_WORDS.search(
        text
    ):
        return False
    if _ASKS_WORDS.search(text) or any("\n" in value for value in values):
        return True
    filled = draft.look.sql(f"SELECT count(*) FROM file WHERE {cell(column)} IS NOT NULL")[0][0]
    long = sum(" " in value and len(value) > _LONG for value in values)
    return long * 4 >= len(values) and len(values) * 2 > filled
