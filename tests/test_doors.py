"""One table through every door gives one prediction, or one line that says why not.

Tables are drawn as strangers have them. Doors are a data frame, a model file, CSV, Parquet, an
equation in Python and in SQL, and ONNX.
"""

import datetime
import decimal
import math
import sqlite3

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

import tautnet as tn
from tautnet.files.onnx_export import feeds, run
from tautnet.tables.blocks import read_blocks
from tautnet.tables.cells import as_numbers
from tautnet.tables.errors import TableError

N_ROWS = 40
NO = [False, 0, 0.0, "false", "False", "FALSE", "no", "No", "n", "f", "off", "0", " false "]
YES = [True, 1, 1.0, "true", "True", "TRUE", "yes", "YES", "y", "t", "on", "1", "1.0", "yes "]
TEXTS = ["NA", "nan", "None", "", " ", " sp ", "sp", " sp", "sp ", "a", "A", "3", "3.0", "007"]
TEXTS += ["true", "no", "0", "1", "é", "it's", 'say "q"', "a,b", "x\ny", "?", "-", "1e+16", "0.50"]
TEXTS += ["2024-01-02", "\tx", "null", "<NA>", "True", "yes", "T", "1.5", "10000000000000000"]
NAMES = [" age ", "age", "Age", "a b", 'q"q', "x", "é", "it's", " x", "prediction", "p\\q", "step1"]
INTEGERS = [0, 1, 2, 3, -5, 2**53 + 2, 10**18]
DAYS = [datetime.datetime(2024, 1, day, 6 * (day % 2)) for day in range(1, 20)]


def column(cells, dtype=object):
    return pd.Series(cells, dtype=dtype)


@st.composite
def numbers(draw):
    """Numbers in one type or another, and the same type for new rows."""
    whole = st.integers(-9, 9)
    kinds = {
        "float64": (st.floats(-9, 9, width=32), None),
        "int64": (whole, None),
        "Int64": (whole, pd.NA),
        "Float64": (st.floats(-9, 9, width=32), pd.NA),
        "object": (st.one_of(whole, st.decimals(-9, 9, places=2)), None),
        "timedelta64[s]": (whole.map(lambda one: datetime.timedelta(seconds=one)), None),
    }
    dtype = draw(st.sampled_from(sorted(kinds)))
    cells, missing = kinds[dtype]
    if dtype != "int64":
        cells = st.one_of(cells, cells, st.just(missing))
    return [column(draw(rows_of(cells)), dtype) for _ in range(2)]


@st.composite
def truth(draw):
    """Truth values, and new ones in any spelling."""
    dtype = draw(st.sampled_from(["bool", "boolean", "object", "category"]))
    cells = [True, False] if dtype == "bool" else [True, False, None]
    new = draw(st.sampled_from([cells, [*NO, *YES], [*NO, *YES, None, "maybe", 2], ["yes", "no"]]))
    return [column(draw(rows_of(st.sampled_from(cells))), dtype), drawn_column(draw, new)]


@st.composite
def texts(draw):
    """Categories as texts, of which some look missing, numeric or like truth values."""
    pool = draw(st.lists(st.sampled_from([*TEXTS, None]), min_size=2, max_size=6, unique=True))
    new = [*pool, *draw(st.lists(st.sampled_from([*TEXTS, *NO, *YES, None, 3, 3.0]), max_size=4))]
    dtype = draw(st.sampled_from(["object", "category", "str"]))
    return [column(draw(rows_of(st.sampled_from(pool))), dtype), drawn_column(draw, new)]


@st.composite
def codes(draw):
    """Categories that are integers, numbers, truth values, dates, or a mixture."""
    pools = [INTEGERS, [0.5, 1.5, 2.0, 1e-5, 1e16], [True, False], [True, 1, "a", 2.5], DAYS]
    pool = draw(st.lists(st.sampled_from(draw(st.sampled_from(pools))), min_size=2, max_size=5))
    pool = list({(type(one), one): one for one in [*pool, None]}.values())
    is_mixed = any(isinstance(one, str) for one in pool)
    dtype = "object" if is_mixed else "category"
    new = [*pool, *(float(one) for one in pool if isinstance(one, int) and abs(one) < 2**53)]
    return [column(draw(rows_of(st.sampled_from(pool))), dtype), drawn_column(draw, new)]


@st.composite
def dates(draw):
    """Dates in types of dates, and as texts."""
    ways = {
        "datetime64[us]": lambda day: day,
        "object": lambda day: day.date(),
        "str": lambda day: day.strftime("%d.%m.%Y"),
        "datetime64[ns, Europe/Berlin]": lambda day: pd.Timestamp(day, tz="Europe/Berlin"),
    }
    dtype = draw(st.sampled_from(sorted(ways)))
    cells = st.one_of(
        st.sampled_from(DAYS).map(ways[dtype]),
        st.sampled_from(DAYS[:2]).map(ways[dtype]),
        st.none(),
    )
    return [column(draw(rows_of(cells)), dtype) for _ in range(2)]


def rows_of(cells):
    return st.lists(cells, min_size=N_ROWS, max_size=N_ROWS)


def drawn_column(draw, pool):
    """Rows of a pool, as objects or as a category."""
    series = column(draw(rows_of(st.sampled_from(pool))))
    if draw(st.booleans()):
        return series
    try:
        return series.astype("category")
    except TypeError:
        return series


@st.composite
def tables(draw):
    """A table to fit and one to predict, with the same columns."""
    kinds = st.one_of(numbers(), truth(), texts(), codes(), dates())
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    drawn = {name: draw(kinds) for name in names}
    seen = pd.DataFrame({name: one[0] for name, one in drawn.items()})
    return seen, pd.DataFrame({name: one[1] for name, one in drawn.items()})


def by_file(model, path):
    recipes = model.encoder.recipes
    return np.concatenate(
        [model.table(block.predictors)["prediction"] for block in read_blocks(path, recipes)]
    )


def by_csv(model, table, directory):
    table.to_csv(directory / "t.csv", index=False)
    return by_file(model, directory / "t.csv")


def by_parquet(model, table, directory):
    import pyarrow

    for _, cells in table.items():
        # What is truth values and numbers would be written as numbers alone.
        if len({isinstance(cell, bool | np.bool_) for cell in cells.dropna()}) > 1:
            raise TableError("Parquet has no place for such cells")
    try:
        table.to_parquet(directory / "t.parquet", index=False)
    except (pyarrow.ArrowException, TypeError, ValueError):
        raise TableError("Parquet has no place for such cells") from None
    return by_file(model, directory / "t.parquet")


def as_cells(model, table):
    """Rows as programs and databases hold them: numbers as numbers, dates as days."""
    cells = {}
    for recipe in model.encoder.recipes:
        name, series = recipe["predictor"], table[recipe["predictor"]]
        if "levels" not in recipe:
            series = pd.Series(as_numbers(name, series, recipe["kind"], recipe.get("written", "")))
        cells[name] = series.astype(object).where(series.notna(), None)
    return pd.DataFrame(cells, dtype=object)


def by_python(model, table, directory):
    names = {}
    exec(compile(model.equation(), "equation", "exec"), names)
    rows = as_cells(model, table).to_dict("records")
    return np.array([names["predict"](row) for row in rows])


def by_sql(model, table, directory):
    text = model.equation("sql", "sqlite")
    cells = as_cells(model, table)
    with sqlite3.connect(":memory:") as database:
        database.create_function("EXP", 1, math.exp, deterministic=True)
        quoted = ['"' + name.replace('"', '""') + '"' for name in cells]
        database.execute(f"CREATE TABLE data ({', '.join(quoted)})")
        places = ", ".join("?" * len(quoted))
        of_truth = [
            set(one.get("levels", ())) <= {"True", "False"} for one in model.encoder.recipes
        ]
        rows = [map(in_database, row, of_truth) for row in cells.to_numpy().tolist()]
        rows = [tuple(row) for row in rows]
        database.executemany(f"INSERT INTO data VALUES ({places})", rows)
        found = np.array([row[-1] for row in database.execute(text)])
    database.close()
    return found


def in_database(cell, of_truth):
    """A cell as SQLite holds it, which has no truth values: a column of them and texts is texts."""
    if isinstance(cell, datetime.date | decimal.Decimal) or (
        isinstance(cell, bool) and not of_truth
    ):
        return str(cell)
    return cell.item() if isinstance(cell, np.generic) else cell


def by_onnx(model, table, directory):
    model.to_onnx(directory / "m.onnx")
    found = run((directory / "m.onnx").read_bytes(), feeds(model.prune(), table))[0]
    return found[:, 0]


def by_model_file(model, table, directory):
    return model.predict(table)


DOORS = [by_model_file, by_csv, by_parquet, by_python, by_sql, by_onnx]


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("doors")


@pytest.mark.filterwarnings("ignore:.* not seen in training:UserWarning")
@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(tables=tables(), seed=st.integers(0, 9))
def test_every_door_gives_the_same_prediction_or_says_why_not(tables, seed, directory):
    seen, new = tables
    y = np.random.default_rng(seed).normal(size=N_ROWS)
    estimator = tn.TautNetRegressor("l2", 0.01, hidden_layer_sizes=(), random_state=0)
    try:
        estimator.fit(seen, y)
    except TableError:
        assume(False)
    model = tn.load(estimator.save(directory / "m.taut"))
    for table in (seen, new):
        expected = estimator.predict(table)
        for door in DOORS:
            try:
                found = door(model, table, directory)
            except TableError as error:
                assert "\n" not in str(error)
                continue
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6, err_msg=door.__name__)
