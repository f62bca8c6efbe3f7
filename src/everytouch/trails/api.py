"""What other rooms may import of trails."""

from everytouch.trails.model import COLUMNS, INTERACTION, NEVER, PERCEPTION, Bucket, Trails
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
    "Scope",
    "Trails",
    "load",
    "microseconds",
    "open_trails",
    "scope_of",
]
