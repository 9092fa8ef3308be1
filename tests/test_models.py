"""``tautnet fit``, ``predict`` and ``show``: what they print, write and refuse.

They run inside this process, mostly on model files that are at hand, so that little has to be
compiled.
"""

import contextlib
import io
import json
import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

import tautnet as tn
from tautnet.cli import main
from tautnet.tables import blocks
from tautnet.tables.reader import read_table

KEPT = Path(__file__).parent / "files" / "kept"
MODEL, ROWS = KEPT / "format-1-classifier.taut", KEPT / "rows.csv"


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Run a command in a directory of its own; a path among the arguments is written as text."""

    def command(*arguments, stdin=b""):
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["tautnet", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin))))
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as end,
        ):
            main()
        return Ended(end.value.code or 0, out.getvalue(), err.getvalue())

    return command


@pytest.fixture(scope="module")
def table():
    """Groups ``g``, weights ``w``, times ``t`` with events ``e``, and a target.

    The target follows a and b.
    """
    rng = np.random.default_rng(0)
    a, b, c = rng.normal(size=(3, 60))
    y = a + 0.5 * b + 0.3 * rng.normal(size=60)
    columns = {
        "a": a,
        "b": b,
        "c": c,
        "g": np.arange(60) // 4,
        "w": rng.integers(1, 4, 60),
        "y": y.round(3),
    }
    return pd.DataFrame(
        columns
        | {"t": np.exp(-y), "e": np.arange(60) % 4 > 0, "big": np.where(y > 0.3, "yes", "no")}
    )


@pytest.fixture(scope="module")
def fitted():
    """What was fitted already, by its options."""
    return {}


@pytest.fixture
def fit(command, table, tmp_path, fitted):
    """Fit a linear map on the table with some options, and load the model; equal calls run once."""

    def fit(*options, target="y"):
        if (options, target) not in fitted:
            fitted[options, target] = fit_anew(*options, target=target)
        return fitted[options, target]

    def fit_anew(*options, target):
        (tmp_path / "t.csv").write_text(table.to_csv(index=False))
        aim = ["--target", target] if target else []
        beside = [
            name for name in ("w", "g", "t", "e", "big", "y") if name not in (target, *options)
        ]
        drop = [] if "--drop" in options else ["--drop", ",".join(beside)]
        ended = command(
            "fit", "t.csv", *aim, "--model", "m.taut", "--cv", "3", "--hidden", "0", *drop, *options
        )
        assert ended.code == 0, ended.err
        return ended, tn.load(tmp_path / "m.taut")

    return fit


def test_fit_is_the_estimator_of_cross_validation(fit, table, tmp_path):
    ended, model = fit("--penalty", "l1", "--select", "1se")
    twin = tn.TautNetRegressorCV("l1", cv=3, selection="1se", hidden_layer_sizes=(), random_state=0)
    twin.fit(table[["a", "b", "c"]], table["y"])
    assert model.estimator == "TautNetRegressorCV" and model.attributes["alpha_"] == twin.alpha_
    np.testing.assert_allclose(
        model.predict(table), twin.predict(table[["a", "b", "c"]]), rtol=1e-12
    )
    assert (
        "penalty                        l1, alpha" in ended.out
        and "within one standard error" in ended.out
    )
    assert ended.err.splitlines() == [
        "regression: 'y' has 60 distinct numbers",
        "3 predictors (3 number)",
        "model: m.taut",
    ]


CHANGES = [
    ["--penalty", "group"],
    ["--select", "1se"],
    ["--loss", "huber", "--delta", "0.3"],
    ["--loss", "quantile"],
    ["--cv", "4"],
    ["--seed", "1"],
    ["--weights", "w"],
    ["--group-col", "g"],
    ["--drop", "c,w,g,t,e,big"],
    ["--alpha-min-ratio", "0.1"],
    ["--penalty", "adaptive_group"],
    ["--penalty", "l1", "--select", "1"],
    ["--penalty", "l1", "--select", "2", "--relax"],
]


@pytest.mark.parametrize("options", CHANGES, ids=" ".join)
def test_options_of_fit_change_the_model(fit, table, options):
    before, after = fit()[1], fit(*options)[1]
    assert np.abs(before.predict(table) - after.predict(table)).max() > 1e-6


def test_options_of_the_network_reach_the_model(fit):
    options = [
        "--hidden",
        "6",
        "--activation",
        "tanh",
        "--finish",
        "--alpha-min-ratio",
        "1",
        "--penalty",
        "l2",
    ]
    model = fit(*options)[1]
    for name, value in {"hidden_layer_sizes": (6,), "activation": "tanh", "finish": True}.items():
        assert model.parameters[name] == value
    assert model.members[0].activation == "tanh" and model.members[0].layers[1].shape == (6, 1)


def test_fit_knows_classes_and_times(fit, table):
    classes = fit("--penalty", "l1", target="big")[1]
    assert classes.task == "classification" and classes.table(table).columns[2] == "probability_yes"
    survival = fit("--time", "t", "--event", "e", target=None)[1]
    assert survival.task == "survival" and survival.table(table).columns.tolist() == ["risk"]
    efron = fit("--time", "t", "--event", "e", "--ties", "efron", target=None)[1]
    assert (survival.parameters["ties"], efron.parameters["ties"]) == ("breslow", "efron")


def test_predict_prints_what_the_model_says_of_the_table(command):
    ended = command("predict", MODEL, ROWS)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == tn.load(MODEL).table(read_table(ROWS).frame).to_csv(
        index=False, lineterminator="\n"
    )


def test_predict_finds_columns_by_name_in_every_kind_of_file(command, tmp_path):
    expected, rows = command("predict", MODEL, ROWS).out, pd.read_csv(ROWS)
    other = rows[rows.columns[::-1]].assign(answer=1, more="x")
    other.to_parquet(tmp_path / "r.parquet", index=False)
    note = "ignored: 2 columns that the model does not know: 'answer', 'more'"
    ended = command("predict", MODEL, "r.parquet", "--out", "p.csv")
    assert (ended.code, ended.out, ended.err) == (0, "", f"{note}\npredictions: p.csv\n")
    assert (tmp_path / "p.csv").read_text() == expected
    ended = command("predict", MODEL, "-", stdin=other.to_csv(index=False, sep="\t").encode())
    assert (ended.out, ended.err) == (expected, note + "\n")
    ended = command("predict", MODEL, "-", stdin=(tmp_path / "r.parquet").read_bytes())
    assert (ended.out, ended.err) == (expected, note + "\n")


def test_predict_writes_parquet_where_the_name_says_so(command, tmp_path):
    expected = command("predict", MODEL, ROWS)
    ended = command("predict", MODEL, ROWS, "--out", "p.Parquet")
    assert (ended.code, ended.out, ended.err) == (0, "", "predictions: p.Parquet\n")
    written = pd.read_parquet(tmp_path / "p.Parquet")
    assert written.to_csv(index=False, lineterminator="\n") == expected.out


def test_predict_writes_parquet_block_by_block(command, tmp_path, monkeypatch):
    monkeypatch.setattr(
        blocks.read_blocks, "__kwdefaults__", blocks.read_blocks.__kwdefaults__ | {"rows": 7}
    )
    assert command("predict", MODEL, ROWS, "--out", "p.parquet").code == 0
    written = pd.read_parquet(tmp_path / "p.parquet")
    assert written.to_csv(index=False, lineterminator="\n") == command("predict", MODEL, ROWS).out


def test_predict_says_in_one_line_what_parquet_needs(command, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    ended = command("predict", MODEL, ROWS, "--out", "p.parquet")
    needs = "writing Parquet needs pyarrow: pip install 'tautnet[parquet]', or name a CSV file"
    assert (ended.code, ended.out, ended.err) == (1, "", f"tautnet: error: {needs}\n")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("kind", ["stdout", "csv", "parquet"])
def test_a_header_without_rows_has_an_answer_without_rows(command, tmp_path, kind):
    (tmp_path / "t.csv").write_bytes(b"size,town,day,owner\n")
    out = [] if kind == "stdout" else ["--out", f"p.{kind}"]
    ended = command("predict", MODEL, "t.csv", *out)
    assert ended.code == 0, ended.err
    expected = (
        tn.load(MODEL)
        .table(read_table(ROWS).frame)
        .iloc[:0]
        .to_csv(index=False, lineterminator="\n")
    )
    if kind == "parquet":
        found = pd.read_parquet(tmp_path / "p.parquet")
        assert len(found) == 0 and found.to_csv(index=False, lineterminator="\n") == expected
    else:
        assert (ended.out if kind == "stdout" else (tmp_path / "p.csv").read_text()) == expected


def test_predict_reads_missing_cells_and_other_notations_if_told(command):
    rows = pd.read_csv(ROWS)
    text = rows.to_csv(index=False, sep=";", decimal=",", na_rep="?").encode(
        "latin-1", errors="replace"
    )
    ended = command(
        "predict", MODEL, "-", "--na", "?", "--decimal", ",", "--encoding", "latin-1", stdin=text
    )
    # The balloon, which latin-1 does not have, has become a question mark.
    blank = rows.assign(
        town=rows["town"].where(rows["town"] != "🎈"), owner=rows["owner"].astype(str)
    )
    assert ended.out == command("predict", MODEL, "-", stdin=blank.to_csv(index=False).encode()).out
    assert ended.code == 0 and ended.out != command("predict", MODEL, ROWS).out


def test_show_says_what_is_in_a_file(command):
    ended = command("show", MODEL)
    assert (ended.code, ended.err) == (0, "")
    for words in (
        "TautNetClassifierCV\n",
        "60 rows, 4 predictors in",
        "group, alpha",
        "certificate",
        "new rows",
        "predicts y (classification), one of say \"no\", 'two\\nlines'",
        "from\n",
        "  size  ",
        "number: mean",
        "category: 3.50, 'a,b', say \"no\", 'two\\nlines', 🎈, missing",
        "made with tautnet",
    ):
        assert words in ended.out, words
    days = pd.to_datetime(pd.read_csv(ROWS)["day"])
    assert re.search(r"date: mean 2\d{3}-\d\d-\d\d, standard deviation [0-9.]+ days\n", ended.out)
    assert (
        days.min() <= pd.Timestamp(re.search(r"date: mean ([0-9-]+)", ended.out)[1]) <= days.max()
    )
    known = json.loads(
        command("show", MODEL, "--json").out, parse_constant=lambda name: pytest.fail(name)
    )
    assert known["class"] == "TautNetClassifierCV" and known["classes"] == [
        'say "no"',
        "two\nlines",
    ]
    assert {one["name"] for one in known["predictors"]} == {"size", "town", "day", "owner"}
    assert known["n_weights"] > known["zero_weights"] and known["alpha"] in (0.01, 0.1)


# What is refused.


class Bad(NamedTuple):
    arguments: list
    says: list
    content: bytes = ROWS.read_bytes()
    code: int = 1


def flipped(data):
    """A bit of a weight is another."""
    return data[:-999] + bytes([data[-999] ^ 1]) + data[-998:]


PREDICT = ["predict", MODEL, "t.csv", "--out", "p.csv"]
BAD = {
    "no model": Bad(["predict", "none.taut", "t.csv"], ["no such file: none.taut"]),
    "no model to show": Bad(["show", "none.taut"], ["no such file: none.taut"]),
    "a table for a model": Bad(
        ["show", "t.csv"], ["t.csv is damaged, or no model file of tautnet"]
    ),
    "half a model": Bad(["show", "t.csv"], ["t.csv is damaged"], MODEL.read_bytes()[:5000]),
    "a flipped byte": Bad(
        ["show", "t.csv"], ["changed after it was written"], flipped(MODEL.read_bytes())
    ),
    "a pickle": Bad(
        ["show", "t.csv"], ["t.csv is damaged"], b"cposix\nsystem\n(S'touch executed'\ntR."
    ),
    "a zip": Bad(["show", "t.csv"], ["t.csv is damaged"], b"PK\x03\x04" + bytes(99)),
    "no data": Bad(["predict", MODEL, "none.csv", "--out", "p.csv"], ["no such file: none.csv"]),
    "empty": Bad(PREDICT, ["t.csv is empty"], b""),
    "a column less": Bad(
        PREDICT,
        ["lacks 1 of the model's 4 predictors: 'town'"],
        b"size,day,owner\n1,2024-01-01,1\n",
    ),
    "a late word": Bad(
        PREDICT,
        ["column 'size' should hold numbers, but has 'oops'"],
        ROWS.read_bytes() + b"oops,x,2024-01-01,True\n",
    ),
    "no place for the output": Bad(
        [*PREDICT[:-1], "none/p.csv"], ["cannot write none/p.csv", "another --out"]
    ),
    "no place for the model": Bad(
        ["fit", "t.csv", "--target", "size", "--model", "none/m.taut"], ["cannot write none/m.taut"]
    ),
    "a directory for the model": Bad(
        ["fit", "t.csv", "--target", "size", "--model", "."], ["it is a directory"]
    ),
    "no target": Bad(
        ["fit", "t.csv", "--target", "sise", "--model", "m.taut"], ["did you mean 'size'"]
    ),
    "no --model": Bad(["fit", "t.csv", "--target", "size"], ["--model"], code=2),
    "an unknown penalty": Bad(
        ["fit", "t.csv", "--model", "m", "--penalty", "l3"], ["'l3' is not one of"], code=2
    ),
    "an idle option": Bad(
        [
            "fit",
            "t.csv",
            "--target",
            "size",
            "--model",
            "m",
            "--penalty",
            "none",
            "--select",
            "1se",
        ],
        ["--select does nothing here: it needs a penalty that has a strength"],
        code=2,
    ),
    "an idle activation": Bad(
        [
            "fit",
            "t.csv",
            "--target",
            "size",
            "--model",
            "m",
            "--hidden",
            "0",
            "--activation",
            "tanh",
        ],
        ["--activation does nothing here: it needs a hidden layer (--hidden)"],
        code=2,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_leaves_what_was_there(command, tmp_path, name):
    (tmp_path / "t.csv").write_bytes(BAD[name].content)
    (tmp_path / "p.csv").write_text("old")
    ended = command(*BAD[name].arguments)
    assert ended.code == BAD[name].code and ended.out == "", ended
    said = ended.err.splitlines()
    assert said[-1].startswith("tautnet: error: ") and len(said) == 1, ended.err
    for words in BAD[name].says:
        assert words in said[-1]
    assert (
        sorted(os.listdir(tmp_path)) == ["p.csv", "t.csv"]
        and (tmp_path / "p.csv").read_text() == "old"
    )
