"""Events of analytics tools: which are touchpoints, which are answers, which money they bring."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from everytouch.catalogue.api import Instrument, Touchpoint
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.members import member
from everytouch.collect.mapping.model import Mapping, Question, Value
from everytouch.collect.mapping.sql import literal
from everytouch.collect.naming import slug
from everytouch.collect.source import LeftOut

GUESSED = "Events are touchpoints by their names; their stages are guessed from the words."
SKIPPED = "answers that were skipped"
_SKIP_WORDS = "('', 'skip', 'skipped', 'dismissed', 'closed', 'none', 'n/a', 'na', 'not answered')"
_SCORES = {
    "score", "rating", "stars", "nps", "csat", "ces", "npsscore", "csatscore", "cesscore",
    "satisfaction", "starrating", "effort",
}  # fmt: skip
_TEXTS = {"comment", "comments", "text", "feedback", "remark", "reason", "message", "review",
          "verbatim"}  # fmt: skip
_ASKS = re.compile(r"\b(nps|csat|ces|survey|rated?|rating|feedback|review|stars?|satisf|recommend)")
_STAGES = (
    (r"nps|csat|survey|rate[d]?\b|rating|feedback|review|share|referr|invite", "advocate"),
    (r"support|help|chat|ticket|complain|contact|call", "get help"),
    (r"cancel|unsubscrib|uninstall|churn|delete", "leave"),
    (r"renew|upgrade|downgrade", "renew"),
    (r"deliver|ship|received|pick ?up|refund|return", "receive"),
    (r"cart|basket|wish|compare|item|product|quote|trial|sign ?up|register", "consider"),
    (r"purchase|order|checkout|pay|paid|subscri|buy|bought|transaction", "buy"),
    (r"view|visit|scroll|session|search|click|page|screen|start|open", "discover"),
)
_MOST = 5_000  # names of events, and of their properties
_REVENUE, _AMOUNTS = {"revenue"}, {"amount", "total", "ordertotal", "totalprice"}


@dataclass(frozen=True)
class Property:
    """A property of an event over the whole file: how many values, how many of them numbers."""

    event: str
    key: str
    values: int
    numbers: int
    low: float
    high: float

    @property
    def plain(self) -> str:
        """The key in small letters without signs."""
        return re.sub(r"[^a-z]", "", self.key.casefold())


@dataclass(frozen=True)
class Answer:
    """An event that is an answer: its score, perhaps a text, and the question."""

    event: str
    key: str
    texts: tuple[str, ...]
    instrument: Instrument


def properties_of(look: Look, event: str, members: str) -> list[Property]:
    """Return the properties of all events of a file.

    Args:
        event: SQL of the event's name, over the table ``file``.
        members: SQL of the JSON object with its properties.
    """
    number = "TRY_CAST(json_extract_string(e.value, '$') AS DOUBLE)"
    rows = look.sql(
        f"SELECT g.event, e.key, count(*) FILTER (e.type <> 'NULL'), count({number}), "
        f"coalesce(min({number}), 0), coalesce(max({number}), 0) "
        f"FROM (SELECT {event} AS event, CAST({members} AS JSON) AS m FROM file) g, "
        f"json_each(g.m) e GROUP BY ALL ORDER BY ALL LIMIT {_MOST}"
    )
    return [Property(*row) for row in rows if row[0] and '"' not in row[1]]


def names_of(look: Look, event: str) -> list[str]:
    """Return the names of a file's events, the most frequent first."""
    rows = look.sql(
        f"SELECT {event} AS n FROM file WHERE {event} <> '' GROUP BY n "
        f"ORDER BY count(*) DESC, n LIMIT {_MOST}"
    )
    return [row[0] for row in rows]


def touchpoint(event: str, channel: str) -> Touchpoint:
    """Return the touchpoint that an event's name stands for, in a stage that its words suggest."""
    words = _words(event)
    stage = next((stage for pattern, stage in _STAGES if re.search(pattern, words)), "use")
    asks = stage == "advocate" and bool(_ASKS.search(words))
    way = "chat" if "chat" in words.split() else channel
    return Touchpoint(slug(event), event, stage, way, element="technology",
                      contact=stage == "get help", asks=asks)  # fmt: skip


def touchpoints(events: Sequence[str], channel: str) -> tuple[str, tuple[Touchpoint, ...]]:
    """Return SQL from the column ``event`` to touchpoints, and the touchpoints."""
    points = {event: touchpoint(event, channel) for event in events}
    cases = " ".join(
        f"WHEN {literal(event)} THEN {literal(one.name)}" for event, one in points.items()
    )
    other = Touchpoint("other_event", "Other event", "use", channel, element="technology")
    unique = {one.name: one for one in [*points.values(), other]}
    sql = f"CASE event {cases} ELSE {literal(other.name)} END" if cases else literal(other.name)
    return sql, tuple(unique.values())


def answers(properties: Sequence[Property], tool: str) -> list[Answer]:
    """Return the events that are answers to a question with a score."""
    found = []
    for one in properties:
        words = _words(one.event)
        own = one.plain.startswith(("nps", "csat", "ces"))
        if one.plain not in _SCORES or not one.numbers or not (own or _ASKS.search(words)):
            continue
        instrument = _instrument(one, f"{words} {one.plain}", tool)
        if instrument is not None:
            texts = tuple(p.key for p in properties if p.event == one.event and p.plain in _TEXTS)
            found.append(Answer(one.event, one.key, texts, instrument))
    return list({one.event: one for one in reversed(found)}.values())[::-1]


def _instrument(one: Property, words: str, tool: str) -> Instrument | None:
    name = slug(f"{tool}_{one.event}")
    if re.search(r"nps|recommend", words):
        fits = one.low >= 0 and one.high <= 10
        return Instrument(name, one.event, "nps", 0, 10) if fits else None
    kind = "csat" if re.search("csat|satisf", words) else "mean"
    kind = "ces" if re.search(r"\bces|effort", words) else kind
    steps = (7, 10, 100) if kind == "ces" else (5, 7, 10, 100)
    high = next((step for step in steps if one.high <= step), None)
    if high is None or one.low < 0:
        return None
    low = 0 if one.low < 1 or high == 100 else 1
    return Instrument(name, one.event, kind, low, high)  # type: ignore[arg-type]


def _words(event: str) -> str:
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", event)
    return " ".join(re.findall(r"[a-zäöüß0-9]+", parted.casefold()))


def money(properties: Sequence[Property], members: str = "members") -> tuple[str, str]:
    """Return SQL of an event's amount and of its currency.

    A property such as ``amount`` is money where a currency stands beside it; one that is text in
    an event is not read as a number.
    """
    codes = [p.key for p in properties if p.plain in ("currency", "currencycode")]
    currency = _first([f"upper(trim({member(members, key)}))" for key in dict.fromkeys(codes)])
    revenue = [p.key for p in properties if p.plain in _REVENUE and p.numbers]
    amounts = [p.key for p in properties if p.plain in _AMOUNTS and p.numbers]
    values = [_number(members, key) for key in dict.fromkeys(revenue)]
    values += [
        f"CASE WHEN {currency} IS NOT NULL THEN {_number(members, key)} END"
        for key in dict.fromkeys(amounts)
    ]
    return _first(values), currency


def _number(members: str, key: str) -> str:
    path = literal(f'$."{key}"')
    kinds = "('UBIGINT', 'BIGINT', 'DOUBLE')"
    return f"CASE WHEN json_type({members}, {path}) IN {kinds} THEN {member(members, key)} END"


def _first(values: Sequence[str]) -> str:
    return f"coalesce({', '.join(values)})" if values else "NULL::VARCHAR"


def is_answer(found: Sequence[Answer]) -> str:
    """Return SQL of whether the column ``event`` names an answer."""
    names = ", ".join(literal(one.event) for one in found)
    return f"event IN ({names})" if names else "false"


def answered(
    base: Mapping, found: Sequence[Answer]
) -> tuple[list[tuple[str, str]], list[Mapping], list[LeftOut]]:
    """Return tables and mappings of answers, one a question, and the answers left out.

    Args:
        base: mapping of the events, whose table has the columns event and members.
    """
    tables: list[tuple[str, str]] = []
    mappings: list[Mapping] = []
    left_out: list[LeftOut] = []
    for number, one in enumerate(found, 1):
        table = f"answers_{number}"
        given = member("members", one.key)
        score = f"CASE WHEN lower(trim({given})) NOT IN {_SKIP_WORDS} THEN {given} END"
        text = _first([f"nullif(trim({member('members', key)}), '')" for key in one.texts])
        select = f"SELECT *, {score} AS answer, {text} AS answer_text FROM {base.table}"
        tables.append((table, f"{select} WHERE event = {literal(one.event)}"))
        response = replace(
            base,
            table=table,
            interaction=False,
            only="",
            amount="",
            currency=Value(),
            questions=(Question("answer", one.instrument.name),),
            text=("answer_text",),
        )
        mappings.append(response)
        none = "answer IS NULL AND answer_text IS NULL"
        left_out.append(LeftOut(SKIPPED, f"SELECT count(*) FROM {table} WHERE {none}"))
    return tables, mappings, left_out
