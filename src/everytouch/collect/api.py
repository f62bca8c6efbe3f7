"""What other rooms may import of the ways in."""

from everytouch.collect.columns.answers import to_score
from everytouch.collect.columns.model import ColumnFormat, marked, read_format, understand
from everytouch.collect.columns.times import ORDERS
from everytouch.collect.dialects import DIALECTS
from everytouch.collect.drain import Drain, in_log
from everytouch.collect.events import Tried, likely_dialect, tried, try_held
from everytouch.collect.importer import Importer, Progress, Receipt, Trial
from everytouch.collect.keys import Keys, SourceKey
from everytouch.collect.mapping.model import Choice, Mapping, Plan, Question, Value, Who
from everytouch.collect.mapping.needed import with_needed
from everytouch.collect.mapping.profile import ColumnProfile, TableProfile, profiles
from everytouch.collect.mapping.review import Cause, Review, review
from everytouch.collect.mapping.sql import source_of
from everytouch.collect.mapping.stored import check_scale, plan_from_json, plan_to_json
from everytouch.collect.mapping.toml import dumps as dump_source
from everytouch.collect.mapping.uses import (
    ROW_KINDS,
    as_rows,
    namespace_for,
    plain_name,
    role_of,
    row_kind,
    with_role,
)
from everytouch.collect.parent import end_with
from everytouch.collect.presets.base import Asked
from everytouch.collect.preview import Preview, preview
from everytouch.collect.pulse import Pulse, pulse
from everytouch.collect.recognise import format_of, input_of, recognise
from everytouch.collect.rules import UNCATALOGUED, Rules, read_rules
from everytouch.collect.serving import serve
from everytouch.collect.source import FORMATS, Input, Source, Statement, read_source

__all__ = [
    "DIALECTS",
    "FORMATS",
    "ORDERS",
    "ROW_KINDS",
    "UNCATALOGUED",
    "Asked",
    "Cause",
    "Choice",
    "ColumnFormat",
    "ColumnProfile",
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
    "Review",
    "Rules",
    "Source",
    "SourceKey",
    "Statement",
    "TableProfile",
    "Trial",
    "Tried",
    "Value",
    "Who",
    "as_rows",
    "check_scale",
    "dump_source",
    "end_with",
    "format_of",
    "in_log",
    "input_of",
    "likely_dialect",
    "marked",
    "namespace_for",
    "plain_name",
    "plan_from_json",
    "plan_to_json",
    "preview",
    "profiles",
    "pulse",
    "read_format",
    "read_rules",
    "read_source",
    "recognise",
    "review",
    "role_of",
    "row_kind",
    "serve",
    "source_of",
    "to_score",
    "tried",
    "try_held",
    "understand",
    "with_needed",
    "with_role",
]
