"""A source file: which files are read, and the SELECTs that turn them into records."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from everytouch.collect.columns.model import ColumnFormat, read_format
from everytouch.errors import SourceError
from everytouch.ledger.api import Policy
from everytouch.moments.api import KINDS, Kind
from everytouch.settings import TIMEZONES

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xlsx",
    ".sav": "sav",
    ".zsav": "sav",
    ".txt": "csv",
    ".xes": "xes",
    ".jsonocel": "ocel",
    ".sqlite": "ocel",
}


VERSIONS = ("first", "newest")
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Input:
    """One named input: the files behind it and how they are read.

    Attributes:
        format: csv, parquet, json (an array, or one object a line), xlsx (also .xls), sav, xes
            or ocel.
        encoding: of text files, as Python names it: utf-8, cp1252, utf-16; found when "auto".
        sheet: of a workbook, the first when left out; of an OCEL, events or objects.
        header: numbers of the rows that name the columns, from 1.
        skip: rows after the header that are no data.
        records: of JSON, the key under which the list is, with dots between: ``data.items``.
        columns: how the text of a column is understood, by its name.
        footer: whether lines of one value after the last row of a CSV file are a report's footer,
            left out and counted.
    """

    name: str
    paths: tuple[Path, ...]
    format: str
    encoding: str = "auto"
    delimiter: str | None = None
    sheet: str | None = None
    header: tuple[int, ...] = (1,)
    skip: int = 0
    records: str = ""
    columns: Mapping[str, ColumnFormat] = field(default_factory=dict)
    footer: bool = False

    @property
    def last_header(self) -> int:
        """Number of the last row of the header."""
        return self.header[-1]


@dataclass(frozen=True)
class Statement:
    """A SELECT whose columns are those of a record of ``kind``."""

    kind: Kind
    name: str
    sql: str


@dataclass(frozen=True)
class LeftOut:
    """Rows of the files that are no records, such as totals and test rows, and why.

    Attributes:
        sql: a SELECT of one number: how many there are.
    """

    reason: str
    sql: str


@dataclass(frozen=True)
class Source:
    """A resolved source file.

    Attributes:
        versions: what another content under a known id is: with "first" a conflict, with
            "newest" a correction, which counts from then on.

    Raises:
        SourceError: the time zone is not an IANA name.
    """

    name: str
    path: Path
    timezone: str
    catalogue: Path | None
    inputs: tuple[Input, ...]
    statements: tuple[Statement, ...]
    left_out: tuple[LeftOut, ...] = ()
    versions: Policy = "first"

    def __post_init__(self) -> None:
        """Refuse a time zone that is not on the list: it becomes part of a statement."""
        if self.timezone not in TIMEZONES:
            raise SourceError(
                f"{self.path}: time zone {self.timezone!r} is unknown",
                "use an IANA name such as Europe/Berlin",
            )


def read_source(path: Path, folder: Path | None = None) -> Source:
    """Read a source file.

    Args:
        path: the TOML file.
        folder: where the input files lie, when not beside the source file.

    Raises:
        SourceError: the file cannot be used, or names a file that is not there.
    """
    raw = _toml(path)
    given = _optional(raw, "folder", path)
    base = folder or path.parent / (given or ".")
    name = _text(raw, "name", path)
    timezone = raw.pop("timezone", "UTC")
    catalogue = _optional(raw, "catalogue", path)
    versions = raw.pop("versions", "first")
    if versions not in VERSIONS:
        raise SourceError(
            f"{path}: versions = {versions!r} is unknown", f"use one of: {', '.join(VERSIONS)}"
        )
    named = raw.pop("inputs", {})
    if not isinstance(named, dict):
        raise SourceError(f"{path}: inputs is no table", "write [inputs.NAME] tables")
    inputs = tuple(_input(n, v, base, path) for n, v in named.items())
    statements = tuple(s for kind in KINDS for s in _statements(kind, raw.pop(kind, []), path))
    left_out = tuple(_left_out(item, path) for item in _list(raw.pop("left_out", [])))
    if raw:
        raise SourceError(
            f"{path}: {', '.join(map(repr, raw))} is unknown",
            "use: name, timezone, catalogue, folder, versions, inputs, left_out, "
            + ", ".join(KINDS),
        )
    if not inputs or not statements:
        raise SourceError(f"{path} has no [inputs.…] or no SELECT", "give at least one of each")
    where = path.parent / catalogue if catalogue else None
    return Source(name, path, timezone, where, inputs, statements, left_out, versions)


def _statements(kind: Kind, raw: Any, path: Path) -> list[Statement]:
    if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
        raise SourceError(f"{path}: {kind} is no list of tables", f"write [[{kind}]] tables")
    return [
        Statement(kind, str(item.get("name", f"{kind} {number}")), _text(item, "sql", path))
        for number, item in enumerate(raw, 1)
    ]


def _left_out(raw: Any, path: Path) -> LeftOut:
    if not isinstance(raw, dict):
        raise SourceError(f"{path}: left_out is not a list of tables", "write [[left_out]] tables")
    return LeftOut(_text(raw, "reason", path), _text(raw, "sql", path))


def _optional(raw: dict[str, Any], key: str, path: Path) -> str | None:
    return _file_name(_text(raw, key, path), f"{path}: {key}") if key in raw else None


def _file_name(text: str, place: str) -> str:
    """Return the text, unless no file system could hold a file of this name."""
    if "\0" in text or any(len(part.encode("utf-8", "replace")) > 255 for part in text.split("/")):
        raise SourceError(f"{place}: {text[:100]!r} can be the name of no file", "correct it")
    return text


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SourceError(f"source file {path} is not there", "check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"source file {path} cannot be read: {error}", "give UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise SourceError(f"source file {path} is no TOML: {error}", "correct it there") from error


def _text(raw: dict[str, Any], key: str, path: Path) -> str:
    value = raw.pop(key, None)
    if not isinstance(value, str) or not value.strip():
        raise SourceError(f"{path}: {key} is missing or no text", f'give {key} = "…"')
    return value


def _input(name: str, raw: Any, base: Path, source: Path) -> Input:
    place = f"{source}: inputs.{name}"
    if not _NAME.fullmatch(name):
        raise SourceError(f"{place}: {name!r} is no name of a table", "use letters, digits and _")
    if not isinstance(raw, dict) or "path" not in raw:
        raise SourceError(f"{place} names no file", 'give path = "…"')
    options = dict(raw)
    given = options.pop("path")
    if not all(isinstance(item, str) for item in _list(given)):
        raise SourceError(f"{place}: path {given!r} is no text", 'give path = "…" or a list')
    paths = tuple(p for item in _list(given) for p in _files(base, _file_name(item, place), place))
    kind = options.pop("format", None) or _format(paths[0], place)
    if kind not in FORMATS.values():
        raise SourceError(
            f"{place}: format {kind!r} is unknown",
            f"use one of: {', '.join(sorted(set(FORMATS.values())))}",
        )
    return input_from(name, paths, kind, options, place)


_TEXTS = ("encoding", "delimiter", "sheet", "records")
_OPTIONS = ("path", "format", *_TEXTS, "header", "skip", "columns", "footer")


def input_from(
    name: str, paths: tuple[Path, ...], kind: str, options: dict[str, Any], place: str
) -> Input:
    """Make an input of the options of its TOML table.

    Raises:
        SourceError: an option is unknown or has an impossible value.
    """
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown:
        raise SourceError(f"{place}: {unknown[0]!r} is unknown", f"use: {', '.join(_OPTIONS)}")
    texts = {key: options[key] for key in _TEXTS if key in options}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise SourceError(f"{place}: {key} {value!r} is not text", f'write {key} = "…"')
    delimiter = texts.get("delimiter", ";")
    if len(delimiter) != 1 or not delimiter.isascii():
        raise SourceError(
            f"{place}: delimiter {delimiter!r} is not one ASCII character", 'e.g. ";"'
        )
    header, skip = _list(options.get("header", [1])), options.get("skip", 0)
    if not all(map(_count, header)) or header != sorted(set(header)) or not header or header[0] < 1:
        raise SourceError(f"{place}: header {header!r} is not row numbers", "e.g. header = 3")
    if not _count(skip):
        raise SourceError(f"{place}: skip {skip!r} is not a number of rows", "e.g. skip = 2")
    footer = options.get("footer", False)
    if not isinstance(footer, bool):
        raise SourceError(f"{place}: footer {footer!r} is not true or false", "footer = true")
    columns = options.get("columns", {})
    if not isinstance(columns, dict):
        raise SourceError(f"{place}: columns is not a table", f"write [{place}.columns]")
    formats = {key: read_format(value, f"{place}.columns.{key}") for key, value in columns.items()}
    shape = {"header": tuple(header), "skip": skip, "columns": formats, "footer": footer}
    return Input(name, paths, kind, **shape, **texts)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10_000


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _files(base: Path, pattern: str, place: str) -> list[Path]:
    found = sorted(base.glob(pattern)) if "*" in pattern else [base / pattern]
    if not found:
        raise SourceError(f"{place}: no file fits {base / pattern}", "check path and --folder")
    for path in found:
        if not path.is_file():
            raise SourceError(f"{place}: {path} is not there", "check path and --folder")
        if path.stat().st_size == 0:
            raise SourceError(f"{place}: {path} is empty", "give a file with at least a header")
    return found


def _format(path: Path, place: str) -> str:
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    if suffix.lower() not in FORMATS:
        raise SourceError(
            f"{place}: the format of {path.name} is not told by its name",
            'give format = "csv" (or parquet, json, xlsx, xes, ocel)',
        )
    return FORMATS[suffix.lower()]
