"""The command itself, in processes of its own: what it prints, what it writes, how it ends."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tautnet import load
from tautnet.objective.registry import compared_names
from tautnet.tables.datasets import linear_two

SMALL = ("--cv", "3", "--hidden", "4")
# Seconds that a process may take on a machine that is busy with other work.
PATIENCE = 600
# Studies in processes of their own take most of the suite's time; each may use up its patience.
pytestmark = pytest.mark.timeout(2 * PATIENCE)
TOP_KEYS = {
    "data",
    "task",
    "n_rows",
    "n_predictors",
    "metric",
    "null",
    "linear",
    "rows",
    "chosen",
    "best",
    "recommended",
    "delivered",
    "boosting",
    "boosting_reason",
    "plan",
    "claims",
    "schema",
    "over_fitted",
    "verdict",
    "seed",
    "seconds",
    "version",
}
ROW_KEYS = {
    "penalty",
    "alpha",
    "test_loss",
    "test_loss_se",
    "train_loss",
    "gap",
    "skill",
    "skill_low",
    "skill_high",
    "figures",
    "vs_boosting",
    "test_score",
    "score_name",
    "weight_norm",
    "weight_max_abs",
    "zero_weights",
    "n_weights",
    "predictors_kept",
    "predictors_total",
    "vs_none",
    "vs_null",
    "vs_linear",
    "one_se",
    "stationarity",
    "objective_gap",
    "seconds",
}


class Ended(NamedTuple):
    code: int
    out: str
    err: str
    written: list


@pytest.fixture(scope="session")
def run(surroundings):
    """Run the command in a directory; the answer tells which files are new there."""

    def run(arguments, cwd, stdin=b""):
        before = set(cwd.rglob("*"))
        command = [sys.executable, "-m", "tautnet", *map(str, arguments)]
        ended = subprocess.run(
            command,
            cwd=cwd,
            input=stdin,
            capture_output=True,
            env=surroundings,
            timeout=PATIENCE,
        )
        new = sorted(str(path.relative_to(cwd)) for path in set(cwd.rglob("*")) - before)
        return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode(), new)

    return run


def table(n_rows=48):
    """Two classes that follow the first of three numbers, not quite; one row without a class."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 3))
    y = np.where(X[:, 0] + 0.5 * rng.normal(size=n_rows) > 0, "yes", "no")
    rows = [",".join([*(f"{v:.3f}" for v in x), label]) for x, label in zip(X, y, strict=True)]
    return "\n".join(["a,b,c,y", "1,2,3,", *rows]) + "\n"


def without_times(value):
    if isinstance(value, dict):
        return {key: without_times(one) for key, one in value.items() if key != "seconds"}
    return [without_times(one) for one in value] if isinstance(value, list) else value


# Help.


# Those that the help may wait for, typer and rich, are not among them.
HEAVY = {"jax", "jaxlib", "numpy", "scipy", "sklearn", "pandas", "narwhals", "matplotlib", "jinja2"}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["compare", "--help"], ["select", "--help"]]
)
def test_help_imports_nothing_heavy(arguments):
    """So it answers at once: what takes time is imports."""
    program = (
        "import sys; sys.argv = ['tautnet', *sys.argv[1:]]\n"
        "from tautnet.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code\n"
        f"print({HEAVY} & set(sys.modules) or 'light', file=sys.stderr)"
    )
    command = [sys.executable, "-c", program, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.stderr == "light\n"
    assert "tautnet" in ended.stdout


def test_help_of_compare_lists_penalties_and_rules():
    command = [sys.executable, "-m", "tautnet", "compare", "--help"]
    wide = os.environ | {"COLUMNS": "200"}
    ended = subprocess.run(command, capture_output=True, text=True, env=wide)
    assert all(
        re.search(rf"\b{name}\b", ended.stdout.split("--l1-ratio")[0]) for name in compared_names()
    )
    assert re.search(r"--select +min\|1se", ended.stdout)


# One study, run in several ways.


@pytest.fixture(scope="session")
def runs(run, tmp_path_factory):
    """One small study, three times.

    A file with one job as JSON, standard input with two into --out, and a report.
    """
    place = {name: tmp_path_factory.mktemp(name) for name in ("one", "two", "report")}
    for directory in place.values():
        (directory / "t.csv").write_text(table())
    (place["report"] / "tautnet-t-y").mkdir()
    study = ["--target", "y", *SMALL, "--penalties", "l2, group"]
    jobs = {
        "one": (["compare", "t.csv", *study, "--json", "--jobs", "1"], b""),
        "two": (
            ["compare", "-", *study, "--json", "--jobs", "2", "--out", "deep/run"],
            table().encode(),
        ),
        "report": (["compare", "t.csv", *study], b""),
    }
    with ThreadPoolExecutor(2) as pool:
        futures = {
            name: pool.submit(run, arguments, place[name], stdin)
            for name, (arguments, stdin) in jobs.items()
        }
        return {name: future.result() for name, future in futures.items()}, place


def test_json_is_one_object_with_every_key(runs):
    ended = runs[0]["one"]
    assert ended.code == 0, ended.err
    assert ended.out.count("\n") == 1
    result = json.loads(ended.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert TOP_KEYS <= result.keys()
    for row in (*result["rows"], result["linear"], result["chosen"], result["boosting"]):
        assert row.keys() - {"rounds"} == ROW_KEYS
        assert ROW_KEYS - row["one_se"].keys() == {"one_se", "seconds", "figures"}
        assert row["vs_null"].keys() == {"diff", "ci_low", "ci_high", "p_holm", "without"}
    assert len(result["boosting"]["rounds"]) == 3
    assert result["schema"] == 2
    assert result["delivered"] in ("l2", "group", "linear")
    assert [row["penalty"] for row in result["rows"]] == ["l2", "group"]
    assert (result["data"], result["n_rows"], result["n_predictors"], result["seed"]) == (
        "t",
        48,
        3,
        0,
    )


def test_json_writes_nothing_and_says_decisions_on_stderr(runs):
    ended = runs[0]["one"]
    assert ended.written == []
    assert ended.err.splitlines() == [
        "1 row without 'y' left out",
        "classification: 'y' has 2 distinct values",
        "3 predictors (3 number)",
    ]


def test_same_seed_same_json_whatever_the_jobs_and_the_source(runs):
    one, two = (without_times(json.loads(runs[0][name].out)) for name in ("one", "two"))
    assert (one.pop("data"), two.pop("data")) == ("t", "stdin")
    assert one == two


def test_out_holds_the_run(runs):
    ended, place = runs[0]["two"], runs[1]["two"]
    files = [f"deep/run/{name}" for name in ("model.taut", "report.html", "result.json", "run.log")]
    assert ended.written == ["deep", "deep/run", *files]
    result = json.loads(
        (place / files[2]).read_text(), parse_constant=lambda name: pytest.fail(name)
    )
    assert result.pop("detail")["folds"] == 3
    assert result == json.loads(ended.out)
    log = (place / files[3]).read_text()
    assert log.startswith("$ tautnet compare - --target y")
    assert "classification: 'y' has 2 distinct values" in log
    model = load(place / files[0])
    # The linear model is one under l2.
    penalty = {"linear": "l2"}.get(result["recommended"], result["recommended"])
    assert model.parameters["penalty"] == penalty and model.feature_names == [
        "a",
        "b",
        "c",
    ]


def test_directories_are_numbered(runs):
    files = [
        f"tautnet-t-y-2/{name}" for name in ("model.taut", "report.html", "result.json", "run.log")
    ]
    assert runs[0]["report"].written == ["tautnet-t-y-2", *files]
    assert runs[0]["report"].err.splitlines()[-1] == f"report: {files[1]}"


def test_a_pipe_gets_plain_text(runs):
    ended = runs[0]["report"]
    assert ended.code == 0, ended.err
    assert "\x1b" not in ended.out + ended.err
    assert "group" in ended.out and "log-loss" in ended.out


@pytest.fixture
def finished(runs, tmp_path):
    """A directory of its own that holds a finished run in ``run``."""
    shutil.copytree(runs[1]["two"] / "deep/run", tmp_path / "run")
    return tmp_path


def test_a_finished_run_is_drawn_again(run, finished):
    report = finished / "run/report.html"
    drawn = report.read_bytes()
    report.unlink()
    ended = run(["report", "run"], finished)
    assert (ended.code, ended.out, ended.err) == (0, "", "report: run/report.html\n")
    assert ended.written == ["run/report.html"]
    assert report.read_bytes() == drawn
    detail = json.loads((finished / "run/result.json").read_text())["detail"]
    assert detail["command"].startswith("tautnet compare -")


@pytest.mark.parametrize(
    "text, says", [(None, "cannot read run/result.json"), ("{}", "run compare again")]
)
def test_what_is_no_run_is_not_drawn(run, tmp_path, text, says):
    (tmp_path / "run").mkdir()
    if text is not None:
        (tmp_path / "run" / "result.json").write_text(text)
    assert_one_line(run(["report", "run"], tmp_path), 1, says)


def test_a_report_is_not_written_over(run, finished):
    (finished / "t.csv").write_text(table())
    before = {path: path.read_bytes() for path in (finished / "run").iterdir()}
    ended = run(["compare", "t.csv", "--target", "y", "--out", "run"], finished)
    assert_one_line(ended, 1, "run holds report.html already", "--force")
    assert before == {path: path.read_bytes() for path in (finished / "run").iterdir()}


@pytest.mark.parametrize(
    "command",
    [
        ["compare", "--penalties", "l2", "--json"],
        ["fit", "--model", "m.taut"],
        ["select", "--json"],
    ],
)
def test_a_column_that_numbers_the_rows_is_said_and_used(run, tmp_path, command):
    (tmp_path / "t.csv").write_text(with_column("Row Id", lambda i: i + 1))
    name, *options = command
    study = ["t.csv", "--target", "y", "--cv", "3", "--hidden", "0", *options]
    ended = run([name, *study], tmp_path)
    assert ended.code == 0, ended.err
    said = [line for line in ended.err.splitlines() if "numbers the rows" in line]
    dropped = "--drop 'Row Id', in Python X.drop(columns='Row Id')"
    assert said == [f"column 'Row Id' numbers the rows: leave it out ({dropped})?"]
    assert "4 predictors" in ended.err
    ended = run([name, *study, "--drop", "Row Id"], tmp_path)
    assert ended.code == 0 and "3 predictors" in ended.err and "numbers" not in ended.err


def test_where_there_is_nothing_to_learn_nothing_is_recommended(run, tmp_path):
    """The run holds a model all the same, and says what it is worth."""
    rng = np.random.default_rng(1)
    rows = [
        f"{a:.3f},{b:.3f},{y}"
        for a, b, y in zip(*rng.normal(size=(2, 60)), rng.permutation(60) % 2, strict=True)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")
    ended = run(
        ["compare", "t.csv", "--target", "y", *SMALL, "--penalties", "l2,l1", "--out", "run"],
        tmp_path,
    )
    assert ended.code == 0, ended.err
    assert "any beats a constant prediction" in ended.out
    assert "*" not in ended.out and "Use " not in ended.out
    delivered = json.loads((tmp_path / "run/result.json").read_text())["delivered"]
    assert "model: run/model.taut holds" in ended.err
    assert "(not shown to be better than a constant)" in ended.err
    made = load(tmp_path / "run/model.taut").parameters
    assert (made["penalty"], made["hidden_layer_sizes"]) == {
        "linear": ("l2", ()),
        "l1": ("l1", (4,)),
        "l2": ("l2", (4,)),
    }[delivered]


def test_what_is_recommended_is_what_is_delivered(run, tmp_path):
    """The linear model, where it suffices; another row, where that is asked for."""
    rng = np.random.default_rng(0)
    a, b, noise = rng.normal(size=(3, 60))
    rows = [
        f"{x:.3f},{z:.3f},{y:.3f}" for x, z, y in zip(a, b, 2 * a - b + 0.3 * noise, strict=True)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")
    ended = run(
        ["compare", "t.csv", "--target", "y", *SMALL, "--penalties", "l2", "--out", "run"], tmp_path
    )
    assert ended.code == 0, ended.err
    assert "\n* linear " in ended.out and "Use the linear model" in ended.out
    assert "model: run/model.taut holds the linear model" in ended.err.splitlines()
    assert load(tmp_path / "run/model.taut").parameters["hidden_layer_sizes"] == ()
    asked = ["--penalties", "l2", "--out", "asked", "--deliver", "l2"]
    ended = run(["compare", "t.csv", "--target", "y", *SMALL, *asked], tmp_path)
    assert ended.code == 0, ended.err
    assert "As asked, this run delivers the network under `l2`" in ended.out
    assert load(tmp_path / "asked/model.taut").parameters["hidden_layer_sizes"] == (4,)


def test_fit_takes_the_settings_of_a_run(run, tmp_path):
    """The model that a run delivered is fitted again, with the same weights on the same rows."""
    table = linear_two(n_rows=60, n_predictors=3, seed=1).frame
    table.to_csv(tmp_path / "t.csv", index=False)
    given = ["t.csv", "--target", "y"]
    compared = ["--penalties", "l1,group", "--deliver", "group", "--cv", "5", "--hidden", "4"]
    ended = run(["compare", *given, *compared, "--seed", "3", "--out", "run"], tmp_path)
    assert ended.code == 0, ended.err
    ended = run(["fit", *given, "--as", "run", "--model", "again.taut"], tmp_path)
    assert ended.code == 0, ended.err
    first = load(tmp_path / "run/model.taut")
    again = load(tmp_path / "again.taut")
    assert first.parameters["penalty"] == again.parameters["penalty"] == "group"
    rows = table.drop(columns="y")
    np.testing.assert_allclose(again.predict(rows), first.predict(rows), rtol=1e-6)
    ended = run(["fit", *given, "--as", "run", "--penalty", "l1", "--model", "m.taut"], tmp_path)
    assert ended.code == 2
    assert "--as takes the settings of a run: leave out --penalty" in ended.err
    ended = run(["fit", *given, "--as", "nowhere", "--model", "m.taut"], tmp_path)
    assert ended.code == 1
    assert "name a directory that compare wrote" in ended.err


# How it ends.


def test_ctrl_c_ends_a_study_and_leaves_nothing(started, wait_until, tmp_path, tmp_path_factory):
    # Programs of its own: it is interrupted while it writes them, and half ones must not be shared.
    programs = tmp_path_factory.mktemp("programs")
    arguments = ["-m", "tautnet", "compare", "digits", "--out", "deep/run"]
    process = started(arguments, tmp_path, TAUTNET_CACHE=str(programs))

    def is_computing():
        assert process.poll() is None, process.stderr.read().decode()
        return any(programs.iterdir())

    wait_until(is_computing, "no program was compiled")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert out == b""
    last = "tautnet: interrupted: nothing was kept and no file was written"
    assert err.decode().splitlines()[-1] == last
    assert b"Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_closed_pipe_is_no_fault_and_force_writes_over_a_report(started, tmp_path):
    (tmp_path / "t.csv").write_text(table())
    (tmp_path / "run").mkdir()
    for name in ("report.html", "result.json", "mine.txt"):
        (tmp_path / "run" / name).write_text("old")
    study = ["t.csv", "--target", "y", "--cv", "3", "--hidden", "0", "--penalties", "l2"]
    place = ["--out", "run", "--force", "--figures"]
    process = started(["-m", "tautnet", "compare", *study, *place], tmp_path)
    process.stdout.close()
    err = process.stderr.read().decode()
    assert process.wait(timeout=PATIENCE) == 0
    assert "report: run/report.html" in err
    assert "Traceback" not in err and "Broken" not in err
    figures = {
        f"{name}.{kind}"
        for name in ("comparison", "cv-l2", "path-l2", "weights-l2")
        for kind in ("svg", "png")
    }
    assert figures <= {path.name for path in (tmp_path / "run").iterdir()}
    kept = [
        path for path in (tmp_path / "run").iterdir() if path.name not in figures | {"model.taut"}
    ]
    texts = {path.name: path.read_text() for path in kept}
    assert texts.keys() == {"report.html", "result.json", "run.log", "mine.txt"}
    assert [name for name, text in texts.items() if text == "old"] == ["mine.txt"]


# Bad input.


class Bad(NamedTuple):
    content: str | bytes | None
    arguments: list
    says: list
    code: int = 1
    command: str = "compare"


def third_class():
    rows = table().splitlines()
    return "\n".join([*rows[:-2], *(re.sub("(yes|no)$", "maybe", row) for row in rows[-2:])]) + "\n"


def constant():
    return "a,b,y\n" + "1,,yes\n1,,no\n" * 10


def with_column(name, cells):
    rows = table().splitlines()
    return (
        "\n".join([f"{name},{rows[0]}", *(f"{cells(i)},{row}" for i, row in enumerate(rows[1:]))])
        + "\n"
    )


Y = ["--target", "y"]
BAD = {
    "no such file": Bad(None, [*Y], ["no such file: t.csv"]),
    "empty file": Bad("", Y, ["t.csv is empty"]),
    "header only": Bad("a,b,y\n", Y, ["a header and no rows"]),
    "no such column": Bad(
        table(), ["--target", "Y1"], ["no such column: 'Y1'", "did you mean 'y'", "a, b, c, y"]
    ),
    "no such group column": Bad(
        table(), [*Y, "--group-col", "q"], ["no such column: 'q'", "a, b, c, y"]
    ),
    "no target named": Bad(table(), [], ["--target COL", "a, b, c, y"], 2),
    "one class": Bad(table().replace("yes", "no"), Y, ["only one class, 'no'"]),
    "small class": Bad(
        third_class(), [*Y, "--cv", "3"], ["class 'maybe' of 'y' has 2 rows", "3 folds", "--cv"]
    ),
    "few rows": Bad(
        "a,y\n1,0.5\n2,1.5\n3,2.5\n4,3.7\n", Y, ["4 rows are fewer than 5 folds", "--cv"]
    ),
    "few groups": Bad(
        with_column("g", lambda i: i % 2),
        [*Y, "--group-col", "g"],
        ["2 groups are fewer than 5 folds", "--cv"],
    ),
    "duplicate names": Bad(
        table().replace("a,b,c", "a,b,a"), Y, ["columns of the same name: 'a'", "rename"]
    ),
    "long row": Bad("a,y\n1,2\n3,4\n5,6,7\n", Y, ["line 4 has 3 cells, the header has 2", "mend"]),
    "short row": Bad("a,b,y\n1,2,3\n\n5,6\n", Y, ["line 4 has 2 cells, the header has 3", "mend"]),
    "binary": Bad(bytes(range(256)) * 20, Y, ["holds binary data", "CSV"]),
    "wrong encoding": Bad(
        table().replace("yes", "sí").encode("latin-1"), Y, ["not UTF-8 (line", "--encoding latin-1"]
    ),
    "unknown encoding": Bad(
        table(), [*Y, "--encoding", "utf-99"], ["unknown encoding 'utf-99'", "utf-8"]
    ),
    "nothing varies": Bad(
        constant(), Y, ["all predictors are constant or missing", "'a' is constant (1)"]
    ),
    "infinite cells": Bad(
        with_column("d", lambda i: "inf" if i in (3, 4) else i),
        Y,
        ["'d' has 2 infinite cells", "finite"],
    ),
    "stray words": Bad(
        with_column("d", lambda i: "oops" if i < 2 else i),
        Y,
        ["numbers but for 2 cells ('oops')", '--na "oops"'],
    ),
    "a footer": Bad(
        with_column("d", lambda i: i) + "Total,,,,yes\n",
        Y,
        ["numbers but for 1 cell ('Total') in the last row: is it a footer?", "--drop-rows -1"],
    ),
    "percent": Bad(
        with_column("d", lambda i: f"{i}%"), Y, ["percent signs, as in '0%'", "pass --percent"]
    ),
    "a date that is none": Bad(
        with_column("d", lambda i: "0000-00-00" if i == 9 else f"2024-01-{i % 28 + 1:02}"),
        Y,
        ["dates but for 1 cell ('0000-00-00')", '--na "0000-00-00"'],
    ),
    "a mark for two things": Bad(
        table(), [*Y, "--decimal", ",", "--thousands", ","], ["',' cannot both be"], 2
    ),
    "a row that is none": Bad(table(), [*Y, "--drop-rows", "0"], ["'0' is no number of a row"], 2),
    "target dropped": Bad(
        table(), [*Y, "--drop", "a, y"], ["target 'y' is among the columns to drop"]
    ),
    "negative weights": Bad(
        table(), [*Y, "--weights", "b"], ["negative weight in 'b'", "0 or more"]
    ),
    "zero weights": Bad(
        with_column("w", lambda i: 0), [*Y, "--weights", "w"], ["all weights are 0"]
    ),
    "missing weights": Bad(
        with_column("w", lambda i: "" if i == 3 else i),
        [*Y, "--weights", "w"],
        ["1 row has no weight in 'w'"],
    ),
    "no weights": Bad(
        with_column("w", lambda i: "ab"[i % 2]), [*Y, "--weights", "w"], ["'w' are not numbers"]
    ),
    "out below a file": Bad(
        table(), [*Y, "--out", "t.csv/out"], ["cannot write to t.csv/out", "another --out"]
    ),
    "out is a file": Bad(
        table(), [*Y, "--out", "t.csv"], ["cannot write to t.csv", "another --out"]
    ),
    "unknown penalty": Bad(
        table(), [*Y, "--penalties", "l2,lasso"], ["no penalty 'lasso'", "none, l2, l1"], 2
    ),
    "no penalty": Bad(table(), [*Y, "--penalties", ","], ["name at least one penalty"], 2),
    "a column that stands alone": Bad(
        table(), ["y"], ["unexpected 'y': name the column to predict by --target COL"], 2
    ),
    "typo": Bad(
        table(), [*Y, "--penaltys", "l2"], ["No such option: --penaltys", "--penalties"], 2
    ),
    "a number of predictors": Bad(
        table(),
        [*Y, "--select", "3"],
        ["'--select'", "compare takes min or 1se", "tautnet fit --select 3"],
        2,
    ),
    "few folds": Bad(table(), [*Y, "--cv", "2"], ["'--cv'", "3"], 2),
    "hidden": Bad(table(), [*Y, "--hidden", "64,²"], ["'--hidden'", "such as 100 or 64,64"], 2),
    "two files": Bad(table(), ["u.csv", *Y], ["unexpected extra argument", "u.csv"], 2),
    "idle force": Bad(table(), [*Y, "--force"], ["--force does nothing without --out"], 2),
    "idle figures": Bad(
        table(), [*Y, "--json", "--figures"], ["--figures does nothing with --json"], 2
    ),
    "idle repeats": Bad(
        table(), [*Y, "--ordered", "--repeats", "2"], ["--repeats", "--ordered"], 2
    ),
    "idle groups": Bad(
        table(), [*Y, "--ordered", "--group-col", "a"], ["--group-col", "--ordered"], 2
    ),
    "idle activation": Bad(
        table(),
        [*Y, "--hidden", "0", "--activation", "tanh"],
        ["--activation does nothing here: it needs a hidden layer (--hidden)"],
        2,
    ),
    "no level": Bad(
        table(),
        [*Y, "--fdr", "1.5"],
        ["'--fdr'", "1.5 is not a number between 0 and 1"],
        2,
        "select",
    ),
    "few rows to select": Bad(table(12), Y, ["12 rows are too few", "at least 20"], 1, "select"),
    "few predictors": Bad(
        table(), [*Y, "--stability"], ["3 predictors are too few", "--fdr"], 1, "select"
    ),
    "idle level": Bad(
        table(), [*Y, "--stability", "--fdr", "0.2"], ["--fdr", "--expected-false"], 2, "select"
    ),
    "idle strict": Bad(
        table(), [*Y, "--stability", "--strict"], ["--strict does nothing"], 2, "select"
    ),
    "idle bound": Bad(
        table(), [*Y, "--expected-false", "2"], ["--expected-false", "--stability"], 2, "select"
    ),
    "idle finish": Bad(
        table(),
        [*Y, "--hidden", "0", "--finish"],
        ["--finish does nothing here: it needs a hidden layer (--hidden)"],
        2,
    ),
}


def assert_one_line(ended, code, *says):
    assert ended.code == code, ended.err
    assert ended.out == ""
    assert ended.err.count("\n") == 1 and ended.err.startswith("tautnet: error: "), ended.err
    for words in says:
        assert words in ended.err
    assert ended.written == []


# What ``python -m tautnet`` does, many times in one process: most of a refusal's time is its
# imports.
MANY = """
import contextlib, io, json, os, runpy, sys
answers = []
for directory, arguments in json.load(sys.stdin):
    os.chdir(directory)
    sys.argv = ["tautnet", *arguments]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            runpy.run_module("tautnet", run_name="__main__")
        except SystemExit as end:
            code = end.code
    answers.append((code, out.getvalue(), err.getvalue(), sorted(set(os.listdir()) - {"t.csv"})))
json.dump(answers, sys.stdout)
"""


def place(bad, directory):
    if bad.content is not None:
        (directory / "t.csv").write_bytes(
            bad.content if isinstance(bad.content, bytes) else bad.content.encode()
        )
    return str(directory), [bad.command, "t.csv", *bad.arguments]


@pytest.fixture(scope="session")
def refused(surroundings, tmp_path_factory):
    """Every bad input, tried."""
    tasks = [place(bad, tmp_path_factory.mktemp("bad")) for bad in BAD.values()]
    command = [sys.executable, "-c", MANY]
    ended = subprocess.run(
        command, input=json.dumps(tasks).encode(), capture_output=True, env=surroundings
    )
    assert ended.returncode == 0, ended.stderr.decode()
    return {
        name: Ended(*answer) for name, answer in zip(BAD, json.loads(ended.stdout), strict=True)
    }


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(refused, name):
    assert_one_line(refused[name], BAD[name].code, *BAD[name].says)


@pytest.mark.parametrize("name", ["no such file", "out below a file", "small class", "typo"])
def test_bad_input_in_a_process_of_its_own(run, tmp_path, name):
    arguments = place(BAD[name], tmp_path)[1]
    assert_one_line(run(arguments, tmp_path), BAD[name].code, *BAD[name].says)


def test_unknown_command(run, tmp_path):
    assert_one_line(run(["comapre"], tmp_path), 2, "No such command 'comapre'", "compare")


def test_a_directory_is_no_table(run, tmp_path):
    assert_one_line(run(["compare", Path("."), *Y], tmp_path), 1, ". is a directory")
