"""A command that is killed goes on when it is typed again."""

import json
import re
import signal

import pytest
from random_models import run_command

from tautnet.tables.datasets import linear_two

QUICK = ["--target", "y", "--cv", "3", "--hidden", "4", "--seed", "1"]
COMMANDS = {
    "compare": ["compare", "t.csv", *QUICK, "--out", "run", "--penalties", "l2,group"],
    # Long enough that it is killed before its end.
    "fit": ["fit", "t.csv", *QUICK, "--model", "run.taut", "--penalty", "group", "--relax"]
    + ["--cv", "20"],
    "select": ["select", "t.csv", *QUICK, "--resume", "run", "--json"],
}
JOBS = {"compare": "run/.jobs", "fit": ".run.taut.jobs", "select": "run"}
TIMES = re.compile(r'("\w*seconds": )[-+.\de]+|[\d.,]+ seconds')


@pytest.fixture
def here(tmp_path):
    frame = linear_two(n_rows=150, n_predictors=4, seed=0).frame
    frame.to_csv(tmp_path / "t.csv", index=False)
    return tmp_path


def left(here, name, printed):
    """What a command leaves that nobody kills, without times."""
    if name == "compare":
        return TIMES.sub("", (here / "run/result.json").read_text())
    if name == "fit":
        return printed
    return TIMES.sub("", printed)


@pytest.fixture
def typed(here, monkeypatch, capsys):
    """Type a command in a directory: what it printed."""
    monkeypatch.chdir(here)

    def typed(name, *more):
        code = run_command(monkeypatch, *COMMANDS[name], *more)
        printed = capsys.readouterr()
        assert code == 0, printed.err
        return printed

    return typed


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_same_command_goes_on(name, number, here, typed, started, wait_until):
    process = started(["-m", "tautnet", *COMMANDS[name]], here)
    jobs = here / JOBS[name]

    def has_jobs():
        assert process.poll() is None, process.stderr.read().decode()
        return len(list(jobs.glob("*.job"))) > 2

    wait_until(has_jobs, "no job was finished")
    process.send_signal(number)
    out, err = process.communicate()
    assert out == b"" and process.returncode in (-number, 128 + number)
    if number != signal.SIGKILL:
        last = err.decode().splitlines()[-1]
        assert "finished jobs are kept in " in last
        assert last.endswith(f"{JOBS[name]}: type the same command again to go on")
    kept = {file.name for file in jobs.glob("*.job")}
    again = typed(name)
    taken = re.search(r"^(\d+) of \d+ jobs were taken from an earlier run$", again.err, re.M)
    assert int(taken[1]) == len(kept)
    # One that is there before a command stays.
    assert not jobs.exists() or list(jobs.iterdir()) == []
    resumed = left(here, name, again.out)
    force = ["--force"] if name == "compare" else []
    plain = typed(name, *force)
    assert "taken from an earlier run" not in plain.err
    expected = left(here, name, plain.out)
    # The command as it was typed is in the result.
    assert resumed == expected.replace(" --force", "")


def test_jobs_that_are_to_stay_are_taken_unless_nothing_is_to_be(here, typed):
    typed("compare", "--keep-jobs")
    n_jobs = len(list((here / "run/.jobs").glob("*.job")))
    assert n_jobs > 5 and not (here / "run/.jobs/lock").exists()
    again = typed("compare", "--keep-jobs", "--force")
    assert f"{n_jobs} of {n_jobs} jobs were taken from an earlier run" in again.err
    fresh = typed("compare", "--fresh", "--force")
    assert "taken" not in fresh.err and not (here / "run/.jobs").exists()
    assert json.loads((here / "run/result.json").read_text())["rows"]


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["compare", "t.csv", *QUICK, "--json", "--fresh"], "--fresh does nothing here"),
        (["fit", "t.csv", *QUICK, "--model", "-", "--keep-jobs"], "--keep-jobs does nothing here"),
        (["compare", "t.csv", *QUICK, "--engine", "spark"], "'spark' is none of threads"),
        (["compare", "t.csv", *QUICK, "--engine", "dask:"], "'dask:' is none of threads"),
    ],
)
def test_options_that_do_nothing_are_refused(arguments, said, here, monkeypatch, capsys):
    monkeypatch.chdir(here)
    assert run_command(monkeypatch, *arguments) == 2
    assert said in capsys.readouterr().err


def test_a_directory_of_the_user_s_stays_as_it_is(here, typed):
    """Jobs come and go, whatever else is there stays."""
    for name in ("lock", "a.job", "essay.draft"):
        (here / name).write_text("mine")
    before = {path.name: path.read_text() for path in here.iterdir()}
    COMMANDS["here"] = [*COMMANDS["select"][:-3], "--resume", ".", "--json"]
    typed("here")
    del COMMANDS["here"]
    assert {path.name: path.read_text() for path in here.iterdir()} == before


@pytest.mark.parametrize("name", ["m" * 245 + ".taut", "link"])
def test_models_of_odd_names_are_kept(name, here, typed):
    (here / "there").mkdir()
    (here / "link").symlink_to(here / "there" / "m.taut")
    COMMANDS["odd"] = ["fit", "t.csv", *QUICK, "--model", name]
    typed("odd")
    del COMMANDS["odd"]
    assert (here / name).stat().st_size > 1000
    assert not [path for path in here.rglob("*.jobs")]


def test_a_model_in_what_is_no_directory_is_one_line(here, monkeypatch, capsys):
    monkeypatch.chdir(here)
    assert run_command(monkeypatch, "fit", "t.csv", *QUICK, "--model", "t.csv/m.taut") == 1
    said = capsys.readouterr().err
    assert "cannot write t.csv/m.taut: Not a directory" in said and "Traceback" not in said
