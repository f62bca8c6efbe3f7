"""What other rooms may import of trails."""

from everytouch.trails.model import (
    COLUMNS,
    INTERACTION,
    NEVER,
    PERCEPTION,
    Bucket,
    Parties,
    Trails,
)
from everytouch.trails.newest import ANY, Glimpse, Wanted, newest
from everytouch.trails.one import Moment, Trail, moments_by_key, trail_of
from everytouch.trails.people import people
from everytouch.trails.periods import EVERY, Every, month_edges, period_edges
from everytouch.trails.properties import Where, carrying
from everytouch.trails.scope import EVERYTHING, Scope, microseconds, utc
from everytouch.trails.segments import scope_of, traits_of
from everytouch.trails.store import load, open_trails, remove_damaged
from everytouch.trails.views import VIEWS, Views

__all__ = [
    "ANY",
    "COLUMNS",
    "EVERY",
    "EVERYTHING",
    "INTERACTION",
    "NEVER",
    "PERCEPTION",
    "VIEWS",
    "Bucket",
    "Every",
    "Glimpse",
    "Moment",
    "Parties",
    "Scope",
    "Trail",
    "Trails",
    "Views",
    "Wanted",
    "Where",
    "carrying",
    "load",
    "microseconds",
    "moments_by_key",
    "month_edges",
    "newest",
    "open_trails",
    "people",
    "period_edges",
    "remove_damaged",
    "scope_of",
    "trail_of",
    "traits_of",
    "utc",
]
