"""Rules from examples: the fields of a held event, and the rule that says how they are used."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from everytouch.catalogue.api import Catalogue
from everytouch.collect.dialects import DIALECTS
from everytouch.collect.dialects.base import Event, Row, UnusableError
from everytouch.collect.dialects.hooks import as_time
from everytouch.collect.dialects.paths import at, leaves
from everytouch.collect.dialects.values import text
from everytouch.collect.events import from_held
from everytouch.collect.rulefile import read_rules
from everytouch.collect.rules import plain_name
from everytouch.errors import SourceError

FIELDS = 500  # of an example that are offered
DROP, ONLY, ID, TIME, TOUCHPOINT = "drop", "only", "id", "time", "touchpoint"
AMOUNT, MINOR, CURRENCY, OUTCOME, TEXT = "amount", "minor", "currency", "outcome", "text"
PERSON, OBJECT, SCORE = "person:", "object:", "score:"  # of an ID type, an object type, a question

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_EPOCHS = {10: "epoch_s", 13: "epoch_ms", 16: "epoch_us"}
_TIMES = ("created", "created_at", "occurred_at", "submitted_at", "timestamp", "time", "paid_at")
_AMOUNTS = ("amount", "total", "total_price", "grand_total", "price")
_TEXTS = ("comment", "comments", "text", "feedback", "message", "review", "body")
_OF_INTERACTIONS = (AMOUNT, MINOR, OUTCOME)


@dataclass(frozen=True)
class Example:
    """A held event, as its fields.

    Attributes:
        names: what it may be called in a rule, the most telling first.
        fields: path → value, in the order of the event.
        uses: path → how the field is probably used.
    """

    source: str
    event: Event
    fields: Mapping[str, Any]
    uses: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """The patterns that only its names fit."""
        return tuple(map(_literal, self.event.names))

    @property
    def named(self) -> bool:
        """Whether its dialect says who it is."""
        return bool(self.event.row.get("identifier"))

    @property
    def whole(self) -> bool:
        """Whether all of it is kept as details, so that some can be left out by their path."""
        return self.event.properties is self.event.value


@dataclass(frozen=True)
class Choices:
    """What a rule is to be.

    Attributes:
        event: pattern of the event's name.
        source: pattern of the source's name.
        touchpoint: of the catalogue, where no field names it.
        uses: path → how the field is used.
    """

    event: str
    source: str = "*"
    touchpoint: str = ""
    uses: Mapping[str, str] = field(default_factory=dict)

    def paths(self, use: str) -> list[str]:
        """Return the paths of the fields that are used so."""
        return [path for path, own in self.uses.items() if own == use]

    def kinds(self, use: str) -> list[tuple[str, str]]:
        """Return what follows the colon of a use, with the paths."""
        return [(own[len(use) :], path) for path, own in self.uses.items() if own.startswith(use)]


def example(row: Row, source: str, catalogue: Catalogue) -> Example:
    """Return the fields of an event in quarantine.

    Raises:
        SourceError: it is not an event that a rule can name.
    """
    taken = from_held(row, source)
    try:
        said = DIALECTS[taken.dialect].understand(taken.events[0], taken.ids[0], taken)
    except UnusableError as error:
        raise SourceError(f"no rule can name this event: {error}", "correct it instead") from error
    event = next((one for one in said if isinstance(one, Event)), None)
    if event is None:
        raise SourceError("no rule can name this event: it is a record", "correct it instead")
    fields = dict(_offered(event.value))
    uses = dict(_suggested(fields, event, taken.received, catalogue))
    if event.row.get("identifier"):  # its dialect knows who and when
        uses = {
            path: use for path, use in uses.items() if use != TIME and not use.startswith(PERSON)
        }
    return Example(source, event, fields, uses)


def _offered(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the leaves that a path in a template leads to."""
    offered = 0
    for path, leaf in leaves(value):
        plain = path and path == path.strip() and not set("{}|") & set(path)
        if plain and at(value, path) == leaf:
            yield path, leaf
            offered += 1
        if offered == FIELDS:
            return


def _suggested(
    fields: Mapping[str, Any], event: Event, received: int, catalogue: Catalogue
) -> Iterator[tuple[str, str]]:
    """Yield how fields are probably used; what a field is used as once, at its first place."""
    used: set[str] = set()
    for path, value in fields.items():
        use = _use(path, value, event, received, catalogue)
        if use and use not in used:
            used.add(use)
            yield path, use


def _use(path: str, value: Any, event: Event, received: int, catalogue: Catalogue) -> str:
    name = path.rpartition(".")[2].lower()
    said = value if isinstance(value, str) else ""
    if "mail" in name and _EMAIL.fullmatch(said):
        return f"{PERSON}email"
    if name in _TIMES and as_time(value, received) is not None:
        return TIME
    if name in ("currency", "currency_code") and len(said) == 3:
        return CURRENCY
    if name in _AMOUNTS and not isinstance(value, bool) and _number(value):
        return _amount(value, event)
    if name in _TEXTS and " " in said:
        return TEXT
    asked = _question(path, catalogue) if _number(value) else ""
    return f"{SCORE}{asked}" if asked else ""


def _amount(value: Any, event: Event) -> str:
    """An amount with a point is whole money; without one only Stripe's is known to be cents."""
    if "." in str(value):
        return AMOUNT
    return MINOR if _of_stripe(event) else ""


def _of_stripe(event: Event) -> bool:
    return event.value.get("object") == "event"


def _number(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and float(value) is not None
    except (TypeError, ValueError, OverflowError):
        return False


def _question(path: str, catalogue: Catalogue) -> str:
    """Return the question that a path names, in its last name or in the item it chooses."""
    said = {plain_name(part) for part in re.split(r"[.\[\]=]", path)}
    asked = catalogue.instruments.values()
    return next((one.name for one in asked if {one.name, plain_name(one.label)} & said), "")


def draft(choices: Choices, of: Example, currency: str) -> dict[str, Any]:
    """Return the rule that uses the fields of an example so.

    Args:
        currency: of amounts in minor units whose event does not say it.

    Raises:
        SourceError: the choices do not make a record.
    """
    who = _person(choices, of)
    scored, wrote = choices.kinds(SCORE), choices.paths(TEXT)
    perceptions = list(_perceptions(scored, wrote))
    rule: dict[str, Any] = {"event": choices.event, "source": choices.source}
    if only := choices.paths(ONLY):
        rule["when"] = {path: [_literal(text(of.fields[path]) or "")] for path in only}
    place = _place(choices)
    if not perceptions or any(choices.paths(use) for use in _OF_INTERACTIONS):
        if not place:
            raise SourceError("the rule names no touchpoint", "choose one")
        rule["interaction"] = place | who | _facts(choices, of, currency)
    if perceptions:
        about = place or {"about": "relationship"}
        made = [about | who | _shared(choices, of) | one for one in perceptions]
        rule["perception"] = made[0] if len(made) == 1 else made
    if drop := choices.paths(DROP):
        rule["drop"] = drop
    return rule


def _literal(value: str) -> str:
    """A pattern that only this value fits."""
    return re.sub(r"[*?\[]", lambda found: f"[{found[0]}]", value)


def _place(choices: Choices) -> dict[str, Any]:
    by_value = choices.paths(TOUCHPOINT)
    name = f"{{{by_value[0]}}}" if by_value else choices.touchpoint
    return {"touchpoint": name} if name else {}


def _person(choices: Choices, of: Example) -> dict[str, Any]:
    if of.named and not choices.kinds(PERSON):
        return {}
    (first, *others) = choices.kinds(PERSON) or [("", "")]
    if not first[0].strip():
        raise SourceError("the rule names nobody", "choose the field that says who it is")
    also = [f"{space}:{{{path}}}" for space, path in others]
    found = {"namespace": first[0], "identifier": f"{{{first[1]}}}"}
    return found | ({"also": also} if also else {})


def _shared(choices: Choices, of: Example) -> dict[str, Any]:
    """Columns that interactions and perceptions have in common."""
    found: dict[str, Any] = {}
    for path in choices.paths(ID)[:1]:
        found["id"] = f"{{{path}}}"
    for path in choices.paths(TIME)[:1]:
        digits = text(of.fields[path]) or ""
        epoch = _EPOCHS.get(len(digits)) if digits.isdecimal() else None
        found["occurred_at"] = f"{{{path}|{epoch}}}" if epoch else f"{{{path}}}"
    if objects := [f"{kind}:{{{path}}}" for kind, path in choices.kinds(OBJECT)]:
        found["correlations"] = objects
    return found


def _facts(choices: Choices, of: Example, currency: str) -> dict[str, Any]:
    found = _shared(choices, of)
    for path in choices.paths(OUTCOME)[:1]:
        found["outcome"] = f"{{{path}}}"
    for path in choices.paths(AMOUNT)[:1]:
        found["amount"] = f"{{{path}}}"
    for path in choices.paths(MINOR)[:1]:
        found["amount"] = f"{{{path}|{'stripe' if _of_stripe(of.event) else 'minor'}}}"
        found["currency"] = currency
    for path in choices.paths(CURRENCY)[:1]:
        capital = (text(of.fields[path]) or "").isupper()
        found["currency"] = f"{{{path}}}" if capital else f"{{{path}|upper}}"
    return found


def _perceptions(scored: list[tuple[str, str]], wrote: list[str]) -> Iterator[dict[str, Any]]:
    """Yield a record a question; one comment goes with one question, others stand alone."""
    wrote = list(wrote)
    for asked, path in scored:
        found = {"instrument": asked, "raw": f"{{{path}}}"}
        if len(scored) == 1 and wrote:
            found["text"] = f"{{{wrote.pop(0)}}}"
        yield found
    for path in wrote:
        yield {"text": f"{{{path}}}"}


def as_yaml(rule: Mapping[str, Any]) -> str:
    """Return a rule as a rule table writes it."""
    return str(yaml.safe_dump([rule], sort_keys=False, allow_unicode=True, width=100))


def with_rule(table: str, rule: Mapping[str, Any], of: Example, catalogue: Catalogue) -> str:
    """Return a rule table with one more rule, before the first that fits the example too.

    Raises:
        SourceError: the table, or the rule, is wrong.
    """
    known = read_rules(table, catalogue).rules
    fitting = (place for place, one in enumerate(known) if one.fits(of.event, of.source))
    place = next(fitting, None)
    node = yaml.compose(table) if known else None
    indent = " " * (node.start_mark.column if node else 0)
    lines = [f"{indent}{line}".rstrip() + "\n" for line in as_yaml(rule).split("\n") if line]
    before = table.splitlines(keepends=True)
    if before and not before[-1].endswith("\n"):
        before[-1] += "\n"
    start = len(before) if node is None or place is None else _start(node, place, before)
    whole = "".join([*before[:start], *lines, *before[start:]])
    read_rules(whole, catalogue)
    return whole


def _start(node: Any, place: int, lines: list[str]) -> int:
    """Return the line at which a rule begins, with the comments above it."""
    line = int(node.value[place].start_mark.line)
    while line and lines[line - 1].lstrip().startswith("#"):
        line -= 1
    return line
