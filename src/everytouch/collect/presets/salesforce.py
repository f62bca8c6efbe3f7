"""Salesforce: opportunities of a report, exported with details only, in English or German."""

from dataclasses import replace

from everytouch.catalogue.api import Touchpoint
from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.columns.written import decimal_of, order_of
from everytouch.collect.leaving import FOOTER
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Mapping, Plan, Value, Who
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.source import LeftOut

DEAL = Touchpoint("opportunity", "Sales opportunity", "buy", "sales", element="people")
_ID = ("Opportunity ID", "Opportunity-ID", "Opportunity: Opportunity ID")
_NAME = ("Opportunity Name", "Opportunityname", "Opportunity-Name")
_ACCOUNT = ("Account Name", "Accountname", "Account-Name", "Account Name: Account Name")
_STAGE = ("Stage", "Phase")
_AMOUNT = ("Amount", "Betrag")
_CURRENCY = ("Amount Currency", "Betrag Währung", "Opportunity Currency", "Opportunity-Währung")
_CREATED = ("Created Date", "Erstellt am", "Erstelldatum", "Opportunity: Created Date")
_CLOSE = ("Close Date", "Schlusstermin", "Schlussdatum")
_CHANCE = ("Probability (%)", "Wahrscheinlichkeit (%)")
_WON = "won|gewonnen|gagné|ganada|vinta"


def fits(look: Look) -> bool:
    """Recognise the columns of opportunities."""
    named = all(look.named(*names) for names in (_ACCOUNT, _STAGE))
    return named and bool(look.named(*_ID, *_NAME)) and bool(look.named(*_CREATED, *_CLOSE))


def plan(look: Look, asked: Asked) -> Plan:
    """Return an opportunity as an interaction of its account, with money where it was won.

    What was offered or lost stays a property: the customer has not paid it.
    """
    when, amount = look.named(*_CREATED, *_CLOSE), look.named(*_AMOUNT)
    stage = look.cell(*_STAGE)
    won = f"regexp_matches(lower({stage}), '{_WON}') OR trim({look.cell(*_CHANCE)}) = '100'"
    paid = f"CASE WHEN {won} THEN {look.cell(*_AMOUNT)} END"
    filled = ", ".join(look.cell(*names) for names in (_ID, _NAME, _ACCOUNT, _STAGE, _CREATED))
    known = f"len(list_filter([{filled}], lambda x: trim(x) <> '')) > 1"
    currency = look.named(*_CURRENCY)
    opportunity = Mapping(
        table="opportunities",
        columns=look.columns,
        id=(look.named(*_ID, *_NAME),),
        when=(when,),
        who=(Who("account", look.named(*_ACCOUNT)),),
        party_kind="account",
        interaction=True,
        touchpoint=Value(constant=DEAL.name),
        outcome=Value(look.named(*_STAGE)),
        amount="paid_amount",
        currency=Value(currency) if currency else Value(constant=asked.currency),
        objects=(("opportunity", look.named(*_ID, *_NAME)),),
        only="is_opportunity",
    )
    return Plan(
        title="Salesforce opportunities",
        source="salesforce",
        timezone=asked.timezone,
        inputs=(
            replace(look.given, name="given", columns=_formats(look, when, amount), footer=True),
        ),
        mappings=(opportunity,),
        tables=(
            (
                "opportunities",
                f"SELECT *, {paid} AS paid_amount, {known} AS is_opportunity FROM given",
            ),
        ),
        left_out=(LeftOut(FOOTER, "SELECT count(*) FROM opportunities WHERE NOT is_opportunity"),),
        touchpoints=(DEAL,),
        assumed=(
            "An opportunity happened when it was created; its amount counts where it was won.",
        ),
    )


def _formats(look: Look, when: str, amount: str) -> dict[str, ColumnFormat]:
    """Of the time and the amount; what values leave open, the language of the header tells."""
    german = look.named(*_STAGE).casefold() == "phase"
    formats = {
        when: ColumnFormat(
            "time", order=order_of(look.values(when), "day-first" if german else "month-first")
        )
    }
    if amount:
        sign = decimal_of(look.values(amount), "," if german else ".")
        formats[amount] = ColumnFormat("number", decimal=sign)
    return formats


PRESET = Preset("salesforce", "Salesforce opportunities (CSV)", fits, plan)
