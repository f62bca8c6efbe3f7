"""App Store reviews, as review tools export them (Apple itself has no CSV)."""

from dataclasses import replace

from everytouch.catalogue.api import Instrument
from everytouch.collect.columns.detect import time_format
from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Mapping, Plan, Question, Who
from everytouch.collect.presets.base import Asked, Preset

STARS = Instrument("appstore_stars", "App Store stars", "mean", 1, 5)


def fits(look: Look) -> bool:
    """Recognise reviews with a version of an app and an answer of its developer."""
    return look.has("Rating", "Author", "Review", "Version") and bool(
        look.named("Developer response", "Developer Response", "App", "App Name")
    )


def plan(look: Look, _asked: Asked) -> Plan:
    """Return a review as a response with its stars; a nickname identifies nobody elsewhere."""
    when = look.named("Date", "Review Date", "Submitted")
    found = time_format(look.values(when))
    form = found[0] if found else ColumnFormat("time")
    formats = {when: replace(form, timezone="UTC"), look.named("Rating"): ColumnFormat("score")}
    mapping = Mapping(
        table=look.given.name,
        columns=look.columns,
        id=tuple(filter(None, (look.named("Review ID", "Review Id", "ID"),))),
        when=(when,),
        else_who=Who("appstore_author", look.named("Author")),
        questions=(Question(look.named("Rating"), STARS.name),),
        title=look.named("Title"),
        text=(look.named("Review"),),
    )
    return Plan(
        title="App Store reviews",
        source="app store reviews",
        timezone="UTC",
        inputs=(replace(look.given, columns=formats),),
        mappings=(mapping,),
        instruments=(STARS,),
    )


PRESET = Preset("appstore", "App Store reviews (CSV)", fits, plan)
