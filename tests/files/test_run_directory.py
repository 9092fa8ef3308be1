"""Where a run goes: names, refusals, and files that are whole or not there."""

import itertools
import json
import os
import subprocess
import sys

import pytest

from tautnet.files.journal import JOBS, JOURNAL, all_or_nothing, settled
from tautnet.files.owned import LOCK, owned
from tautnet.files.run_directory import (
    LOG,
    REPORT,
    RESULT,
    free_place,
    run_directory,
    write_text,
)
from tautnet.tables.errors import TableError


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def name_of(out=None, data="t", target="y", *, force=False):
    """The directory that a run would go to; nothing of it stays."""
    with run_directory(out, data, target, force=force) as run:
        assert run.jobs.is_dir()
    return str(run.path)


def test_names_are_numbered_and_nothing_stays(here):
    for expected in ("tautnet-cars-price", "tautnet-cars-price-2", "tautnet-cars-price-3"):
        assert name_of(None, "cars", "price") == expected
        assert not (here / expected).exists()
        (here / expected).mkdir()


@pytest.mark.parametrize(
    "target, name",
    [
        ("price in $/m²", "tautnet-t-price_in_m²"),
        ("../../etc/passwd", "tautnet-t-etc_passwd"),
        ("a b\tc\n", "tautnet-t-a_b_c"),
        ("?", "tautnet-t-table"),
    ],
)
def test_names_are_safe(target, name):
    assert name_of(None, "t", target) == name


def test_long_names_fit_a_file_system(here):
    with run_directory(None, "价" * 100, "格" * 100) as run:
        assert len(os.fsencode(run.path)) < 150
        with all_or_nothing(run.path) as draft:
            write_text(draft / REPORT, "x")
    assert [path.name for path in run.path.iterdir()] == [REPORT]


@pytest.mark.parametrize("name", [REPORT, RESULT, LOG])
def test_a_run_is_not_written_over(here, name):
    (here / "out").mkdir()
    (here / "out" / name).touch()
    with pytest.raises(TableError, match=f"out holds {name} already: use --force"):
        name_of("out")
    assert name_of("out", force=True) == "out"


def test_other_files_do_not_matter(here):
    (here / "out").mkdir()
    (here / "out" / "notes.txt").touch()
    assert name_of("out") == "out"


def test_a_run_that_was_cut_off_goes_on_in_its_place(here):
    with run_directory(None, "cars", "price") as run:
        (run.jobs / f"{'a' * 40}.job").touch()
    assert name_of(None, "cars", "price") == "tautnet-cars-price"
    (run.path / REPORT).touch()
    assert name_of(None, "cars", "price") == "tautnet-cars-price-2"


def test_two_runs_do_not_share_a_directory(here):
    with run_directory(None, "cars", "price") as first:
        with run_directory(None, "cars", "price") as second:
            assert [str(run.path) for run in (first, second)] == [
                "tautnet-cars-price",
                "tautnet-cars-price-2",
            ]
        busy = r"tautnet-cars-price belongs to a run that is under way \(process \d+ on .*since"
        with pytest.raises(TableError, match=busy):
            name_of("tautnet-cars-price", force=True)
    assert list(here.iterdir()) == []


HELD = """
import sys, time
from tautnet.files.run_directory import run_directory
with run_directory("out", "t", "y"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_lock_of_a_process_that_was_killed_is_nobodys(here):
    command = [sys.executable, "-c", HELD]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        try:
            assert process.stdout.readline() == b"held\n"
            with pytest.raises(TableError, match=f"process {process.pid} "):
                name_of("out")
        finally:
            process.kill()
    assert (here / "out" / JOBS / LOCK).exists()
    assert name_of("out") == "out"
    assert not (here / "out" / JOBS).exists()


def test_a_place_that_was_taken_meanwhile_is_left_alone(here):
    (here / "out").mkdir()
    assert str(free_place(here / "out", force=False)) == str(here / "out")
    (here / "out" / REPORT).touch()
    assert str(free_place(here / "out", force=False)) == str(here / "out-2")
    assert str(free_place(here / "out", force=True)) == str(here / "out")


@pytest.mark.parametrize("out", ["file/out", "file/a/b", "file", "x" * 300, "/proc/nowhere/out"])
def test_a_place_that_cannot_be_written(here, out):
    (here / "file").touch()
    with pytest.raises(TableError, match=f"cannot write to {out}: .*; choose another --out"):
        name_of(out)
    assert [path.name for path in here.iterdir()] == ["file"]


def test_all_files_appear_together(here):
    with all_or_nothing("a/b/out") as draft:
        write_text(draft / REPORT, "report")
        write_text(draft / LOG, "log")
        assert {path.name for path in (here / "a/b/out").iterdir()} == {draft.name, JOBS}
    assert {path.name: path.read_text() for path in (here / "a/b/out").iterdir()} == {
        REPORT: "report",
        LOG: "log",
    }
    assert [path.name for path in here.iterdir()] == ["a"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("exists", [False, True])
def test_an_interruption_leaves_nothing(here, error, exists):
    if exists:
        (here / "out").mkdir()
        (here / "out" / REPORT).write_text("old")
    with pytest.raises(error), all_or_nothing("out") as draft:
        write_text(draft / REPORT, "new")
        raise error
    if exists:
        assert [path.read_text() for path in (here / "out").iterdir()] == ["old"]
    else:
        assert list(here.iterdir()) == []


def test_a_disk_that_fills_up_is_one_line(here):
    with pytest.raises(
        TableError, match="cannot write to out: No space left on device; choose another --out"
    ):
        with all_or_nothing("out"):
            raise OSError(28, "No space left on device")
    assert list(here.iterdir()) == []


def test_text_replaces_a_file_as_a_whole(here):
    for text in ("old", "α\r\n", "bytes that are no text: \udcff"):
        write_text(here / "a" / "file", text)
        assert (here / "a" / "file").read_bytes() == text.encode(errors="backslashreplace")
        assert [path.name for path in (here / "a").iterdir()] == ["file"]


KILLED = """
import os, sys
from tautnet.files import run_directory, journal as module
steps = 0
def step(real):
    def call(*arguments, **others):
        global steps
        steps += 1
        if steps == int(sys.argv[1]):
            os._exit(9)
        return real(*arguments, **others)
    return call
for owner, name in ((os, "replace"), (os, "fsync"), (os, "open"), (os, "mkdir"), (os, "rmdir"),
                    (os, "unlink"), (os, "link"), (os, "rename"), (os, "scandir")):
    setattr(owner, name, step(getattr(owner, name)))
with module.all_or_nothing("out") as draft:
    for name in ("report.html", "run.log"):
        run_directory.write_text(draft / name, "new")
print(steps)
"""


def test_a_kill_at_any_step_leaves_the_old_run_or_the_new_one(here):
    """Every call that changes the disk is one at which the process dies."""
    for name in (REPORT, LOG):
        write_text(here / "out" / name, "old")
    seen = []
    for step in itertools.count(1):
        ended = subprocess.run(
            [sys.executable, "-c", KILLED, str(step)], capture_output=True, text=True, check=False
        )
        assert ended.returncode in (0, 9), ended.stderr
        # As the next command does.
        settled("out")
        held = {path.name: path.read_text() for path in (here / "out").iterdir() if path.is_file()}
        texts = {text for name, text in held.items() if name in (REPORT, LOG)}
        assert len(texts) == 1 and {REPORT, LOG} <= held.keys()
        seen.append(texts.pop())
        with all_or_nothing("out") as draft:
            for name in (REPORT, LOG):
                write_text(draft / name, "old")
        assert sorted(path.name for path in (here / "out").iterdir()) == [REPORT, LOG]
        if ended.returncode == 0:
            break
    # Old ones first, then new ones: there is one step at which the run is there.
    assert seen == sorted(seen, reverse=True) and set(seen) == {"old", "new"}
    assert len(seen) > 15


@pytest.mark.parametrize(
    "draft", ["..", "", ".", "../precious", ".tautnet-00000000-1-a", "link", "x/../.."]
)
def test_the_journal_of_a_stranger_does_nothing(here, draft):
    (here / "precious" / "out" / "x").mkdir(parents=True)
    (here / "precious" / "mine.txt").write_text("mine")
    (here / "precious" / "out" / "x" / REPORT).write_text("theirs")
    (here / "precious" / "out" / "link").symlink_to(here / "precious")
    out = here / "precious" / "out"
    (out / JOURNAL).write_text(
        json.dumps({"draft": draft, "files": [REPORT, "../mine.txt"], "without_jobs": True})
    )
    settled(out)
    with all_or_nothing(out) as place:
        write_text(place / LOG, "new")
    assert (here / "precious" / "mine.txt").read_text() == "mine"
    assert not (out / REPORT).exists() and (out / LOG).read_text() == "new"


def test_what_cannot_take_its_place_is_refused_before_the_journal(here):
    (here / "out" / LOG).mkdir(parents=True)
    (here / "out" / REPORT).write_text("old")
    with pytest.raises(TableError, match="cannot write to out: run.log is a directory"):
        with all_or_nothing("out") as draft:
            write_text(draft / REPORT, "new")
            write_text(draft / LOG, "new")
    assert (here / "out" / REPORT).read_text() == "old"
    assert sorted(path.name for path in (here / "out").iterdir()) == [REPORT, LOG]


def test_a_commit_that_fails_in_its_last_steps_is_finished_later(here, monkeypatch):
    """The draft stays as long as the journal does, and so do the jobs."""
    (here / "out" / JOBS).mkdir(parents=True)
    job = here / "out" / JOBS / f"{'a' * 40}.job"
    for path in (job, here / "out" / JOBS / "notes.txt"):
        path.touch()

    def broken(*_):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("tautnet.files.journal.put", broken)
        with pytest.raises(TableError, match="Input/output error"):
            with all_or_nothing("out", without_jobs=True) as draft:
                write_text(draft / REPORT, "new")
    assert job.exists()
    settled("out")
    assert (here / "out" / REPORT).read_text() == "new" and not job.exists()
    # What is not ours stays.
    assert [path.name for path in (here / "out" / JOBS).iterdir()] == ["notes.txt"]


def test_a_reader_leaves_a_run_alone_that_is_about_to_end(here):
    (here / "out").mkdir()
    with all_or_nothing("out") as draft:
        write_text(draft / REPORT, "new")
        script = "from tautnet.files.journal import settled; settled('out')"
        subprocess.run([sys.executable, "-c", script], check=True)
        assert draft.exists()
    assert [path.name for path in (here / "out").iterdir()] == [REPORT]


def test_a_lock_of_the_next_run_is_not_taken_away(here):
    with owned(here / "jobs", here):
        (here / "jobs" / LOCK).unlink()
        (here / "jobs" / LOCK).write_text("another's")
    assert (here / "jobs" / LOCK).read_text() == "another's"


def test_a_link_to_no_directory_yet_can_be_the_place_of_a_run(here):
    (here / "link").symlink_to(here / "there")
    with run_directory("link", "t", "y") as run, all_or_nothing(run.path) as draft:
        write_text(draft / REPORT, "x")
    assert (here / "there" / REPORT).exists()
