"""``tools/shape.py`` on small snippets whose counts are known."""

import runpy
from pathlib import Path

import pytest

MAIN = runpy.run_path(str(Path(__file__).parents[1] / "tools" / "shape.py"))["main"]

COUNTED = '''"""A file
of two lines of documentation."""

import typing
from typing import Any

# A comment of its own.
BOTH = {
    "a": 1,  # not a line of its own

    "b": """one

two""",
}


class Pair:
    """A class."""

    size: int = 2
    """An attribute."""

    def __init__(self, a: int, b: "np.ndarray | None", *args: object, c=1, **kwargs: Any):
        self.a, self.b = a, b

    @classmethod
    def make(cls, x: int | typing.Any, y: list[Any], /):
        first, second = cls.both(x)
        return first
'''

BRANCHED = """
value = 1 if True else 2


def outer(n, default=0 if value else 1):
    if n and value and default:
        return 1
    elif n or value:
        return 2
    else:
        n = 3

    def inner(m):
        while m:
            m -= 1

    for i in range(n):
        try:
            inner(i)
        except ValueError:
            pass
        except (TypeError, KeyError):
            pass
    return [lambda: 1 if i else 2 for i in range(n) if i if i > 2 for j in range(i)]


async def waiting(x: int) -> int:
    return 1 if x else 2
"""

PACKED = """
a, b = 1, 2
(a, b), c = d = [1, 2], 3
[a, b] = b, a
a, b = f()
a, b = (i for i in c)
a = b = 1, 2
a, b = [i for i in c]
a += 1
e: int = 1
"""


def tree(place, **files):
    for name, text in files.items():
        path = place / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return str(place)


@pytest.fixture
def rows(capsys):
    """Call the tool; rows of its table by name, each by column."""

    def rows(*arguments):
        MAIN(list(arguments))
        lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
        heads, _, *found = ([cell.strip() for cell in line[1:-1].split("|")] for line in lines)
        return {row[0]: dict(zip(heads[1:], row[1:], strict=True)) for row in found}

    return rows


def test_lines_comments_and_annotations(rows, tmp_path):
    folder = tree(tmp_path, x=COUNTED)
    row = rows(folder)[folder]
    assert (row["files"], row["lines"], row["largest file"]) == ("1", "29", "29")
    # Two imports, five lines of BOTH, class, size, and six lines of methods.
    assert row["code lines"] == "15"
    assert row["comments per 100"] == f"{100 / 15:.1f}"
    # Annotated are a, b and y; not *args, c, **kwargs and x.
    assert row["annotated"] == f"{300 / 7:.1f} %"
    assert row["tuple assignments"] == f"{100 / 3:.1f} %"
    assert row["largest function"] == "0"


def test_branches_count_to_the_innermost_function(capsys, rows, tmp_path):
    folder = tree(tmp_path, x=BRANCHED)
    # if, two ands, elif, or, for, two excepts, two comprehensions with two ifs, the lambda's if.
    assert rows(folder)[folder]["largest function"] == "13"
    # Those, inner's one, waiting's one, and two outside of functions.
    code_lines = sum(bool(line.strip()) for line in BRANCHED.splitlines())
    assert rows(folder)[folder]["branches per 100"] == f"{100 * 17 / code_lines:.1f}"
    MAIN([folder, "--worst", "2"])
    out = capsys.readouterr().out
    places = out.split("branches of a function\n")[1].split("\n\n")[0].splitlines()
    assert places == [f"{folder}/x.py:5 outer 13", f"{folder}/x.py:13 outer.inner 1"]


def test_tuple_assignments_are_those_of_rows_to_rows(capsys, rows, tmp_path):
    folder = tree(tmp_path, x=PACKED)
    assert rows(folder)[folder]["tuple assignments"] == f"{300 / 7:.1f} %"
    MAIN([folder, "--worst", "9"])
    places = capsys.readouterr().out.split("tuple assignment\n")[1].split("\n\n")[0].splitlines()
    assert places == [f"{folder}/x.py:{line} x 2" for line in (2, 3, 4)]


def test_long_lines_and_skips(rows, tmp_path):
    long = "a" * 100 + "\n" + "a" * 101 + "\nx = 1  # fmt: skip\n# fmt:off\ny = '# fmt: skip'\n"
    folder = tree(tmp_path, x=long)
    row = rows(folder)[folder]
    assert row["lines over 100"] == "20.0 %"
    assert row["fmt: skip"] == "1"


def test_rooms_are_the_folders_below(rows, tmp_path):
    folder = tree(tmp_path, x="a = 1\n", views__y="a = 1\nb = 2\n", empty__z="")
    (tmp_path / ".hidden").mkdir()
    tree(tmp_path / ".hidden", x="a = 1\n")
    found = rows(folder, "--rooms")
    assert {name: row["lines"] for name, row in found.items()} == {
        folder: "3",
        f"{folder}/empty": "0",
        f"{folder}/views": "2",
    }
    assert found[f"{folder}/empty"]["branches per 100"] == "-"
    assert list(rows(folder)) == [folder]


def test_a_tree_within_the_limits_passes(capsys, tmp_path):
    room = "def f(x: int, y: str) -> int:\n    return x\n" + "x = 1\n" * 398
    folder = tree(tmp_path, x=room, views__y="def f(x): ...\n")
    assert MAIN([folder, "--check"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "files, says",
    [
        ({"x": "a, b = 1, 2\n" + "a = 1\n" * 31}, "{}: 3.1 % tuple assignments, above 3%"),
        ({"x": "#" * 101}, "{}/x.py:1 x: 101 characters of a line, above 100"),
        ({"x": "a = 1\n" * 401}, "{}/x.py:1 x: 401 lines of a file, above 400"),
        (
            {"x": "def f(a: int, b): ...\n", "views__y": "def f(a: int, b: int, c: int): ...\n"},
            "{}: 50.0 % annotated outside views and replication, below 90%",
        ),
        (
            {"x": "def f():\n    return " + " and ".join(["a"] * 14)},
            "{}/x.py:1 f: 13 branches of a function, above 12",
        ),
        (
            {f"prose__{name}": "a = 1\n" * 361 for name in "abcde"},
            "{}/prose: 1805 lines, above 1800",
        ),
    ],
)
def test_each_limit_is_checked(capsys, tmp_path, files, says):
    folder = tree(tmp_path, **files)
    assert MAIN([folder, "--check"]) == 1
    assert capsys.readouterr().err == says.format(folder) + "\n"
    assert MAIN([folder]) == 0


@pytest.mark.parametrize("content", [b"def f(:\n", b"x = '\xff'\n", b"x = 1\0\n", b"x = (\n"])
def test_a_file_that_cannot_be_parsed_is_named(capsys, tmp_path, content):
    folder = tree(tmp_path, good="a = 1\n")
    (tmp_path / "bad.py").write_bytes(content)
    assert MAIN([folder, "--check"]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith(f"{folder}/bad.py: cannot be parsed: ")
    assert f"| {folder} | 1 | 1 | 1 |" in printed.out


def test_what_is_no_folder_is_refused(capsys, tmp_path):
    with pytest.raises(SystemExit) as end:
        MAIN([str(tmp_path / "none")])
    assert end.value.code == 2
    assert "none is not a folder" in capsys.readouterr().err
