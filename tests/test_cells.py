"""One cell is read in one way at every door, and what no door can read is said.

What is drawn at random is in ``test_doors.py``; here are the cases that people met.
"""

import datetime
import sqlite3
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pyarrow
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from random_models import run_command

import tautnet as tn
from tautnet.files.onnx_export import run
from tautnet.tables import blocks
from tautnet.tables.cells import as_numbers, text_of
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.errors import TableError
from tautnet.tables.frames import exceeds_float64
from tautnet.tables.reader import read_table
from tautnet.tables.spelling import Unseen, find_columns, spellings
from tautnet.tables.target import encode_target

N_ROWS = 40
RNG = np.random.default_rng(0)
Y = RNG.normal(size=N_ROWS)
SEEN = pd.DataFrame(
    {
        " size ": Y + RNG.normal(size=N_ROWS),
        "there": np.arange(N_ROWS) % 3 == 0,
        "city": np.array(["NA", " sp ", "Ulm", "Bonn"], dtype=object)[np.arange(N_ROWS) % 4],
    }
)
IDS = 10**18 + np.arange(N_ROWS) % 3
FLOATS = RNG.normal(size=(N_ROWS, 3))


def regressor():
    return tn.TautNetRegressor("l2", 0.01, hidden_layer_sizes=(), random_state=0)


@pytest.fixture(scope="module")
def estimator():
    return regressor().fit(SEEN, Y)


@pytest.fixture(scope="module")
def model(estimator, tmp_path_factory):
    return tn.load(estimator.save(tmp_path_factory.mktemp("cells") / "m.taut"))


@pytest.fixture(scope="module")
def onnx(estimator, tmp_path_factory):
    """The ONNX file, which takes a list of cells for each column."""
    path = tmp_path_factory.mktemp("cells") / "m.onnx"
    estimator.to_onnx(path)
    return path.read_bytes()


def python_equation(model):
    names = {}
    exec(model.equation(), names)
    return names["predict"]


TRUTH = [
    (1, 0),
    (1.0, 0.0),
    (np.int8(1), np.float32(0)),
    ("1", "0.0"),
    ("true", "false"),
    ("TRUE", "FALSE"),
    ("yes", "no"),
    ("Y", "N"),
    (" True ", "False "),
    ("t", "f"),
    ("on", "off"),
]


@pytest.mark.parametrize(("yes", "no"), TRUTH)
def test_a_truth_value_is_known_in_every_spelling(yes, no, estimator, model, onnx):
    spelled = SEEN.assign(there=pd.Series(np.where(SEEN["there"], yes, no), dtype=object))
    spelled["there"] = [yes if one else no for one in SEEN["there"]]
    expected = estimator.predict(SEEN)
    assert_array_equal(estimator.predict(spelled), expected)
    assert_array_equal(model.predict(spelled), expected)
    predict = python_equation(model)
    found = [predict(row) for row in spelled.to_dict("records")]
    assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    texts = [np.array([str(cell).strip()], dtype=object) for cell in spelled["there"]]
    fed = [SEEN[[" size "]].to_numpy(), np.array(texts), SEEN[["city"]].to_numpy(object)]
    assert_allclose(run(onnx, fed)[0][:, 0], expected, rtol=1e-9, atol=1e-12)


def test_levels_that_look_missing_or_have_spaces_are_read_from_their_own_file(
    estimator, tmp_path, started
):
    estimator.save(tmp_path / "m.taut")
    SEEN.to_csv(tmp_path / "t.csv", index=False)
    process = started(["-m", "tautnet", "predict", "m.taut", "t.csv", "--out", "p.csv"], tmp_path)
    _, said = process.communicate()
    assert said.decode() == "predictions: p.csv\n"
    found = pd.read_csv(tmp_path / "p.csv")["prediction"]
    assert_allclose(found, estimator.predict(SEEN), rtol=1e-9)


NEW = pd.DataFrame(
    {
        " size ": 0.0,
        "there": ["maybe"] + [True] * 11,
        "city": ["Rom", "Rom", "Oslo", "Ulm", "Ulm ", "n/a", None, "NA", "sp", "Bonn", "x", "y"],
    }
)
SENTENCES = [
    "'there': 1 cell of 1 level not seen in training",
    "'city': 5 cells of 4 levels not seen in training",
]


def test_what_is_unseen_is_counted_and_named_once_a_call(estimator, model):
    for predict in (estimator.predict, model.predict, model.table):
        with pytest.warns(UserWarning) as said:
            predict(NEW)
        assert [str(one.message) for one in said] == ["; ".join(SENTENCES)]
        assert said[0].filename == __file__


def test_the_command_counts_over_the_whole_file(estimator, tmp_path, monkeypatch, capsys):
    estimator.save(tmp_path / "m.taut")
    pd.concat([NEW, NEW]).to_csv(tmp_path / "t.csv", index=False)
    monkeypatch.setattr(blocks, "read_blocks", partial(blocks.read_blocks, rows=5))
    assert run_command(monkeypatch, "predict", tmp_path / "m.taut", tmp_path / "t.csv") == 0
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "predict: 'there': 2 cells of 1 level not seen in training",
        "predict: 'city': 10 cells of 4 levels not seen in training",
    ]


def test_a_rare_level_takes_what_is_unseen_and_nothing_is_said():
    cells = ["a", "b"] * 12 + [f"seldom {i}" for i in range(6)]
    encoder = TableEncoder().fit(pd.DataFrame({"c": cells}))
    unseen = Unseen()
    new = encoder.transform(pd.DataFrame({"c": ["new", "seldom 1"]}), unseen)
    assert_array_equal(new[0], new[1])
    assert unseen.sentences() == []


def test_the_levels_that_are_counted_are_bounded():
    unseen = Unseen()
    for block in range(3):
        unseen.add("id", {f"{block} {i}": 1 for i in range(Unseen.MOST // 2)})
    said = f"'id': 15000 cells of more than {Unseen.MOST} levels not seen in training"
    assert unseen.sentences() == [said]


def test_spellings():
    # What two levels could be spelled as spells neither.
    assert "sp" not in spellings([" sp", "sp "])
    assert "1e+18" not in spellings([str(10**18), str(10**18 + 1)])
    assert spellings(["1e-05"])["1.0e-05"] == "1e-05"
    assert spellings(["007", "1.50"]) == {"007": "007", "1.50": "1.50", "1.5": "1.50"}
    assert spellings(["no", "yes"])["True"] == "yes"
    # One word of a pair is no truth value, and three words are none.
    assert "no" not in spellings(["f"]) and "1" not in spellings(["True", "a"])
    assert text_of(2.0**53) == str(2**53) and text_of(1e18) == "1e+18"


def test_true_and_one_are_two_levels_of_a_mixed_column():
    cells = pd.Series([True, 1, "a"] * 4, dtype=object)
    encoder = TableEncoder().fit(pd.DataFrame({"c": cells}))
    assert encoder.recipes[0]["levels"] == ["1", "True", "a"]


def test_a_missing_cell_is_the_blank_level_where_training_saw_no_other():
    encoder = TableEncoder().fit(pd.DataFrame({"c": ["", "a", "b"] * 4}))
    new = encoder.transform(pd.DataFrame({"c": [None, ""]}))
    assert_array_equal(new, [[1, 0, 0], [1, 0, 0]])


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["sp", " sp"] * 6, "column 'c' has the cell 'sp', which may be ' sp' or 'sp': text files"),
        (["sp ", " sp"] * 6, "column 'c' has the cell 'sp ', which may be 'sp ' or one not seen"),
        (
            ["sp ", "sp", " sp "] * 4,
            "has the cell 'sp ', which may be ' sp ' or 'sp ' or 'sp': text",
        ),
        (["", "a", None] * 4, "column 'c' has the cell '', which may be '' or a missing one: text"),
    ],
)
def test_what_a_file_of_text_does_not_tell_is_refused(cells, said, tmp_path):
    table = pd.DataFrame({"c": cells, "x": 0.0})
    encoder = TableEncoder().fit(table)
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(TableError, match=said):
        list(blocks.read_blocks(tmp_path / "t.csv", encoder.recipes))
    table.to_parquet(tmp_path / "t.parquet")
    (block,) = blocks.read_blocks(tmp_path / "t.parquet", encoder.recipes)
    assert_array_equal(encoder.transform(block.predictors), encoder.transform(table))


def test_texts_among_numbers_and_dates_are_missing_where_a_file_says_so():
    cells = pd.Series([1.5, "NA", " 2 ", None], dtype=object)
    assert_array_equal(as_numbers("c", cells, "number"), [1.5, np.nan, 2, np.nan])
    days = pd.Series(["1970-01-03 ", "n/a"])
    assert_array_equal(as_numbers("c", days, "date"), [2, np.nan])
    with pytest.raises(TableError, match="should hold numbers, but has 'x'"):
        as_numbers("c", pd.Series(["NA", "x"]), "number")


def test_names_differ_in_outer_spaces_alone(model):
    expected = model.predict(SEEN)
    bare = SEEN.rename(columns=str.strip)
    assert_array_equal(model.predict(bare), expected)
    assert find_columns([" a", "a"], ["a"]) == ([0], [" a"])
    assert find_columns(["a"], [" a", "a "]) == ([], ["a"])


def fitted_on(table):
    return regressor().fit(table, Y).to_fitted()


def test_sql_is_refused_where_a_database_would_take_one_column_for_two():
    model = fitted_on(pd.DataFrame(FLOATS[:, :2], columns=["Age", "age"]))
    said = "the predictors 'Age', 'age' differ in upper and lower case alone"
    with pytest.raises(TableError, match=said):
        model.equation("sql")
    assert "row['Age']" in model.equation()


def test_a_backslash_is_written_for_databases_that_take_it_as_it_is(tmp_path, monkeypatch, capsys):
    model = fitted_on(pd.DataFrame({"c": ["a\\", "b'c", "d"] * 13 + ["d"]}))
    said = r"'a\\\\' holds a backslash, .*--dialect sqlite or duckdb, in Python dialect="
    with pytest.raises(TableError, match=said):
        model.equation("sql")
    with pytest.raises(ValueError, match="dialect must be 'sqlite' or 'duckdb'"):
        model.equation("sql", "mysql")
    with pytest.raises(ValueError, match="for language='sql' alone"):
        model.equation("python", "sqlite")
    path = model.save(tmp_path / "m.taut")
    assert run_command(monkeypatch, "show", path, "--equation", "sql") == 1
    assert run_command(monkeypatch, "show", path, "--dialect", "duckdb") == 2
    capsys.readouterr()
    assert run_command(monkeypatch, "show", path, "--equation", "sql", "--dialect", "sqlite") == 0
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE data (c)")
        database.executemany("INSERT INTO data VALUES (?)", [("a\\",), (" b'c",), ("d",)])
        found = [row[-1] for row in database.execute(capsys.readouterr().out)]
    database.close()
    assert_allclose(found, model.predict(pd.DataFrame({"c": ["a\\", "b'c", "d"]})), rtol=1e-9)


APART = "holds integers that float64 cannot tell apart, such as 1000000000000000000 and 1000000000"
AS_MISSING = [None, *IDS[1:].tolist()]
BEYOND = {
    "a frame": pd.DataFrame({"x0": IDS}),
    "an array": IDS[:, np.newaxis],
    "a nullable column": pd.DataFrame({"x0": pd.array(AS_MISSING, dtype="Int64")}),
    "objects": np.array(AS_MISSING, dtype=object)[:, np.newaxis],
    "a masked array": np.ma.masked_array(IDS[:, np.newaxis], np.arange(N_ROWS)[:, np.newaxis] < 1),
    "arrow": pyarrow.table({"x0": AS_MISSING}),
}


@pytest.mark.parametrize("name", BEYOND)
def test_integers_that_a_float_cannot_tell_apart_are_refused(name):
    with pytest.raises(TableError, match=f"column 'x0' {APART}"):
        regressor().fit(BEYOND[name], Y)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("cells", [IDS.tolist(), AS_MISSING, [10**30, 10**30 + 1] * 20])
def test_they_are_refused_in_files(cells, kind, tmp_path):
    path = tmp_path / f"t.{kind}"
    table = pd.DataFrame({"x0": pd.Series(cells, dtype=object)})
    if kind == "csv":
        table.to_csv(path, index=False)
    elif max(filter(None, cells)) < 2**63:
        table.astype("Int64").to_parquet(path)
    else:
        pytest.skip("Parquet has no such integers")
    with pytest.raises(TableError, match="column 'x0' holds integers that float64 cannot tell"):
        TableEncoder().fit(read_table(path).frame)


def test_integers_that_it_tells_apart_are_numbers_and_levels_are_what_they_are():
    wide = pd.DataFrame({"x0": IDS * 2 - 10**18 * np.arange(N_ROWS)})
    assert regressor().fit(wide, Y).encoder_.kinds == {"x0": "number"}
    levels = TableEncoder().fit(pd.DataFrame({"x0": pd.Categorical(IDS)})).recipes[0]["levels"]
    assert levels == [str(10**18), str(10**18 + 1), str(10**18 + 2)]
    assert exceeds_float64(2**53 + 1) and not exceeds_float64(2**53)


def test_labels_beyond_float64_stay_integers(tmp_path):
    labels = 10**18 + 300 * (np.arange(N_ROWS) % 3)
    classifier = tn.TautNetClassifier("l2", 0.01, hidden_layer_sizes=(), random_state=0)
    classifier.fit(FLOATS, labels)
    assert classifier.classes_.tolist() == [10**18, 10**18 + 300, 10**18 + 600]
    assert 0 < classifier.score(FLOATS, labels) <= 1
    loaded = tn.load(classifier.save(tmp_path / "m.taut"))
    assert_array_equal(loaded.predict(FLOATS), classifier.predict(FLOATS))
    assert loaded.table(FLOATS).columns[1] == "probability_1000000000000000000"
    with pytest.raises(TableError, match=f"the target 'y' {APART}"):
        regressor().fit(FLOATS, IDS)
    two = pd.Series([2**64 - 1, 2**64 - 2], dtype=object)
    assert encode_target(two, task="classification").classes.tolist() == [2**64 - 2, 2**64 - 1]


def test_masked_cells_are_missing():
    mask = RNG.random(FLOATS.shape) < 0.2
    mask[0] = False
    for values in (FLOATS, (FLOATS * 10).astype(int), FLOATS > 0, FLOATS.astype("timedelta64[s]")):
        masked = np.ma.masked_array(values, mask)
        plain = pd.DataFrame(values, columns=["x0", "x1", "x2"]).astype(object).where(~mask, None)
        encoder = TableEncoder().fit(masked)
        assert len(encoder.column_names) >= 6
        assert_array_equal(encoder.transform(masked), TableEncoder().fit(plain).transform(plain))
    masked = np.ma.masked_array(FLOATS, mask)
    model = regressor().fit(masked, Y)
    expected = regressor().fit(np.where(mask, np.nan, FLOATS), Y).predict(masked)
    assert_array_equal(model.predict(masked), expected)
    assert_array_equal(model.to_fitted().predict(masked), expected)
    with pytest.raises(ValueError, match="y contains NaN"):
        regressor().fit(FLOATS, np.ma.masked_array(Y, mask[:, 0]))
    with pytest.raises(ValueError, match="groups is missing"):
        tn.TautNetRegressorCV("l2", cv=2, hidden_layer_sizes=()).fit(
            FLOATS, Y, groups=np.ma.masked_array(np.arange(N_ROWS), mask[:, 0])
        )


def test_time_spans_are_seconds():
    frame = pd.DataFrame(FLOATS.round(3), columns=["a", "b", "c"])
    spans = frame.assign(a=pd.to_timedelta(frame["a"], "s"))
    expected = fitted_on(frame).predict(frame)
    model = fitted_on(spans)
    for table in (
        spans,
        frame,
        spans.assign(a=[one.to_pytimedelta() for one in spans["a"]]),
        pyarrow.Table.from_pandas(spans),
    ):
        assert_allclose(model.predict(table), expected, rtol=1e-6, atol=1e-9)
    arrow = spans.astype({"a": pd.ArrowDtype(pyarrow.duration("us"))})
    assert_allclose(model.predict(arrow), expected, rtol=1e-6, atol=1e-9)
    held = regressor().fit(frame, spans["a"] * 2)
    assert_allclose(held.predict(frame), 2 * frame["a"], atol=0.1)
    mixed = pd.Series([datetime.timedelta(1), 5, None] * 4, dtype=object)
    with pytest.raises(TableError, match="column 'a' holds cells of type timedelta"):
        TableEncoder().fit(pd.DataFrame({"a": mixed}))


class DaskFrame:
    """What is asked of a frame of Dask before it is refused."""

    columns = ("a",)

    def compute(self):
        raise AssertionError("nothing is computed without being asked")


def test_queries_that_were_not_run_say_how_to_run_them(estimator, model):
    calls = [
        estimator.predict,
        model.predict,
        TableEncoder().fit,
        lambda X: regressor().fit(X, Y),
    ]
    for call in calls:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(TableError, match="not run yet: pass X.compute()"):
                call(DaskFrame())


def test_queries_of_polars_are_run(estimator, model):
    """They may be larger than memory."""
    polars = pytest.importorskip("polars")
    lazy = polars.from_pandas(SEEN).lazy()
    for one in (estimator, model):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert_array_equal(one.predict(lazy), one.predict(SEEN))
    fitted = regressor().fit(lazy, polars.LazyFrame({"y": Y}))
    assert_array_equal(fitted.predict(lazy), regressor().fit(SEEN, Y).predict(SEEN))


def test_a_batch_of_arrow_records_is_a_table(estimator):
    batch = pyarrow.RecordBatch.from_pandas(SEEN)
    assert_array_equal(estimator.predict(batch), estimator.predict(SEEN))
    assert_array_equal(regressor().fit(batch, Y).predict(batch), estimator.predict(SEEN))
