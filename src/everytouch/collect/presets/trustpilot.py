"""Trustpilot Business: service reviews, exported as CSV."""

from dataclasses import replace

from everytouch.catalogue.api import Instrument, Touchpoint
from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Mapping, Plan, Question, Value, Who
from everytouch.collect.presets.base import Asked, Preset

STARS = Instrument("trustpilot_stars", "Trustpilot stars", "mean", 1, 5)
REVIEW = Touchpoint("trustpilot_review", "Review on Trustpilot", "advocate", "review site",
                    element="communication", asks=True)  # fmt: skip


def fits(look: Look) -> bool:
    """Recognise the columns of an export of reviews."""
    return look.has("Review Consumer User Id", "Review Stars", "Review Created (UTC)")


def plan(look: Look, _asked: Asked) -> Plan:
    """Return a review as a response with its stars; the company's answer is a property."""
    formats = {
        "Review Created (UTC)": ColumnFormat("time", timezone="UTC"),
        "Review Stars": ColumnFormat("score"),
    }
    mapping = Mapping(
        table=look.given.name,
        columns=look.columns,
        id=(look.named("Review Id"),),
        when=("Review Created (UTC)",),
        who=(
            Who("trustpilot_user", "Review Consumer User Id"),
            Who("email", "Review User Email"),
        ),
        questions=(Question("Review Stars", STARS.name),),
        title="Review Title",
        text=("Review Content",),
        language=Value("Review Language"),
        objects=(("order", "Reference Id"),),
    )
    return Plan(
        title="Trustpilot reviews",
        source="trustpilot",
        timezone="UTC",
        inputs=(replace(look.given, columns=formats),),
        mappings=(mapping,),
        touchpoints=(REVIEW,),
        instruments=(STARS,),
    )


PRESET = Preset("trustpilot", "Trustpilot reviews (CSV)", fits, plan)
