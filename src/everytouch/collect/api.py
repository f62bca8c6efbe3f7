"""What other rooms may import of the ways in."""

from everytouch.collect.dialects import DIALECTS
from everytouch.collect.drain import Drain, in_log
from everytouch.collect.events import Tried, likely_dialect, tried, try_held
from everytouch.collect.fetch.credentials import TrialVault, Vault
from everytouch.collect.fetch.definition import (
    Definition,
    fits_name,
    parse_definition,
    read_definition,
    sealed,
)
from everytouch.collect.fetch.guard import Limits, limits_table
from everytouch.collect.fetch.kinds import KINDS as FETCHED_KINDS
from everytouch.collect.fetch.runner import Runner
from everytouch.collect.fetch.state import Run
from everytouch.collect.importer import Importer, Progress, Receipt, Trial
from everytouch.collect.keys import Keys, SourceKey
from everytouch.collect.parent import end_with
from everytouch.collect.preview import Preview, preview
from everytouch.collect.pulse import Pulse, pulse
from everytouch.collect.rules import UNCATALOGUED, Rules, read_rules
from everytouch.collect.serving import serve
from everytouch.collect.source import FORMATS, Input, Source, Statement, read_source

__all__ = [
    "DIALECTS",
    "FETCHED_KINDS",
    "FORMATS",
    "UNCATALOGUED",
    "Definition",
    "Drain",
    "Importer",
    "Input",
    "Keys",
    "Limits",
    "Preview",
    "Progress",
    "Pulse",
    "Receipt",
    "Rules",
    "Run",
    "Runner",
    "Source",
    "SourceKey",
    "Statement",
    "Trial",
    "TrialVault",
    "Tried",
    "Vault",
    "end_with",
    "fits_name",
    "in_log",
    "likely_dialect",
    "limits_table",
    "parse_definition",
    "preview",
    "pulse",
    "read_definition",
    "read_rules",
    "read_source",
    "sealed",
    "serve",
    "tried",
    "try_held",
]
