"""Tables as strangers hand them over, through the command: how they are read, kept and bounded."""

import contextlib
import gzip
import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

import tautnet as tn
from tautnet.cli import main
from tautnet.commands import rows
from tautnet.tables import opening
from tautnet.tables.notation import Notation

KEPT = Path(__file__).parent / "files" / "kept"
MODEL, ROWS = KEPT / "format-1-classifier.taut", KEPT / "rows.csv"
SMALL = ("--cv", "3", "--hidden", "0", "--target", "y")


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def run(*arguments, stdin=b""):
    """Run the command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["tautnet", *map(str, arguments)])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin))))
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as end,
        ):
            main()
    return Ended(end.value.code or 0, out.getvalue(), err.getvalue())


def assert_one_line(ended, *says, code=1):
    assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", 1), ended
    assert ended.err.startswith("tautnet: error: ")
    for words in says:
        assert words in ended.err


def columns(n_rows=40):
    """A share, an amount, a date and a size, and what follows them."""
    rng = np.random.default_rng(0)
    share = rng.integers(0, 100, n_rows)
    amount = rng.integers(1_000, 99_999, n_rows)
    day = np.datetime64("2020-01-01") + np.arange(n_rows)
    y = share / 100 + amount / 1e5 + 0.1 * rng.normal(size=n_rows)
    return share, amount, day, y.round(3)


def plain():
    """The table as a program writes it."""
    share, amount, day, y = columns()
    frame = pd.DataFrame({"share": share / 100, "amount": -amount, "day": day, "y": y})
    return frame.assign(amount=frame["amount"].mask(np.arange(len(frame)) == 5))


def by_hand():
    """The table as people write it, with a line of units and one of totals."""
    share, amount, day, y = columns()
    rows = ["sep=;", "share;amount;day;y", "of all;EUR;;"]
    for i, (percent, euros, date, value) in enumerate(zip(share, amount, day, y, strict=True)):
        cell = "n.v." if i == 5 else f"({euros // 1000}.{euros % 1000:03} €)"
        parts = str(date).split("-")
        rows.append(f"{percent}%;{cell};{'/'.join(parts[::-1])};{str(value).replace('.', ',')}")
    return "\n".join([*rows, "Total;;;1"]) + "\n"


WRITTEN = (
    *("--decimal", ",", "--thousands", ".", "--unit", "€", "--percent", "--parentheses"),
    *("--dates", "dmy", "--na", "n.v."),
)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A model that learned from the table as people write it, and where it lies."""
    directory = tmp_path_factory.mktemp("fitted")
    (directory / "hand.csv").write_text(by_hand(), encoding="utf-8")
    plain().to_csv(directory / "plain.csv", index=False)
    with contextlib.chdir(directory):
        hand = ("hand.csv", *SMALL, *WRITTEN, "--drop-rows", "1,-1")
        ended = run("fit", *hand, "--model", "hand.taut")
        assert ended.code == 0, ended.err
    return directory


@pytest.fixture
def inside(fitted, monkeypatch):
    monkeypatch.chdir(fitted)
    return fitted


def test_what_is_read_by_options_is_what_was_meant(inside):
    """Predictions for the table by hand, the plain table and a frame are the same."""
    expected = run("predict", "hand.taut", "hand.csv", "--drop-rows", "1,-1")
    assert expected.code == 0, expected.err
    asked = ("--decimal", ".", "--thousands", ",")
    assert run("predict", "hand.taut", "plain.csv", *asked).out == expected.out
    found = tn.load("hand.taut").predict(plain())
    assert pd.read_csv(io.StringIO(expected.out))["prediction"].tolist() == found.tolist()
    plain().to_parquet("plain.parquet")
    assert run("predict", "hand.taut", "plain.parquet").out == expected.out


def test_a_model_file_says_and_keeps_how_cells_are_read(inside, tmp_path):
    model = tn.load("hand.taut")
    notation = Notation(("n.v.",), ",", ".", True, True, ("€",), "dmy")
    assert model.encoder.notation == notation
    assert f"cells of a file are read with {notation.typed()}" in run("show", "hand.taut").out
    again = tn.load(model.to_estimator().save(tmp_path / "again.taut"))
    assert again.encoder.notation == again.prune().encoder.notation == notation


def test_a_file_in_another_notation_is_refused_and_not_misread(inside):
    ended = run("predict", "hand.taut", "plain.csv")
    error = ended.err.splitlines()[-1]
    assert (ended.code, ended.out) == (1, "")
    assert error.endswith("'share' should hold numbers, but has '0.85': pass --decimal .")


def test_a_comparison_keeps_how_cells_are_read(inside, tmp_path):
    hand = ("hand.csv", *SMALL, *WRITTEN, "--drop-rows", "1,-1", "--out", tmp_path / "run")
    ended = run("compare", *hand, "--penalties", "l2", "--no-boosting")
    assert ended.code == 0, ended.err
    assert tn.load(tmp_path / "run" / "model.taut").encoder.notation.dates == "dmy"


# Columns that are kept.


@pytest.fixture
def rows_with_ids(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.read_csv(ROWS)
    n = len(frame)
    frame.insert(1, "id", [f"{i:05}" for i in range(n)])
    frame["note, too"] = np.where(np.arange(n) == 1, "", "NA")
    frame.to_csv("t.csv", index=False)
    return frame


@pytest.mark.parametrize(
    "keep", [("--keep", 'id,"note, too"'), ("--keep", "id", "--keep", '"note, too"')]
)
def test_columns_are_kept_as_they_stand(rows_with_ids, keep):
    ended = run("predict", MODEL, "t.csv", *keep)
    assert ended.err == ""
    found = pd.read_csv(io.StringIO(ended.out), dtype=str, keep_default_na=False)
    assert found.columns[:3].tolist() == ["id", "note, too", "prediction"]
    assert found["id"].tolist() == rows_with_ids["id"].tolist()
    assert found["note, too"].tolist() == rows_with_ids["note, too"].tolist()
    assert found.iloc[:, 2:].to_csv(index=False) == run("predict", MODEL, ROWS).out


def test_predictors_can_be_kept_and_parquet_keeps_types(rows_with_ids):
    rows_with_ids.assign(
        id=pd.array([1, None] * 99, dtype="Int64")[: len(rows_with_ids)]
    ).to_parquet("t.parquet", index=False)
    for out in ("p.csv", "p.parquet"):
        assert run("predict", MODEL, "t.parquet", "--keep", "id, size", "--out", out).code == 0
    written = pd.read_parquet("p.parquet")
    assert written.columns[:3].tolist() == ["id", "size", "prediction"]
    assert written["id"].isna().sum() == len(written) // 2
    sizes = written["size"].astype(float).to_numpy()
    np.testing.assert_array_equal(sizes, rows_with_ids["size"])
    # Whole numbers stay such where some are missing.
    texts = pd.read_csv("p.csv", dtype=str, keep_default_na=False)["id"]
    assert set(texts) == {"1", ""}


def test_a_column_that_cannot_be_kept_is_one_line(rows_with_ids):
    ended = run("predict", MODEL, "t.csv", "--keep", "ID")
    assert_one_line(ended, "t.csv lacks what --keep names: 'ID' (did you mean 'id'?)")
    renamed = rows_with_ids.drop(columns="note, too").rename(columns={"id": "prediction"})
    renamed.to_csv("t.csv", index=False)
    ended = run("predict", MODEL, "t.csv", "--keep", "prediction", "--out", "p.csv")
    assert_one_line(ended, "--keep prediction: a column of predictions is called so")
    assert not Path("p.csv").exists()


def test_labels_are_written_as_pandas_writes_them(tmp_path, monkeypatch):
    """Also those that a spreadsheet takes for a formula; the documents say so."""
    monkeypatch.chdir(tmp_path)
    model = tn.load(MODEL)
    labels = np.array(["=1+1", "@x", "+1"])[: len(model.classes)]
    model = replace(model, attributes=model.attributes | {"classes_": labels})
    model.save("m.taut")
    written = run("predict", "m.taut", ROWS).out
    assert written == model.table(pd.read_csv(ROWS)).to_csv(index=False, lineterminator="\n")
    assert {line.split(",")[0] for line in written.splitlines()[1:]} == set(labels)


# What never ends.


@pytest.fixture
def small_bounds(monkeypatch):
    monkeypatch.setattr(opening, "MOST", 50_000)
    monkeypatch.setattr(opening, "LONGEST_LINE", 20_000)


@pytest.mark.parametrize("command", [("compare", "--target", "y"), ("predict", MODEL)])
@pytest.mark.usefixtures("small_bounds")
def test_an_endless_line_is_refused(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_bytes(b"a,y\n" + b"0" * 30_000)
    Path("t.csv.gz").write_bytes(gzip.compress(b"a,y" * 10_000))
    name, *options = command
    for data, stdin, what in (
        ("t.csv", b"", "t.csv holds"),
        ("t.csv.gz", b"", "t.csv.gz expands to"),
        ("-", b"a" * 30_000, "standard input holds"),
    ):
        given = (name, *options, data) if name == "predict" else (name, data, *options)
        # A file whose header lacks the predictors says so before its rows are read.
        if (name, data) == ("predict", "t.csv"):
            continue
        ended = run(*given, stdin=stdin)
        assert_one_line(ended, what, "a line of more than 0.02 MB", "pass --max-size")
        ended = run(*given, "--max-size", "2", stdin=stdin)
        assert "--max-size" not in ended.err


@pytest.mark.usefixtures("small_bounds")
def test_what_expands_beyond_a_bound_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = b"a,y\n" + b"0,1\n1,2\n" * 10_000
    Path("t.csv.gz").write_bytes(gzip.compress(rows))
    ended = run("compare", "t.csv.gz", "--target", "z")
    assert_one_line(ended, "t.csv.gz expands to more than 0.05 MB", "pass --max-size")
    assert_one_line(run("compare", "-", "--target", "z", stdin=rows), "standard input holds more")
    # A file has the size that it has.
    Path("t.csv").write_bytes(rows)
    for given in (("t.csv",), ("t.csv.gz", "--max-size", "9")):
        assert_one_line(run("compare", *given, "--target", "z"), "no such column: 'z'")
    pd.DataFrame({"a": np.zeros(9_000), "y": 1.0}).to_parquet("t.parquet")
    ended = run("compare", "t.parquet", "--target", "z")
    assert_one_line(ended, "t.parquet expands to more than 0.05 MB", "pass --max-size")


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there is no such device here")
def test_a_device_without_an_end_is_refused(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rows, "LONGEST", 1_000)
    for given in (("compare", "/dev/zero", "--target", "y"), ("predict", MODEL, "/dev/zero")):
        assert_one_line(run(*given), "/dev/zero holds binary data, not a table of text")
    table = ("iris", "--feature-groups", "/dev/zero")
    assert_one_line(run("compare", *table), "/dev/zero holds more than 1,000 characters")


def test_too_little_memory_is_one_line(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,y\n" + b"0.5,1\n" * 6_000_000)
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("the size of a process is not told here")
    program = (
        "import resource, sys; from tautnet.commands import rows\n"
        "from tautnet.tables import reader\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 100_000_000,) * 2)\n"
        "from tautnet.cli import main; main()"
    )
    command = [sys.executable, "-c", program, "compare", "t.csv", "--target", "y"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    ended = Ended(ended.returncode, ended.stdout, ended.stderr)
    assert_one_line(ended, "there is not enough memory")


# Names that are given twice.


def test_a_name_given_twice_is_one_line_through_every_door(tmp_path, monkeypatch):
    pa = pytest.importorskip("pyarrow")
    from pyarrow.parquet import write_table

    monkeypatch.chdir(tmp_path)
    X = np.random.default_rng(0).normal(size=(30, 3))
    y = X[:, 0]
    twice = pd.DataFrame(X, columns=["a", "b", "a"])
    arrow = pa.Table.from_arrays([pa.array(column) for column in X.T], names=["a", "b", "a"])
    write_table(arrow, "t.parquet")
    twice.to_csv("t.csv", index=False)
    model = tn.load(MODEL).to_estimator()
    selector = tn.TautNetSelector(tn.TautNetRegressor("l1", 0.1, hidden_layer_sizes=()))
    selector.fit(twice.set_axis(["a", "b", "c"], axis=1), y)
    for table in (twice, arrow):
        for door in (
            lambda: tn.TautNetRegressor("l2", 0.1).fit(table, y),  # noqa: B023
            lambda: tn.compare(table, y),  # noqa: B023
            lambda: tn.fit_path(table, y, penalty="l2"),  # noqa: B023
            lambda: tn.select_features(table, y),  # noqa: B023
            lambda: model.predict(table),  # noqa: B023
            lambda: model.to_fitted().predict(table),  # noqa: B023
            lambda: selector.transform(table),  # noqa: B023
        ):
            with pytest.raises(ValueError, match="^columns of the same name: 'a'; rename them$"):
                door()
    for file in ("t.csv", "t.parquet"):
        says = f"{file} has columns of the same name: 'a'; rename them"
        assert_one_line(run("compare", file, "--target", "b"), says)
        assert_one_line(run("predict", MODEL, file), says)
