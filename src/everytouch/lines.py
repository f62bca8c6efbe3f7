"""Read files of which each line is a record.

Only a line feed ends such a line. ``str.splitlines`` also ends it at signs that a text inside a
record may hold, as U+0085 and U+2028, and parts the record in two.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def lines_of(path: Path) -> list[bytes]:
    """Return the lines of a file that are not blank, without their ends.

    Raises:
        OSError: it cannot be read.
    """
    return [line for line in path.read_bytes().split(b"\n") if line.strip()]


def json_lines(path: Path) -> Iterator[Any]:
    """Yield the value of each line of a file of JSON.

    Raises:
        OSError: it cannot be read.
        ValueError: a line is no JSON.
    """
    return map(json.loads, lines_of(path))
