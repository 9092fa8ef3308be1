"""Tables larger than memory: read column by column, kept on disk, and nothing else is different."""

import errno
import gzip
import os

import numpy as np
import pandas as pd
import polars
import pyarrow.dataset
import pyarrow.parquet
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal

import tautnet as tn
from tautnet.tables import disk
from tautnet.tables.blocks import read_blocks
from tautnet.tables.disk import is_on_disk, on_disk, room
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.errors import TableError
from tautnet.tables.notation import PLAIN
from tautnet.tables.reader import read_table
from tautnet.tables.target_columns import split_target

# Gigabytes that any table exceeds.
NONE = 1e-9
N_ROWS = 40


@pytest.fixture
def frame():
    """Columns of every kind, with what makes each of them awkward."""
    rng = np.random.default_rng(0)
    number = np.round(rng.normal(size=N_ROWS), 3)
    gaps = np.where(rng.random(N_ROWS) < 0.2, np.nan, rng.integers(0, 9, N_ROWS))
    return pd.DataFrame(
        {
            "number": number,
            "whole": rng.integers(0, 50, N_ROWS),
            "gaps": gaps,
            "truth": rng.random(N_ROWS) < 0.5,
            "word": rng.choice(["red", "green, or so", "blue"], N_ROWS),
            "code": [f"{i % 7:03}" for i in range(N_ROWS)],
            "day": pd.date_range("2024-01-01", periods=N_ROWS).strftime("%Y-%m-%d"),
            "y": number + (gaps > 4),
        }
    )


@pytest.fixture(params=["t.csv", "t.csv.gz", "t.parquet", "parts"])
def source(request, frame, tmp_path):
    """The same table as a file of text, packed, as Parquet, and as a directory of Parquet."""
    path = tmp_path / request.param
    if request.param == "parts":
        (path / "later").mkdir(parents=True)
        frame[:15].to_parquet(path / "1.parquet")
        frame[15:].to_parquet(path / "later" / "2.pq")
    elif request.param == "t.parquet":
        frame.to_parquet(path, row_group_size=11)
    else:
        text = frame.to_csv(index=False).encode()
        path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def test_a_table_larger_than_memory_is_read_as_any_other(source):
    usual = read_table(source).frame
    with room(memory=NONE):
        large = read_table(source).frame
    assert_frame_equal(large, usual)
    on = {name: is_on_disk(series.to_numpy()) for name, series in large.items()}
    assert [name for name, is_on in on.items() if is_on] == [
        *("number", "whole", "gaps", "truth", "y")
    ]
    assert is_on_disk(large) and not is_on_disk(usual)


@pytest.mark.parametrize("options", [{"drop_rows": [1, -1]}, {"unused": ["word"]}])
def test_a_text_is_read_under_the_same_options(frame, tmp_path, options):
    frame.to_csv(tmp_path / "t.csv", index=False)
    usual = read_table(tmp_path / "t.csv", notation=PLAIN.changed({"na": ("3",)}), **options).frame
    with room(memory=NONE):
        notation = PLAIN.changed({"na": ("3",)})
        large = read_table(tmp_path / "t.csv", notation=notation, **options).frame
    assert_frame_equal(large, usual)


def test_markers_of_the_user_are_missing_in_parquet_too(frame, tmp_path):
    frame.to_parquet(tmp_path / "t.parquet")
    notation = PLAIN.changed({"na": ("3", "red")})
    with room(memory=NONE):
        large = read_table(tmp_path / "t.parquet", notation=notation).frame
    assert_frame_equal(large, read_table(tmp_path / "t.parquet", notation=notation).frame)
    assert large["word"].isna().any()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n3\n", "line 3 has 1 cell, the header has 2"),
        ("a,b\n", "has a header and no rows"),
        ("\n", "is empty"),
        ("a,a\n1,2\n", "columns of the same name"),
        (b"a,b\n1,\xff\n", "is not UTF-8"),
    ],
)
def test_what_is_wrong_with_a_text_is_one_line(tmp_path, text, message):
    path = tmp_path / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with room(memory=NONE), pytest.raises(TableError, match=message) as told:
        read_table(path)
    assert "\n" not in str(told.value)


def test_the_index_of_a_data_frame_is_no_column(frame, tmp_path):
    frame.set_index("code").to_parquet(tmp_path / "t.parquet")
    with room(memory=NONE):
        large = read_table(tmp_path / "t.parquet").frame
    assert_frame_equal(large, frame.drop(columns="code"))


def test_directories_named_after_values_are_a_column(frame, tmp_path):
    for k in (1, 2):
        (tmp_path / "parts" / f"year={k}").mkdir(parents=True)
        frame.to_parquet(tmp_path / "parts" / f"year={k}" / "a.parquet")
    read = read_table(tmp_path / "parts")
    assert read.name == "parts" and read.frame["year"].tolist() == [1] * N_ROWS + [2] * N_ROWS


def test_options_about_text_do_nothing_for_a_directory(frame, tmp_path):
    (tmp_path / "parts").mkdir()
    frame.to_parquet(tmp_path / "parts" / "a.parquet")
    encoder = TableEncoder().fit(frame[["number"]])
    for read in (
        lambda: read_table(tmp_path / "parts", encoding="latin-1"),
        lambda: list(read_blocks(tmp_path / "parts", encoder.recipes, encoding="latin-1")),
    ):
        with pytest.raises(TableError, match="does nothing here: .* a directory of Parquet files"):
            read()


def test_a_damaged_file_in_a_directory_is_one_line(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "a.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(TableError, match="parts is a damaged Parquet file"):
        read_table(tmp_path / "parts")


def test_a_directory_is_read_in_blocks(frame, tmp_path):
    (tmp_path / "parts").mkdir()
    frame[:15].to_parquet(tmp_path / "parts" / "1.parquet")
    frame[15:].to_parquet(tmp_path / "parts" / "2.parquet")
    encoder = TableEncoder().fit(frame)
    blocks = list(read_blocks(tmp_path / "parts", encoder.recipes, rows=16, keep=["y"]))
    assert [len(block.predictors) for block in blocks] == [16, 16, 8]
    assert_array_equal(
        np.concatenate([encoder.transform(block.predictors) for block in blocks]),
        encoder.transform(frame),
    )
    assert_array_equal(np.concatenate([block.kept["y"] for block in blocks]), frame["y"])


def model():
    return tn.TautNetRegressorCV(cv=3, hidden_layer_sizes=(4,), alphas=[1e-2, 0.1], random_state=0)


@pytest.mark.parametrize("kind", ["dataset", "query"])
def test_what_may_exceed_memory_is_fitted_and_predicted(frame, tmp_path, kind):
    X = frame.drop(columns="y")
    usual = model().fit(X, frame["y"])
    X.to_parquet(tmp_path / "t.parquet")
    if kind == "dataset":
        large = pyarrow.dataset.dataset(tmp_path / "t.parquet")
    else:
        large = polars.scan_parquet(tmp_path / "t.parquet").filter(polars.col("whole") >= 0)
    with room(tmp_path, NONE):
        found = model().fit(large, frame["y"])
        predicted = found.predict(large)
    assert found.feature_names_in_.tolist() == X.columns.tolist()
    assert_array_equal(found.coefs_[0], usual.coefs_[0])
    assert_array_equal(predicted, usual.predict(X))
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


def test_arrays_that_belong_to_a_table_on_disk_are_on_disk(monkeypatch):
    """So are rows, weights and targets of each chain: bits are those of a table in memory."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3)).astype(np.float32)
    y = X[:, 0] + 0.1 * rng.normal(size=90)
    monkeypatch.setattr("tautnet.tables.scaling.LARGE", 0)
    usual = model().fit(X, y)
    monkeypatch.setattr(disk, "LEAST_BYTES", 0)
    made = []
    monkeypatch.setattr(disk, "on_disk", lambda *asked: made.append(on_disk(*asked)) or made[-1])
    large = on_disk(X.shape, X.dtype)
    large[:] = X
    found = model().fit(large, y)
    assert len(made) > 20
    assert_array_equal(found.coefs_[0], usual.coefs_[0])
    assert found.cv_loss_ == usual.cv_loss_


@pytest.mark.parametrize("penalty", ["l2", "none"])
def test_outputs_that_are_too_many_are_made_anew(monkeypatch, penalty):
    """Losses are those of outputs that were kept, which were rounded to single precision."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3))
    y = X[:, 0] + 0.1 * rng.normal(size=90)
    options = {"penalty": penalty, "hidden_layer_sizes": (4,), "cv": 3, "random_state": 0}
    usual = tn.TautNetRegressorCV(**options).fit(X, y)
    compared = {"cv": 3, "hidden_layer_sizes": (4,), "boosting": False, "random_state": 0}
    whole = tn.compare(X, y, penalties=[penalty], **compared)
    monkeypatch.setattr("tautnet.validation.chain.MOST_OUTPUTS", 10)
    found = tn.TautNetRegressorCV(**options).fit(X, y)
    assert_allclose(found.cv_loss_, usual.cv_loss_, rtol=1e-6)
    assert_allclose(found.cv_results_["mean_test_loss"], usual.cv_results_["mean_test_loss"], 1e-6)
    other = tn.compare(X, y, penalties=[penalty], **compared)
    numbers = ["test_loss", "train_loss", "skill"]
    assert_allclose(other.frame()[numbers].to_numpy(float), whole.frame()[numbers], rtol=1e-5)


def test_no_room_is_one_line(monkeypatch, frame, tmp_path):
    def full(directory, n_bytes):
        raise OSError(errno.ENOSPC, "No space left on device")

    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_csv(tmp_path / "t.csv", index=False)
    monkeypatch.setattr(disk, "hold_space", full)
    for name in ("t.parquet", "t.csv"):
        with (
            room(tmp_path, NONE),
            pytest.raises(TableError, match="no room for .*No space left on device.*--scratch"),
        ):
            read_table(tmp_path / name)


def test_what_is_free_is_what_machine_and_container_allow(monkeypatch, tmp_path):
    for name, text in (("info", "MemTotal: 9 kB\nMemAvailable:    8000 kB\n"), ("now", "1000")):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(disk, "MEMORY", tmp_path / "info")
    for limit, free in (("max", 8_192_000), ("5000", 4000), ("500", 0)):
        (tmp_path / "limit").write_text(limit)
        monkeypatch.setattr(disk, "LIMITS", ((tmp_path / "limit", tmp_path / "now"),))
        assert disk.free_memory() == free
    monkeypatch.setattr(disk, "MEMORY", tmp_path / "none")
    monkeypatch.setattr(disk, "LIMITS", ())
    assert disk.free_memory() == disk.UNKNOWN


def test_a_small_table_is_never_on_disk(frame):
    assert not is_on_disk(read_table("iris").frame)
    with room(memory=1):
        assert not disk.exceeds_memory(10**9) and disk.exceeds_memory(10**9 + 1)


@pytest.mark.parametrize("memory", [NONE, 1])
def test_a_quotation_mark_that_is_left_open_is_seen(tmp_path, memory):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,x\n" * 5 + '2,"y\n' + "3,z\n" * 5)
    encoder = TableEncoder().fit(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}))
    with room(memory=memory), pytest.raises(TableError, match="line 7 .*quotation mark left open"):
        read_table(path)
    with pytest.raises(TableError, match="line 7 .*quotation mark left open"):
        list(read_blocks(path, encoder.recipes))


def test_a_cell_may_be_long(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,x\n2," + "y" * 200_000 + "\n")
    with room(memory=NONE):
        assert read_table(tmp_path / "t.csv").frame["b"].str.len().tolist() == [1, 200_000]


@pytest.fixture
def parts(frame, tmp_path):
    """Write frames as files of one directory, in order."""

    def parts(*frames):
        for i, one in enumerate(frames):
            (tmp_path / "d").mkdir(exist_ok=True)
            one.to_parquet(tmp_path / "d" / f"{i}.parquet")
        return tmp_path / "d"

    return parts


def test_files_of_a_directory_have_the_same_columns(parts):
    one = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    place = parts(one, one.drop(columns="b"))
    encoder = TableEncoder().fit(one)
    for read in (read_table, lambda path: list(read_blocks(path, encoder.recipes))):
        with pytest.raises(TableError, match="1.parquet has other columns .* 'b' is not in both"):
            read(place)


def test_files_of_a_directory_may_hold_numbers_of_several_types(parts):
    place = parts(
        pd.DataFrame({"a": [1, 2], "b": [None, None]}), pd.DataFrame({"a": [1.5], "b": ["x"]})
    )
    read = read_table(place).frame
    assert read["a"].tolist() == [1, 2, 1.5] and read["b"].isna().tolist() == [True, True, False]


def test_what_else_lies_in_a_directory_is_no_part_of_its_table(parts, frame):
    place = parts(frame)
    (place / "README.md").write_text("no table")
    for hidden in (".cache", "_delta_log"):
        (place / hidden).mkdir()
        frame.to_parquet(place / hidden / "a.parquet")
    assert len(read_table(place).frame) == N_ROWS


def test_a_file_below_a_named_directory_is_read_alike_large_or_small(frame, tmp_path):
    (tmp_path / "year=3").mkdir()
    frame.to_parquet(tmp_path / "year=3" / "t.parquet")
    with room(memory=NONE):
        assert_frame_equal(read_table(tmp_path / "year=3" / "t.parquet").frame, frame)


def test_a_directory_may_not_expand_without_end(parts, frame):
    with pytest.raises(TableError, match="d expands to more than .*pass --max-size"):
        read_table(parts(frame), max_size=1e-9)


def test_an_index_of_pandas_may_be_a_predictor(parts, frame):
    encoder = TableEncoder().fit(frame[["number", "whole"]])
    place = parts(frame.set_index("number"))
    for source in (place, place / "0.parquet"):
        [block] = read_blocks(source, encoder.recipes)
        assert_array_equal(block.predictors["number"], frame["number"])


def test_rows_without_a_target_leave_the_others_on_disk(frame, tmp_path):
    frame.assign(y=frame["y"].where(frame.index > 1)).to_parquet(tmp_path / "t.parquet")
    usual = split_target(read_table(tmp_path / "t.parquet").frame, "y")
    with room(memory=NONE), pytest.MonkeyPatch.context() as patch:
        patch.setattr(disk, "LEAST_BYTES", 0)
        large = split_target(read_table(tmp_path / "t.parquet").frame, "y")
    assert is_on_disk(large[0]) and large[2] == usual[2] == 2
    assert_frame_equal(large[0], usual[0])


def test_many_columns_need_few_files(tmp_path):
    frame = pd.DataFrame(np.arange(900.0).reshape(2, 450), columns=[f"x{j}" for j in range(450)])
    frame.to_parquet(tmp_path / "t.parquet")
    before = len(os.listdir("/proc/self/fd"))
    with room(tmp_path, NONE):
        large = read_table(tmp_path / "t.parquet").frame
        assert len(os.listdir("/proc/self/fd")) <= before + 5
    assert_frame_equal(large, frame)


def test_a_query_that_cannot_be_run_is_one_line(tmp_path):
    query = polars.LazyFrame({"a": [1.0]}).select(polars.col("b"))
    absent = polars.scan_parquet(tmp_path / "none.parquet")
    for one in (query.with_columns(c=1), absent):
        with pytest.raises(TableError, match="the query cannot be run") as told:
            model().fit(one, [1.0])
        assert "\n" not in str(told.value)


def test_categories_of_polars_are_read_as_in_its_data_frames():
    frame = polars.DataFrame({"day": ["2024-01-01", "2024-01-02"] * 5}).with_columns(
        polars.col("day").cast(polars.Categorical)
    )
    kinds = [TableEncoder().fit(one).kinds for one in (frame, frame.lazy())]
    assert kinds[0] == kinds[1]
