"""What other rooms may import of the ways in."""

from everytouch.collect.definitions import api as definitions
from everytouch.collect.definitions.model import SurveyDefinition
from everytouch.collect.dialects import DIALECTS
from everytouch.collect.drain import Drain, in_log
from everytouch.collect.events import Tried, likely_dialect, tried, try_held
from everytouch.collect.importer import Importer, Progress, Receipt, Trial
from everytouch.collect.keys import Keys, SourceKey
from everytouch.collect.mapping.model import Choice, Mapping, Plan, Question, Value, Who
from everytouch.collect.mapping.needed import with_needed
from everytouch.collect.mapping.sql import source_of
from everytouch.collect.parent import end_with
from everytouch.collect.presets.base import Asked
from everytouch.collect.preview import Preview, preview
from everytouch.collect.pulse import Pulse, pulse
from everytouch.collect.recognise import input_of, recognise
from everytouch.collect.rules import UNCATALOGUED, Rules, read_rules
from everytouch.collect.serving import serve
from everytouch.collect.source import FORMATS, Input, Source, Statement, read_source

__all__ = [
    "DIALECTS",
    "FORMATS",
    "UNCATALOGUED",
    "Asked",
    "Choice",
    "Drain",
    "Importer",
    "Input",
    "Keys",
    "Mapping",
    "Plan",
    "Preview",
    "Progress",
    "Pulse",
    "Question",
    "Receipt",
    "Rules",
    "Source",
    "SourceKey",
    "Statement",
    "SurveyDefinition",
    "Trial",
    "Tried",
    "Value",
    "Who",
    "definitions",
    "end_with",
    "in_log",
    "input_of",
    "likely_dialect",
    "preview",
    "pulse",
    "read_rules",
    "read_source",
    "recognise",
    "serve",
    "source_of",
    "tried",
    "try_held",
    "with_needed",
]
