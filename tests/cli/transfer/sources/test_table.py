"""Tests of reading tables as spreadsheets save them."""

import codecs
from pathlib import Path

import openpyxl
import pytest

from cli.errors import ApiError
from cli.transfer.line_reader import open_lines
from cli.transfer.sources.table import read_table
from cli.transfer.sources.workbook import read_workbook

KNOWN = {"externalid", "output", "quality"}
ROWS = 'External ID;Output;Quality\n001;"Größe; ""schön""";4,5\n002;b;3\n'


def read(folder: Path, content: bytes, **options: str) -> list[tuple[int, dict[str, str] | str]]:
    """Return the records of a table by their lines, or the reasons why they are unreadable."""
    path = folder / "table.csv"
    path.write_bytes(content)
    with open_lines(path) as source:
        table = read_table(source, KNOWN, **options)
        return [(one.number, one.problem if one.data is None else dict(one.data)) for one in table.records()]


@pytest.mark.parametrize(
    "content",
    [
        ROWS.encode(),
        codecs.BOM_UTF8 + ROWS.encode(),
        ROWS.encode("utf-16"),
        ROWS.encode("utf-16-le"),
        ROWS.encode("utf-16-be"),
        codecs.BOM_UTF16_BE + ROWS.encode("utf-16-be"),
        ROWS.encode("cp1252"),
        ROWS.replace("\n", "\r\n").encode(),
        ROWS.replace("\n", "\r").encode(),
        (ROWS + ";;\n;;;;\n\n").encode(),
    ],
    ids=[
        "UTF-8",
        "BOM",
        "UTF-16",
        "UTF-16-LE",
        "UTF-16-BE",
        "UTF-16-BE with BOM",
        "cp1252",
        "CRLF",
        "CR",
        "empty rows",
    ],
)
def test_encodings_and_line_ends_make_no_difference(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path, content) == [
        (2, {"External ID": "001", "Output": 'Größe; "schön"', "Quality": "4,5"}),
        (3, {"External ID": "002", "Output": "b", "Quality": "3"}),
    ]


def test_an_encoding_can_be_named(tmp_path: Path) -> None:
    rows = "external_id,output\n1,Привет\n".encode("koi8-r")
    assert read(tmp_path, rows, encoding="koi8-r") == [(2, {"external_id": "1", "output": "Привет"})]
    with pytest.raises(ApiError, match="no encoding 'nothing'"):
        read(tmp_path, rows, encoding="nothing")


@pytest.mark.parametrize(
    "head",
    [
        "sep=;\nexternal_id;output;quality\n",
        "Review of May\n\nexternal_id,output,quality\n",
        "Review,,\n,Judge,\nexternal_id,output,quality\n",
        '"Review, May",,\nexternal_id,output,quality\n',
    ],
)
def test_titles_stand_above_the_head_and_lines_are_the_editors(tmp_path: Path, head: str) -> None:
    row = "1;a\n;4\n" if head.startswith("sep") else '1,"a\nb",4\n'
    found = read(tmp_path, (head + row).encode())
    assert found[0][0] == head.count("\n") + 1
    if not head.startswith("sep"):
        assert found == [(head.count("\n") + 1, {"external_id": "1", "output": "a\nb", "quality": "4"})]


def test_heads_may_have_quoted_separators_and_line_breaks(tmp_path: Path) -> None:
    found = read(tmp_path, b'"external\nid","notes, long",output\n1,x,a\n2,"y\nz",b\n3,x,c\n')
    assert found == [
        (3, {"external id": "1", "notes, long": "x", "output": "a"}),
        (4, {"external id": "2", "notes, long": "y\nz", "output": "b"}),
        (6, {"external id": "3", "notes, long": "x", "output": "c"}),
    ]


def test_rows_that_are_too_long_or_misquoted_are_refused_one_by_one(tmp_path: Path) -> None:
    found = read(tmp_path, b'external_id,output,quality\n1,Hello, world,4\n2,short\n3,"a"b,4\n4,d,4\n5,"open,4\n')
    assert [number for number, _ in found] == [2, 3, 4, 5, 6]
    assert "has 4 cells, but the head in line 1 has 3" in str(found[0][1])
    assert found[1][1] == {"external_id": "2", "output": "short", "quality": ""}
    assert "Double the quotes" in str(found[2][1])
    assert found[3][1] == {"external_id": "4", "output": "d", "quality": "4"}
    assert "never closed" in str(found[4][1])


def test_a_workbook_is_a_table(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in (["Review of May"], [], ["External ID", "Output", "Quality"], [1, "a", 4], ["002", None, 4.5]):
        sheet.append(row)
    workbook.create_sheet("Other").append(["external_id", "output"])
    path = tmp_path / "table.xlsx"
    workbook.save(path)
    with open_lines(path) as source:
        found = [(one.number, one.data) for one in read_workbook(source, KNOWN).records()]
    assert found == [
        (4, {"External ID": "1", "Output": "a", "Quality": "4"}),
        (5, {"External ID": "002", "Output": "", "Quality": "4.5"}),
    ]
    with open_lines(path) as source, pytest.raises(ApiError, match="no sheet 'None'; it has Sheet, Other"):
        read_workbook(source, KNOWN, "None")
