"""What other rooms may import of the ways in."""

from everytouch.collect.bounds import Bounds, bounds_table
from everytouch.collect.columns.answers import to_score
from everytouch.collect.columns.model import ColumnFormat, marked, read_format, understand
from everytouch.collect.columns.times import ORDERS
from everytouch.collect.connections import Connections, room_for
from everytouch.collect.definitions import api as definitions
from everytouch.collect.definitions.model import SurveyDefinition
from everytouch.collect.dialects import DIALECTS
from everytouch.collect.dialects.base import bare
from everytouch.collect.drafting import Choices, Example, as_yaml, draft, example, with_rule
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
from everytouch.collect.hooks import checked_scheme, hook_path
from everytouch.collect.importer import Importer, Progress, Receipt, Trial
from everytouch.collect.keys import UNSIGNED, Keys, SourceKey
from everytouch.collect.mapping.model import Choice, Mapping, Plan, Question, Value, Who
from everytouch.collect.mapping.needed import with_needed
from everytouch.collect.mapping.profile import ColumnProfile, TableProfile, profiles
from everytouch.collect.mapping.review import Cause, Review, review
from everytouch.collect.mapping.samples import Sample, samples
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
from everytouch.collect.nobody import sentence
from everytouch.collect.parent import end_with
from everytouch.collect.presets.base import Asked
from everytouch.collect.preview import Preview, preview
from everytouch.collect.pulse import Pulse, pulse
from everytouch.collect.recognise import format_of, input_of, recognise
from everytouch.collect.rulefile import read_rules
from everytouch.collect.rules import UNCATALOGUED, Rules
from everytouch.collect.scratch import remove_stale
from everytouch.collect.serving import kept, serve
from everytouch.collect.signatures import SCHEMES
from everytouch.collect.signing import SigningSecrets
from everytouch.collect.source import (
    FORMATS,
    VERSIONS,
    Input,
    Source,
    Statement,
    read_source,
)

__all__ = [
    "DIALECTS",
    "FETCHED_KINDS",
    "FORMATS",
    "ORDERS",
    "ROW_KINDS",
    "SCHEMES",
    "UNCATALOGUED",
    "UNSIGNED",
    "VERSIONS",
    "Asked",
    "Bounds",
    "Cause",
    "Choice",
    "Choices",
    "ColumnFormat",
    "ColumnProfile",
    "Connections",
    "Definition",
    "Drain",
    "Example",
    "Importer",
    "Input",
    "Keys",
    "Limits",
    "Mapping",
    "Plan",
    "Preview",
    "Progress",
    "Pulse",
    "Question",
    "Receipt",
    "Review",
    "Rules",
    "Run",
    "Runner",
    "Sample",
    "SigningSecrets",
    "Source",
    "SourceKey",
    "Statement",
    "SurveyDefinition",
    "TableProfile",
    "Trial",
    "TrialVault",
    "Tried",
    "Value",
    "Vault",
    "Who",
    "as_rows",
    "as_yaml",
    "bare",
    "bounds_table",
    "check_scale",
    "checked_scheme",
    "definitions",
    "draft",
    "dump_source",
    "end_with",
    "example",
    "fits_name",
    "format_of",
    "hook_path",
    "in_log",
    "input_of",
    "kept",
    "likely_dialect",
    "limits_table",
    "marked",
    "namespace_for",
    "parse_definition",
    "plain_name",
    "plan_from_json",
    "plan_to_json",
    "preview",
    "profiles",
    "pulse",
    "read_definition",
    "read_format",
    "read_rules",
    "read_source",
    "recognise",
    "remove_stale",
    "review",
    "role_of",
    "room_for",
    "row_kind",
    "samples",
    "sealed",
    "sentence",
    "serve",
    "source_of",
    "to_score",
    "tried",
    "try_held",
    "understand",
    "with_needed",
    "with_role",
    "with_rule",
]
