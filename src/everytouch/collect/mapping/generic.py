"""How a file of no known tool is imported: found from its columns, changeable by people."""

import datetime
import re
from dataclasses import replace

from everytouch.catalogue.api import Instrument, Touchpoint
from everytouch.collect.columns.detect import missing
from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Mapping, Plan, Question, Value, Who
from everytouch.collect.mapping.roles import Column
from everytouch.collect.mapping.sql import literal, quoted
from everytouch.collect.presets.base import Asked
from everytouch.collect.source import LeftOut

ONE_VALUE = "rows with one value only: titles, totals, legends"
TEST = "test rows"
_IDENTIFIERS = ("customer_no", "email", "phone", "device")
_SINGLE = ("id", "when", "language", "weight", "outcome", "duration", "currency", "amount", "cost")
MOST_TOUCHPOINTS = 200


def slug(text: str) -> str:
    """Return a name for the catalogue: small letters, digits and underscores."""
    return re.sub(r"\W+", "_", text.casefold()).strip("_")[:60] or "file"


class Roles:
    """Which column plays which role; each column one.

    Args:
        look: at the file.
    """

    def __init__(self, look: Look) -> None:
        self.columns = [Column(name, look) for name in look.columns]
        self.taken: dict[str, Column] = {}
        self.who: list[tuple[str, Column]] = []
        self.questions: list[Column] = []
        self.texts: list[Column] = []
        self.traits: list[Column] = []
        self.touchpoint: Column | None = None
        self.called: Column | None = None
        self.objects: list[Column] = []
        self._find()

    def _free(self) -> list[Column]:
        used = {id(column) for column in self.taken.values()}
        used |= {id(column) for _, column in self.who}
        used |= {id(column) for column in [*self.questions, *self.texts, *self.traits]}
        used |= {id(column) for column in (self.touchpoint, self.called) if column}
        return [column for column in self.columns if id(column) not in used and column.filled]

    def _find(self) -> None:
        self._first("when", lambda c: c.time is not None)
        if "when" not in self.taken:
            timed = (column for column in self._free() if column.time is not None)
            if (column := next(timed, None)) is not None:
                self.taken["when"] = column
        self.questions = [c for c in self._free() if c.is_nps or c.is_rating]
        for space in _IDENTIFIERS:
            self.who += [(space, c) for c in self._free() if c.identifies(space)]
        named = [one for one in self.who if one[0] == "customer_no" and one[1].is_name]
        self.called = named[0][1] if named else None
        self.who = [one for one in self.who if one not in named]
        self._first("id", lambda c: c.unique)
        for role, fits in (
            ("weight", lambda c: c.number is not None),
            ("duration", lambda c: (c.duration or c.number) is not None),
            ("currency", lambda c: all(len(v) == 3 for v in c.values)),
            ("cost", lambda c: c.number is not None),
            ("amount", lambda c: c.number is not None and not c.time),
            ("language", lambda c: all(len(v) <= 5 for v in c.values)),
            ("outcome", lambda c: len(c.values) <= 50),
        ):
            self._first(role, fits, mention=role == "amount")
        events = [c for c in self._free() if c.called("touchpoint")]
        events = [c for c in events if len(c.values) <= MOST_TOUCHPOINTS]
        self.touchpoint = next(iter(events), None)
        self.objects = [c for c in self.columns if c.filled and c.called("object")]
        self.texts = [column for column in self._free() if column.is_text]

    def _first(self, role: str, fits: object, *, mention: bool = False) -> None:
        for column in self._free():
            named = column.called(role) or (mention and column.mentions(role))
            if named and fits(column):  # type: ignore[operator]
                self.taken[role] = column
                return

    def name(self, role: str) -> str:
        """The name of the column that plays a role; empty where there is none."""
        return self.taken[role].name if role in self.taken else ""


def plan_of(look: Look, asked: Asked) -> Plan:
    """Return how a file is imported that no preset knows."""
    roles = Roles(look)
    stem = slug(look.path.name.split(".")[0])
    business = {"amount", "cost", "outcome", "duration"} & roles.taken.keys()
    wrote = bool(roles.texts) and not roles.touchpoint and not business
    responses = bool(roles.questions) or wrote
    people = not responses and "when" not in roles.taken
    if (responses or people) and "amount" in roles.taken:
        roles.traits.append(roles.taken.pop("amount"))
    formats, assumed = _formats(roles)
    if look.given.format == "parquet":  # whose columns have types of their own
        formats = {}
    points = _touchpoints(roles, stem, responses or people)
    mapping = Mapping(
        table=look.given.name,
        columns=look.columns,
        id=(roles.name("id"),) if "id" in roles.taken else (),
        when=(roles.name("when"),) if "when" in roles.taken else (),
        at="" if "when" in roles.taken else _written(look),
        who=tuple(Who(space, column.name) for space, column in roles.who),
        else_who=Who("name", roles.called.name) if roles.called else None,
        interaction=not responses and not people,
        touchpoint=_touchpoint(roles, stem, responses or people),
        about="touchpoint" if roles.touchpoint else "relationship",
        questions=tuple(Question(c.name, slug(c.words)) for c in roles.questions),
        text=tuple(column.name for column in roles.texts),
        traits=_traits(roles, people),
        objects=tuple((_kind(column), column.name) for column in roles.objects),
        weight=roles.name("weight"),
        amount=roles.name("amount"),
        cost=roles.name("cost"),
        duration=roles.name("duration"),
        currency=Value(roles.name("currency")),
        language=Value(roles.name("language")),
        outcome=Value(roles.name("outcome")),
        only=f"NOT ({_alone(look)}) AND NOT ({_test(roles)})",
    )
    return Plan(
        title="Responses" if responses else "Customers" if people else "Interactions",
        source=stem.replace("_", " "),
        timezone=asked.timezone,
        inputs=(replace(look.given, columns=formats),),
        mappings=(mapping,),
        left_out=_left_out(look, roles),
        touchpoints=points,
        instruments=tuple(map(_instrument, roles.questions)),
        assumed=tuple(assumed),
    )


def _written(look: Look) -> str:
    """When the file was written: from then on its descriptions of people hold."""
    seconds = look.path.stat().st_mtime
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="seconds")


def _kind(column: Column) -> str:
    """The type of what a column numbers: "order" of order_id."""
    return slug(re.sub(r"[ _-]?(id|nr\.?|no\.?|number|nummer)$", "", column.words, flags=re.I))


def _traits(roles: Roles, people: bool) -> tuple[str, ...]:
    rest = roles._free() if people else []
    return tuple(column.name for column in [*roles.traits, *rest])


def _formats(roles: Roles) -> tuple[dict[str, ColumnFormat], list[str]]:
    """Formats of the columns that play a role, and what may be wrong about them."""
    found: dict[str, ColumnFormat] = {}
    assumed: list[str] = []
    if "when" in roles.taken and (timed := roles.taken["when"].time):
        found[roles.name("when")], unsure = timed
        if unsure:
            order = timed[0].order.replace("-", " ")
            assumed.append(f"{roles.name('when')}: dates are read {order}; no value tells")
    for column in roles.questions:
        found[column.name] = ColumnFormat("score", missing=missing(column.values))
    for role in ("amount", "cost", "weight"):
        if role in roles.taken and (form := roles.taken[role].number):
            found[roles.name(role)] = form
    for column in roles.traits:
        if column.number:
            found[column.name] = column.number
    if "duration" in roles.taken:
        column = roles.taken["duration"]
        form = column.duration or column.number
        if form:
            found[column.name] = replace(form, is_="duration")
    return found, assumed


def _instrument(column: Column) -> Instrument:
    name = slug(column.words)
    if column.is_nps:
        return Instrument(name, column.words, "nps", 0, 10)
    end = column.scale_end()
    low = 0 if column.scale and column.scale[0] == 0 else 1
    effort = re.search(r"\bces\b|effort|ease|easy|einfach|leicht", column.name, re.IGNORECASE)
    satisfied = re.search(r"satisf|zufried|csat", column.name, re.IGNORECASE)
    kind = "ces" if effort and end == 7 else "csat" if satisfied and end == 5 else "mean"
    return Instrument(name, column.words, kind, low, end, column.reversed)  # type: ignore[arg-type]


def _touchpoint(roles: Roles, stem: str, quiet: bool) -> Value:
    if roles.touchpoint:
        named = tuple((v, slug(v)) for v in roles.touchpoint.values if slug(v) != v)
        return Value(roles.touchpoint.name, names=named)
    return Value() if quiet else Value("", stem)


def _touchpoints(roles: Roles, stem: str, quiet: bool) -> tuple[Touchpoint, ...]:
    if roles.touchpoint:
        return tuple(_point(value) for value in roles.touchpoint.values)
    return () if quiet else (_point(stem.replace("_", " ")),)


def _point(label: str) -> Touchpoint:
    return Touchpoint(slug(label), label, "use", "other")


def _alone(look: Look) -> str:
    """Condition of rows that have one value only, where the file is wider than that."""
    if len(look.columns) < 4:
        return "false"
    cells = " + ".join(
        f"(coalesce(trim(CAST({quoted(name)} AS VARCHAR)), '') <> '')::INT" for name in look.columns
    )
    return f"({cells}) <= 1"


def _test(roles: Roles) -> str:
    """Condition of rows that somebody typed in as a test."""
    parts = [
        f"coalesce(lower(trim(CAST({quoted(c.name)} AS VARCHAR))), '') SIMILAR TO "
        + literal(r"\(?test(ing|er)?\)?|test@.*|.*@test\..*")
        for c in [*(c for space, c in roles.who if space == "email"), roles.called]
        if c is not None
    ]
    return " OR ".join(parts) or "false"


def _left_out(look: Look, roles: Roles) -> tuple[LeftOut, ...]:
    alone, test = _alone(look), _test(roles)
    count = f"SELECT count(*) FROM {quoted(look.given.name)} WHERE "
    return tuple(
        LeftOut(reason, count + condition)
        for reason, condition in ((ONE_VALUE, alone), (TEST, f"NOT ({alone}) AND ({test})"))
        if condition != "false"
    )
