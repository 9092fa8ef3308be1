"""Workbooks and lines of JSON are read as text of the same cells is."""

import datetime
import gzip
import io
import json
import re
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest

from tautnet.tables.blocks import read_blocks
from tautnet.tables.errors import TableError
from tautnet.tables.reader import read_table
from tautnet.tables.sample import encode

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


def rezipped(data, change):
    """The same archive with other texts in its members."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return out.getvalue()


def broken(data):
    return rezipped(data, lambda name, text: text[:-30] if "sheet1" in name else text)


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
        (lambda: workbook([[], NAMES, [], ROWS[0], [*ROWS[1], 1]]), "line 5 has 6 cells"),
        (lambda: workbook([["a", "b"], [1, "=1+1"]]), "the formula in cell B2 has no value: open"),
        (lambda: broken(workbook([NAMES, *ROWS])), "is a damaged workbook: "),
        (lambda: b'{"a": 1, "a": 2}\n', "the key 'a' is given twice"),
        (lambda: b'[{"a": 1}, {"a": 2}]', "give one a line"),
        (lambda: b'{\n "a": 1\n}\n', "line 1 is no JSON: "),
        (lambda: b'{"a": "\\ud800"}\n{"a": "x"}\n', "holds text that is none"),
        (lambda: b'{"a": 1}\n{"a": ' + b"[" * 100_000 + b"\n", "nested too deep"),
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


def test_numbers_stay_what_they_are_in_any_notation(tmp_path):
    """Cells of text are read in it, too."""
    notation = read_table("iris").notation._replace(decimal=",", thousands=".")
    rows = [["a", "b", "c"], [1.234, 5, "1.250,5"], [2.125, 1e-7, "3,5"]]
    for data in (workbook(rows), lines(rows[1:], rows[0])):
        frame = read(tmp_path, data, notation=notation)
        assert frame["a"].tolist() == [1.234, 2.125] and frame["b"].tolist() == [5, 1e-7]
        assert frame["c"].tolist() == [1250.5, 3.5]


def test_predictions_take_numbers_as_they_are(tmp_path):
    """A model whose table was written with commas reads a workbook's numbers."""
    rng = np.random.default_rng(0)
    text = "a;y\n" + "".join(f"{x:.3f};{x:.3f}\n".replace(".", ",") for x in rng.random(30))
    path = tmp_path / "t.csv"
    path.write_text(text)
    table = read_table(str(path), notation=read_table("iris").notation._replace(decimal=","))
    _, _, encoder = encode(table.frame[["a"]], table.frame["y"], None, "regression")
    (tmp_path / "new.xlsx").write_bytes(workbook([["a"], [0.125], [0.75]]))
    blocks = read_blocks(tmp_path / "new.xlsx", encoder.recipes, notation=table.notation)
    assert pd.concat([block.predictors for block in blocks])["a"].tolist() == [0.125, 0.75]


def test_names_with_marks_are_names(tmp_path):
    frame = read(tmp_path, workbook([["a;b;c", "x|y", "sep=;"], [1, 2, 3]]))
    assert list(frame) == ["a;b;c", "x|y", "sep=;"]
    assert read(tmp_path, b'{"a": "x\\ry"}\n')["a"].tolist() == ["x\ry"]


def test_an_encoding_is_that_of_json_and_not_of_a_workbook(tmp_path):
    data = '{"größe": "ä"}\n{"größe": "ö"}\n'.encode("latin-1")
    assert list(read(tmp_path, data, encoding="latin-1")) == ["größe"]
    with pytest.raises(TableError, match="--encoding latin-1 does nothing here: .* is a workbook"):
        read(tmp_path, workbook([NAMES, *ROWS]), encoding="latin-1")


def test_a_sheet_is_read_whole_whatever_size_it_claims(tmp_path, expected):
    def claim(name, text):
        return re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', text)

    pd.testing.assert_frame_equal(
        read(tmp_path, rezipped(workbook([NAMES, *ROWS]), claim)), expected
    )


def test_what_a_sheet_could_not_calculate_is_missing(tmp_path):
    span = datetime.timedelta(hours=1)
    frame = read(tmp_path, workbook([["a", "b"], [1, span], ["#DIV/0!", span], [2, span]]))
    assert np.isnan(frame["a"][1]) and frame["b"].tolist() == [3600.0] * 3
