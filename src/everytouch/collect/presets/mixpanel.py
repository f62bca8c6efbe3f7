"""Mixpanel: events of the Raw Event Export API, as JSON lines."""

from dataclasses import replace

from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.members import member
from everytouch.collect.mapping.model import Mapping, Plan, Value, Who
from everytouch.collect.presets import events
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.source import LeftOut

TWICE = "events exported twice (same event, distinct_id, time and $insert_id)"
_SIGNALS = ("$create_alias", "$identify", "$merge")
_DEVICE = "$device:"


def fits(look: Look) -> bool:
    """Recognise events whose properties carry Mixpanel's identity."""
    if not look.has("event", "properties"):
        return False
    found = look.sql(
        "SELECT contains(properties, '\"distinct_id\"') AND contains(properties, '\"time\"') "
        "FROM file LIMIT 1"
    )
    return bool(found and found[0][0])


def plan(look: Look, _asked: Asked) -> Plan:
    """Return events as interactions or answers, and aliases as links."""
    properties = events.properties_of(look, look.cell("event"), look.cell("properties"))
    found = events.answers(properties, "mixpanel")
    names = [name for name in events.names_of(look, look.cell("event")) if name not in _SIGNALS]
    point, points = events.touchpoints(names, "web")
    amount, currency = events.money(properties)
    base = Mapping(
        table="events",
        columns=("event",),
        id=("own_id",),
        when=("happened",),
        who=(Who("user_id", "user_id"), Who("device", "device_id")),
        interaction=True,
        touchpoint=Value("touchpoint"),
        about="touchpoint",
        amount="event_amount",
        currency=Value("event_currency"),
        spread=("members",),
        only=f"event NOT IN {_SIGNALS} AND NOT ({events.is_answer(found)})",
        source_order="event_order",
    )
    tables, mappings, left_out = events.answered(base, found)
    signals = replace(
        base, table="signals", columns=(), spread=(), interaction=False, amount="", only="",
        links=True, who=(Who("user_id", "user_id"), Who("user_id", "other_user"),
                         Who("device", "device_id")),
    )  # fmt: skip
    return Plan(
        title="Mixpanel events",
        source="mixpanel",
        timezone="UTC",
        inputs=(replace(look.given, name="given"),),
        mappings=(base, *mappings, signals),
        tables=(*_tables(point, amount, currency), *tables),
        left_out=(LeftOut(TWICE, "SELECT count(*) FROM numbered WHERE copy > 1"), *left_out),
        touchpoints=points,
        instruments=tuple(one.instrument for one in found),
        assumed=(
            "Times are UTC, as in projects made since 2023.",
            events.GUESSED,
        ),
    )


def _tables(point: str, amount: str, currency: str) -> tuple[tuple[str, str], ...]:
    def of(key: str) -> str:
        return member("members", key)

    known, seen = of("distinct_id"), f"TRY_CAST({of('time')} AS DOUBLE)"
    plain = f"CASE WHEN NOT starts_with({known}, '{_DEVICE}') THEN {known} END"
    made = {
        "user_id": f"CASE WHEN event NOT IN {_SIGNALS} "
        f"THEN coalesce(nullif({of('$user_id')}, ''), CASE WHEN {of('$device_id')} IS NULL "
        f"OR {of('$device_id')} <> {known} THEN {plain} END) END",
        "device_id": f"coalesce(nullif({of('$device_id')}, ''), {_device(known)})",
        "happened": f"to_timestamp(CASE WHEN {seen} > 1e11 THEN {seen} / 1000 ELSE {seen} END)",
        "own_id": f"concat_ws(':', event, {known}, {of('time')}, {of('$insert_id')})",
        "touchpoint": point,
        "event_amount": amount,
        "event_currency": currency,
        "place": "row_number() OVER ()",
    }
    read = ", ".join(f"{sql} AS {name}" for name, sql in made.items())
    merged = "json_extract_string(members, '$.\"$distinct_ids\"[{}]')"
    first = f"coalesce({of('$identified_id')}, {merged.format(0)}, {known})"
    other = f"coalesce({of('alias')}, {of('$anon_id')}, {merged.format(1)})"
    users = f"[x for x in [{first}, {other}] if NOT starts_with(x, '{_DEVICE}')]"
    devices = f"[x for x in [{other}, {first}] if starts_with(x, '{_DEVICE}')]"
    copy = "row_number() OVER (PARTITION BY own_id ORDER BY place)"
    order = "row_number() OVER (PARTITION BY coalesce(user_id, device_id), happened ORDER BY place)"
    device = f"coalesce({_device('devices[1]')}, device_id) AS device_id"
    tables = {
        "given_members": "SELECT event, properties AS members FROM given",
        "placed": f"SELECT *, {read} FROM given_members",
        "numbered": f"SELECT *, {copy} AS copy, {order} AS event_order FROM placed",
        "events": "SELECT * FROM numbered WHERE copy = 1",
        "said": f"SELECT *, {users} AS users, {devices} AS devices FROM events "
        f"WHERE event IN {_SIGNALS}",
        "signals": f"SELECT * REPLACE (users[1] AS user_id, {device}), users[2] AS other_user "
        "FROM said",
    }
    return tuple(tables.items())


def _device(value: str) -> str:
    return (
        f"CASE WHEN starts_with({value}, '{_DEVICE}') THEN substr({value}, {len(_DEVICE) + 1}) END"
    )


PRESET = Preset("mixpanel", "Mixpanel events (JSON)", fits, plan)
