"""From the columns of a file to the columns of a record, chosen by clicking: a source is made."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from everytouch.catalogue.api import Catalogue
from everytouch.collect.api import FORMATS, Input, Source, Statement
from everytouch.errors import SourceError
from everytouch.moments.api import COLUMNS, Column, Kind

ENCODINGS = ("utf-8", "latin-1", "cp1252", "utf-16")
KINDS: tuple[Kind, ...] = ("interactions", "perceptions", "traits", "links")
ROW = "\x00row"  # an id made of the whole row
_LIKELY: dict[str, tuple[str, ...]] = {
    "id": ("id", "event_id", "message_id", "uuid", "key", "response_id"),
    "occurred_at": ("time", "timestamp", "date", "datetime", "created_at", "when", "answered_at"),
    "identifier": ("customer", "customer_id", "customer_no", "email", "user_id", "user", "phone"),
    "touchpoint": ("event", "touchpoint", "page", "activity", "step"),
    "raw": ("score", "rating", "answer", "nps", "csat", "stars"),
    "text": ("comment", "comments", "review", "message", "feedback"),
    "amount": ("amount", "price", "total", "revenue", "value"),
    "duration_s": ("duration", "seconds", "duration_seconds"),
    "outcome": ("outcome", "status", "result"),
    "correlations": ("order", "order_id", "case", "case_id"),
    "due_at": ("due", "promised", "deadline", "estimated"),
    "name": ("trait", "attribute"),
}


@dataclass(frozen=True)
class Choice:
    """What fills one column of the record: a column of the file, or the same text in every row."""

    column: str = ""
    constant: str = ""


@dataclass(frozen=True)
class Mapping:
    """How a file becomes moments."""

    source: str
    kind: Kind
    timezone: str
    encoding: str
    delimiter: str
    choices: dict[str, Choice]

    def sql(self) -> str:
        """The SELECT that the choices make."""
        parts = [
            f"{_expression(column, choice)} AS {_quoted(column.name)}"
            for column in COLUMNS[self.kind]
            if (choice := self.choices.get(column.name)) and (choice.column or choice.constant)
        ]
        return f"SELECT {', '.join(parts) or 'NULL'}\nFROM upload"

    def made(self, path: Path) -> Source:
        """The source for a file."""
        given = input_of(path, self.encoding, self.delimiter)
        statement = Statement(self.kind, self.kind, self.sql())
        return Source(self.source, path, self.timezone, None, (given,), (statement,))

    def to_json(self) -> dict[str, Any]:
        """For a job's payload."""
        return {**vars(self), "choices": {name: vars(c) for name, c in self.choices.items()}}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Mapping":
        """Back from a job's payload."""
        return cls(**{**raw, "choices": {n: Choice(**c) for n, c in raw["choices"].items()}})


def input_of(path: Path, encoding: str = "utf-8", delimiter: str = "") -> Input:
    """The file as an input called ``upload``."""
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    return Input("upload", (path,), FORMATS[suffix.lower()], encoding, delimiter or None)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _expression(column: Column, choice: Choice) -> str:
    if choice.column == ROW:
        return "md5(CAST(upload AS VARCHAR))"
    if choice.constant:
        return "'" + choice.constant.replace("'", "''") + "'"
    name = _quoted(choice.column)
    if column.name == "correlations":
        kind = re.sub(r"\W+", "_", choice.column).lower()
        return f"CASE WHEN {name} IS NOT NULL THEN '{kind}:' || CAST({name} AS VARCHAR) END"
    return name


def guess(kind: Kind, columns: tuple[str, ...], catalogue: Catalogue) -> dict[str, Choice]:
    """What the names of a file's columns suggest; each is used once."""
    low = {re.sub(r"\W+", "_", name).strip("_").lower(): name for name in columns}
    found: dict[str, Choice] = {}
    for column in COLUMNS[kind]:
        names = (column.name, *_LIKELY.get(column.name, ()))
        hit = next((low[name] for name in names if name in low), None)
        if hit is None and column.required:
            near = difflib.get_close_matches(column.name, low, 1, 0.8)
            hit = low[near[0]] if near else None
        if hit is not None and hit not in {choice.column for choice in found.values()}:
            found[column.name] = Choice(hit)
    found.setdefault("id", Choice(ROW))
    known_by = found.get("identifier", Choice()).column.lower()
    if "namespace" not in found:
        found["namespace"] = Choice("", _namespace(known_by))
    if kind == "perceptions" and "instrument" not in found and len(catalogue.instruments) == 1:
        found["instrument"] = Choice("", next(iter(catalogue.instruments)))
    return found


def _namespace(column: str) -> str:
    for word in ("email", "phone", "device"):
        if word in column:
            return word
    return "customer_no"


def read_post(post: Any, columns: tuple[str, ...]) -> Mapping:
    """The mapping of a form.

    Raises:
        SourceError: it names what is not there.
    """
    kind, encoding = post.get("kind", ""), post.get("encoding", "utf-8")
    if kind not in KINDS or encoding not in ENCODINGS:
        raise SourceError(
            f"kind {kind!r} or encoding {encoding!r} is unknown", "choose from the list"
        )
    source = post.get("source", "").strip()[:60]
    if not re.fullmatch(r"[\w .-]+", source):
        raise SourceError(
            f"{source!r} is no name of a source", "use letters, digits, space and - . _"
        )
    choices = {}
    for column in COLUMNS[cast(Kind, kind)]:
        chosen = post.get(f"column:{column.name}", "")
        if chosen not in ("", "=", ROW, *columns):
            raise SourceError(f"the file has no column {chosen!r}", "choose from the list")
        if chosen == "=":
            choices[column.name] = Choice("", post.get(f"constant:{column.name}", "").strip()[:200])
        elif chosen:
            choices[column.name] = Choice(chosen)
    return Mapping(
        source,
        cast(Kind, kind),
        post.get("timezone", "UTC") or "UTC",
        encoding,
        post.get("delimiter", "")[:1],
        choices,
    )
