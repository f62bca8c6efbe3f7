"""Google Play Console: the monthly report of reviews, CSV in UTF-16."""

from dataclasses import replace

from everytouch.catalogue.api import Instrument
from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Mapping, Plan, Question, Value
from everytouch.collect.mapping.sql import quoted
from everytouch.collect.presets.base import Asked, Preset

STARS = Instrument("googleplay_stars", "Google Play stars", "mean", 1, 5)
_UPDATED = "Review Last Update Millis Since Epoch"
_SUBMITTED = "Review Submit Millis Since Epoch"


def fits(look: Look) -> bool:
    """Recognise the columns of the report."""
    return look.has("Package Name", "Star Rating", "Reviewer Language", _UPDATED)


def plan(look: Look, _asked: Asked) -> Plan:
    """Return a review as a response at the time of its last update, which its text is of.

    Only reviews with a text have a link, and in it an ID; the others are known by what does not
    change: app, device and the time they were submitted.
    """
    formats = {
        _UPDATED: ColumnFormat("time", order="epoch-milliseconds"),
        _SUBMITTED: ColumnFormat("time", order="epoch-milliseconds"),
        "Star Rating": ColumnFormat("score"),
    }
    link = quoted(look.named("Review Link"))
    parts = ", ".join(map(quoted, ("Package Name", "Device", _SUBMITTED)))
    table = (
        f"SELECT *, coalesce(nullif(regexp_extract({link}, 'reviewId=([^&]+)', 1), ''), "
        f"concat_ws(':', {parts})) AS review_id FROM {quoted(look.given.name)}"
    )
    mapping = Mapping(
        table="reviews",
        columns=look.columns,
        id=("review_id",),
        when=(_UPDATED,),
        questions=(Question("Star Rating", STARS.name),),
        title=look.named("Review Title"),
        text=(look.named("Review Text"),),
        language=Value(look.named("Reviewer Language")),
    )
    return Plan(
        title="Google Play reviews",
        source="google play reviews",
        timezone="UTC",
        inputs=(replace(look.given, columns=formats),),
        tables=(("reviews", table),),
        mappings=(mapping,),
        instruments=(STARS,),
    )


PRESET = Preset("googleplay", "Google Play reviews (CSV)", fits, plan)
