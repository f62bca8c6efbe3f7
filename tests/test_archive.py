"""A workbook that would take minutes or all memory is refused before it is opened."""

import zipfile

import openpyxl
import pytest

from everytouch.collect.formats import archive
from everytouch.collect.formats.workbook import raw_rows
from everytouch.collect.source import Input
from everytouch.errors import SourceError

ROW = '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>x</t></is></c></row>'


@pytest.fixture
def book(tmp_path):
    """A workbook, and a copy of it with parts replaced or added."""
    workbook = openpyxl.Workbook()
    workbook.active.append(["name", "note"])
    workbook.active.append(["Ana", "fine"])
    workbook.save(tmp_path / "book.xlsx")

    def with_parts(parts):
        path = tmp_path / "other.xlsx"
        with (
            zipfile.ZipFile(tmp_path / "book.xlsx") as old,
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for one in old.infolist():
                if one.filename not in parts:
                    new.writestr(one, old.read(one))
            for name, content in parts.items():
                new.writestr(name, content)
        return path

    return with_parts


def rows(path):
    return list(raw_rows(path, Input("t", (str(path),), format="xlsx")))


def sheet(inside):
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{inside}</sheetData></worksheet>"
    )


SHEET, TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


def test_a_small_file_that_unpacks_to_much_is_refused(book):
    assert rows(book({})) == [("name", "note"), ("Ana", "fine")]
    tight = "".join(map(ROW.format, range(1, 20_000)))  # as a real table may be
    assert len(rows(book({SHEET: sheet(tight)}))) == 19_999
    blank = book({SHEET: sheet(" " * (archive.SMALL + 1))})
    assert blank.stat().st_size < 120_000
    with pytest.raises(SourceError, match=r"sheet1.xml .* unpacks to"):
        rows(blank)


def test_shared_texts_are_limited(book, monkeypatch):
    monkeypatch.setattr(archive, "MOST_TEXTS", 1_000)
    with pytest.raises(SourceError, match=r"texts of .* unpack to"):
        rows(book({TEXTS: "<sst>" + " " * 2_000 + "</sst>"}))


def test_parts_and_all_of_them_are_limited(book, monkeypatch):
    monkeypatch.setattr(archive, "MOST_PARTS", 20)
    with pytest.raises(SourceError, match="parts"):
        rows(book({f"xl/media/{n}.zip": b"" for n in range(20)}))
    monkeypatch.setattr(archive, "MOST_UNPACKED", 1_000)
    with pytest.raises(SourceError, match="unpacks to"):
        rows(book({}))


def test_cells_at_the_far_end_count_with_all_before_them(book, monkeypatch):
    monkeypatch.setattr(archive, "MOST_CELLS", 50_000)
    far = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(1, 5))
    with pytest.raises(SourceError, match="over 50,000 cells"):
        rows(book({SHEET: sheet(far)}))
    low = '<row r="60000"><c r="A60000"><v>1</v></c></row>'
    with pytest.raises(SourceError, match="over 50,000 cells"):
        rows(book({SHEET: sheet(low)}))


def test_a_declared_dimension_is_not_believed(book):
    wide = sheet(ROW.format(1)).replace(
        "<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>'
    )
    assert rows(book({SHEET: wide})) == [("x",)]


MERGED = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>'
    '</sheetData><mergeCells><mergeCell ref="{}"/></mergeCells></worksheet>'
)


@pytest.mark.parametrize("ref", ["C1:ZZZZZZZ1", f"C{'1' * 5_000}:D1", "B0:C0", "A1:B9999999"])
def test_merged_cells_that_cannot_be_are_refused(book, ref):
    with pytest.raises(SourceError, match="is damaged"):
        rows(book({SHEET: MERGED.format(ref)}))


def test_merged_cells_make_no_more_columns_than_a_sheet_has(book):
    (found,) = rows(book({SHEET: MERGED.format("A1:ZZZ1")}))
    assert set(found) == {"x"}
    assert len(found) == 16_384


@pytest.mark.parametrize("row", ["400000000000", "1048577", "x"])
def test_a_row_beyond_a_sheet_is_refused(book, row):
    with pytest.raises(SourceError):
        rows(book({SHEET: sheet(f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>')}))


def test_a_cell_beyond_a_sheet_is_refused(book):
    with pytest.raises(SourceError):
        rows(book({SHEET: sheet('<row r="1"><c r="ZZZZZZZZ1"><v>1</v></c></row>')}))
