"""Where a run goes: names, refusals, and files that are whole or not there."""

import os

import pytest

from tautnet.files.run_directory import (
    LOG,
    REPORT,
    RESULT,
    all_or_nothing,
    choose_directory,
    write_text,
)
from tautnet.tables.errors import TableError


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_names_are_numbered_and_nothing_is_made(here):
    for expected in ("tautnet-cars-price", "tautnet-cars-price-2", "tautnet-cars-price-3"):
        assert str(choose_directory(None, "cars", "price")) == expected
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
    assert str(choose_directory(None, "t", target)) == name


def test_long_names_fit_a_file_system(here):
    directory = choose_directory(None, "价" * 100, "格" * 100)
    assert len(os.fsencode(directory)) < 150
    with all_or_nothing(directory) as draft:
        write_text(draft / REPORT, "x")
    assert (here / directory / REPORT).exists()


@pytest.mark.parametrize("name", [REPORT, RESULT, LOG])
def test_a_run_is_not_written_over(here, name):
    (here / "out").mkdir()
    (here / "out" / name).touch()
    with pytest.raises(TableError, match=f"out holds {name} already: use --force"):
        choose_directory("out", "t", "y")
    assert str(choose_directory("out", "t", "y", force=True)) == "out"


def test_other_files_do_not_matter(here):
    (here / "out").mkdir()
    (here / "out" / "notes.txt").touch()
    assert str(choose_directory("out", "t", "y")) == "out"


@pytest.mark.parametrize("out", ["file/out", "file/a/b", "file", "x" * 300, "/proc/nowhere/out"])
def test_a_place_that_cannot_be_written(here, out):
    (here / "file").touch()
    with pytest.raises(TableError, match=f"cannot write to {out}: .*; choose another --out"):
        choose_directory(out, "t", "y")
    assert [path.name for path in here.iterdir()] == ["file"]


def test_all_files_appear_together(here):
    with all_or_nothing("a/b/out") as draft:
        write_text(draft / REPORT, "report")
        write_text(draft / LOG, "log")
        assert not (here / "a").exists()
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
