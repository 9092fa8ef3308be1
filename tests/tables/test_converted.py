"""Workbooks and lines of JSON are read as text of the same cells is."""

import datetime
import gzip
import io
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from tautnet.tables.errors import TableError
from tautnet.tables.reader import read_table

NAMES = ["code", "day", "size", "ripe", "kind"]
ROWS = [
    ["001", datetime.datetime(2024, 1, 5), 1.5, True, "a, b"],
    ["002", datetime.datetime(2024, 2, 6), 2, False, 'say "c"'],
    ["003", datetime.datetime(2024, 3, 7, 12, 30), None, True, None],
]
TEXT = '''code,day,size,ripe,kind
001,2024-01-05,1.5,true,"a, b"
002,2024-02-06,2,false,"say ""c"""
003,2024-03-07T12:30:00,,true,
'''


def workbook(*sheets, hidden=0):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for i, rows in enumerate(sheets):
        sheet = book.create_sheet(f"sheet {i}")
        sheet.sheet_state = "hidden" if i < hidden else "visible"
        for row in rows:
            sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def lines(rows=ROWS, names=NAMES):
    def plain(cell):
        if isinstance(cell, datetime.datetime):
            return cell.date().isoformat() if cell.hour == 0 else cell.isoformat()
        return cell

    objects = [dict(zip(names, map(plain, row), strict=True)) for row in rows]
    return "\n".join(map(json.dumps, objects)).encode() + b"\n"


def read(tmp_path, data, name="table", **options):
    path = tmp_path / name
    path.write_bytes(data)
    return read_table(str(path), **options).frame


@pytest.fixture
def expected(tmp_path):
    return read(tmp_path, TEXT.encode(), "expected.csv")


@pytest.mark.parametrize("name", ["table.xlsx", "whatever"])
def test_a_workbook(tmp_path, expected, name):
    pd.testing.assert_frame_equal(read(tmp_path, workbook([NAMES, *ROWS]), name), expected)


def test_lines_of_json(tmp_path, expected):
    pd.testing.assert_frame_equal(read(tmp_path, lines(), "table.jsonl"), expected)
    packed = gzip.compress(b"\xef\xbb\xbf" + lines())
    pd.testing.assert_frame_equal(read(tmp_path, packed, "table.jsonl.gz"), expected)


def test_the_first_sheet_that_shows_cells_is_read(tmp_path, expected):
    """What is hidden, empty or a blank row is no part of the table."""
    data = workbook([["secret"], [1]], [], [[], NAMES, *ROWS, [None] * 7], [["other"]], hidden=1)
    pd.testing.assert_frame_equal(read(tmp_path, data), expected)


def test_keys_that_objects_lack_are_missing(tmp_path):
    frame = read(tmp_path, b'{"a": 1, "b": "x"}\n\n{"b": "y", "c": 2.5}\n')
    assert list(frame.columns) == ["a", "b", "c"]
    assert frame["a"].tolist()[0] == 1 and np.isnan(frame["a"][1]) and np.isnan(frame["c"][0])


def test_a_notation_applies_to_cells_of_text(tmp_path):
    notation = read_table("iris").notation._replace(na=("none",))
    frame = read(tmp_path, workbook([["a", "b"], ["none", 1], [2, 3]]), notation=notation)
    assert np.isnan(frame["a"][0]) and frame["a"][1] == 2


def test_a_long_first_line_is_json_too(tmp_path):
    long = {f"column {i}": i for i in range(2000)}
    frame = read(tmp_path, (json.dumps(long) + "\n" + json.dumps(long)).encode())
    assert frame.shape == (2, 2000)


def test_text_that_begins_with_a_brace_is_text(tmp_path):
    assert list(read(tmp_path, b"{a},b\n1,2\n")) == ["{a}", "b"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (lambda: workbook([]), "is empty"),
        (lambda: workbook([NAMES]), "has a header and no rows"),
        (lambda: workbook([["a", "b"], [1, 2, 3]]), "has 3 cells, the header has 2"),
        (lambda: workbook([NAMES, *ROWS])[:-40], "no workbook"),
        (lambda: b'{"a": 1}\n[1]\n', "line 2 is no object: give one a line"),
        (lambda: b'{"a": 1}\n{"a": \n', "line 2 is no JSON: "),
        (lambda: b'{"a": 1, "b": [1, 2]}\n', "line 1: 'b' holds several values"),
        (lambda: b"{}\n{}\n", "is empty"),
    ],
)
def test_what_is_no_table_is_one_line(tmp_path, data, says):
    with pytest.raises(TableError) as error:
        read(tmp_path, data())
    assert says in str(error.value) and "\n" not in str(error.value)


def test_a_workbook_that_expands_is_bounded(tmp_path):
    data = workbook([["a"], *([["x" * 30_000]] * 40)])
    with pytest.raises(TableError, match="expands to more than .* pass --max-size"):
        read(tmp_path, data, max_size=1e-3)


def test_a_workbook_comes_from_a_pipe_too():
    code = "from tautnet.tables.reader import read_table; print(read_table('-').frame.shape)"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        input=workbook([NAMES, *ROWS]),
        capture_output=True,
        check=True,
    )
    assert ended.stdout.split() == [b"(3,", b"5)"]


def test_without_its_reader_a_workbook_is_one_line(tmp_path, monkeypatch):
    data = workbook([NAMES, *ROWS])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(TableError, match=r"needs openpyxl: pip install 'tautnet\[excel\]'"):
        read(tmp_path, data)
