"""Dates as people write them, at every door by which rows come in."""

import datetime

import numpy as np
import pandas as pd
import pytest
from random_models import run_command

import tautnet as tn
from tautnet.files.checks import checked_encoder
from tautnet.files.equation import equation
from tautnet.files.onnx_export import feeds, run
from tautnet.files.summary import describe
from tautnet.tables.blocks import read_blocks
from tautnet.tables.cells import as_numbers, column_kind, dates_written
from tautnet.tables.dates import WAYS, days_of, order_of
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.errors import ModelFileError, TableError
from tautnet.tables.notation import Notation
from tautnet.tables.reader import read_table
from tautnet.tables.sample import encode, notes

DAYS = pd.date_range("2024-02-20", periods=60)
FORMATS = {"day": "%d", "month": "%m", "year": "%Y"}


def written(days, way):
    """Days as texts."""
    for part, code in FORMATS.items():
        way = way.replace(part, code)
    return days.strftime(way).astype(object).to_numpy()


def said(**columns):
    """Return what is said of how dates are read."""
    frame = pd.DataFrame(columns)
    frame["x"] = np.linspace(0, 1, len(frame)) ** 2
    target, _, encoder = encode(frame, np.sqrt(frame["x"]), None, "regression")
    return [one for one in notes(target, encoder) if "is read as" in one]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("time", ["", " 18:30", " 18:30:00", "T18.30.00", " 6:30 PM", " 6:30pm"])
def test_every_way_with_and_without_a_time(way, time):
    texts = pd.Series(written(DAYS, way) + time)
    if way.startswith("year-") and time in ("", " 18:30", " 18:30:00"):
        texts = texts.str.replace("-0", "-")
    assert column_kind(texts) == "date"
    assert dates_written(texts) == (way, "")
    expected = (DAYS - pd.Timestamp(0)) / pd.Timedelta(days=1) + (18.5 / 24 if time else 0)
    np.testing.assert_allclose(as_numbers("day", texts, "date", way), expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", [object, "string", "str"])
def test_digits_may_be_one_and_cells_missing(dtype):
    cells = pd.Series(["1/2/2024", None, "13/02/2024 7:05"], dtype=dtype)
    assert dates_written(cells) == ("day/month/year", "")
    np.testing.assert_allclose(
        as_numbers("day", cells, "date", "day/month/year"),
        [19754, np.nan, 19766 + (7 + 5 / 60) / 24],
    )


@pytest.mark.parametrize(
    "cells",
    [
        ["13/14/2024"],
        ["13/02/2024", "02/13/2024"],
        ["30/02/2024"],
        ["29.02.2023"],
        ["01/02/24"],
        ["1/2/2024", "1.2.2024"],
        ["1/2-2024"],
        ["01/2024"],
        ["2024/13/01"],
        ["2024/01/02", "01/02/2024"],
        ["2024-01-02", "01-02-2024"],
        ["1.2.2024 25:00"],
        ["1.2.2024 13:00 PM"],
        ["1.2.2024 12:0"],
        ["1.2.2024 12:00.30"],
        ["1.2.2024", "soon"],
        ["soon", "1.2.2024"],
        ["1.2.0000"],
        ["٣/٢/2024"],
        [" 1.2.2024"],
        ["1.2.2024", 3],
    ],
)
def test_what_is_no_date(cells):
    assert column_kind(pd.Series(cells, dtype=object)) == "category"


def test_iso_dates_are_what_they_were():
    encoder = TableEncoder().fit(pd.DataFrame({"day": written(DAYS, "year-month-day")}))
    assert encoder.recipes == [
        {"predictor": "day", "kind": "date", "value": True, "indicator": False}
    ]


# Which number is the month


@pytest.mark.parametrize("way, other", [("day/month/year", ""), ("month/day/year", "")])
def test_a_number_above_twelve_tells(way, other):
    texts = written(DAYS, way)
    assert dates_written(pd.Series(texts)) == (way, other)
    assert said(day=texts) == []


MONTHS = pd.date_range("2023-01-01", periods=12, freq="MS")
EARLY = pd.DatetimeIndex([f"2024-{m:02}-{d:02}" for m in range(1, 13) for d in (2, 5, 11)])
MIXED = EARLY[np.random.default_rng(0).permutation(36)]


@pytest.mark.parametrize(
    "days, way, expected",
    [
        # In order in one way only.
        (EARLY, "day/month/year", "day/month/year"),
        (EARLY, "month/day/year", "month/day/year"),
        (EARLY[::-1], "month-day-year", "month-day-year"),
        # In order in both; a day, or a month, apart in one only.
        (pd.date_range("2024-05-02", "2024-05-12"), "month/day/year", "day/month/year"),
        (MONTHS[:6:2], "day/month/year", "month/day/year"),
        (MIXED, "day/month/year", "day/month/year"),
        # Not in order in either: the day is first, right or wrong.
        (MIXED, "month/day/year", "day/month/year"),
    ],
)
def test_where_every_cell_may_be_read_in_two_ways(days, way, expected):
    mark = "/" if "/" in way else "-"
    texts = written(days, way)
    first = f"day{mark}month{mark}year"
    second = f"month{mark}day{mark}year"
    other = second if expected == first else first
    assert dates_written(pd.Series(texts)) == (expected, other)
    assert said(day=texts) == [
        f"'day' is read as {expected}; every cell could also be {other}: if so, pass --dates"
        f" {order_of(other)}, or hand over dates"
    ]


def test_points_have_the_day_first_and_equal_numbers_are_the_same_date():
    assert dates_written(pd.Series(written(MIXED, "month.day.year"))) == ("day.month.year", "")
    assert said(day=written(MIXED, "month.day.year")) == []
    same = pd.Series(["1/1/2024", "12/12/2024", "3/3/2024"])
    assert dates_written(same) == ("day/month/year", "")


# Doors

WAY = "day/month/year"
TIMES = pd.DataFrame(
    {
        "day": np.where(np.arange(60) % 11 == 5, None, written(DAYS, WAY)),
        "size": np.random.default_rng(1).normal(size=60),
    }
)
STAMPS = TIMES.assign(day=pd.Series(DAYS).where(TIMES["day"].notna()))
ENCODED = TableEncoder().fit(STAMPS).transform(STAMPS)
ENCODER = TableEncoder().fit(TIMES)


@pytest.fixture(scope="module")
def model():
    y = np.arange(60) / 60 + TIMES["size"]
    return tn.TautNetRegressor("l2", 0.01, hidden_layer_sizes=(3,), random_state=0).fit(TIMES, y)


def test_the_recipe_says_how_dates_are_written():
    assert ENCODER.recipes[0] == {
        "predictor": "day",
        "kind": "date",
        "value": True,
        "indicator": True,
        "written": "day/month/year",
        "also": "",
    }
    np.testing.assert_array_equal(ENCODER.transform(TIMES), ENCODED)


def test_new_rows_are_read_as_the_old_ones_were():
    """By themselves they would be read month first, being in order so."""
    new = pd.DataFrame({"day": ["03/01/2024", "03/02/2024", "04/01/2024", None], "size": 0.0})
    assert dates_written(new["day"]).way == "month/day/year"
    days = ENCODER.transform(new)[:, 0]
    np.testing.assert_array_equal(days, [19725, 19756, 19726, np.nan])
    restored = TableEncoder.restored(ENCODER.recipes, {}, ["day", "size"])
    np.testing.assert_array_equal(restored.transform(new)[:, 0], days)
    np.testing.assert_array_equal(ENCODER.without({"size": "x"}).transform(new)[:, 0], days)


def test_frames_of_dates_are_welcome_too():
    np.testing.assert_array_equal(ENCODER.transform(STAMPS), ENCODED)
    dates = TIMES.assign(day=[None if pd.isna(d) else d.date() for d in STAMPS["day"]])
    np.testing.assert_array_equal(ENCODER.transform(dates), ENCODED)
    assert days_of(datetime.date(1970, 1, 2), WAY) == 1.0


def test_arrays_of_cells():
    cells = TIMES.to_numpy(dtype=object)
    encoder = TableEncoder().fit(cells)
    assert encoder.recipes[0]["written"] == WAY
    np.testing.assert_array_equal(encoder.transform(cells[::-1]), ENCODED[::-1])


@pytest.mark.parametrize("cell", ["2024-03-01", "3.1.2024", "03/21/2024", "soon", "31/02/2024"])
def test_a_cell_that_is_no_such_date_is_one_line(cell, tmp_path):
    new = TIMES.iloc[:3].assign(day=["01/03/2024", cell, None])
    message = (
        f"column 'day' should hold dates written day/month/year, but has '{cell}': correct it or"
        " blank it out"
    )
    with pytest.raises(TableError, match=message):
        ENCODER.transform(new)
    new.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(TableError, match=message):
        ENCODER.transform(next(read_blocks(tmp_path / "t.csv", ENCODER.recipes)).predictors)


@pytest.mark.parametrize("rows", [1, 7, 100])
def test_files_in_blocks(tmp_path, rows):
    TIMES.to_csv(tmp_path / "t.csv", index=False)
    TIMES.to_csv(tmp_path / "s.csv", index=False, sep=";", decimal=",", na_rep="?")
    TIMES.to_parquet(tmp_path / "t.parquet")
    STAMPS.to_parquet(tmp_path / "s.parquet")
    for name in ("t.csv", "t.parquet", "s.parquet"):
        blocks = read_blocks(tmp_path / name, ENCODER.recipes, rows=rows)
        encoded = np.concatenate([ENCODER.transform(block.predictors) for block in blocks])
        np.testing.assert_array_equal(encoded, ENCODED)
    notation = Notation(na=("?",), decimal=",")
    blocks = read_blocks(tmp_path / "s.csv", ENCODER.recipes, rows=rows, notation=notation)
    encoded = np.concatenate([ENCODER.transform(block.predictors) for block in blocks])
    np.testing.assert_array_equal(encoded, ENCODED)
    whole = read_table(tmp_path / "t.csv").frame
    np.testing.assert_array_equal(TableEncoder().fit(whole).transform(whole), ENCODED)


def test_model_files_keep_it(model, tmp_path):
    model.save(tmp_path / "m.taut")
    kept = tn.load(tmp_path / "m.taut")
    one = TIMES.iloc[12:13]
    assert one["day"].item() == "03/03/2024"
    some = TIMES.iloc[10:16]
    np.testing.assert_array_equal(kept.predict(some), model.predict(some))
    np.testing.assert_array_equal(kept.to_estimator().predict(some), model.predict(some))
    np.testing.assert_array_equal(kept.predict(STAMPS), model.predict(TIMES))
    assert "date written day/month/year: mean 2024-03-2" in describe(kept)


def packed(**changes):
    """An encoder as a model file keeps it."""
    date = {"predictor": "day", "kind": "date", "value": True, "indicator": False}
    return {"recipes": [date | changes], "left_out": {}, "feature_names": ["day"]}


def test_model_files_of_before_read_iso_dates():
    encoder = checked_encoder(packed())
    assert encoder.transform(pd.DataFrame({"day": ["1970-01-03"]})).tolist() == [[2.0]]
    with pytest.raises(TableError, match="should hold ISO dates"):
        encoder.transform(pd.DataFrame({"day": ["03/01/1970"]}))
    encoder = checked_encoder(packed(written=WAY, also="month/day/year"))
    assert encoder.transform(pd.DataFrame({"day": ["03/01/1970"]})).tolist() == [[2.0]]


@pytest.mark.parametrize(
    "changes",
    [
        {"written": "(.*)*", "also": ""},
        {"written": "", "also": ""},
        {"written": ["day/month/year"], "also": ""},
        {"written": WAY},
        {"written": WAY, "also": 3},
        {"kind": "number", "written": WAY, "also": ""},
    ],
)
def test_model_files_hold_known_ways_only(changes):
    with pytest.raises(ModelFileError, match="a predictor encoded in no known way"):
        checked_encoder(packed(**changes))


def test_equations_and_graphs_take_days(model, tmp_path):
    fitted = model.to_fitted()
    names = {}
    exec(equation(fitted), names)
    days = as_numbers("day", TIMES["day"], "date", WAY)
    predicted = [
        names["predict"]({"day": d, "size": s}) for d, s in zip(days, TIMES["size"], strict=True)
    ]
    np.testing.assert_allclose(predicted, fitted.predict(TIMES), rtol=1e-9)
    lines = model.to_onnx(tmp_path / "m.onnx")
    assert lines[0] == "'day': days since 1970-01-01, NaN where it is missing"
    (found,) = run((tmp_path / "m.onnx").read_bytes(), feeds(fitted.prune(), TIMES))
    np.testing.assert_allclose(found[:, 0], fitted.predict(TIMES), rtol=1e-9)


def test_the_command(model, tmp_path, monkeypatch):
    model.save(tmp_path / "m.taut")
    TIMES.to_csv(tmp_path / "t.csv", index=False)
    monkeypatch.chdir(tmp_path)
    assert run_command(monkeypatch, "predict", "m.taut", "t.csv", "--out", "p.csv") == 0
    np.testing.assert_allclose(
        pd.read_csv("p.csv").iloc[:, -1], model.predict(TIMES), rtol=1e-5, atol=1e-6
    )
