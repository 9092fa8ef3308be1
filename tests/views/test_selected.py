"""A selection as a picture and as text: true to its numbers, whatever its predictors are called."""

import io
import re

import numpy as np
import pytest
from rich.console import Console
from views.hostile import FORBIDDEN, NAMES

from tautnet.selecting.p_values import benjamini_hochberg
from tautnet.selection import Selection
from tautnet.views.plotting import blank_figure, finished_picture
from tautnet.views.selected import SHOWN, SelectionDisplay
from tautnet.views.terminal import print_selection


def selection(values, selected, names=None, *, method="randomization"):
    """A selection of made-up predictors, the surest first."""
    names = [f"x{i}" for i in range(len(values))] if names is None else names
    key = "p_value" if method == "randomization" else "frequency"
    predictors = [
        {"name": name, key: value, "exit_alpha": 0.1, "exit_alpha_sd": None, "norm": 0.5}
        for name, value in zip(names, values, strict=True)
    ]
    result = {
        "data": "t",
        "target": "y",
        "task": "regression",
        "n_rows": 60,
        "n_predictors": len(values),
        "method": method,
        "level": 0.1,
        "selected": names[:selected],
        "predictors": predictors,
        "seconds": 3.0,
        "path_seconds": 2.0,
    }
    return Selection(
        result | ({} if method == "randomization" else {"threshold": 0.6}), ["A sentence."]
    )


def drawn(display):
    figure = blank_figure(4)
    assert display.plot(figure.subplots()) is display and display.figure_ is figure
    assert finished_picture(figure, "svg", "a picture").data
    return display.ax_


def test_what_is_selected_lies_below_the_line():
    """The last p-value below its own line selects all before it, those above theirs among them."""
    values = np.array([0.001, 0.045, 0.05, 0.08, 0.3, 1.0])
    found = benjamini_hochberg(values, 0.1)
    frame = SelectionDisplay.from_selection(selection(values.tolist(), int(found.sum()))).frame()
    last = np.flatnonzero(frame["p_value"] <= frame["threshold"]).max()
    assert frame["selected"].tolist() == found.tolist() == [i <= last for i in range(6)]
    assert frame["threshold"].iloc[-1] == pytest.approx(0.1)


def test_the_picture_shows_the_surest_and_their_thresholds():
    ax = drawn(SelectionDisplay.from_selection(selection([0.001] * 3 + [0.7] * 50, 3)))
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == [f"x{i}" for i in range(SHOWN)] and ax.get_xscale() == "log"
    blue, grey, line = (one.get_xdata() for one in ax.get_lines())
    assert len(blue) == 3 and len(grey) == SHOWN - 3
    assert line[:2] == pytest.approx([0.1 / 53, 0.2 / 53])


def test_frequencies_have_one_threshold():
    display = SelectionDisplay.from_selection(selection([1.0, 0.7, 0.2], 2, method="stability"))
    assert display.frame()["threshold"].tolist() == [0.6] * 3
    ax = drawn(display)
    assert ax.get_xscale() == "linear" and ax.get_lines()[0].get_xdata().tolist() == [1.0, 0.7]


def test_exits_and_their_spread_stand_beside():
    one = selection([0.001, 0.4, 0.7], 1)
    for predictor, alpha, deviation in zip(
        one.result["predictors"], (None, 1.0, 0.1), (None, 0.5, None), strict=True
    ):
        predictor.update(exit_alpha=alpha, exit_alpha_sd=deviation)
    display = SelectionDisplay.from_selection(one)
    np.testing.assert_array_equal(display.frame()["exit_alpha"], [np.nan, 1.0, 0.1])
    ax = drawn(display)
    above = next(axes for axes in display.figure_.axes if axes is not ax)
    assert above.get_xscale() == "log" and above.get_lines()[0].get_xdata().tolist() == [1.0, 0.1]
    ends = [segment[:, 0].tolist() for segment in above.collections[0].get_segments()]
    assert ends == [pytest.approx([10**-0.5, 10**0.5]), [0.1, 0.1]]
    for predictor in one.result["predictors"]:
        predictor["exit_alpha"] = None
    # Where none leaves there is nothing to draw.
    assert len(drawn(SelectionDisplay.from_selection(one)).figure.axes) == 1


def test_names_of_strangers_are_harmless():
    one = selection([0.001] * len(NAMES), 2, list(NAMES))
    drawn(SelectionDisplay.from_selection(one))
    stream = io.StringIO()
    print_selection(one.result, one.sentences, Console(file=stream, width=60))
    assert not re.search(FORBIDDEN, stream.getvalue())


def test_text_shows_the_selected_and_the_next_few():
    one = selection([0.001, 0.002, *np.linspace(0.3, 0.9, 20).tolist(), 1.0], 2)
    stream = io.StringIO()
    print_selection(one.result, one.sentences, Console(file=stream, width=100))
    lines = stream.getvalue().splitlines()
    assert [line.split()[:2] for line in lines if line.startswith("* x")] == [
        ["*", "x0"],
        ["*", "x1"],
    ]
    assert sum(line.startswith("  x") for line in lines) == 5 and "- A sentence." in lines
    assert "* selected. 3.0 seconds, of which the paths took 2.0." in lines
