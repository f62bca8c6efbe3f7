"""XES event logs (IEEE 1849) as tables of text columns, streamed from a file or a .gz."""

from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

import pyarrow as pa

from everytouch.collect.formats.base import DAMAGED, Reading, damaged, in_parts, opened, table_of
from everytouch.collect.source import Input
from everytouch.errors import SourceError

_ATTRIBUTES = frozenset({"string", "date", "int", "float", "boolean", "id"})
_FRAMES = frozenset({"log", "trace", "event"})
_CHUNK = 1 << 20


class _Reader:
    """Collects one row an event: its attributes, and its trace's as ``case:…``."""

    def __init__(self) -> None:
        self.rows: list[dict[str, str | None]] = []
        self.trace: dict[str, str] = {}
        self.event: dict[str, str] | None = None
        self.depth = 0  # of elements inside the event, the trace or the log itself
        self.case = -1
        self.number = 0
        self.in_trace = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "trace":
            self.in_trace, self.trace, self.number = True, {}, 0
            self.case += 1
        elif tag == "event":
            self.event = {}
        elif tag not in _FRAMES:
            self.depth += 1
            if self.depth == 1 and self.in_trace and tag in _ATTRIBUTES:
                into = self.trace if self.event is None else self.event
                into[attributes.get("key", "")] = attributes.get("value", "")

    def end(self, tag: str) -> None:
        if tag == "event" and self.event is not None:
            row: dict[str, str | None] = {f"case:{key}": v for key, v in self.trace.items()}
            row |= self.event
            row["case_index"], row["event_index"] = str(self.case), str(self.number)
            self.rows.append(row)
            self.number += 1
            self.event = None
        elif tag == "trace":
            self.in_trace = False
        elif tag not in _FRAMES:
            self.depth -= 1


def read_xes(path: Path, _given: Input, _reading: Reading) -> Iterator[pa.Table]:
    """Read the events of a log, one row each, all columns text.

    Columns are the keys of the event's own attributes, those of its trace as ``case:key``, and
    ``case_index`` and ``event_index``, counted from 0. Attributes nested in others, in lists and
    in their values are not the event's own and are left out.

    Raises:
        SourceError: the file is cut off or no XES.
    """
    yield from in_parts(_events(path), table_of)


def _events(path: Path) -> Iterator[dict[str, str | None]]:
    reader, some = _Reader(), False
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.buffer_text = True
    try:
        with opened(path) as file:
            while chunk := file.read(_CHUNK):
                parser.Parse(chunk)
                some = some or bool(reader.rows)
                yield from reader.rows
                reader.rows = []
            parser.Parse(b"", True)
    except DAMAGED as error:
        raise damaged(path, error) from error
    except expat.ExpatError as error:
        raise SourceError(f"{path} is not XES: {error}", "check the file at that line") from error
    if not some:
        raise SourceError(f"{path} holds no event", "check that it is an XES log")
