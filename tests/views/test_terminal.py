"""The table in a terminal and in a pipe: it fits, it is true, and no name moves the cursor."""

import io
import re

import pytest
from rich.console import Console
from views.hostile import FORBIDDEN, SHOWN, hostile

from tautnet.prose.verdict import to_use
from tautnet.prose.words import number
from tautnet.views.terminal import figure, gain, gain_key, print_comparison, readable

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


def printed(finished, *, width=100, terminal=False, encoding="utf-8"):
    stream = Pipe(encoding)
    console = Console(
        file=stream,
        width=width,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
    )
    print_comparison(*finished, console)
    return stream.getvalue()


def table_lines(text):
    """Lines of the rows of the table, by name."""
    lines = ESCAPE.sub("", text).splitlines()
    first, last = [i for i, line in enumerate(lines) if line and not line.strip("-─")]
    return {
        line.removeprefix("*").split()[0]: line
        for line in lines[first + 1 : last + 4]
        if line.strip("-─")
    }


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
def test_losses_are_those_of_the_result(finished, case):
    result = finished[case].result
    lines = table_lines(printed(finished[case]))
    rows = {row["penalty"]: row for row in result["rows"]}
    rows |= {"linear": result["linear"], "constant": result["null"], "chosen": result["chosen"]}
    assert list(lines) == list(rows)
    for name, row in rows.items():
        words = lines[name].removeprefix("*").split()
        assert words[1] == figure(row.get("alpha"))
        assert words[2] == number(row["test_loss"])


@pytest.mark.parametrize(
    "case, learnt", [*((case, True) for case in CASES[:2]), ("three classes", False)]
)
def test_the_row_to_use_alone_is_marked(finished, case, learnt):
    """And none where the verdict says that there is nothing to learn."""
    result = finished[case].result
    text = printed(finished[case])
    marked = [line.split()[1] for line in table_lines(text).values() if line[0] == "*"]
    assert marked == ([to_use(result)] if learnt else [])
    assert ("* recommended" in text) == learnt
    assert ("nothing to learn" in result["verdict"]) != learnt


def test_where_a_linear_model_suffices_it_is_marked_and_the_network_named(finished):
    result = finished["regression"].result
    text = printed(finished["regression"])
    assert "A linear model suffices" in result["verdict"]
    assert table_lines(text)["linear"].startswith("* linear")
    assert f"* recommended (of the networks: {result['recommended']})." in text


def test_narrow_window_loses_the_dispensable_first(finished):
    wide = ESCAPE.sub("", printed(finished["regression"], width=120, terminal=True))
    narrow = ESCAPE.sub("", printed(finished["regression"], width=60, terminal=True))
    assert all(word in wide for word in ("alpha", "station-", "score", "Stationarity: 0 is solved"))
    table, notes = narrow.split("* recommended")
    assert "station-" not in table and "gain over none" in table
    # What is not there is not explained.
    assert "Stationarity" not in notes and "Score" not in notes


def test_two_spaces_part_columns_where_there_is_room(finished):
    lines = ESCAPE.sub("", printed(finished["regression"], width=120, terminal=True)).splitlines()
    assert re.search(r"test {2,}train {2,}gain over none {2,}zero {2,}station-", lines[2])


@pytest.mark.parametrize(
    "zero, shown", [(0, "0.0 %"), (1, "0.1 %"), (202_099, "99.9 %"), (202_100, "100.0 %")]
)
def test_percentages_do_not_round_a_few_to_none(finished, zero, shown):
    result, sentences = finished["regression"]
    rows = [
        row | {"zero_weights": zero, "n_weights": 202_100, "test_loss": 1e-5}
        for row in result["rows"]
    ]
    text = printed((result | {"rows": rows}, sentences), width=95, terminal=True)
    assert text.count(f" {shown}") >= len(rows)


def test_pipe_without_unicode_gets_ascii(finished):
    text = printed(finished["regression"], encoding="ascii")
    assert text.isascii() and "+-" in text


def test_names_of_strangers_do_not_move_the_cursor(finished):
    result, _ = finished["regression"]
    for terminal in (False, True):
        text = printed((hostile(result), [SHOWN, "a\x1b[31m\nb\u202e\ud83d"]), terminal=terminal)
        assert not re.search(FORBIDDEN, ESCAPE.sub("", text))
        assert "\x1b[31m" not in text and "- a\ufffd[31m b\ufffd\ufffd" in ESCAPE.sub("", text)


def test_gain_is_over_none_or_the_constant_where_it_is_absent(finished):
    assert gain_key(finished["regression"].result) == ("vs_none", "none")
    assert gain_key(finished["without none"].result) == ("vs_null", "constant")
    assert "gain over constant" in printed(finished["without none"])


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
    assert (figure(None), gain(None), gain({"diff": None})) == ("-", "-", "-")
    unsure = {"diff": 0.5, "ci_low": None, "ci_high": None}
    assert gain(unsure) == "0.5 (-, -)"
