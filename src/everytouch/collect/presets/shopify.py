"""Shopify: orders, exported as CSV, a row for each item of an order."""

from dataclasses import replace

from everytouch.catalogue.api import Touchpoint
from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Mapping, Plan, Value, Who
from everytouch.collect.mapping.sql import literal, quoted
from everytouch.collect.presets.base import Asked, Preset

ONLINE = Touchpoint("online_order", "Order in the online shop", "buy", "web")
STORE = Touchpoint("store_order", "Order in the store", "buy", "store")
_LINE = "Lineitem "
_PAID = "('paid', 'partially_paid', 'partially_refunded', 'refunded')"


def fits(look: Look) -> bool:
    """Recognise the columns of orders with their items."""
    return look.has("Name", "Financial Status", "Lineitem quantity", "Created at", "Currency")


def plan(look: Look, asked: Asked) -> Plan:
    """Return an order as one interaction, however many items it has.

    Its amount is what was paid and not refunded; orders that were not paid have none.
    """
    lines = look.starting(_LINE)
    number = ColumnFormat("number")
    formats = {"Created at": ColumnFormat("time")} | {
        name: number
        for name in ("Total", "Refunded Amount", "Outstanding Balance")
        if look.has(name)
    }
    order = Mapping(
        table="orders",
        columns=tuple(name for name in look.columns if name not in lines),
        id=("order_id",),
        when=(look.named("Created at"),),
        who=tuple(Who(space, look.named(name))
                  for space, name in (("email", "Email"), ("phone", "Phone")) if look.has(name)),
        interaction=True,
        touchpoint=Value("touchpoint"),
        outcome=Value(look.named("Financial Status")),
        amount="paid_amount",
        currency=Value(look.named("Currency")),
        objects=(("order", look.named("Name")),),
        leave=("order_id",),
        nested=("items",),
    )  # fmt: skip
    return Plan(
        title="Shopify orders",
        source="shopify",
        timezone=asked.timezone,
        inputs=(replace(look.given, name="given", columns={
            look.named(name): form for name, form in formats.items()}),),
        mappings=(order,),
        tables=_tables(look, lines),
        touchpoints=(ONLINE, STORE),
        assumed=("Refunds are taken off their order, since the export gives no time of theirs.",),
    )  # fmt: skip


def _tables(look: Look, lines: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    def money(name: str) -> str:
        return f"coalesce(TRY_CAST({look.cell(name)} AS DECIMAL(18,4)), 0)"

    name = look.cell("Name")
    fields = ", ".join(
        f"{literal(line[len(_LINE) :].replace(' ', '_'))}: {quoted(line)}" for line in lines
    )
    quotes = [
        f"ltrim({quoted(column)}, '''') AS {quoted(column)}"
        for column in look.columns
        if column.casefold().endswith(("zip", "phone"))
    ]
    clean = f"* REPLACE ({', '.join(quotes)})" if quotes else "*"
    paid = f"lower(trim({look.cell('Financial Status')})) IN {_PAID}"
    left = f"{money('Total')} - {money('Refunded Amount')} - {money('Outstanding Balance')}"
    order_id = f"coalesce(nullif(trim({look.cell('Id')}), ''), {name})"
    in_store = f"lower({look.cell('Source')}) = 'pos'"
    sold = f"CASE WHEN {in_store} THEN '{STORE.name}' ELSE '{ONLINE.name}' END"
    first = f"row_number() OVER (PARTITION BY {name} ORDER BY place) = 1"
    tables = {
        "numbered": f"SELECT {clean}, row_number() OVER () AS place FROM given",
        "bought": f"SELECT {name} AS bought_in, to_json(list({{{fields}}} ORDER BY place)) "
        f"AS items FROM numbered GROUP BY {name}",
        "firsts": f"SELECT * FROM numbered QUALIFY {first}",
        "orders": f"SELECT *, {order_id} AS order_id, {sold} AS touchpoint, "
        f"CASE WHEN {paid} THEN {left} END AS paid_amount "
        f"FROM firsts JOIN bought ON bought_in = {name}",
    }
    return tuple(tables.items())


PRESET = Preset("shopify", "Shopify orders (CSV)", fits, plan)
