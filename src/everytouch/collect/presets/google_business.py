"""Google Business Profile reviews: the fields of its API, flattened by a connector."""

from dataclasses import replace

from everytouch.catalogue.api import Instrument, Touchpoint
from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Mapping, Plan, Question
from everytouch.collect.presets.base import Asked, Preset

STARS = Instrument("google_stars", "Google stars", "mean", 1, 5)
PLACE = Touchpoint("google_business_review", "Review on Google", "advocate", "review site",
                   element="communication", asks=True)  # fmt: skip
_WORDS = {"ONE": "1", "TWO": "2", "THREE": "3", "FOUR": "4", "FIVE": "5"}


def fits(look: Look) -> bool:
    """Recognise the API's names of a review."""
    return look.has("reviewId", "starRating", "comment", "updateTime")


def plan(look: Look, _asked: Asked) -> Plan:
    """Return a review as a response with its stars; the place is a property to break down by."""
    stars = ColumnFormat("choice", answers=_WORDS, missing=("STAR_RATING_UNSPECIFIED",))
    mapping = Mapping(
        table=look.given.name,
        columns=look.columns,
        id=("reviewId",),
        when=("updateTime",),
        questions=(Question("starRating", STARS.name),),
        text=("comment",),
    )
    return Plan(
        title="Google Business reviews",
        source="google business reviews",
        timezone="UTC",
        inputs=(replace(look.given, columns={
            "updateTime": ColumnFormat("time"), "starRating": stars}),),
        mappings=(mapping,),
        touchpoints=(PLACE,),
        instruments=(STARS,),
    )  # fmt: skip


PRESET = Preset("google_business", "Google Business reviews (CSV)", fits, plan)
