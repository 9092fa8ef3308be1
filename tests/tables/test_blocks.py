"""Block by block a file gives the same cells as the whole of it.

Every fault in it is one line.
"""

import gzip

import numpy as np
import pandas as pd
import pytest

from tautnet.tables.blocks import read_blocks
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.errors import TableError
from tautnet.tables.notation import Notation
from tautnet.tables.reader import read_table

TABLE = pd.DataFrame(
    {
        "size": np.where(np.arange(60) % 9 == 4, np.nan, np.arange(60) / 8),
        "code": np.array(["3", "4", "x 1", None], dtype=object)[np.arange(60) % 4],
        "day": (np.datetime64("2024-02-29") + np.arange(60)).astype(str),
        "owner": np.arange(60) % 2 == 0,
        "zip": np.array(["00123", "94110"], dtype=object)[np.arange(60) % 2],
        "more": 1,
    }
)
ENCODER = TableEncoder().fit(TABLE)


def encoded(path, rows=7, **options):
    """All blocks, encoded."""
    blocks = list(read_blocks(path, ENCODER.recipes, rows=rows, **options))
    assert {len(block.predictors) for block in blocks[:-1]} <= {rows}
    return np.concatenate([ENCODER.transform(block.predictors) for block in blocks])


def as_text(table, **options):
    return table.to_csv(index=False, **options)


@pytest.mark.parametrize("rows", [1, 7, 60, 100])
def test_blocks_are_the_whole_whatever_their_size(tmp_path, rows):
    path = tmp_path / "t.csv"
    path.write_text(as_text(TABLE))
    extra = []
    np.testing.assert_array_equal(
        encoded(path, rows, on_extra=extra.extend), ENCODER.transform(TABLE)
    )
    assert extra == ["more"]
    np.testing.assert_array_equal(encoded(path, rows), ENCODER.transform(read_table(path).frame))


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_other_notations(tmp_path, ending):
    text = as_text(
        TABLE[TABLE.columns[::-1]], sep=";", decimal=",", lineterminator=ending, na_rep="?"
    )
    (tmp_path / "t.csv").write_bytes(gzip.compress(text.encode("utf-16")))
    np.testing.assert_array_equal(
        encoded(
            tmp_path / "t.csv",
            notation=Notation(na=("?",), decimal=","),
            encoding="utf-16",
        ),
        ENCODER.transform(TABLE),
    )


def test_texts_are_read_as_the_levels_spell_them(tmp_path):
    """A block that spells its cells otherwise has no other categories.

    It is of whole numbers alone, or of truth values in another spelling.
    """
    rows = ["3.0,true", "4,FALSE", "x 1,True", "4.5,", '" 3 ",false']
    cells = "\n".join(
        f"1,{code},2024-03-01,{owner},00123" for code, owner in (row.split(",") for row in rows)
    )
    (tmp_path / "t.csv").write_text("size,code,day,owner,zip\n" + cells)
    meant = pd.DataFrame(
        {
            "size": 1.0,
            "code": ["3", "4", "x 1", "4.5", "3"],
            "day": "2024-03-01",
            "owner": pd.Series([True, False, True, None, False], dtype=object),
            "zip": "00123",
        }
    )
    np.testing.assert_array_equal(encoded(tmp_path / "t.csv", rows=1), ENCODER.transform(meant))


def test_a_number_can_mean_missing(tmp_path):
    rows = [f"{size},3,2024-03-01,True,00123" for size in ("-9", " -9 ", "-9.0", "NA")]
    (tmp_path / "t.csv").write_text("\n".join(["size,code,day,owner,zip", *rows]))
    notation = Notation(na=("-9",))
    (block,) = read_blocks(tmp_path / "t.csv", ENCODER.recipes, notation=notation)
    found = block.predictors["size"]
    whole = read_table(tmp_path / "t.csv", notation=notation).frame["size"]
    assert found.fillna(0).tolist() == whole.fillna(0).tolist() == [0, 0, 0, 0]


def test_parquet_in_blocks(tmp_path):
    # Groups of rows and categories, at whose ends Parquet's own batches end.
    stored = TABLE.iloc[::-1].astype({"code": "category"})
    stored.to_parquet(tmp_path / "t.parquet", index=False, row_group_size=11)
    extra = []
    found = encoded(tmp_path / "t.parquet", on_extra=extra.extend)
    np.testing.assert_array_equal(found, ENCODER.transform(TABLE.iloc[::-1]))
    assert extra == ["more"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_without_rows_has_the_columns_of_the_model(tmp_path, kind):
    empty, file = TABLE.iloc[:0], tmp_path / f"t.{kind}"
    if kind == "csv":
        file.write_text(as_text(empty))
    else:
        empty.to_parquet(file, index=False)
    ((block, _),) = read_blocks(file, ENCODER.recipes)
    assert block.columns.tolist() == ENCODER.predictors and len(block) == 0
    assert ENCODER.transform(block).shape == (0, len(ENCODER.column_names))


TEXT = as_text(TABLE)
FAULTS = {
    "no file": (None, "no such file: "),
    "nothing in it": (b"", "is empty"),
    "blanks alone": (b"\n \n", "is empty"),
    "a column less": (
        TEXT.replace("zip", "sip").encode(),
        "lacks 1 of the model's 5 predictors: 'zip'",
    ),
    "a name twice": (TEXT.replace("more", "size").encode(), "has columns of the same name: 'size'"),
    "a word among numbers": (
        TEXT.replace("\n1.0,", "\noops,").encode(),
        "column 'size' should hold numbers, but has 'oops': correct it",
    ),
    "a word among dates": (
        TEXT.replace("2024-03-01", "soon").encode(),
        "'day' should hold ISO dates, but has 'soon'",
    ),
    "a long row": (
        (TEXT + "1,2,3,4,5,6,7\n").encode(),
        "line 62 has 7 cells, the header has 6: mend that line",
    ),
    "a short row": (
        (TEXT + "\n1\n").encode(),
        "line 63 has 1 cell, the header has 6: mend that line",
    ),
    "an open quotation": (
        (TEXT + '"1,2,3,4,5,6\n').encode(),
        "line 62 has 1 cell, the header has 6",
    ),
    "an excel file": (b"PK\x03\x04" + bytes(99), "is a zip file and no workbook"),
    "noise": (bytes(range(256)) * 9, "holds binary data"),
    "latin-1": (
        TEXT.replace("x 1", "é").encode("latin-1"),
        "is not UTF-8 (invalid continuation byte): pass",
    ),
    "half a gzip file": (gzip.compress(TEXT.encode())[:-30], "is a damaged gzip file: "),
    "half a parquet file": (b"PAR1" + bytes(99), "is a damaged Parquet file: "),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_one_line(tmp_path, name):
    data, says = FAULTS[name]
    if data is not None:
        (tmp_path / "t.csv").write_bytes(data)
    with pytest.raises(TableError) as error:
        encoded(tmp_path / "t.csv")
    assert says in str(error.value) and "\n" not in str(error.value)


def test_an_encoding_that_is_none(tmp_path):
    (tmp_path / "t.csv").write_text(TEXT)
    with pytest.raises(TableError, match="unknown encoding 'utf-99'"):
        encoded(tmp_path / "t.csv", encoding="utf-99")


def test_a_row_of_blank_cells_is_a_row_of_missing_ones(tmp_path):
    """A blank line is none; what is said of rows by number counts the same rows at both doors."""
    encoder = TableEncoder().fit(pd.DataFrame({"a": [1.0, None, 3.0], "b": ["x", None, "z"]}))
    (tmp_path / "t.csv").write_text("a,b\n1,x\n,\n\n3,z\n,\n")
    for drop, n_rows in (((), 4), ((-1,), 3), ((2,), 3)):
        blocks = list(read_blocks(tmp_path / "t.csv", encoder.recipes, drop_rows=drop))
        found = np.concatenate([encoder.transform(block.predictors) for block in blocks])
        whole = read_table(tmp_path / "t.csv", drop_rows=drop).frame
        assert len(found) == n_rows
        np.testing.assert_array_equal(found, encoder.transform(whole))
