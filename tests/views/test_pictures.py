"""The pictures: drawn for every result that has them, true to it, the same each time, and no global state."""

import xml.etree.ElementTree as ET

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from views.hostile import JOINED, NAMES, SHOWN, hostile

from tautnet.fitting.verdict import NEARLY_SOLVED, SETTLED, SOLVED, certificate_in_words, number
from tautnet.views.canvas import gather, label, renumber, spread
from tautnet.views.pictures import (
    draw_curves,
    draw_gains,
    draw_norms,
    draw_training,
    draw_weights,
    drawn_penalty,
    gain_limits,
    stopped,
)

DRAWINGS = [draw_curves, draw_gains, draw_norms, draw_training, draw_weights]
ABSENT = {
    "regression": set(),
    "without none": {draw_training},
    "only none": {draw_curves, draw_norms},
}


@pytest.fixture(scope="module")
def drawn(finished):
    """The pictures of the regression, by what draws them."""
    return {draw: draw(finished["regression"].result) for draw in DRAWINGS}


@pytest.mark.parametrize("case", ABSENT)
def test_what_cannot_be_drawn_is_absent(finished, drawn, case):
    drawn = drawn if case == "regression" else {draw: draw(finished[case].result) for draw in DRAWINGS}
    assert {draw for draw, picture in drawn.items() if picture is None} == ABSENT[case]


@pytest.mark.parametrize("draw", DRAWINGS)
def test_size_is_that_of_the_image(drawn, draw):
    picture = drawn[draw]
    root = ET.fromstring(picture.data)
    points = [float(value) for value in root.attrib["viewBox"].split()[2:]]
    assert np.allclose(np.array(points) * 96 / 72, [picture.width, picture.height], atol=1)


def test_png(finished):
    picture = draw_gains(finished["regression"].result, kind="png")
    assert picture.data.startswith(b"\x89PNG") and picture.kind == "png"
    assert int.from_bytes(picture.data[16:20], "big") == 2 * picture.width


def test_no_settings_of_matplotlib_change(finished):
    before = dict(matplotlib.rcParams)
    draw_gains(finished["regression"].result)
    assert dict(matplotlib.rcParams) == before


def test_descriptions_say_the_figures(finished, drawn):
    result = finished["regression"].result
    rows = {row["penalty"]: row for row in result["rows"]}
    assert f"l2 {number(rows['l2']['vs_none']['diff'])}" in drawn[draw_gains].description
    assert f"group: least at alpha {number(result['detail']['penalties']['group']['alpha_min'])}" in (
        drawn[draw_curves].description
    )
    training = result["detail"]["none"]
    best = int(np.argmin(training["test"]))
    assert f"{number(training['test'][best])} at step {training['steps'][best]:,}" in drawn[draw_training].description
    assert f"the largest is {number(rows['none']['weight_max_abs'])}" in drawn[draw_weights].description


def test_names_of_strangers_are_drawn_as_they_stand(finished):
    picture = draw_norms(hostile(finished["regression"].result))
    assert ET.fromstring(picture.data) is not None
    assert SHOWN in picture.description


def test_drawn_penalty_is_one_that_selects(finished):
    assert drawn_penalty({"rows": [{"penalty": name} for name in ("none", "l2", "l1")]}) == "l1"
    assert drawn_penalty({"rows": [{"penalty": name} for name in ("none", "l2", "elasticnet")]}) == "elasticnet"
    assert drawn_penalty({"rows": [{"penalty": name} for name in ("none", "l2")]}) == "l2"
    assert drawn_penalty(finished["regression"].result) == "group"
    assert drawn_penalty(finished["only none"].result) is None


def gains(**diffs):
    return [{"penalty": name, "vs_none": {"diff": diff, "ci_low": diff - 1, "ci_high": diff + 1}}
            for name, diff in diffs.items()]  # fmt: skip


def test_gains_show_the_penalties_well_though_linear_is_far_worse():
    low, high = gain_limits(gains(l2=3, l1=4, linear=-500, chosen=4), "vs_none")
    assert -1 < low < 0 and 5 < high < 6


def test_gains_cut_nothing_off_that_lies_near():
    for linear in (-3, 9):
        low, high = gain_limits(gains(l2=3, linear=linear, chosen=4), "vs_none")
        assert low < min(linear - 1, 0) and high > max(linear + 1, 5)
    low, high = gain_limits(gains(linear=-500), "vs_none")
    assert low < -501 and high > 0


def test_paths_are_marked_as_the_verdict_would_put_it():
    rows = [{"stationarity": s, "objective_gap": g} for s in (0, SOLVED, 0.2, NEARLY_SOLVED, 0.31, 1)
            for g in (-1.0, SETTLED, 0.002)]  # fmt: skip
    path = {key: [row[key] for row in rows] for key in rows[0]}
    assert stopped(path).tolist() == [certificate_in_words(row).startswith("stopped") for row in rows]


@pytest.mark.parametrize("name", [*NAMES, JOINED])
def test_label_is_short_and_no_formula(name):
    shown = label(name, 12)
    assert len(shown.replace("\\$", "$")) <= 12
    assert shown.count("$") == shown.count("\\$")
    assert shown.isprintable()


def test_label_of_what_no_font_has():
    assert label("a\U0010ffffb") == "a□b"
    assert label("Größe") == "Größe"
    assert label("a" * 26) == "a" * 26 and label("a" * 27) == "a" * 25 + "…"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10), st.floats(0.001, 0.1))
def test_spread_keeps_order_and_distance_inside(places, distance):
    moved = spread(np.array(places), distance)
    order = np.argsort(places, kind="stable")
    assert np.all(np.diff(moved[order]) >= distance - 1e-9)
    assert moved.max() <= 1 and moved.min() >= -1e-9


def test_spread_leaves_what_is_apart():
    assert spread(np.array([0.9, 0.1, 0.5]), 0.2).tolist() == [0.9, 0.1, 0.5]
    assert spread(np.array([1.0, 1.0]), 0.2).tolist() == [0.8, 1.0]


@given(st.lists(st.integers(0, 9), min_size=3, max_size=9), st.floats(0.01, 20))
def test_gather_loses_no_weight(counts, limit):
    edges = np.linspace(-10, 10, len(counts) + 1)
    gathered, kept = gather(np.array(counts), edges, limit)
    assert gathered.sum() == sum(counts)
    assert len(kept) == len(gathered) + 1 and set(kept) <= set(edges)


def test_gather_with_a_limit_past_the_edges_changes_nothing():
    gathered, kept = gather(np.array([1, 2, 3]), np.array([-3.0, -1.0, 1.0, 3.0]), 9.0)
    assert gathered.tolist() == [1, 2, 3] and kept.tolist() == [-3, -1, 1, 3]


def test_renumber_keeps_what_is_not_a_name():
    svg = b'<g id="axes_1"/><path id="mabcdef0123"/><use xlink:href="#mabcdef0123" style="fill: #0072b2"/>'
    assert renumber(svg) == b'<g id="axes_1"/><path id="n0"/><use xlink:href="#n0" style="fill: #0072b2"/>'
    clip = b'<g clip-path="url(#pabcdef0123)"/><clipPath id="pabcdef0123"/>'
    assert renumber(clip) == b'<g clip-path="url(#n0)"/><clipPath id="n0"/>'
