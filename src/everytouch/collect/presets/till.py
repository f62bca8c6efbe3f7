"""Till journals: a line an item, several lines a receipt."""

from dataclasses import replace

from everytouch.catalogue.api import Touchpoint
from everytouch.collect.columns.detect import number_format, time_format
from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.mapping.clock import as_time
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Mapping, Plan, Value, Who
from everytouch.collect.mapping.sql import quoted
from everytouch.collect.presets.base import Asked, Preset

SALE = Touchpoint("store_checkout", "Checkout in the store", "buy", "store", element="people")
_RECEIPT = ("Bon-Nr", "Bonnummer", "Bon", "Receipt No", "Receipt", "Receipt Number")
_STORE = ("Filiale", "Store", "Branch", "Shop")
_DAY = ("Datum", "Date")
_CLOCK = ("Uhrzeit", "Zeit", "Time")
_AMOUNT = ("Betrag", "Amount", "Total")
_CARD = ("Kundenkarte", "Loyalty Card", "Customer Card", "Customer No", "Kundennummer")
_CASHIER = ("Bediener", "Kassierer", "Cashier", "Operator")


def fits(look: Look) -> bool:
    """Recognise lines of receipts: a receipt's number that repeats, day, time and amount."""
    needed = (_RECEIPT, _DAY, _CLOCK, _AMOUNT, _STORE)
    return all(look.named(*names) for names in needed)


def plan(look: Look, asked: Asked) -> Plan:
    """Return a receipt as one interaction, its amount the sum of its lines.

    Receipt numbers repeat in other stores and on other days, so both belong to the ID.
    """
    receipt, store, day, clock, amount, card, cashier = (
        look.named(*names) for names in (_RECEIPT, _STORE, _DAY, _CLOCK, _AMOUNT, _CARD, _CASHIER)
    )
    money = number_format(look.values(amount)) or ColumnFormat("number")
    dates = time_format(look.values(day))
    order = dates[0].order if dates else "day-first"
    own = f"nullif(upper(trim({quoted(card)})), '')" if card else "NULL"
    money_sql = f"CAST({quoted(amount)} AS DECIMAL(18,4))"
    table = f"""SELECT {quoted(store)} AS store, {quoted(receipt)} AS receipt, {quoted(day)} AS day,
  min({quoted(day)} || ' ' || {quoted(clock)}) AS time, max({own}) AS card,
  max({quoted(cashier) if cashier else "NULL"}) AS cashier,
  sum({money_sql}) AS amount, sum(least({money_sql}, 0)) AS returned, count(*) AS lines
FROM {quoted(look.given.name)}
WHERE {quoted(receipt)} IS NOT NULL
GROUP BY ALL"""
    read = f"SELECT *, {as_time('time', order)} AS sold_at FROM lines"
    mapping = Mapping(
        table="receipts",
        columns=(
            "store",
            "receipt",
            "day",
            "time",
            "card",
            "cashier",
            "amount",
            "returned",
            "lines",
            "sold_at",
        ),
        id=("store", "day", "receipt"),
        when=("sold_at",),
        who=(Who("customer_no", "card"),),
        interaction=True,
        touchpoint=Value("", SALE.name),
        outcome=Value("", "ok"),
        amount="amount",
        counterpart=Who("employee", "cashier"),
        objects=(("receipt", "receipt"),),
        leave=("time",),
    )
    return Plan(
        title="Till receipts",
        source="till",
        timezone=asked.timezone,
        inputs=(replace(look.given, columns={amount: money}),),
        tables=(("lines", table), ("receipts", read)),
        mappings=(mapping,),
        touchpoints=(SALE,),
    )


PRESET = Preset("till", "Till receipts (CSV)", fits, plan)
