"""What other rooms may import of the ways in."""

from everytouch.collect.importer import Importer, Progress, Receipt, Trial
from everytouch.collect.preview import Preview, preview
from everytouch.collect.source import FORMATS, Input, Source, Statement, read_source

__all__ = [
    "FORMATS",
    "Importer",
    "Input",
    "Preview",
    "Progress",
    "Receipt",
    "Source",
    "Statement",
    "Trial",
    "preview",
    "read_source",
]
