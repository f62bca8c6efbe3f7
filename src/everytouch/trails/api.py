"""What other rooms may import of trails."""

from everytouch.trails.model import COLUMNS, INTERACTION, NEVER, PERCEPTION, Bucket, Trails
from everytouch.trails.store import load, open_trails

__all__ = [
    "COLUMNS",
    "INTERACTION",
    "NEVER",
    "PERCEPTION",
    "Bucket",
    "Trails",
    "load",
    "open_trails",
]
