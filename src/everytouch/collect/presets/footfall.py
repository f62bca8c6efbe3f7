"""Door counters: how many people went in and out of a store, hour by hour."""

from everytouch.collect.columns.written import order_of
from everytouch.collect.mapping.clock import as_time
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Mapping, Plan
from everytouch.collect.mapping.sql import quoted
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.source import LeftOut

_IN = ("in", "entries", "visitors in", "people in", "eingang", "besucher")
_OUT = ("out", "exits", "visitors out", "people out", "ausgang")
_PLACE = ("store_id", "store", "location", "site", "entrance", "filiale")
_DAY = ("date", "day", "datum")
_HOUR = ("hour", "time", "uhrzeit", "stunde")


def fits(look: Look) -> bool:
    """Recognise counts in and out of a place by day and hour."""
    return all(bool(look.named(*names)) for names in (_IN, _OUT, _PLACE, _DAY))


def plan(look: Look, asked: Asked) -> Plan:
    """Return a row as counts of people; no one is named, so no one's timeline gets longer.

    A sensor without a number was off, which is not zero; a negative number is a fault of it.
    """
    inside, outside, place, day, hour = (
        look.named(*names) for names in (_IN, _OUT, _PLACE, _DAY, _HOUR)
    )
    clock = f" || ' ' || {quoted(hour)}" if hour else ""
    file = quoted(look.given.name)
    order = order_of(look.values(day), "day-first")
    form = as_time(f"{quoted(day)}{clock}", order) if hour else quoted(day)
    table = f"SELECT *, {form} AS counted_at FROM {file}"
    numbers = [f"TRY_CAST({quoted(name)} AS DOUBLE)" for name in (inside, outside)]
    off = " AND ".join(f"{number} IS NULL" for number in numbers)
    faulty = " OR ".join(f"coalesce({number} < 0, false)" for number in numbers)
    mapping = Mapping(
        table="counted",
        columns=(*look.columns, "counted_at"),
        id=tuple(name for name in (place, day, hour) if name),
        when=("counted_at",),
        counts=(inside, outside),
        place=place,
        leave=tuple(name for name in (day, hour) if name),
        only=f"NOT ({off}) AND NOT ({faulty})",
    )
    return Plan(
        title="People counted at doors",
        source="footfall",
        timezone=asked.timezone,
        inputs=(look.given,),
        tables=(("counted", table),),
        mappings=(mapping,),
        left_out=(
            LeftOut("sensor offline (no number)", f"SELECT count(*) FROM {file} WHERE {off}"),
            LeftOut("negative count", f"SELECT count(*) FROM {file} WHERE {faulty}"),
        ),
    )


PRESET = Preset("footfall", "People counted at doors (CSV)", fits, plan)
