"""What a finished comparison does in a notebook, and a run that is read again."""

import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import tautnet as tn
from tautnet.commands.app import app
from tautnet.tables.errors import TableError

OPTIONS = {"penalties": ["none", "l2"], "cv": 3, "hidden_layer_sizes": (4,), "boosting": False}
TYPED = ["--penalties", "none,l2", "--cv", "3", "--hidden", "4", "--no-boosting"]


@pytest.fixture(scope="module")
def table():
    return tn.datasets.linear_two(n_rows=60, n_predictors=3, noise=0.5, seed=2).frame


@pytest.fixture(scope="module")
def comparison(table):
    return tn.compare(table, target="y", name="table", **OPTIONS)


@pytest.fixture(scope="module")
def directory(table, tmp_path_factory):
    place = tmp_path_factory.mktemp("run")
    table.to_csv(place / "table.csv", index=False)
    command = ["compare", str(place / "table.csv"), "--target", "y", "--out", str(place / "out")]
    app([*command, *TYPED], standalone_mode=False)
    return place / "out"


def numbers(comparison):
    return comparison.frame().drop(columns="seconds")


def test_one_column_of_a_table_is_the_target(table, comparison):
    parted = tn.compare(table.drop(columns="y"), table["y"], name="table", **OPTIONS)
    assert numbers(parted).equals(numbers(comparison))
    with_gap = table.assign(y=table["y"].where(table.index > 0))
    with pytest.raises(TableError, match="1 row has no value of the target 'y': leave them out"):
        tn.compare(with_gap, target="y", **OPTIONS)


@pytest.mark.parametrize("call", [tn.compare, tn.select_features])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "say once what is to be predicted: y, or target='...'"),
        ({"y": np.arange(60), "target": "y"}, "say once what is to be predicted"),
        ({"target": "Y"}, "no such column: 'Y' .did you mean 'y'"),
    ],
)
def test_the_target_is_said_once(table, call, given, message):
    with pytest.raises(TableError, match=message):
        call(table, **given)


def test_features_are_selected_by_the_name_of_the_target(table):
    options = {"cv": 3, "hidden_layer_sizes": (4,)}
    by_name = tn.select_features(table, target="y", **options)
    parted = tn.select_features(table.drop(columns="y"), table["y"], **options)
    times = {"seconds": 0, "path_seconds": 0}
    assert by_name.result | times == parted.result | times


def test_it_is_printed_as_the_command_prints_it(comparison):
    text = str(comparison)
    assert all(name in text for name in ("unpenalised", "l2", "linear"))
    assert [
        line.removeprefix("- ") for line in text.splitlines()[-len(comparison.sentences) :]
    ] == (comparison.sentences)
    assert "\x1b" not in text


def test_it_predicts_draws_and_shows_its_report(comparison, table):
    rows = table.drop(columns="y")
    assert_array_equal(comparison.predict(rows), comparison.model.predict(rows))
    display = comparison.plot()
    assert list(display.frame().index) == ["l2", "linear", "chosen"] and display.ax_ is not None
    shown = comparison.report(height=300)._repr_html_()
    assert shown.startswith('<iframe srcdoc="&lt;!doctype html&gt;') and "height: 300px" in shown
    assert '"' not in re.search('srcdoc="(.*?)" style', shown, re.DOTALL).group(1)
    summary = comparison._repr_html_()
    assert summary.count('<img src="data:image/svg+xml;base64,') == 1


def test_a_run_is_read_again(directory, comparison, table):
    read = tn.load_run(directory)
    assert numbers(read).equals(numbers(comparison))
    assert read.sentences == comparison.sentences and read.verdict == comparison.verdict
    rows = table.drop(columns="y")
    assert_array_equal(read.predict(rows), comparison.predict(rows))
    assert str(read) == str(comparison)
    assert read.to_html(directory.parent / "again.html").exists()


def test_a_run_without_its_model_is_numbers_alone(directory, tmp_path, table):
    (tmp_path / "result.json").write_bytes((directory / "result.json").read_bytes())
    read = tn.load_run(tmp_path)
    assert read.model is None and read.recommended
    with pytest.raises(ValueError, match="its model is not at hand"):
        read.predict(table)


def test_public_names_are_all_that_is_listed():
    assert dir(tn) == sorted([*tn.__all__, "__version__"])
    assert all(hasattr(tn, name) for name in dir(tn))
