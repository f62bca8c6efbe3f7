"""Stripe: payments, exported from the dashboard as CSV, and events of charges as JSON."""

from dataclasses import replace

from everytouch.catalogue.api import Touchpoint
from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.columns.written import decimal_of
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.members import member
from everytouch.collect.mapping.model import Mapping, Plan, Value, Who
from everytouch.collect.mapping.sql import literal
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.source import LeftOut

SOURCE = "stripe"
PAYMENT = Touchpoint("payment", "Payment", "buy", "web")
NO_CHARGE, EARLIER = "events that are not about charges", "earlier events of the same charge"
_CREATED = ("Created date (UTC)", "Created (UTC)")
_REFUNDED = ("Refunded date (UTC)", "Refunded (UTC)")
_MONEY = ("Amount", "Amount Refunded", "Converted Amount", "Converted Amount Refunded", "Fee")
_NOT_PAID = "('failed', 'uncaptured', 'canceled', 'cancelled', 'pending', 'blocked')"
# Currencies whose amounts Stripe gives without decimals, and with three; all others have two.
_WHOLE = ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV",
          "XAF", "XOF", "XPF")  # fmt: skip
_THREE = ("BHD", "JOD", "KWD", "OMR", "TND")


def fits(look: Look) -> bool:
    """Recognise the columns of payments."""
    return look.has("id", "Amount", "Currency", "Status", "Captured") and bool(
        look.named(*_CREATED)
    )


def plan(look: Look, asked: Asked) -> Plan:
    """Return a payment attempt as an interaction, with what was paid and not given back.

    Money counts in the workspace's currency: as charged, or as Stripe converted it.
    """
    created = look.named(*_CREATED)
    formats = {created: ColumnFormat("time", timezone="UTC")}
    formats |= {
        look.named(n): ColumnFormat("time", timezone="UTC") for n in _REFUNDED if look.has(n)
    }
    decimal = decimal_of(look.values(look.named("Amount")))
    for name in _MONEY:
        if look.has(name):
            formats[look.named(name)] = ColumnFormat("number", decimal=decimal)
    given = (("order", _order(look)), ("invoice", look.named("Invoice ID")))
    payment = Mapping(
        table="payments",
        columns=look.columns,
        id=(look.named("id"),),
        when=(created,),
        who=_who(look),
        interaction=True,
        touchpoint=Value(constant=PAYMENT.name),
        outcome=Value(look.named("Status")),
        amount="paid_amount",
        cost="paid_fee",
        objects=tuple((kind, column) for kind, column in given if column),
    )
    return Plan(
        title="Stripe payments",
        source=SOURCE,
        timezone="UTC",
        inputs=(replace(look.given, name="given", columns=formats),),
        mappings=(payment,),
        tables=(("payments", _payments(look, asked.currency)),),
        touchpoints=(PAYMENT,),
        assumed=(
            "What was refunded is taken off the payment; failed and uncaptured ones count nothing.",
            "Where another source brings the orders that were paid, leave their money out in one.",
        ),
    )


def _order(look: Look) -> str:
    """The column of metadata that names the order."""
    fields = (name for name in look.columns if name.casefold().endswith("(metadata)"))
    return next((name for name in fields if "order" in name.casefold()), "")


def _who(look: Look) -> tuple[Who, ...]:
    given = {"email": look.named("Customer Email"), "stripe_customer": look.named("Customer ID")}
    return tuple(Who(space, column) for space, column in given.items() if column)


def _payments(look: Look, currency: str) -> str:
    def money(name: str) -> str:
        return f"coalesce(TRY_CAST({look.cell(name)} AS DECIMAL(18,4)), 0)"

    def is_ours(name: str) -> str:
        return f"upper(trim({look.cell(name)})) = {literal(currency)}"

    paid = (
        f"lower(trim({look.cell('Captured')})) = 'true' "
        f"AND lower(trim({look.cell('Status')})) NOT IN {_NOT_PAID}"
    )
    amount = (
        f"CASE WHEN {is_ours('Currency')} THEN {money('Amount')} - {money('Amount Refunded')} "
        f"WHEN {is_ours('Converted Currency')} "
        f"THEN {money('Converted Amount')} - {money('Converted Amount Refunded')} END"
    )
    settled = "Converted Currency" if look.has("Converted Currency") else "Currency"
    fee = f"CASE WHEN ({paid}) AND {is_ours(settled)} THEN {look.cell('Fee')} END"
    return (
        f"SELECT *, CASE WHEN {paid} THEN {amount} END AS paid_amount, {fee} AS paid_fee FROM given"
    )


def fits_events(look: Look) -> bool:
    """Recognise webhook events about charges."""
    if not look.has("object", "type", "data", "livemode") or look.values("object", 2) != ["event"]:
        return False
    return any(kind.startswith("charge.") for kind in look.values("type"))


def plan_events(look: Look, _asked: Asked) -> Plan:
    """Return the charge of an event as the same record as in the export of payments."""
    charge = Mapping(
        table="charges",
        columns=("type", "currency"),
        id=("charge_id",),
        when=("charged_at",),
        who=(Who("email", "email"), Who("stripe_customer", "customer")),
        interaction=True,
        touchpoint=Value(constant=PAYMENT.name),
        outcome=Value("outcome"),
        amount="paid_amount",
        currency=Value("currency"),
        objects=(("order", "order_id"), ("invoice", "invoice")),
        nested=("charge",),
    )
    whole = "(SELECT count(*) FROM all_charges)"
    return Plan(
        title="Stripe events of charges",
        source=SOURCE,
        timezone="UTC",
        inputs=(replace(look.given, name="events"),),
        mappings=(charge,),
        tables=_charges(),
        left_out=(
            LeftOut(NO_CHARGE, f"SELECT (SELECT count(*) FROM events) - {whole}"),
            LeftOut(EARLIER, f"SELECT {whole} - (SELECT count(*) FROM charges)"),
        ),
        touchpoints=(PAYMENT,),
        assumed=("What was refunded is taken off the payment.",),
    )


def _charges() -> tuple[tuple[str, str], ...]:
    def of(*path: str) -> str:
        return member("charge", *path)

    size = f"CASE WHEN currency IN {_WHOLE} THEN 1 WHEN currency IN {_THREE} THEN 1000 ELSE 100 END"
    minor = f"coalesce({of('amount_captured')}, {of('amount')})"
    left = f"CAST({minor} AS BIGINT) - CAST(coalesce({of('amount_refunded')}, '0') AS BIGINT)"
    paid = f"{of('status')} = 'succeeded' AND {of('captured')} = 'true'"
    made = {
        "email": f"coalesce({of('billing_details', 'email')}, {of('receipt_email')})",
        "customer": of("customer"),
        "order_id": of("metadata", "order_id"),
        "invoice": of("invoice"),
        "charged_at": f"to_timestamp(CAST({of('created')} AS BIGINT))",
        "paid_amount": f"CASE WHEN {paid} THEN CAST({left} AS DECIMAL(18,4)) / {size} END",
        "outcome": f"CASE WHEN {of('refunded')} = 'true' THEN 'Refunded' WHEN {paid} THEN 'Paid' "
        f"WHEN {of('status')} = 'succeeded' THEN 'Uncaptured' "
        f"WHEN {of('status')} = 'failed' THEN 'Failed' ELSE {of('status')} END",
    }
    added = ", ".join(f"{sql} AS {name}" for name, sql in made.items())
    latest = "row_number() OVER (PARTITION BY charge_id ORDER BY created DESC, place DESC) = 1"
    given = {
        "charge": "json_extract(data, '$.object')",
        "charge_id": member("data", "object", "id"),
        "currency": f"upper({member('data', 'object', 'currency')})",
        "place": "row_number() OVER ()",
    }
    first = ", ".join(f"{sql} AS {name}" for name, sql in given.items())
    about = f"{member('data', 'object', 'object')} = 'charge'"
    return (
        ("all_charges", f"SELECT *, {first} FROM events WHERE {about}"),
        ("charges", f"SELECT *, {added} FROM all_charges QUALIFY {latest}"),
    )


PAYMENTS = Preset("stripe_payments", "Stripe payments (CSV)", fits, plan)
EVENTS = Preset("stripe_events", "Stripe events of charges (JSON)", fits_events, plan_events)
