"""What other rooms may import of the ways in."""

from everytouch.collect.dialects import DIALECTS
from everytouch.collect.drain import Drain, in_log
from everytouch.collect.events import Tried, likely_dialect, tried, try_held
from everytouch.collect.importer import Importer, Progress, Receipt, Trial
from everytouch.collect.keys import Keys, SourceKey
from everytouch.collect.nobody import sentence
from everytouch.collect.parent import end_with
from everytouch.collect.preview import Preview, preview
from everytouch.collect.pulse import Pulse, pulse
from everytouch.collect.rules import UNCATALOGUED, Rules, read_rules
from everytouch.collect.serving import serve
from everytouch.collect.source import FORMATS, Input, Source, Statement, read_source

__all__ = [
    "DIALECTS",
    "FORMATS",
    "UNCATALOGUED",
    "Drain",
    "Importer",
    "Input",
    "Keys",
    "Preview",
    "Progress",
    "Pulse",
    "Receipt",
    "Rules",
    "Source",
    "SourceKey",
    "Statement",
    "Trial",
    "Tried",
    "end_with",
    "in_log",
    "likely_dialect",
    "preview",
    "pulse",
    "read_rules",
    "read_source",
    "sentence",
    "serve",
    "tried",
    "try_held",
]
