"""Google Analytics 4: events of the BigQuery export, as JSON lines."""

from dataclasses import replace

from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.members import member
from everytouch.collect.mapping.model import Mapping, Plan, Value, Who
from everytouch.collect.presets import events
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.source import LeftOut

NOBODY = "events without an identifier"
TWICE = "purchases sent twice (same transaction_id)"
_TYPES = ("string_value", "int_value", "double_value", "float_value")
_TYPED = ",".join(f'"{name}":"VARCHAR"' for name in _TYPES)
_PAIRS = f'[{{"key":"VARCHAR","value":{{{_TYPED}}}}}]'
_VALUE = f"coalesce({', '.join(f'x.value.{name}' for name in _TYPES)})"
_REFUNDED = "coalesce(refund_value, value_param)"


def fits(look: Look) -> bool:
    """Recognise the columns of exported events."""
    return look.has("event_name", "event_timestamp", "event_params", "user_pseudo_id")


def plan(look: Look, _asked: Asked) -> Plan:
    """Return events as interactions, and properties of users as traits.

    The export has no id of an event: it is the device, the time, the name and, of equal ones, the
    place among them. A purchase is its transaction, which is often sent in two bundles.
    """
    members = _object("event_params")
    found = events.answers(events.properties_of(look, "event_name", members), "ga4")
    names = events.names_of(look, "event_name")
    point, points = events.touchpoints(names, "web")
    asked = [one for one in points if one.asks and one.label not in {a.event for a in found}]
    base = _event(look, found)
    tables, mappings, left_out = events.answered(base, found)
    traits = replace(
        base, table="known", columns=(), nested=(), spread=(), interaction=False, only="",
        trait=("trait_name", "trait_value"), amount="", objects=(),
    )  # fmt: skip
    return Plan(
        title="Google Analytics 4 events",
        source="ga4",
        timezone="UTC",
        inputs=(replace(look.given, name="given", columns={
            "event_timestamp": ColumnFormat("time", order="epoch-microseconds")}),),
        mappings=(base, *mappings, *((traits,) if look.has("user_properties") else ())),
        tables=(*_tables(look, members, point), *tables),
        left_out=(
            LeftOut(NOBODY, "SELECT count(*) FROM numbered WHERE nobody"),
            LeftOut(TWICE, "SELECT count(*) FROM numbered WHERE NOT nobody AND NOT first_one"),
            *left_out,
        ),
        touchpoints=points,
        instruments=tuple(one.instrument for one in found),
        assumed=(
            events.GUESSED,
            *(f"{one.label} may be an answer; it was taken as an interaction." for one in asked),
        ),
    )  # fmt: skip


def _event(look: Look, found: list[events.Answer]) -> Mapping:
    return Mapping(
        table="events",
        columns=look.columns,
        id=("own_id",),
        when=("event_timestamp",),
        who=(Who("user_id", "user_id"), Who("device", "user_pseudo_id")),
        interaction=True,
        touchpoint=Value("touchpoint"),
        about="touchpoint",
        amount="event_amount",
        currency=Value("event_currency"),
        objects=(("session", "own_session"), ("order", "transaction")),
        leave=("event_params", "user_properties"),
        nested=tuple(n for n in look.nested if n not in ("event_params", "user_properties")),
        spread=("members",),
        only=f"NOT ({events.is_answer(found)})",
        source_order="event_order",
    )


def _object(pairs: str) -> str:
    """SQL of a JSON object from an array of keys with typed values."""
    listed = f"from_json({pairs}, '{_PAIRS}')"
    texts = f"list_transform({listed}, lambda x: to_json(x.key) || ':' || to_json({_VALUE}))"
    filled = f"list_filter({texts}, lambda x: x IS NOT NULL)"
    return f"'{{' || coalesce(array_to_string({filled}, ','), '') || '}}'"


def _tables(look: Look, members: str, point: str) -> tuple[tuple[str, str], ...]:
    commerce = look.cell("ecommerce")
    transaction = (
        f"coalesce({member(commerce, 'transaction_id')}, {member('members', 'transaction_id')})"
    )
    made = {
        "event": "event_name",
        "members": members,
        "refund_value": member(commerce, "refund_value"),
        "purchase_value": member(commerce, "purchase_revenue"),
        "nobody": "coalesce(nullif(user_id, ''), nullif(user_pseudo_id, '')) IS NULL",
        "place": "row_number() OVER ()",
    }
    read = ", ".join(f"{sql} AS {name}" for name, sql in made.items())
    session = member("members", "ga_session_id")  # unique among those of a device only
    derived = {
        "touchpoint": point,
        "transaction": f"nullif(nullif({transaction}, ''), '(not set)')",
        "value_param": member("members", "value"),
        "event_currency": f"upper(trim({member('members', 'currency')}))",
        "own_session": f"coalesce(user_pseudo_id || '.', '') || {session}",
        "person": "coalesce(user_pseudo_id, user_id, '')",
    }
    more = ", ".join(f"{sql} AS {name}" for name, sql in derived.items())
    same = "PARTITION BY person, event_timestamp, event ORDER BY place"
    bought = "event IN ('purchase', 'in_app_purchase') AND transaction IS NOT NULL"
    paid = (
        "CASE WHEN event = 'purchase' THEN coalesce(purchase_value, value_param) "
        f"WHEN event = 'refund' THEN CAST(-CAST({_REFUNDED} AS DECIMAL(18,4)) AS VARCHAR) END"
    )
    own = (
        f"CASE WHEN {bought} THEN 'purchase:' || transaction ELSE person || ':' "
        f"|| event_timestamp || ':' || event || ':' || row_number() OVER ({same}) END"
    )
    order = "row_number() OVER (PARTITION BY person, event_timestamp ORDER BY place)"
    first = "row_number() OVER (PARTITION BY own_id, nobody ORDER BY place) = 1"
    tables = {
        "placed": f"SELECT *, {read} FROM given",
        "derived": f"SELECT *, {more} FROM placed",
        "identified": f"SELECT *, {paid} AS event_amount, {own} AS own_id, "
        f"{order} AS event_order FROM derived",
        "numbered": f"SELECT *, {first} AS first_one FROM identified",
        "events": "SELECT * FROM numbered WHERE first_one AND NOT nobody",
    }
    if look.has("user_properties"):
        tables |= _known()
    return tuple(tables.items())


def _known() -> dict[str, str]:
    """Properties of users where they changed."""
    pairs = f"unnest(from_json(user_properties, '{_PAIRS}')) AS pair"
    value = _VALUE.replace("x.value", "pair.value")
    before = (
        "lag(trait_value) OVER (PARTITION BY coalesce(user_id, user_pseudo_id), trait_name "
        "ORDER BY event_timestamp, place)"
    )
    return {
        "paired": f"SELECT *, {pairs} FROM events",
        "named": f"SELECT *, pair.key AS trait_name, {value} AS trait_value FROM paired",
        "known": f"SELECT * FROM named QUALIFY {before} IS DISTINCT FROM trait_value",
    }


PRESET = Preset("ga4", "Google Analytics 4 events (BigQuery export)", fits, plan)
