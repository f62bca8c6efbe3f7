"""XES event logs (IEEE 1849) as a table of text columns, streamed from a file or a .gz."""

import gzip
import zlib
from pathlib import Path
from typing import Any
from xml.parsers import expat

import pyarrow as pa

from everytouch.errors import SourceError

_ATTRIBUTES = frozenset({"string", "date", "int", "float", "boolean", "id"})


class _Reader:
    """Collects one row an event: its attributes, and its trace's as ``case:…``."""

    def __init__(self) -> None:
        self.rows: list[dict[str, str]] = []
        self.trace: dict[str, str] = {}
        self.event: dict[str, str] | None = None
        self.nested = 0
        self.case = -1
        self.number = 0
        self.in_trace = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "trace":
            self.in_trace, self.trace, self.number = True, {}, 0
            self.case += 1
        elif tag == "event":
            self.event = {}
        elif tag in _ATTRIBUTES:
            self.nested += 1
            if self.nested == 1 and self.in_trace:
                into = self.trace if self.event is None else self.event
                into[attributes.get("key", "")] = attributes.get("value", "")

    def end(self, tag: str) -> None:
        if tag in _ATTRIBUTES:
            self.nested -= 1
        elif tag == "event" and self.event is not None:
            row = {f"case:{key}": value for key, value in self.trace.items()}
            row |= self.event
            row["case_index"], row["event_index"] = str(self.case), str(self.number)
            self.rows.append(row)
            self.number += 1
            self.event = None
        elif tag == "trace":
            self.in_trace = False


def read_xes(path: Path) -> pa.Table:
    """Events of a log, one row each, all columns text.

    Columns are the keys of the event's attributes, those of its trace as ``case:key``, and
    ``case_index`` and ``event_index``, counted from 0. Attributes nested in others are left.

    Raises:
        SourceError: the file is cut off or no XES.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.buffer_text = True
    try:
        with _open(path) as file:
            parser.ParseFile(file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(f"{path} is cut off or damaged: {error}", "fetch it again") from error
    except expat.ExpatError as error:
        raise SourceError(f"{path} is no XES: {error}", "check the file at that line") from error
    if not reader.rows:
        raise SourceError(f"{path} holds no event", "check that it is an XES log")
    names = dict.fromkeys(name for row in reader.rows for name in row)
    columns = {n: pa.array([row.get(n) for row in reader.rows], pa.string()) for n in names}
    return pa.table(columns)


def _open(path: Path) -> Any:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")
