"""What the columns of an unknown file may be, from their names and all their values."""

import re
from dataclasses import dataclass
from functools import cached_property

from everytouch.collect.columns.detect import (
    answered,
    duration_format,
    is_yes_no,
    number_format,
    scale_of,
    time_format,
)
from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.mapping.look import Look

_NUMBERED = r"(id|nr\.?|no\.?|number|nummer)"
WORDS = {
    "id": r"(response|ticket|order|event|message|record|row|review|call|case|transaction)?[ _-]?"
    r"(id|uuid|nr\.?|no\.?|number|nummer|#)",
    "email": r"(e-?)?mail([ _-]?adress(e)?|[ _-]?address)?",
    "phone": r"phone( number)?|telefon(nummer)?|mobile|mobil|tel\.?",
    "customer_no": r"(customer|client|kunden?|user|account|member|contact|person|party)[ _-]?"
    r"(id|nr\.?|no\.?|number|nummer|key|code)?|who|login|(kunden)?karte",
    "device": r"(device|anonymous|cookie|visitor|session)[ _-]?id",
    "when": r"(date|datum|time|zeit|zeitpunkt|timestamp|datetime|created|occurred|submitted|"
    r"completed|answered|ended?|start(ed)?|when|tag|day)([ _-]?(at|am|um|time|date))?",
    "touchpoint": r"touch ?point|event([ _-]?(name|type))?|activity|step|place|action|page",
    "text": r"comment|kommentar|feedback|review|text|verbatim|message|nachricht|bemerkung|reason|"
    r"why|suggestion|anmerkung",
    "amount": r"amount|betrag|price|preis|total|revenue|umsatz|turnover|sales|paid|value|summe|"
    r"spend",
    "cost": r"cost|kosten",
    "currency": r"currency|währung",
    "outcome": r"outcome|status|result|ergebnis|disposition",
    "duration": r"duration|dauer|seconds|length|handle time|talk time",
    "language": r"language|sprache|lang|locale",
    "weight": r"weight|gewicht|gewichtung",
    "object": r"(order|bestell(ung|nummer)?|case|vorgang|ticket|session|booking|invoice|rechnung)"
    rf"([ _-]?{_NUMBERED})?",
}
_NPS = re.compile(r"\bnps\b|recommend|empfehl|recomend|raccomand", re.IGNORECASE)
_RATING = re.compile(
    r"rating|score|stars?\b|sterne|satisf|zufried|note|grade|csat|\bces\b|ease|effort|einfach|bewert",
    re.IGNORECASE,
)
_REVERSED = re.compile(
    r"\b1\s*=\s*(sehr gut|very good|best|excellent|ausgezeichnet)", re.IGNORECASE
)
_TOP = re.compile(r"\b0\s*(?:-|–|to|bis)\s*10\b")
_LONG = 40  # characters of a text that is an answer in words
LARGEST_SCALE = 10
_ON_SCALE = 0.9  # share of a question's answers; others are slips, or codes for no answer


def _on_scale(low: float, high: float) -> bool:
    return low >= 0 and high <= LARGEST_SCALE


@dataclass
class Column:
    """A column of a file, and what it looks like."""

    name: str
    look: Look

    @property
    def words(self) -> str:
        """The last part of its name, which is the column's own."""
        return self.name.rpartition(": ")[2].strip()

    @cached_property
    def counted(self) -> dict[str, int]:
        """How many rows have each of its values, the most frequent first."""
        return self.look.counted(self.name, 20_000)

    @property
    def values(self) -> list[str]:
        """Its different values, the most frequent first."""
        return list(self.counted)

    @cached_property
    def filled(self) -> int:
        """Rows with a value."""
        quoted = self.name.replace('"', '""')
        sql = f"SELECT count(*) FROM file WHERE trim(CAST(\"{quoted}\" AS VARCHAR)) <> ''"
        return int(self.look.sql(sql)[0][0])

    def identifies(self, space: str) -> bool:
        """Whether it holds identifiers of a namespace, by its name or by its values."""
        if self.called(space):
            return True
        if space not in ("email", "phone") or not self.mentions(space):
            return False
        given = answered(self.values)
        fits = sum("@" in value if space == "email" else value[-1:].isdecimal() for value in given)
        return bool(given) and fits > len(given) / 2

    @property
    def is_name(self) -> bool:
        """Whether its values are names of people rather than numbers or codes."""
        given = answered(self.values)
        plain = sum(" " in value and not any(map(str.isdecimal, value)) for value in given)
        return bool(given) and plain > len(given) / 2

    @property
    def unique(self) -> bool:
        """Whether every row has a value of its own."""
        return self.filled == len(self.values) > 0

    def called(self, role: str) -> bool:
        """Whether its name is usual for a role."""
        return bool(re.fullmatch(WORDS[role], self.words, re.IGNORECASE))

    def mentions(self, role: str) -> bool:
        """Whether its name contains a word that is usual for a role."""
        return bool(re.search(rf"\b(?:{WORDS[role]})\b", self.words, re.IGNORECASE))

    @cached_property
    def time(self) -> tuple[ColumnFormat, bool] | None:
        """How its times are written, and whether day and month may be swapped."""
        return time_format(self.values, serials=self.look.given.format == "xlsx")

    @cached_property
    def number(self) -> ColumnFormat | None:
        """How its numbers are written."""
        return number_format(self.values)

    @cached_property
    def duration(self) -> ColumnFormat | None:
        """How its durations are written."""
        return duration_format(self.values)

    @cached_property
    def scale(self) -> tuple[float, float] | None:
        """Its lowest and highest score, where it can be a scale; a few answers may lie off it."""
        found = scale_of(self.values)
        if found is None or is_yes_no(self.values):
            return None
        if _on_scale(*found):
            return found
        given = answered(self.values)
        usual = [value for value in given if _on_scale(*(scale_of([value]) or (-1, -1)))]
        rows, all_rows = (sum(self.counted[value] for value in some) for some in (usual, given))
        return scale_of(usual) if rows >= _ON_SCALE * all_rows else None

    @property
    def is_nps(self) -> bool:
        """Whether it asks how likely people are to recommend."""
        return self.scale is not None and bool(_NPS.search(self.name))

    @property
    def is_rating(self) -> bool:
        """Whether it is a score by its name, or stands in a group of marks."""
        if self.scale is None or self.is_nps:
            return False
        return bool(_RATING.search(self.name))

    @property
    def reversed(self) -> bool:
        """Whether its name says that 1 is the best."""
        return bool(_REVERSED.search(self.name))

    @property
    def is_text(self) -> bool:
        """Whether people wrote into it."""
        if self.mentions("text") and not self.number and not self.time:
            return True
        given = answered(self.values)
        return bool(given) and sum(map(len, given)) / len(given) > _LONG and len(given) > 3

    def scale_end(self) -> float:
        """The highest answer of its scale: 10, 7, 6 or 5, from name and values."""
        highest = self.scale[1] if self.scale else 0
        if _TOP.search(self.name) or self.is_nps:
            return 10
        if self.reversed and (said := re.search(r"\b(\d)\s*=\s*\D+$", self.name)):
            return float(said[1])
        return next(end for end in (5, 7, 10) if highest <= end)
