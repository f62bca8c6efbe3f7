"""What other rooms may import of the ways in."""

from everytouch.collect.drain import Drain, in_log
from everytouch.collect.importer import Importer, Progress, Receipt, Trial
from everytouch.collect.keys import Keys, SourceKey
from everytouch.collect.preview import Preview, preview
from everytouch.collect.rules import Rules, read_rules
from everytouch.collect.serving import serve
from everytouch.collect.source import FORMATS, Input, Source, Statement, read_source

__all__ = [
    "FORMATS",
    "Drain",
    "Importer",
    "Input",
    "Keys",
    "Preview",
    "Progress",
    "Receipt",
    "Rules",
    "Source",
    "SourceKey",
    "Statement",
    "Trial",
    "in_log",
    "preview",
    "read_rules",
    "read_source",
    "serve",
]
