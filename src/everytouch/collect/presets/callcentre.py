"""Call detail records of a call centre: a row for each leg of a call."""

import re
from dataclasses import replace

from everytouch.catalogue.api import Instrument, Touchpoint
from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.columns.written import decimal_of, order_of
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Mapping, Plan, Question, Value, Who
from everytouch.collect.mapping.sql import literal, quoted
from everytouch.collect.naming import slug
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.source import LeftOut

TOTAL = "total row"
_CSAT = re.compile(r"\bcsat\b(?:.*?(\d+)\s*[-–]\s*(\d+))?", re.IGNORECASE)
_COST = re.compile(r"cost\b\W*([A-Z]{3})?\W*$", re.IGNORECASE)
_TOTALS = "^(grand )?(total|sum|summe|gesamt|gesamtsumme)s?$"
_LENGTHS = {"wait": "wait_s", "talk": "talk_s", "hold": "hold_s", "wrap-up": "wrap_s",
            "wrap": "wrap_s", "acw": "wrap_s", "ring": "ring_s"}  # fmt: skip


def fits(look: Look) -> bool:
    """Recognise the numbers of both sides beside a queue or an agent."""
    return look.has("Call ID", "Start", "ANI", "DNIS") and bool(look.named("Queue", "Agent ID"))


def plan(look: Look, asked: Asked) -> Plan:
    """Return a leg of a call as an interaction, all legs with the call as their object."""
    lengths = _lengths(look)
    points = {queue: _point(queue) for queue in look.values(look.named("Queue"))}
    rating, instrument = _rating(look)
    cost = next((name for name in look.columns if _COST.match(name)), "")
    currency = (_COST.match(cost) or {1: None})[1] if cost else None
    call = Mapping(
        table="legs",
        columns=(*look.columns, *lengths),
        id=("leg",),
        when=(look.named("Start"),),
        who=_who(look),
        interaction=True,
        touchpoint=Value("touchpoint"),
        about="touchpoint",
        outcome=Value("outcome"),
        duration="spoken_s",
        cost=cost,
        currency=Value(constant=currency.upper()) if currency else Value(),
        counterpart=Who("agent", look.named("Agent ID")) if look.has("Agent ID") else None,
        objects=(("call", look.named("Call ID")),),
        leave=tuple(lengths.values()),
        only="NOT is_total",
    )
    response = replace(
        call,
        columns=tuple(filter(None, (look.named("Queue"),))),
        interaction=False,
        currency=Value(),
        questions=(Question(rating, instrument.name),) if instrument else (),
    )
    unique = {one.name: one for one in [*points.values(), OTHER]}
    return Plan(
        title="Call detail records",
        source="callcentre",
        timezone=asked.timezone,
        inputs=(replace(look.given, name="given", columns=_formats(look, rating, cost)),),
        mappings=(call, response) if instrument else (call,),
        tables=(("legs", _legs(look, lengths, points)),),
        left_out=(LeftOut(TOTAL, "SELECT count(*) FROM legs WHERE is_total"),),
        touchpoints=tuple(unique.values()),
        instruments=(instrument,) if instrument else (),
        assumed=("A call lasts as long as talk and hold together; waiting is a property.",),
    )


def _point(queue: str) -> Touchpoint:
    return Touchpoint(f"call_{slug(queue)}", f"Call: {queue}", "get help", "phone",
                      element="people", contact=True)  # fmt: skip


OTHER = Touchpoint("call", "Call", "get help", "phone", element="people", contact=True)


def _lengths(look: Look) -> dict[str, str]:
    """Columns of durations by their name in seconds."""
    found: dict[str, str] = {}
    for column in look.columns:
        name = _LENGTHS.get(re.split(r"[\s(]", column.casefold().strip())[0])
        if name and name not in found:
            found[name] = column
    return found


def _rating(look: Look) -> tuple[str, Instrument | None]:
    for column in look.columns:
        if match := _CSAT.search(column):
            low, high = int(match[1] or 1), int(match[2] or 5)
            return column, Instrument("callcentre_csat", column, "csat", low, high)
    return "", None


def _who(look: Look) -> tuple[Who, ...]:
    customer = look.named("Customer no.", "Customer number", "Customer ID", "Account no.")
    return (*((Who("customer_no", customer),) if customer else ()), Who("phone", "customer_phone"))


def _legs(look: Look, lengths: dict[str, str], points: dict[str, Touchpoint]) -> str:
    call, start = look.cell("Call ID"), look.cell("Start")
    cases = " ".join(f"WHEN {literal(q)} THEN {literal(p.name)}" for q, p in points.items())
    queue = f"CASE trim({look.cell('Queue')}) {cases} ELSE {literal(OTHER.name)} END"
    caller = (
        f"CASE WHEN lower(trim({look.cell('Direction')})) IN ('outbound', 'out', 'ausgehend') "
        f"THEN {look.cell('DNIS')} ELSE {look.cell('ANI')} END"
    )
    spoken = " + ".join(
        f"coalesce(TRY_CAST({quoted(lengths[name])} AS DOUBLE), 0)"
        for name in ("talk_s", "hold_s")
        if name in lengths
    )
    yes = f"lower(trim({look.cell('Abandoned')})) IN ('y', 'yes', 'true', '1', 'ja')"
    gave_up = f"CASE WHEN {yes} THEN 'Abandoned' END"
    made = {
        "leg": f"{call} || ':' || row_number() OVER (PARTITION BY {call} ORDER BY {start}, place)",
        "touchpoint": queue,
        "customer_phone": f"CASE WHEN regexp_matches({caller}, '[0-9]{{5}}') THEN {caller} END",
        "spoken_s": spoken or "NULL",
        "outcome": f"coalesce(nullif(trim({look.cell('Disposition')}), ''), {gave_up})",
        "is_total": f"coalesce(regexp_full_match(lower(trim({call})), {literal(_TOTALS)}) "
        f"AND {start} IS NULL, false)",
        **{name: quoted(column) for name, column in lengths.items()},
    }
    added = ", ".join(f"{sql} AS {name}" for name, sql in made.items())
    return f"SELECT *, {added} FROM (SELECT *, row_number() OVER () AS place FROM given)"


def _formats(look: Look, rating: str, cost: str) -> dict[str, ColumnFormat]:
    start = look.named("Start")
    found = {start: ColumnFormat("time", order=order_of(look.values(start), "month-first"))}
    for column in _lengths(look).values():
        unit = "m:ss" if "mm:ss" in column and "hh" not in column else "h:mm"
        found[column] = ColumnFormat("duration", unit=unit)
    if cost:
        found[cost] = ColumnFormat("number", decimal=decimal_of(look.values(cost)))
    if rating:
        found[rating] = ColumnFormat("score", missing=("-", "n/a", "none", "no answer"))
    return found


PRESET = Preset("callcentre", "Call detail records (CSV)", fits, plan)
