"""What other rooms may import of trails."""

from everytouch.trails.model import COLUMNS, INTERACTION, NEVER, PERCEPTION, Bucket, Trails
from everytouch.trails.one import Moment, Trail, moments_by_key, trail_of
from everytouch.trails.scope import EVERYTHING, Scope, microseconds
from everytouch.trails.segments import TRAIT_COLUMNS, scope_of
from everytouch.trails.store import load, open_trails

__all__ = [
    "COLUMNS",
    "EVERYTHING",
    "INTERACTION",
    "NEVER",
    "PERCEPTION",
    "TRAIT_COLUMNS",
    "Bucket",
    "Moment",
    "Scope",
    "Trail",
    "Trails",
    "load",
    "microseconds",
    "moments_by_key",
    "open_trails",
    "scope_of",
    "trail_of",
]
