"""``tautnet select``: what it prints, and that each of its options changes what it should.

Run inside this process, with networks of the shape that other tests have, so that little has to be
compiled.
"""

import contextlib
import io
import json

import numpy as np
import pytest

from tautnet.commands.app import app

KEYS = {
    "data",
    "target",
    "task",
    "n_rows",
    "n_predictors",
    "method",
    "level",
    "alpha",
    "selected",
    "predictors",
    "seconds",
    "path_seconds",
    "strict",
    "verdict",
    "seed",
    "version",
}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    rng = np.random.default_rng(0)
    a, b, c, d, e = rng.normal(size=(5, 60))
    y = a + 0.4 * b + 0.5 * rng.normal(size=60)
    columns = {
        "a": a,
        "b": b,
        "c": c,
        "d": d,
        "e": e,
        "g": np.arange(60) // 4,
        "w": rng.integers(1, 4, size=60),
    }
    columns |= {"y": y, "big": y > 0}
    path = tmp_path_factory.mktemp("select") / "t.csv"
    rows = [
        ",".join(f"{cell:.3f}".removesuffix(".000") for cell in row)
        for row in zip(*columns.values(), strict=True)
    ]
    path.write_text("\n".join([",".join(columns), *rows]) + "\n")
    return path


def run(path, *options, target="y"):
    out, err = io.StringIO(), io.StringIO()
    arguments = [
        "select",
        str(path),
        "--target",
        target,
        "--cv",
        "3",
        "--hidden",
        "4",
        "--drop",
        "g,w,big",
    ]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = app([*arguments, *options], standalone_mode=False)
    assert not code, err.getvalue()
    return out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def plain(path):
    return json.loads(run(path, "--json")[0])


def values(result):
    return {p["name"]: p.get("p_value", p.get("frequency")) for p in result["predictors"]}


def test_json_is_one_object_with_every_key(plain):
    assert plain.keys() == KEYS
    assert (plain["data"], plain["target"], plain["n_rows"], plain["n_predictors"]) == (
        "t",
        "y",
        60,
        5,
    )
    assert {"a", "b"} <= set(plain["selected"]) and values(plain)["a"] == pytest.approx(2 / 1001)


def test_text_shows_the_selected_and_the_verdict(path, plain):
    out, err = run(path)
    assert "t: y (regression, 60 rows, 5 predictors)" in out and "5 predictors (5 number)" in err
    assert [line.split()[1] for line in out.splitlines() if line.startswith("* ")][:2] == plain[
        "selected"
    ][:2]
    assert f"- {len(plain['selected'])} of 5 predictors matter" in out and "\x1b" not in out
    assert "seconds, of which the paths took" in out


@pytest.mark.parametrize(
    "options",
    [
        ["--strict"],
        ["--seed", "1"],
        ["--cv", "4"],
        ["--weights", "w"],
        ["--group-col", "g"],
        ["--drop", "e,g,w,big"],
    ],
)
def test_options_change_what_is_found(path, plain, options):
    assert json.loads(run(path, *options, "--json")[0])["predictors"] != plain["predictors"]


def test_the_level_decides(path, plain):
    """A lower level takes more draws, so that a single real predictor can still be found."""
    strict = json.loads(run(path, "--json", "--fdr", "0.002")[0])
    assert strict["level"] == 0.002 and values(strict)["a"] == pytest.approx(2 / 10_001)
    assert set(strict["selected"]) <= set(plain["selected"])


def test_classes(path):
    result = json.loads(run(path, "--json", "--drop", "g,w,y", target="big")[0])
    assert result["task"] == "classification" and "a" in result["selected"]
    number = json.loads(
        run(path, "--json", "--task", "regression", "--drop", "g,w,y", target="big")[0]
    )
    assert number["task"] == "regression" and number["alpha"] != result["alpha"]


def test_stability(path):
    result = json.loads(run(path, "--json", "--stability")[0])
    assert result["method"] == "stability" and result.keys() == KEYS - {"strict"} | {
        "threshold",
        "n_counted",
        "bound",
    }
    assert sorted(result["selected"]) == ["a", "b"] and result["n_counted"] == 2
    more = json.loads(run(path, "--json", "--stability", "--expected-false", "9")[0])
    assert more["n_counted"] == 3 and more["bound"] == pytest.approx(9)
    out, _ = run(path, "--stability")
    assert "frequency" in out and "At most 4 of those selected are expected to be false" in out
