"""Where output goes: pipes, links and devices, full disks, closed streams, and an early end."""

import io
import json
import os
import re
import resource
import signal
import stat
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from random_models import make_model

import tautnet as tn
from tautnet.cli import main
from tautnet.commands import console
from tautnet.commands import fit as fit_command
from tautnet.engine.jobs import count_jobs
from tautnet.files import model_file
from tautnet.files.journal import all_or_nothing
from tautnet.files.whole import check_writable, reserved_space, whole_file, write_bytes
from tautnet.tables import scaling
from tautnet.tables.errors import visible
from tautnet.views import progress as lines_of_progress

KEPT = Path(__file__).parent / "files" / "kept"
MODEL = KEPT / "format-1-ensemble.taut"
ROWS = KEPT / "rows.csv"
PATIENCE = 600
TITLE = "\x1b]0;title\x07"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def code_of(monkeypatch, *arguments, stdout=None, stderr=None):
    """Run the command in this process; what it prints goes to streams of the caller."""
    monkeypatch.setattr(sys, "argv", ["tautnet", *map(str, arguments)])
    for name, stream in (("stdout", stdout), ("stderr", stderr)):
        if stream is not None:
            monkeypatch.setattr(sys, name, stream)
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0


@pytest.fixture
def full():
    """A stream that takes nothing, as on a disk that is full."""
    with open("/dev/full", "w") as stream:
        yield stream


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(40, 2)), columns=["a", "b"])
    frame.assign(y=frame["a"]).to_csv("t.csv", index=False)
    return tmp_path


# What is no plain file.


def test_a_link_is_followed_and_mode_and_owner_are_kept(tmp_path):
    held = tmp_path / "held"
    held.write_bytes(b"old, and longer")
    held.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(held, 1234, 1235)
    before = held.stat()
    (tmp_path / "deep").mkdir()
    link = tmp_path / "deep" / "link"
    link.symlink_to("../held")
    write_bytes(link, b"new")
    assert link.is_symlink() and held.read_bytes() == b"new"
    after = held.stat()
    assert stat.S_IMODE(after.st_mode) == 0o600
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    # A link to nothing yet makes what it names.
    (tmp_path / "ahead").symlink_to("made")
    write_bytes(tmp_path / "ahead", b"new")
    assert (tmp_path / "ahead").is_symlink() and (tmp_path / "made").read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ahead", "deep", "held", "made"]


def test_a_draft_is_never_more_open_than_the_file(tmp_path):
    (tmp_path / "secret").touch(0o600)
    with whole_file(tmp_path / "secret") as draft:
        assert stat.S_IMODE(draft.stat().st_mode) == 0o600
        draft.write_bytes(b"new")
    with whole_file(tmp_path / "usual") as draft:
        draft.write_bytes(b"new")
    (tmp_path / "by hand").touch()
    assert (tmp_path / "usual").stat().st_mode == (tmp_path / "by hand").stat().st_mode


def read_later(fifo):
    """Read a pipe in a thread; gives the list that will hold its bytes, and the thread."""
    held = []
    reader = threading.Thread(target=lambda: held.append(fifo.read_bytes()), daemon=True)
    reader.start()
    return held, reader


def write_model(path):
    tn.load(MODEL).save(path)


def write_onnx(path):
    tn.load(MODEL).to_onnx(path)


def write_predictions(path):
    with pytest.MonkeyPatch.context() as patch:
        assert code_of(patch, "predict", MODEL, ROWS, "--out", path) == 0


def write_run(path):
    with all_or_nothing(path.parent) as draft:
        (draft / path.name).write_text("all of it")


@pytest.mark.parametrize("write", [write_model, write_onnx, write_predictions, write_run])
def test_a_pipe_stays_a_pipe_and_its_reader_gets_all(tmp_path, write):
    write(tmp_path / "plain")
    os.mkfifo(tmp_path / "pipe")
    held, reader = read_later(tmp_path / "pipe")
    write(tmp_path / "pipe")
    reader.join(PATIENCE)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    if write is not write_run:
        assert held == [(tmp_path / "plain").read_bytes()]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pipe", "plain"]


def test_a_bare_hyphen_is_standard_output(here, monkeypatch, capfdbinary):
    arguments = ["fit", "t.csv", "--target", "y", "--hidden", "0", "--cv", "3", "--model", "-"]
    assert code_of(monkeypatch, *arguments) == 0
    printed = capfdbinary.readouterr()
    (here / "m.taut").write_bytes(printed.out)
    assert tn.load("m.taut").target == "y"
    assert b"\nTautNetRegressorCV\n" in printed.err
    assert code_of(monkeypatch, "predict", "m.taut", "t.csv", "--out", "-") == 0
    assert capfdbinary.readouterr().out.startswith(b"prediction\n")
    assert code_of(monkeypatch, "compare", "t.csv", "--target", "y", "--out", "-") == 2
    assert b"name a directory" in capfdbinary.readouterr().err
    assert sorted(path.name for path in here.iterdir()) == ["m.taut", "t.csv"]


# What cannot be written.


@pytest.fixture
def small_disk():
    """Files of this process may hold 100 kB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_too_little_space_is_found_before_the_work(here, monkeypatch, capfd, small_disk):
    check_writable("m.taut")
    with pytest.raises(tn.TableError, match=r"cannot write m.taut: .*; choose another place"):
        reserved_space("m.taut", 200_000)
    monkeypatch.setattr(fit_command, "_fit", lambda *given: pytest.fail("it was fitted"))
    code = code_of(monkeypatch, "fit", "t.csv", "--target", "y", "--model", "m.taut")
    printed = capfd.readouterr()
    assert (code, printed.out, printed.err.count("\n")) == (1, "", 1)
    assert printed.err.startswith("tautnet: error: cannot write m.taut: File too large")
    assert [path.name for path in here.iterdir()] == ["t.csv"]


STUDY = ["--target", "y", "--hidden", "0", "--cv", "3", "--penalties", "l2", "--no-boosting"]


def test_files_are_there_whatever_becomes_of_the_streams(here, monkeypatch, capfd, full):
    code = code_of(monkeypatch, "compare", "t.csv", *STUDY, "--out", "run", stdout=full)
    err = capfd.readouterr().err
    assert code == 1
    written = {path.name for path in (here / "run").iterdir()}
    assert written == {"model.taut", "report.html", "result.json", "run.log"}
    assert json.loads((here / "run/result.json").read_text())["rows"]
    last = "tautnet: error: cannot write to standard output: No space left on device"
    assert err.splitlines()[-1] == last and "Traceback" not in err


def test_a_failing_stderr_costs_no_file(here, monkeypatch, capfd, full):
    arguments = ["predict", MODEL, ROWS, "--out", "p.csv"]
    assert code_of(monkeypatch, *arguments, stderr=full) == 1
    assert len(pd.read_csv("p.csv")) == 60
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["show", MODEL]])
def test_what_cannot_be_printed_is_one_line(monkeypatch, capfd, full, arguments):
    assert code_of(monkeypatch, *arguments, stdout=full) == 1
    err = capfd.readouterr().err
    assert err.startswith("tautnet: error: cannot write to ") and err.count("\n") == 1
    assert "No space left on device" in err


def test_predictions_that_nobody_reads_are_not_made(monkeypatch, full, capfd):
    asked = []

    def table(model, block, unseen):
        asked.append(len(block))
        return pd.DataFrame({"prediction": np.zeros(len(block))})

    monkeypatch.setattr(tn.FittedModel, "table", table)
    monkeypatch.setattr("tautnet.commands.predict._rows_of_block", lambda model: 10)
    assert code_of(monkeypatch, "predict", MODEL, ROWS, stdout=full) == 1
    assert asked == [10]


# How it ends.


def test_kill_and_a_terminal_that_goes_away_end_like_ctrl_c(started, tmp_path):
    processes = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        place = tmp_path / str(number.value)
        place.mkdir()
        # It waits for rows, while the draft of its predictions is there already.
        source = tmp_path / f"rows-{number.value}"
        os.mkfifo(source)
        arguments = ["-m", "tautnet", "predict", MODEL, source, "--out", "p.csv"]
        processes[number] = started(map(str, arguments), place), place
    for number, (process, place) in processes.items():
        with open(tmp_path / f"rows-{number.value}", "w") as rows:
            # More than a pipe holds: when all is written, it has begun to read.
            rows.write("size,town,day,owner\n" + 20_000 * "1,b,2024-01-01,True\n")
            rows.flush()
            assert any(place.iterdir()), "no draft was made"
            process.send_signal(number)
            out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 128 + number
        last = "tautnet: interrupted: nothing was kept and no file was written\n"
        assert (out, err.decode()) == (b"", last)
        assert list(place.iterdir()) == []


EARLY = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
from tautnet.cli import main
main()
"""


def test_ctrl_c_while_the_command_is_imported_is_no_traceback(started, tmp_path):
    process = started(["-c", EARLY], tmp_path)
    out, err = process.communicate(timeout=PATIENCE)
    last = "tautnet: interrupted: nothing was kept and no file was written\n"
    assert (process.returncode, out, err.decode()) == (130, b"", last)


def test_too_little_memory_is_one_line(monkeypatch, capfd):
    def load(path):
        raise MemoryError("Unable to allocate 48.8 GiB")

    monkeypatch.setattr(model_file, "load", load)
    assert code_of(monkeypatch, "predict", MODEL, ROWS) == 1
    says = "there is not enough memory: use fewer rows or columns, or a larger machine"
    assert capfd.readouterr().err == f"tautnet: error: {says}\n"


# Strangers' texts.


@pytest.fixture
def hostile(tmp_path):
    """The file of a model whose penalty, predictors and classes write escapes."""
    model, table = make_model(classes=np.array(["yes", TITLE]))
    named = {name: f"{name}{TITLE}" for name in table}
    recipes = [
        recipe | {"predictor": named[recipe["predictor"]]} for recipe in model.encoder.recipes
    ]
    encoder = type(model.encoder).restored(recipes, {}, list(named.values()))
    attributes = dict(
        n_rows_=9,
        n_iter_=3,
        n_outputs_=1,
        train_loss_=0.5,
        stationarity_=0.1,
        objective_gap_=0.1,
        selected_features_=np.ones(len(named), bool),
        feature_importances_=np.ones(len(named)),
    )
    model = replace(
        model,
        encoder=encoder,
        target=TITLE,
        parameters={"penalty": f"l1{TITLE}", "alpha": 0.1, "adaptive": True},
        attributes=model.attributes | attributes,
    )
    # A text file does not tell an empty level from a missing cell.
    table = table[~(table == "").any(axis=1)].dropna()
    table.rename(columns=named).to_csv(tmp_path / "rows.csv", index=False)
    return model.save(tmp_path / "hostile.taut")


@pytest.mark.parametrize("command", ["show", "equation", "predict"])
def test_a_terminal_shows_escapes_and_a_pipe_gets_the_data(monkeypatch, hostile, command):
    arguments = {
        "show": ["show", hostile],
        "equation": ["show", hostile, "--equation", "sql"],
        "predict": ["predict", hostile, hostile.parent / "rows.csv"],
    }[command]
    terminal = Terminal()
    assert code_of(monkeypatch, *arguments, stdout=terminal) == 0
    assert "\x1b" not in terminal.getvalue() and r"\x1b]0;title\x07" in terminal.getvalue()
    pipe = io.StringIO()
    assert code_of(monkeypatch, *arguments, stdout=pipe) == 0
    # What `show` says is no data.
    assert ("\x1b" in pipe.getvalue()) == (command != "show")


def test_messages_show_escapes(monkeypatch, here, capfd):
    assert code_of(monkeypatch, "show", f"none{TITLE}.taut") == 1
    assert capfd.readouterr().err.endswith("no such file: none\\x1b]0;title\\x07.taut\n")
    pd.DataFrame({f"a{TITLE}": [1, 2], "b": [1, 2]}).to_csv("odd.csv", index=False)
    for arguments in (["odd.csv"], ["odd.csv", "--target", f"c{TITLE}"]):
        assert code_of(monkeypatch, "compare", *arguments) != 0
        err = capfd.readouterr().err
        assert "\x1b" not in err and r"\x1b]0;title\x07" in err
    with pytest.raises(tn.TableError) as raised:
        tn.load(f"none{TITLE}.taut")
    assert "\x1b" not in str(raised.value)
    assert visible("plain, price in €\n\tand 🎈") == "plain, price in €\n\tand 🎈"


# Wide rows, many jobs, and processes that go on.


def test_wide_rows_are_encoded_a_few_at_a_time(monkeypatch):
    fitted, table = make_model("regression", hidden=(3,))
    whole = fitted.predict(table)
    seen = []
    transform = type(fitted.encoder).transform

    def counted(encoder, frame, *others, **named):
        seen.append(len(frame))
        return transform(encoder, frame, *others, **named)

    monkeypatch.setattr(type(fitted.encoder), "transform", counted)
    monkeypatch.setattr(scaling, "NUMBERS_HELD", 16 * len(fitted.encoder.column_names))
    np.testing.assert_allclose(fitted.predict(table), whole, rtol=1e-12)
    assert max(seen) == 16 and sum(seen) == len(table)


def test_jobs_count_the_cores_that_the_process_may_use():
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        assert count_jobs(-1) == 1
    finally:
        os.sched_setaffinity(0, cores)
    with pytest.raises(ValueError, match="n_jobs=0 runs nothing: say how many jobs at once"):
        tn.article(replicates=2, n_jobs=0)


FORKED = """
import os, warnings
import numpy as np, tautnet as tn
warnings.simplefilter("ignore")
X = np.random.default_rng(0).normal(size=(40, 2))
model = tn.TautNetRegressor("l2", 0.1, hidden_layer_sizes=()).fit(X, X[:, 0])
child = os.fork()
if not child:
    try:
        print(model.predict(X).shape)
        model.fit(X, X[:, 0])
    except RuntimeError as error:
        print(error, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""


def test_a_fit_after_a_fork_is_an_error_at_once(started, tmp_path):
    process = started(["-c", FORKED], tmp_path)
    out, err = process.communicate(timeout=PATIENCE)
    says = "cannot fit in a process that was forked from one that has fitted already: start"
    assert out.decode().startswith(f"(40,)\n{says}"), err.decode()


def test_progress_is_said_in_lines_where_there_is_no_terminal(monkeypatch, capsys, wait_until):
    monkeypatch.delenv("TAUTNET_PROGRESS")
    for name in ("FIRST_LINE", "NEXT_LINE"):
        monkeypatch.setattr(lines_of_progress, name, 0.001)
    said = []
    with console.progress() as show:
        show(0.5)
        wait_until(lambda: said.append(capsys.readouterr().err) or "fitting" in said[-1], "a line")
    assert re.match(r"fitting: 50 % done, about 0 s left\n", "".join(said))


def test_nothing_is_said_of_progress_where_it_is_not_wanted(capsys):
    with console.progress() as show:
        assert show is None
    assert capsys.readouterr().err == ""


def test_nothing_is_said_of_progress_before_anything_is_done(monkeypatch, capsys):
    monkeypatch.delenv("TAUTNET_PROGRESS")
    monkeypatch.setattr(lines_of_progress, "FIRST_LINE", 0.001)
    with console.progress():
        time.sleep(0.05)
    assert capsys.readouterr().err == ""


def test_a_call_shows_its_progress_where_it_is_asked_to(monkeypatch, capsys):
    """Whoever gives a callable hears of it alone."""
    monkeypatch.setattr(lines_of_progress, "FIRST_LINE", 0.001)
    monkeypatch.setattr(lines_of_progress, "NEXT_LINE", 0.001)
    X = np.random.default_rng(0).normal(size=(40, 2))
    settings = {"penalties": ["l2"], "cv": 3, "hidden_layer_sizes": (4,), "boosting": False}
    tn.compare(X, X[:, 0], verbose=True, **settings)
    assert re.match(r"fitting: \d+ % done, about", capsys.readouterr().err)
    shares = []
    tn.compare(X, X[:, 0], verbose=True, on_progress=shares.append, **settings)
    assert shares and capsys.readouterr().err == ""
