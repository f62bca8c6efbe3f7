"""Amplitude: events of the Export API, as JSON lines."""

from dataclasses import replace

from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Mapping, Plan, Value, Who
from everytouch.collect.mapping.sql import quoted
from everytouch.collect.presets import events
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.source import LeftOut

TWICE = "events sent twice (same $insert_id)"
_SIGNALS = ("$identify", "$groupidentify")


def fits(look: Look) -> bool:
    """Recognise the keys of exported events."""
    return look.has("$insert_id", "amplitude_id", "event_type", "event_properties", "event_time")


def plan(look: Look, _asked: Asked) -> Plan:
    """Return events as interactions or answers, and properties of users as traits.

    An event of a server (session -1) that names a user says nothing of a device: servers speak
    for many users.
    """
    properties = events.properties_of(look, "event_type", "event_properties")
    found = events.answers(properties, "amplitude")
    signal = f"event IN {_SIGNALS}"
    names = [name for name in events.names_of(look, "event_type") if name not in _SIGNALS]
    point, points = events.touchpoints(names, "app")
    amount, currency = events.money(properties, "event_properties")
    renamed = _renamed(look, properties)
    left = {"event_time", "event_properties", "user_properties", *renamed}
    base = Mapping(
        table="events",
        columns=(*(name for name in look.columns if name not in left), *renamed.values()),
        id=("event_id_",),
        when=("event_time",),
        who=(Who("user_id", "user_id"), Who("device", "own_device")),
        interaction=True,
        touchpoint=Value("touchpoint"),
        about="touchpoint",
        amount="event_amount",
        currency=Value("event_currency"),
        objects=(("session", "own_session"),),
        leave=("$insert_id",),
        nested=tuple(name for name in look.nested if name not in left),
        spread=("members",),
        only=f"NOT ({signal}) AND NOT ({events.is_answer(found)})",
        source_order="event_order",
    )
    tables, mappings, left_out = events.answered(base, found)
    who = replace(base, columns=(), nested=(), spread=(), interaction=False, amount="", objects=())
    links = replace(who, links=True, only=signal)
    traits = replace(who, table="known", trait=("trait_name", "trait_value"), only="")
    made = _made(amount, currency) | {new: quoted(old) for old, new in renamed.items()}
    added = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in made.items())
    return Plan(
        title="Amplitude events",
        source="amplitude",
        timezone="UTC",
        inputs=(replace(look.given, name="given", columns={
            "event_time": ColumnFormat("time", timezone="UTC")}),),
        mappings=(base, *mappings, links, traits),
        tables=(*_tables(added, point), *tables),
        left_out=(LeftOut(TWICE, "SELECT count(*) FROM numbered WHERE copy > 1"), *left_out),
        touchpoints=points,
        instruments=tuple(one.instrument for one in found),
        assumed=(events.GUESSED,),
    )  # fmt: skip


def _renamed(look: Look, properties: list[events.Property]) -> dict[str, str]:
    """Columns whose names are those of an event's properties, and what they are called then."""
    taken = {one.key for one in properties}
    return {name: f"amplitude {name}" for name in look.columns if name in taken}


def _made(amount: str, currency: str) -> dict[str, str]:
    insert = quoted("$insert_id")
    return {
        "event": "event_type",
        "members": "event_properties",
        "event_id_": f"coalesce(device_id || ':', '') || coalesce({insert}, uuid)",
        "own_device": "CASE WHEN session_id = '-1' AND user_id <> '' THEN NULL ELSE device_id END",
        "own_session": "CASE WHEN session_id <> '-1' THEN device_id || '.' || session_id END",
        "event_amount": amount,
        "event_currency": currency,
    }


def _tables(added: str, point: str) -> tuple[tuple[str, str], ...]:
    copy = "row_number() OVER (PARTITION BY event_id_ ORDER BY place)"
    order = "row_number() OVER (PARTITION BY device_id, event_time ORDER BY place)"
    before = (
        "lag(trait_value) OVER (PARTITION BY coalesce(user_id, device_id), trait_name "
        "ORDER BY event_time, place)"
    )
    tables = {
        "placed": f"SELECT *, {added}, row_number() OVER () AS place FROM given",
        "numbered": f"SELECT *, {point} AS touchpoint, {copy} AS copy, {order} AS event_order "
        "FROM placed",
        "events": "SELECT * FROM numbered WHERE copy = 1",
        "named": "SELECT v.*, e.key AS trait_name, json_extract_string(e.value, '$') "
        "AS trait_value FROM events v, json_each(CAST(v.user_properties AS JSON)) e",
        "known": f"SELECT * FROM named QUALIFY {before} IS DISTINCT FROM trait_value",
    }
    return tuple(tables.items())


PRESET = Preset("amplitude", "Amplitude events (JSON)", fits, plan)
