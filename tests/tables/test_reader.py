"""The reader: what it accepts, and what it makes of the cells.

All that it cannot read gets one clear line.
"""

import builtins
import gzip
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from counting import count_calls

from tautnet.tables.datasets import BUILT_INS
from tautnet.tables.errors import TableError
from tautnet.tables.missing import MISSING_MARKERS
from tautnet.tables.notation import PLAIN, Notation
from tautnet.tables.reader import read_table


@pytest.fixture
def read(tmp_path):
    """Write a file and read it as a table."""

    def read(content, name="table.csv", **options):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        na = options.pop("na", ())
        named = {"na": (na,) if isinstance(na, str) else tuple(na)}
        parts = {name: options.pop(name) for name in Notation._fields if name in options}
        return read_table(path, notation=PLAIN.changed(named | parts), **options).frame

    return read


@pytest.fixture
def complaint(read):
    """Write a file that cannot be read; return the message, which is one line."""

    def complaint(content, **options):
        with pytest.raises(TableError) as caught:
            read(content, **options)
        message = str(caught.value)
        assert "\n" not in message and len(message) < 400
        return message

    return complaint


def column(cells, other="1", delimiter=","):
    """A file with the given column ``v`` beside a constant ``w``."""
    return f"v{delimiter}w\n" + "".join(f"{cell}{delimiter}{other}\n" for cell in cells)


# What is accepted


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_sniffed_from_the_header(read, delimiter):
    frame = read(f'a{delimiter}"b, c; d"{delimiter}e\n1{delimiter}x{delimiter}2.5\n')
    assert frame.columns.tolist() == ["a", "b, c; d", "e"]
    assert frame.values.tolist() == [[1, "x", 2.5]]


def test_a_single_column_needs_no_delimiter(read):
    assert read("a\n1\n2\n")["a"].tolist() == [1, 2]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(read, end):
    assert read(end.join(["a,b", "1,x", "2,y", ""])).to_dict("list") == {
        "a": [1, 2],
        "b": ["x", "y"],
    }


def test_quotes_may_hold_line_ends_in_header_and_cells(read):
    frame = read('a,"b\nc"\n1,"x\ny"\n')
    assert frame.columns.tolist() == ["a", "b\nc"]
    assert frame.iloc[0].tolist() == [1, "x\ny"]


def test_byte_order_mark_and_blanks_are_stripped(read):
    frame = read("\ufeffx , y\n 1 , a \n2,  b\n")
    assert frame.columns.tolist() == ["x", "y"]
    assert frame.to_dict("list") == {"x": [1, 2], "y": ["a", "b"]}


def test_blank_lines_are_skipped(read):
    assert read("\n\na,b\n1,2\n\n3,4\n\n")["b"].tolist() == [2, 4]


def test_gzip_is_told_by_its_content_and_the_name_is_short(tmp_path):
    path = tmp_path / "my data.v2.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    table = read_table(path)
    assert (table.name, table.target, len(table.frame)) == ("my-data-v2", None, 1)
    path.rename(tmp_path / "titanic.csv")
    assert read_table(str(tmp_path / "titanic.csv")).frame["b"].tolist() == [2]


def test_standard_input(monkeypatch):
    monkeypatch.setattr(
        sys, "stdin", SimpleNamespace(buffer=io.BytesIO(gzip.compress(b"a;b\n1;2\n")))
    )
    table = read_table("-")
    assert table.name == "stdin"
    assert table.frame.to_dict("list") == {"a": [1], "b": [2]}


def test_encodings(read):
    for encoding in ("latin-1", "utf-16"):
        assert read("größe,b\n1,é\n".encode(encoding), encoding=encoding)["b"].tolist() == ["é"]


def test_an_unnamed_column_gets_a_name(read):
    assert read(",a\n0,1\n").columns.tolist() == ["Unnamed: 0", "a"]


def test_built_in_and_file_of_the_same_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("iris").mkdir()
    assert read_table("iris").target == "species"
    Path("iris").rmdir()
    Path("iris").write_text("a,b\n1,2\n")
    assert read_table("iris").target is None


def test_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(
        {"a": [1.5, np.nan], "b": ["x", None], "when": pd.to_datetime(["2024-01-01", None])}
    )
    frame.to_parquet(tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    assert table.name == "t"
    pd.testing.assert_frame_equal(table.frame, frame)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(TableError, match="damaged Parquet"):
        read_table(tmp_path / "bad.parquet")


def test_parquet_without_pyarrow(read, monkeypatch):
    real = builtins.__import__

    def without_pyarrow(name, *rest):
        if name == "pyarrow":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_pyarrow)
    with pytest.raises(TableError, match=r"pip install 'tautnet\[parquet\]'"):
        read(b"PAR1....PAR1")


# What becomes of the cells


def test_types(read):
    frame = read("n,f,m,t,b,s\n1,1e3,,00123,True,x\n-2,.5,3,94110,false,7\n")
    assert frame["n"].dtype == np.int64 and frame["f"].tolist() == [1000.0, 0.5]
    assert np.isnan(frame["m"][0]) and frame["m"][1] == 3
    assert frame["t"].tolist() == ["00123", "94110"]
    assert frame["b"].dtype == bool and frame["b"].tolist() == [True, False]
    assert frame["s"].tolist() == ["x", "7"]


def test_truth_values_with_missing_cells_stay_truth_values(read):
    cells = read(column(["TRUE", "", "False"]))["v"].tolist()
    assert cells[0] is True and cells[2] is False and pd.isna(cells[1])


def test_missing_markers_are_those_of_pandas(read):
    frame = read(column([f'"{marker}"' for marker in sorted(MISSING_MARKERS)] + ["x"]))
    assert frame["v"].isna().sum() == len(MISSING_MARKERS)
    lines = column([f'"{marker}"' for marker in sorted(MISSING_MARKERS)])
    assert pd.read_csv(io.StringIO(lines))["v"].isna().all()


def test_more_missing_markers(read):
    frame = read("a, b, c\n1, ?, -9\n ?, x, 2\n", na=["?", "-9"])
    assert frame["a"].isna().tolist() == [False, True]
    assert frame["b"].isna().tolist() == [True, False]
    assert frame["c"].isna().tolist() == [True, False]
    assert read("a,b\n?,1\n", na="?")["a"].isna().all()


def test_decimal_comma(read):
    assert read("a;b\n1,5;x\n-2;y\n", decimal=",")["a"].tolist() == [1.5, -2.0]
    with pytest.raises(TableError, match="decimal mark"):
        read("a\n1\n", decimal=":")


def test_integers_beyond_64_bits(read):
    assert read(column([10**30, 2]))["v"].tolist() == [10**30, 2]


def test_the_work_grows_with_the_rows_of_a_table_and_not_faster(read):
    generator = np.random.default_rng(0)
    numbers = generator.normal(size=(4000, 9))
    frame = pd.DataFrame(numbers, columns=[f"n{j}" for j in range(9)])
    for j in range(6):
        frame[f"c{j}"] = generator.choice(["a", "b", "cc"], 4000)
    n_calls = []
    for n_rows in (2000, 4000):
        n, again = count_calls(read, frame[:n_rows].to_csv(index=False))
        n_calls.append(n)
        # Older pandas rounds the last digit differently.
        np.testing.assert_allclose(again.iloc[:, :9].to_numpy(), numbers[:n_rows], rtol=1e-11)
    assert n_calls[1] < 2.1 * n_calls[0]


# What is not accepted


def test_no_such_file(tmp_path):
    with pytest.raises(
        TableError, match="no such file: breast-cancer .*did you mean breast_cancer"
    ):
        read_table("breast-cancer")
    with pytest.raises(TableError) as caught:
        read_table(tmp_path / "x.csv", built_ins=False)
    assert str(caught.value) == f"no such file: {tmp_path / 'x.csv'}"
    with pytest.raises(TableError, match=", ".join(BUILT_INS)):
        read_table("nowhere.csv")
    with pytest.raises(TableError, match="no such file: iris"):
        read_table("iris", built_ins=False)


def test_directory(tmp_path):
    with pytest.raises(TableError, match="is a directory"):
        read_table(tmp_path)


def test_unreadable(tmp_path, monkeypatch):
    def refuse(path, mode):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tautnet.tables.opening.open", refuse, raising=False)
    with pytest.raises(TableError, match="cannot read .*: Permission denied"):
        read_table(tmp_path / "x.csv")


@pytest.mark.parametrize(
    "content", [b"", b" \n\n", gzip.compress(b"")], ids=["nothing", "blank", "packed"]
)
def test_empty(complaint, content):
    assert "is empty" in complaint(content)


@pytest.mark.parametrize("content", ["a,b\n", "a,b", "a,b\n\n"])
def test_header_only(complaint, content):
    assert "has a header and no rows" in complaint(content)


def test_duplicate_names(complaint):
    assert "same name: 'a', 'b'; rename" in complaint("a,b,a, b,c\n1,2,3,4,5\n")
    assert "does the first line hold the names?" in complaint("1,5,1\n2,3,4\n")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a,b\n1,2\n1,2,3\n", "line 3 has 3 cells, the header has 2"),
        ("a,b\n1,2,3\n", "line 2 has 3 cells, the header has 2"),
        ("a,b,c\n1,2,3\n\n1,2\n1,2,3\n", "line 4 has 2 cells, the header has 3"),
        ('a,b\n"x\ny",2\n1\n', "line 4 has 1 cell, the header has 2"),
        ('a,b\n1,2\n"3,4\n5,6\n', "line 3 cannot be read: is a quotation mark left open?"),
    ],
)
def test_ragged(complaint, content, expected):
    assert expected in complaint(content)


def test_binary_garbage(complaint):
    assert "binary" in complaint(np.random.default_rng(0).bytes(5000))
    assert "binary" in complaint(np.random.default_rng(0).bytes(5000).replace(b"\0", b"\x01"))
    assert "no workbook" in complaint(b"PK\x03\x04 and so on")
    assert "old Excel" in complaint(b"\xd0\xcf\x11\xe0 and so on")
    assert "damaged gzip" in complaint(gzip.compress(b"a,b\n1,2\n")[:-6])
    assert "damaged gzip" in complaint(b"\x1f\x8b garbage")


def test_wrong_encoding(complaint):
    assert "line 2" in complaint("a,b\né,2\n".encode("latin-1"))
    assert "--encoding latin-1" in complaint("a,b\né,2\n".encode("latin-1"))
    assert "--encoding utf-16" in complaint("a,b\n1,2\n".encode("utf-16"))
    assert "unknown encoding 'klingon'" in complaint("a,b\n1,2\n", encoding="klingon")
    assert "pass another" in complaint("a,b\né,2\n".encode(), encoding="ascii")
    assert "pass another" in complaint("a,b\n1,2\n".encode("utf-16-le"), encoding="latin-1")


NUMBERS = [f"{i}.5" for i in range(100)]


@pytest.mark.parametrize(
    ("strays", "expected"),
    [
        (["?"], """column 'v' holds numbers but for 1 cell ('?'): pass --na "?" """),
        (["n.v.", "oops", "n.v."], """3 cells ('n.v.', 'oops'): pass --na "n.v." --na "oops" """),
        (["<0.5"] * 5, """5 cells ('<0.5'): pass --na "<0.5" """),
        (["?"] * 80, """80 cells ('?'): pass --na "?" """),
    ],
)
def test_stray_words_in_a_column_of_numbers(complaint, read, strays, expected):
    cells = [*NUMBERS[:50], *strays, *NUMBERS[50:]]
    assert expected.strip() in complaint(column(cells))
    assert read(column(cells), na=strays)["v"].isna().sum() == len(strays)


@pytest.mark.parametrize(
    "cells",
    [
        ["A12", "13", "B7"] * 20,
        [str(i) for i in range(100)] + ["A12"],
        ["0", "1", "2"] * 20 + ["3+"] * 4,
        NUMBERS[:30] + ["low"] * 30,
        NUMBERS + [f"word {chr(97 + i)}" for i in range(11)],
        [f"{i:05d}" for i in range(50)] + ["?"],
        ["1", "2", "?"],
    ],
)
def test_columns_of_codes_and_words_are_left_alone(read, cells):
    assert read(column(cells))["v"].tolist() == cells


def test_the_other_decimal_mark(complaint):
    halves = [f"{i},5" for i in range(20)]
    message = complaint(column(halves, delimiter=";"))
    assert "has ',' as decimal mark, as in '0,5': pass --decimal ," in message
    assert "leave out --decimal ," in complaint(column(NUMBERS, delimiter=";"), decimal=",")
    thousands = [f'"{i},000"' for i in range(1, 20)] + ["3"]
    message = complaint(column(thousands))
    assert "numbers with thousands set apart, as in '1,000': pass --thousands ," in message
    message = complaint(column(thousands, delimiter=";"))
    assert "pass --decimal , (or --thousands , if it sets thousands apart)" in message


def test_lists_in_a_comma_file_are_left_alone(read):
    assert read(column(['"1,2"'] * 20))["v"].tolist() == ["1,2"] * 20


def test_an_address_on_the_web_is_refused_with_a_reason():
    with pytest.raises(TableError, match="is an address on the web: .*; download it"):
        read_table("https://example.org/t.csv")
