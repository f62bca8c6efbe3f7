"""SPSS system files (.sav) as tables of text columns."""

import datetime
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa

from everytouch.collect.formats.base import ROWS_OF_A_PART, TEXT, Reading, numbered
from everytouch.collect.source import Input
from everytouch.errors import SourceError
from everytouch.later import Later

if TYPE_CHECKING:
    import pyreadstat
else:
    pyreadstat = Later("pyreadstat")


_DICTIONARY = 176  # bytes before the records of the variables
_VARIABLE, _LABELS, _LABELLED, _DOCUMENT, _EXTENSION, _LONG_NAMES = 2, 3, 4, 6, 7, 13


@dataclass(frozen=True)
class Variable:
    """A variable of a system file.

    Attributes:
        name: of its column.
        form: its format, as F2.0, DATETIME20, A300.
        labels: code as the column has it → label.
        missing: ranges of codes that are user-missing, both ends among them.
        measure: nominal, ordinal, scale or unknown.
    """

    name: str
    label: str
    form: str
    labels: Mapping[str, str]
    missing: tuple[tuple[float, float], ...]
    missing_texts: tuple[str, ...]
    measure: str

    @property
    def is_text(self) -> bool:
        """Whether its values are text."""
        return self.form.startswith("A") and self.form[1:].isdecimal()

    @property
    def is_time(self) -> bool:
        """Whether its values are dates, or dates with times."""
        return self.form.rstrip("0123456789.") in (
            "DATE", "ADATE", "EDATE", "JDATE", "SDATE", "DATETIME", "YMDHMS",
        )  # fmt: skip


@dataclass(frozen=True)
class MultipleResponse:
    """A multiple-response set: one question over several variables.

    Attributes:
        counted: value that means "chosen"; "" where each variable holds the code of a choice.
    """

    name: str
    label: str
    variables: tuple[str, ...]
    counted: str


@dataclass(frozen=True)
class SystemFile:
    """What a system file says of its variables.

    Attributes:
        weight: the variable by which cases are weighted; "" for none.
    """

    label: str
    created: datetime.datetime | None
    variables: tuple[Variable, ...]
    sets: tuple[MultipleResponse, ...]
    weight: str


def describe(path: Path) -> SystemFile:
    """Return what a system file says of its variables.

    Raises:
        SourceError: the file is damaged or no SPSS file.
    """
    try:
        _, meta = pyreadstat.read_sav(str(path), metadataonly=True, user_missing=True)
        short = _weight(path)
    except (pyreadstat.ReadstatError, struct.error, UnicodeDecodeError) as error:
        raise SourceError(f"{path} is not an SPSS file: {error}", "save it as .sav") from error
    names = dict(zip(meta.column_names, numbered(meta.column_names), strict=True))
    weight = next((new for old, new in names.items() if old.casefold() == short.casefold()), "")
    return SystemFile(
        meta.file_label or "", meta.creation_time,
        tuple(_variable(old, new, meta) for old, new in names.items()),
        tuple(_set(name, one, names) for name, one in (meta.mr_sets or {}).items()),
        weight,
    )  # fmt: skip


def _variable(old: str, new: str, meta: Any) -> Variable:
    labels = meta.variable_value_labels.get(old, {})
    ranges = meta.missing_ranges.get(old, [])
    numbers = [one for one in ranges if not isinstance(one["lo"], str)]
    texts = [one["lo"] for one in ranges if isinstance(one["lo"], str)]
    return Variable(
        new,
        meta.column_names_to_labels.get(old) or old,
        meta.original_variable_types.get(old) or "",
        {_text(code) or "": str(label) for code, label in labels.items()},
        tuple((float(one["lo"]), float(one["hi"])) for one in numbers), tuple(texts),
        meta.variable_measure.get(old, "unknown"),
    )  # fmt: skip


def _set(name: str, given: Mapping[str, Any], names: Mapping[str, str]) -> MultipleResponse:
    counted = _text(given["counted_value"]) if given["is_dichotomy"] else ""
    columns = tuple(names[one] for one in given["variable_list"] if one in names)
    return MultipleResponse(name, given["label"] or name, columns, counted or "")


def _weight(path: Path) -> str:
    """The name of the weight variable, which pyreadstat does not tell; "" where there is none."""
    with path.open("rb") as file:
        head = file.read(_DICTIONARY)
        order = "<" if struct.unpack("<i", head[64:68])[0] in (2, 3) else ">"
        (place,) = struct.unpack(f"{order}i", head[76:80])
        if not place:
            return ""
        short = _short_name(file, order, place)
        return _long_names(file, order).get(short, short)


def _short_name(file: IO[bytes], order: str, place: int) -> str:
    """The name of the variable at a place, counting the records that go on with a text."""
    found, at = "", 0
    while _number(file, order) == _VARIABLE:
        at += 1
        _, labelled, missing, _, _ = struct.unpack(f"{order}5i", file.read(20))
        name = file.read(8).decode("latin-1").strip()
        if at == place:
            found = name
        if labelled:
            length = _number(file, order)
            file.read(-(-length // 4) * 4)
        file.read(abs(missing) * 8)
    file.seek(-4, 1)
    return found


def _long_names(file: IO[bytes], order: str) -> dict[str, str]:
    """The names that are longer than eight characters, by the short ones."""
    while True:
        kind = _number(file, order)
        if kind == _LABELS:
            for _ in range(_number(file, order)):
                file.read(8)
                length = file.read(1)[0]
                file.read((length + 8) // 8 * 8 - 1)
        elif kind == _LABELLED:
            file.read(_number(file, order) * 4)
        elif kind == _DOCUMENT:
            file.read(_number(file, order) * 80)
        elif kind == _EXTENSION:
            subtype, size, count = struct.unpack(f"{order}3i", file.read(12))
            data = file.read(size * count)
            if subtype == _LONG_NAMES:
                pairs = (one.partition("=") for one in data.decode("utf-8", "replace").split("\t"))
                return {short: long for short, _, long in pairs}
        else:
            return {}


def _number(file: IO[bytes], order: str) -> int:
    (number,) = struct.unpack(f"{order}i", file.read(4))
    return int(number)


def read_spss(path: Path, _given: Input, _reading: Reading) -> Iterator[pa.Table]:
    """Read a system file: codes as numbers, not labels; user-missing codes as they are.

    Raises:
        SourceError: the file is damaged or no SPSS file.
    """
    try:
        parts = pyreadstat.read_file_in_chunks(
            pyreadstat.read_sav, str(path), chunksize=ROWS_OF_A_PART,
            output_format="dict", user_missing=True,
        )  # fmt: skip
        for values, meta in parts:
            names = list(meta.column_names)
            columns = [pa.array(list(map(_text, values[name])), TEXT) for name in names]
            yield pa.table(columns, numbered(names))
    except pyreadstat.ReadstatError as error:
        raise SourceError(f"{path} is not an SPSS file: {error}", "save it as .sav") from error


def _text(value: Any) -> str | None:
    if value is None or value != value:
        return None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    return str(value) or None
