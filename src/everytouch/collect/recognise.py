"""Recognising a file: its format, the tool it comes from, and how it is imported."""

from pathlib import Path

from everytouch.collect.definitions import api as definitions
from everytouch.collect.formats.heads import with_header
from everytouch.collect.mapping.generic import plan_of
from everytouch.collect.mapping.look import looking
from everytouch.collect.mapping.model import Plan
from everytouch.collect.mapping.used import whole
from everytouch.collect.presets.base import Asked
from everytouch.collect.presets.registry import PRESETS
from everytouch.collect.source import FORMATS, Input
from everytouch.errors import SourceError
from everytouch.settings import Settings

_STARTS = (
    (b"PK\x03\x04", "xlsx"),
    (b"\xd0\xcf\x11\xe0", "xlsx"),
    (b"PAR1", "parquet"),
    (b"$FL2", "sav"),
    (b"$FL3", "sav"),
    (b"SQLite format 3\x00", "ocel"),
)


def format_of(path: Path) -> str:
    """Return the format of a file, from its first bytes and then from its name.

    Raises:
        SourceError: the file is not there, is empty, or is of no known format.
    """
    if not path.is_file():
        raise SourceError(f"{path} is not there", "check the path")
    with path.open("rb") as file:
        start = file.read(4_096)
    if not start:
        raise SourceError(f"{path} is empty", "give a file with at least a header")
    for mark, name in _STARTS:
        if start.startswith(mark):
            return name
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    if survey := _definition(suffix.lower(), start):
        return survey
    named = FORMATS.get(suffix.lower())
    if named in ("csv", "json", "xes") or (named == "ocel" and start.lstrip()[:1] == b"{"):
        return named
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:1] in (b"{", b"["):
        return "json"
    if text.startswith(b"<?xml") and b"<log" in text:
        return "xes"
    if b"\0" not in text.replace(b"\0", b"", len(text) // 3) and named is None:
        return "csv"
    raise SourceError(
        f"the format of {path.name} is not known", f"give one of: {', '.join(sorted(FORMATS))}"
    )


def _definition(suffix: str, start: bytes) -> str:
    """Whether a file is the definition of a survey, and of which format."""
    if suffix.lstrip(".") in definitions.READERS:
        return suffix.lstrip(".")
    if b"<LimeSurveyDocType>Survey<" in start:
        return "lss"
    return "qsf" if b'"SurveyEntry"' in start and start.lstrip()[:1] == b"{" else ""


def input_of(path: Path, name: str = "file") -> Input:
    """Return a file as an input, in the format that it has."""
    return Input(name, (path,), format_of(path))


def recognise(given: Input, settings: Settings, asked: Asked) -> Plan:
    """Return how a file is imported: by the preset of its tool, else by what its columns hold.

    Raises:
        SourceError: the file cannot be read.
    """
    if given.format in definitions.READERS:
        return definitions.definition_plan(given)
    with looking(given, settings, asked.timezone) as look:
        for preset in PRESETS:
            if preset.fits(look):
                return whole(preset.plan(look, asked))
    with looking(with_header(given), settings, asked.timezone) as look:
        return plan_of(look, asked)
