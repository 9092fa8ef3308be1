"""The table in a terminal and in a pipe: it fits, it is true, and no name moves the cursor."""

import io
import re

import pytest
from rich.console import Console
from views.hostile import FORBIDDEN, SHOWN, hostile

from tautnet.prose.words import shown_name
from tautnet.views.cells import figure, gain, readable
from tautnet.views.columns import KEYS, columns_of, usual_columns
from tautnet.views.standing import gain_key, named_rows
from tautnet.views.terminal import print_comparison

CASES = [
    "regression",
    "classification",
    "three classes",
    "without none",
    "only none",
    "linear",
    "one predictor",
]
ESCAPE = re.compile("\x1b\\[[0-9;]*m")


class Pipe(io.StringIO):
    """What a pipe or a file with an encoding takes."""

    def __init__(self, encoding):
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self):
        return self._encoding


def printed(finished, *, width=100, terminal=False, encoding="utf-8", asked=None):
    stream = Pipe(encoding)
    console = Console(
        file=stream,
        width=width,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
    )
    print_comparison(*finished, console, asked)
    return stream.getvalue()


def table_lines(text):
    """Lines of the rows of the first table, by name."""
    lines = ESCAPE.sub("", text).splitlines()
    rules = [i for i, line in enumerate(lines) if line and not line.strip("-─")]
    end = lines.index("", rules[1])
    rows = [line for line in lines[rules[0] + 1 : end] if line.strip("-─")]
    return {line.lstrip("*+ ").split()[0]: line for line in rows}


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
@pytest.mark.parametrize("case", CASES)
def test_terminal_table_fits(finished, case, width):
    text = printed(finished[case], width=width, terminal=True)
    assert "\x1b[" in text
    assert max(len(line) for line in ESCAPE.sub("", text).splitlines()) <= width


@pytest.mark.parametrize("case", CASES)
def test_pipe_gets_plain_lines_and_whole_sentences(finished, case):
    text = printed(finished[case], width=20)
    lines = text.splitlines()
    assert "\x1b" not in text
    assert all(f"- {sentence}" in lines for sentence in finished[case].sentences)
    assert max(len(line) for line in lines if not line.startswith("- ")) <= 100


@pytest.mark.parametrize("case", CASES)
def test_figures_are_those_of_the_result(finished, case):
    result = finished[case].result
    lines = table_lines(printed(finished[case], width=200, terminal=True))
    rows = named_rows(result)
    assert list(lines) == [shown_name(name) for name, _ in rows]
    for name, row in rows:
        cells = " ".join(column.text(row) for column in usual_columns(result))
        assert lines[shown_name(name)].lstrip("*+ ").split()[1:] == cells.split()


@pytest.mark.parametrize(
    "recommended, delivered, holds, starts",
    [
        ("l1", "l1", True, {"l1": "* "}),
        ("linear", "linear", True, {"linear": "* "}),
        ("boosting", "linear", True, {"boosting": "* ", "linear": "+ "}),
        ("l1", "l1", None, {}),
        ("l1", "l1", False, {}),
    ],
)
def test_what_to_use_is_marked_and_nothing_where_nothing_is(
    breast_cancer, recommended, delivered, holds, starts
):
    claims = breast_cancer["claims"] | {"delivered": {"holds": holds}}
    result = breast_cancer | {"recommended": recommended, "delivered": delivered}
    text = printed((result | {"claims": claims}, ["One."]))
    lines = table_lines(text)
    assert {name: line[:2] for name, line in lines.items() if line[0] != " "} == starts
    assert ("* recommended." in text) == bool(starts)
    assert ("+ what this run delivers." in text) == (len(starts) > 1)
    assert "boosting: scikit-learn's gradient-boosted trees." in " ".join(text.split())


def test_why_there_is_no_row_of_boosting(finished):
    result, sentences = finished["regression"]
    without = result | {"boosting": None, "boosting_reason": "--no-boosting"}
    words = " ".join(printed((without, sentences)).replace("\n", " ").split()).replace("- ", "-")
    assert "No row of boosting: --no-boosting." in words


def heads(text):
    """Heads of the first table, each in one line of words."""
    lines = ESCAPE.sub("", text).splitlines()
    (end, *_) = [i for i, line in enumerate(lines) if line and not line.strip("-─")]
    return lines[end - 2 : end]


@pytest.mark.parametrize("case", CASES)
def test_the_first_columns_are_the_same_at_any_width_and_those_left_out_are_named(finished, case):
    result = finished[case].result
    usual = usual_columns(result)
    shown = []
    for width in range(36, 160, 4):
        text = printed(finished[case], width=width, terminal=True)
        flat = " ".join(ESCAPE.sub("", text).split())
        left_out = flat.partition("Left out for width: ")[2].partition("; --columns all")[0]
        names = [column.name for column in usual]
        n = len(usual) - (len(left_out.split(", ")) if left_out else 0)
        assert left_out == ", ".join(names[n:])
        row = result["rows"][0]
        cells = " ".join(column.text(row) for column in usual[:n]).split()
        line = table_lines(text)[shown_name(row["penalty"])]
        assert line.lstrip("*+ ").split()[1:] == cells
        # What is not there is not explained.
        for column in usual:
            start = column.meaning.split(":")[0] + ":"
            assert (start in flat) == (column in usual[:n]) or not column.meaning
        shown.append(n)
    assert shown == sorted(shown) and shown[0] < shown[-1] == len(usual)


def test_a_regression_says_typical_errors_and_no_squared_ones(finished):
    first, second = heads(printed(finished["regression"], width=200, terminal=True))
    assert "mean squared error" not in second
    assert first.split()[:4] == ["typical", "mean", "abs.", "gain"]
    assert second.split()[:4] == ["penalty", "explained", "error", "error"]
    text = printed(finished["regression"], asked=["loss", "alpha"])
    assert heads(text)[1].split() == ["penalty", "mean", "squared", "error", "alpha"]


def test_columns_that_are_asked_for_are_shown_at_any_width(finished):
    result = finished["classification"].result
    for width in (40, 80, 200):
        text = printed(finished["classification"], width=width, terminal=True, asked=["all"])
        plain = ESCAPE.sub("", text)
        table, _ = plain.split("* recommended") if "* rec" in plain else plain.split("Explained:")
        assert max(map(len, table.splitlines())) <= width and "Left out" not in plain
        blocks = [block for block in table.split("\n\n") if "chosen" in block]
        line = " ".join(row for block in blocks for row in block.splitlines() if "chosen" in row)
        cells = " ".join(column.text(result["chosen"]) for column in columns_of(result)).split()
        assert [cell for cell in line.split() if cell not in ("chosen", "*")] == cells


def test_columns_come_in_the_order_asked_for_and_those_of_other_tasks_are_said(finished):
    text = printed(finished["classification"], asked=["alpha", "rmse", "explained", "c_index"])
    assert heads(text)[1].split() == ["penalty", "alpha", "explained"]
    assert "Not there for this classification: rmse, c_index." in text


def test_every_column_has_a_name_that_can_be_asked_for(finished):
    found = {column.key for case in CASES for column in columns_of(finished[case].result)}
    found |= {column.key for column in columns_of(finished["survival"].result)}
    assert found == set(KEYS)


def test_two_spaces_part_columns_where_there_is_room(finished):
    lines = ESCAPE.sub("", printed(finished["regression"], width=200, terminal=True)).splitlines()
    assert re.search(r"typical {2,}mean abs. {2,}gain over {2,}predictors", lines[2])


@pytest.mark.parametrize(
    "zero, shown", [(0, "0.0 %"), (1, "<0.01 %"), (202_099, ">99.99 %"), (202_100, "100.0 %")]
)
def test_percentages_do_not_round_a_few_to_none(finished, zero, shown):
    result, sentences = finished["regression"]
    rows = [row | {"zero_weights": zero, "n_weights": 202_100} for row in result["rows"]]
    text = printed((result | {"rows": rows}, sentences), asked=["zeros"])
    assert text.count(f" {shown}") >= len(rows)


def test_pipe_without_unicode_gets_ascii(finished):
    text = printed(finished["regression"], encoding="ascii")
    assert text.isascii() and "---" in text


def test_names_of_strangers_do_not_move_the_cursor(finished):
    result, _ = finished["regression"]
    for terminal in (False, True):
        text = printed((hostile(result), [SHOWN, "a\x1b[31m\nb\u202e\ud83d"]), terminal=terminal)
        assert not re.search(FORBIDDEN, ESCAPE.sub("", text))
        assert "\x1b[31m" not in text and "- a\ufffd[31m b\ufffd\ufffd" in ESCAPE.sub("", text)


def test_gain_is_over_none_or_the_constant_where_it_is_absent(finished):
    assert gain_key(finished["regression"].result) == ("vs_none", "unpenalised")
    assert gain_key(finished["without none"].result) == ("vs_null", "constant")
    first, second = heads(printed(finished["without none"]))
    assert "gain over" in first and second.split()[4] == "constant"


@pytest.mark.parametrize(
    "text, shown",
    [
        ("a\tb", "a b"),
        ("a\r\nb", "a  b"),
        ("\x00\x7f\x9b", "\ufffd" * 3),
        ("\u2028\u2029", "  "),
        ("\u2066x\u2069", "\ufffdx\ufffd"),
        ("Größe 名", "Größe 名"),
        (3, "3"),
    ],
)
def test_readable(text, shown):
    assert readable(text) == shown


def test_dash_where_there_is_no_number():
    assert (figure(None), gain({}), gain({"diff": None})) == ("-", "-", "-")
    unsure = {"diff": 50.0, "ci_low": None, "ci_high": None}
    assert gain(unsure) == "50.0 (-, -)"
