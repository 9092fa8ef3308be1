"""Static pictures: data first, drawn for every result, true to it, and without global state."""

import xml.etree.ElementTree as ET

import matplotlib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from views.conftest import REGRESSION
from views.hostile import JOINED, NAMES, hostile

import tautnet
from tautnet.objective.strengths import nearest
from tautnet.prose.words import NEARLY_SOLVED, SETTLED, SOLVED, certificate_in_words, number
from tautnet.solving.path import SHOWN
from tautnet.views.counts import PredictorsDisplay
from tautnet.views.cv_curve import CVDisplay, stopped
from tautnet.views.figures import displays, write_figures
from tautnet.views.gains import ComparisonDisplay, drawn_penalty, gain_limits
from tautnet.views.norm_path import PathDisplay
from tautnet.views.plotting import (
    blank_figure,
    finished_picture,
    label,
    plain_numbers,
    renumber,
    spread,
    tick_labels,
)
from tautnet.views.standing import gain_key, marks
from tautnet.views.training_curve import TrainingCurveDisplay
from tautnet.views.weights import WeightHistogramDisplay


@pytest.fixture(scope="module")
def result(finished):
    return finished["regression"].result


def picture(display, kind="svg"):
    figure = blank_figure(4)
    assert (
        display.plot(figure.subplots()) is display
        and display.figure_ is figure
        and display.ax_.figure is figure
    )
    return finished_picture(figure, kind, "a picture")


EVERY = set(
    "comparison training predictors weights-none weights-l2 weights-group cv-l2 cv-group path-l2"
    " path-group".split()
)


@pytest.mark.parametrize(
    "case, names",
    [
        ("regression", EVERY),
        ("without none", EVERY - {"training", "weights-none"}),
        ("only none", {"comparison", "training", "weights-none"}),
        (
            "survival",
            set(
                "comparison training predictors weights-none weights-group weights-early_stopping "
                "weights-dropout cv-group path-group cv-dropout path-dropout".split()
            ),
        ),
    ],
)
def test_a_result_has_the_displays_that_it_can_have(finished, case, names):
    assert set(displays(finished[case].result)) == names


def test_loss_against_the_number_of_predictors_is_the_least_of_the_path(result):
    frame = PredictorsDisplay.from_result(result).frame()
    detail = result["detail"]["penalties"]["group"]
    # l2 keeps every predictor at every strength: it has no such curve.
    assert set(frame.index.get_level_values(0)) == {"group"}
    assert frame["mean_test_loss"].min() == min(detail["cv_mean"])
    for (_, n), row in frame.iterrows():
        at = detail["path"]["alphas"].index(row["alpha"])
        assert detail["path"]["n_features"][at] == n
    assert picture(PredictorsDisplay.from_result(result)).data


def test_figures_are_svg_and_png(finished, tmp_path):
    write_figures(finished["only none"].result, tmp_path)
    names = {
        f"{name}.{kind}"
        for name in ("comparison", "training", "weights-none")
        for kind in ("svg", "png")
    }
    assert {file.name for file in tmp_path.iterdir()} == names
    for name in names:
        data = (tmp_path / name).read_bytes()
        assert (
            ET.fromstring(data) is not None if name.endswith("svg") else data.startswith(b"\x89PNG")
        )


def test_size_is_that_of_the_image(result):
    drawn = picture(TrainingCurveDisplay.from_result(result))
    points = [float(value) for value in ET.fromstring(drawn.data).attrib["viewBox"].split()[2:]]
    assert np.allclose(np.array(points) * 96 / 72, [drawn.width, drawn.height], atol=1)


def test_no_settings_of_matplotlib_change(result):
    before = dict(matplotlib.rcParams)
    picture(ComparisonDisplay.from_result(result))
    assert dict(matplotlib.rcParams) == before


def test_axes_of_its_own(result, monkeypatch):
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "switch_backend", lambda backend: None)
    display = PathDisplay.from_result(result).plot()
    assert display.ax_.get_xlabel().startswith("alpha (group)")
    plt.close(display.figure_)


def test_frames_hold_the_figures_of_the_result(result):
    rows = {row["penalty"]: row for row in result["rows"]}
    detail = result["detail"]
    gains = ComparisonDisplay.from_result(result).frame()
    assert list(gains.index) == ["l2", "group", "linear", "boosting", "chosen"]
    assert gains.loc["l2", "ci_low"] == rows["l2"]["vs_none"]["ci_low"]
    curve = CVDisplay.from_result(result, "l2").frame()
    assert curve["mean_test_loss"].tolist() == detail["penalties"]["l2"]["cv_mean"]
    path = PathDisplay.from_result(result, "group").frame()
    assert path["x2"].tolist() == [
        norms[1] for norms in detail["penalties"]["group"]["path"]["norms"]
    ]
    weights = WeightHistogramDisplay.from_result(result, "group")
    assert weights.frame()["weights"].sum() + weights.zeros == rows["group"]["n_weights"]
    assert (weights.frame()["weights"] >= 0).all() and weights.zeros == rows["group"][
        "zero_weights"
    ]
    steps = TrainingCurveDisplay.from_result(result).frame()
    assert steps.loc[detail["none"]["steps"][-1], "test_loss"] == detail["none"]["test"][-1]


def test_curves_count_the_predictors_kept_where_the_penalty_takes_some_out(result):
    counts = CVDisplay.from_result(result, "group").frame()["n_features"]
    path = result["detail"]["penalties"]["group"]["path"]
    assert counts.iloc[-1] == 0 < counts.max() == 3
    assert counts.tolist() == [
        path["n_features"][nearest(path["alphas"], alpha)] for alpha in counts.index
    ]
    for penalty, expected in (("group", True), ("l2", False)):
        axes = blank_figure(4.0).subplots()
        CVDisplay.from_result(result, penalty).plot(axes)
        assert len(axes.child_axes) == expected
        for top in axes.child_axes:
            shown = [text.get_text() for text in top.get_xticklabels()]
            assert shown == [f"{counts.loc[alpha]}" for alpha in top.get_xticks()]
            assert len(set(shown)) > 1


def test_a_comparison_makes_them_too(result):
    comparison = tautnet.Comparison(
        {k: v for k, v in result.items() if k != "detail"}, result["detail"]
    )
    assert tautnet.CVDisplay.from_comparison(comparison, "l2").penalty == "l2"
    assert tautnet.PathDisplay.from_comparison(comparison).penalty == drawn_penalty(result)
    assert tautnet.ComparisonDisplay.from_comparison(comparison).marked == marks(result)


@pytest.mark.parametrize(
    "recommended, delivered, holds, named",
    [
        ("linear", "linear", True, ["linear (recommended)"]),
        ("boosting", "l1", True, ["l1 (delivered)", "boosting (recommended)"]),
        ("l1", "l1", False, []),
    ],
)
def test_the_rows_to_use_alone_are_named_on_the_picture(
    breast_cancer, recommended, delivered, holds, named
):
    claims = breast_cancer["claims"] | {"delivered": {"holds": holds}}
    used = {"claims": claims, "recommended": recommended, "delivered": delivered}
    axes = blank_figure(4.0).subplots()
    display = ComparisonDisplay.from_result(breast_cancer | used)
    display.plot(axes)
    assert list(display.frame().index)[-3:] == ["linear", "boosting", "chosen"]
    texts = [text.get_text() for text in axes.get_yticklabels()]
    assert [text for text in texts if "(" in text] == named
    # A measure that is a row itself has no gain over itself.
    assert len(texts) == 9 - (gain_key(breast_cancer)[0] == "vs_none")


def test_pictures_of_an_earlier_run(earlier):
    display = ComparisonDisplay.from_result(earlier)
    assert display.marked == {} and list(display.frame().index)[-2:] == ["linear", "chosen"]
    for one in displays(earlier).values():
        assert picture(one).data


def test_the_network_without_a_penalty_is_called_so(result):
    axes = blank_figure(4.0).subplots()
    WeightHistogramDisplay.from_result(result, "none").plot(axes)
    assert axes.get_title(loc="left") == "unpenalised, no penalty"
    axes = blank_figure(4.0).subplots()
    ComparisonDisplay.from_result(result).plot(axes)
    assert "lower than that of unpenalised" in axes.get_xlabel()


def test_a_network_worse_than_the_constant_is_no_measure(breast_cancer):
    none, *others = breast_cancer["rows"]
    null = breast_cancer["null"]["test_loss"]
    # It lost a third of the constant's loss more than the constant.
    versus = none["vs_null"] | {"diff": -0.33 * null}
    worse = none | {"test_loss": 1.33 * null, "skill": -0.33, "skill_high": -0.1, "vs_null": versus}
    display = ComparisonDisplay.from_result(breast_cancer | {"rows": [worse, *others]})
    assert display.against == "constant" and display.frame().index[0] == "none"
    assert display.frame().loc["none", "diff"] < 0 < display.frame().loc["l2", "ci_low"]


@given(
    st.floats(-1e9, 1e9),
    st.sampled_from([1, 2, 2.5, 5]),
    st.integers(-4, 6),
    st.integers(2, 8),
)
def test_no_two_labels_of_an_axis_are_equal(start, step, power, n):
    step = step * 10.0**power
    ticks = (np.round(start / step) + np.arange(n)) * step
    if abs(ticks).max() / step > 1e9:
        return
    labels = tick_labels(ticks)
    assert len(set(labels)) == n
    assert np.allclose([float(one.replace(",", "")) for one in labels], ticks, atol=step / 50)


def test_an_axis_of_a_picture_has_such_labels():
    axes = blank_figure(4.0).subplots()
    axes.set_yticks([1000.0, 1002.5, 1005.0])
    axes.yaxis.set_major_formatter(plain_numbers())
    assert [one.get_text() for one in axes.get_yticklabels()] == ["1,000", "1,002.5", "1,005"]
    assert axes.yaxis.get_major_formatter()(0.00002) == "0.00002"


@pytest.fixture(scope="module")
def fitted():
    """Estimators on the table, the folds and the network of the comparison."""

    def fit(penalty):
        model = tautnet.TautNetRegressorCV(penalty, cv=3, hidden_layer_sizes=(4,), random_state=0)
        return model.fit(REGRESSION.frame[["x1", "x2", "x3"]], REGRESSION.frame["y"])

    return {penalty: fit(penalty) for penalty in ("none", "group")}


@pytest.mark.parametrize(
    "display, penalty, named",
    [
        (CVDisplay, "group", ["group"]),
        (PathDisplay, "group", ["group"]),
        (PredictorsDisplay, "group", []),
        (TrainingCurveDisplay, "none", []),
    ],
)
def test_an_estimator_draws_what_a_comparison_on_the_same_folds_draws(
    fitted, result, display, penalty, named
):
    own = display.from_estimator(fitted[penalty])
    same = display.from_result(result, *named)
    # A result keeps five digits of its curves.
    pd.testing.assert_frame_equal(own.frame(), same.frame(), rtol=5.1e-5)
    numbers = [[v for v in vars(one).values() if isinstance(v, float | int)] for one in (own, same)]
    assert numbers[0] == pytest.approx(numbers[1], rel=1e-9) and numbers[0]
    words = [[v for v in vars(one).values() if isinstance(v, str)] for one in (own, same)]
    assert words[0] == words[1]
    assert picture(own).data


def test_weights_of_an_estimator_are_counted(fitted):
    group = fitted["group"]
    display = WeightHistogramDisplay.from_estimator(group)
    weights = np.concatenate([w.ravel() for w in (*group.coefs_, group.skip_coef_)])
    assert display.zeros == (weights == 0).sum()
    assert display.counts.sum() + display.zeros == len(weights)
    narrow = WeightHistogramDisplay.from_estimator(group, limit=display.largest / 3)
    assert narrow.counts.sum() == display.counts.sum() and narrow.edges[-1] == pytest.approx(
        display.edges[-1] / 3
    )
    assert (
        narrow.counts[-1] == (weights > narrow.edges[-2]).sum()
        and narrow.largest == display.largest
    )
    assert display.largest == np.abs(weights).max() and display.alpha == group.alpha_
    assert picture(display).data
    plain = tautnet.TautNetRegressor("none", hidden_layer_sizes=()).fit(
        [[0.0], [1.0], [3.0]], [0, 1, 2]
    )
    assert WeightHistogramDisplay.from_estimator(plain).alpha == 0
    with pytest.raises(
        ValueError, match="nothing to draw here: give one that chose its alpha by cross-validation"
    ):
        CVDisplay.from_estimator(plain)
    with pytest.raises(ValueError, match="with penalty='none'"):
        TrainingCurveDisplay.from_estimator(group)


def test_groups_of_features_are_the_lines_of_a_path():
    model = tautnet.TautNetRegressorCV(
        "group",
        cv=3,
        hidden_layer_sizes=(),
        random_state=0,
        feature_groups={"pair": ["x1", "x3"], "one": ["x2"]},
    )
    model.fit(REGRESSION.frame[["x1", "x2", "x3"]], REGRESSION.frame["y"])
    assert PathDisplay.from_estimator(model).frame().columns.tolist() == ["pair", "one"]


def test_a_path_shows_itself_in_a_notebook(fitted):
    path = fitted["group"].path_
    page = ET.fromstring(f"<div>{path._repr_html_()}</div>")
    rows = [[cell.text for cell in row.findall("td")] for row in page.findall("table/tbody/tr")]
    assert len(rows) == SHOWN and len(path.frame()) == len(path.alphas)
    first, last = path.frame().reset_index().iloc[[0, -1]].to_numpy()
    assert rows[0] == [
        f"{v:.3g}" if i in (0, 2, 5, 6) else str(int(v)) for i, v in enumerate(first)
    ]
    assert float(rows[-1][0]) == float(f"{last[0]:.3g}") and rows[-1][3] == "0"


def test_what_has_no_path_is_said(finished, result):
    for name in ("none", "l1"):
        with pytest.raises(
            ValueError, match="name a penalty|was not compared: use one of none, l2, group"
        ):
            PathDisplay.from_result(result, name)
    with pytest.raises(ValueError, match="no path"):
        CVDisplay.from_result(finished["only none"].result)


def test_pictures_say_the_figures(result):
    training = result["detail"]["none"]
    best = int(np.argmin(training["test"]))
    display = TrainingCurveDisplay.from_result(result)
    picture(display)
    said = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    loss = number(training["test"][best])
    step = f"{training['steps'][best]:,}"
    assert f"early stopping could have had {loss} at step {step}" in said


def test_names_of_strangers_are_drawn_as_they_stand(result):
    assert ET.fromstring(picture(PathDisplay.from_result(hostile(result))).data) is not None


def test_drawn_penalty_is_one_that_selects(finished, result):
    def drawn(delivered, *names, best="l2"):
        rows = [{"penalty": name, "alpha": float(name != "none")} for name in names]
        return drawn_penalty({"delivered": delivered, "best": best, "rows": rows})

    assert drawn("l2", "none", "l2", "l1") == "l1"
    assert drawn("l1", "none", "l1", "group") == "l1"
    assert drawn("none", "none", "l1", "group") == "group"
    assert drawn("l2", "none", "l2") == "l2"
    assert drawn("linear", "none", "l1", "group", best="l1") == "l1"
    assert drawn_penalty(finished["only none"].result) is None


def gains(**diffs):
    return [
        {"penalty": name, "diff": diff, "ci_low": diff - 1, "ci_high": diff + 1}
        for name, diff in diffs.items()
    ]


def test_gains_show_the_penalties_well_though_linear_is_far_worse():
    low, high = gain_limits(gains(l2=3, l1=4, linear=-500, chosen=4))
    assert -1 < low < 0 and 5 < high < 6


def test_gains_cut_nothing_off_that_lies_near():
    for linear in (-3, 9):
        low, high = gain_limits(gains(l2=3, linear=linear, chosen=4))
        assert low < min(linear - 1, 0) and high > max(linear + 1, 5)
    low, high = gain_limits(gains(linear=-500))
    assert low < -501 and high > 0


def test_paths_are_marked_as_the_verdict_would_put_it():
    rows = [
        {"stationarity": s, "objective_gap": g}
        for s in (0, SOLVED, 0.2, NEARLY_SOLVED, 0.31, 1)
        for g in (-1.0, SETTLED, 0.002)
    ]
    path = {key: np.array([row[key] for row in rows]) for key in rows[0]}
    assert stopped(**path).tolist() == [
        certificate_in_words(row).startswith("stopped") for row in rows
    ]


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


def test_renumber_keeps_what_is_not_a_name():
    svg = (
        b'<g id="axes_1"/><path id="mabcdef0123"/><use xlink:href="#mabcdef0123" style="fill:'
        b' #0072b2"/>'
    )
    assert (
        renumber(svg)
        == b'<g id="axes_1"/><path id="n0"/><use xlink:href="#n0" style="fill: #0072b2"/>'
    )
    clip = b'<g clip-path="url(#pabcdef0123)"/><clipPath id="pabcdef0123"/>'
    assert renumber(clip) == b'<g clip-path="url(#n0)"/><clipPath id="n0"/>'
