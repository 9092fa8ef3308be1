"""The report as text: whole for every kind of comparison, and true to its result."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from views.page import PANELS, Page

import tautnet
from tautnet.prose.verdict import headline
from tautnet.prose.words import (
    NEARLY_SOLVED,
    SETTLED,
    SOLVED,
    certificate_in_words,
    number,
    shown_name,
)
from tautnet.tables.errors import TableError
from tautnet.views.cells import one_place, percent
from tautnet.views.columns import columns_of
from tautnet.views.older import CLAIMS, upgraded
from tautnet.views.report import certificates, excerpt, read_result, render_report
from tautnet.views.report_data import LARGEST, beyond_null, by_exit, drawn_order, run
from tautnet.views.report_tables import LISTED, exits, gain_bars
from tautnet.views.standing import delivered_row, gain_key, named_rows

ENDS = ("diff", "ci_low", "ci_high")


@pytest.mark.parametrize("case", PANELS)
def test_every_kind_of_comparison_has_its_panels(pages, case):
    page = Page(pages[case])
    assert page.panels == PANELS[case]
    assert {tag for tag, _ in page.elements} >= {"h1", "table", "dl", "footer"}
    assert ("confusion" in page.tables) == (case in ("classification", "three classes"))


@pytest.mark.parametrize("case", PANELS)
def test_verdict_is_there_sentence_by_sentence(pages, finished, case):
    text = Page(pages[case]).text
    assert all(one.replace("`", "") in text for one in finished[case].sentences)
    assert headline(finished[case].result) in text


def test_an_earlier_run_has_its_own_words_for_a_headline(earlier):
    text = render_report(earlier)
    assert "<h1>Without a penalty the network is over-fitted.</h1>" in text
    assert all(one.replace("`", "") in Page(text).text for one in earlier["detail"]["sentences"])


def of_row(page, name):
    """Cells of a row of the table of penalties, by the key of their column."""
    for row in page.tables["penalties"][1:]:
        if row[0]["text"].split()[0] == name:
            return row[1:]
    raise AssertionError(name)


@pytest.mark.parametrize("case", PANELS)
def test_figures_are_those_of_the_result(pages, finished, case):
    result = finished[case].result
    rows = named_rows(result)
    columns = columns_of(result)
    page = Page(pages[case])
    head, *shown = page.tables["penalties"]
    assert [cell["text"] for cell in head] == ["penalty", *(column.title for column in columns)]
    assert [cells[0]["text"].split()[0] for cells in shown] == [
        shown_name(name) for name, _ in rows
    ]
    for cells, (_, row) in zip(shown, rows, strict=True):
        for cell, column in zip(cells[1:], columns, strict=True):
            if column.value(row) is None:
                assert cell["text"] == "–" and not cell["values"]
            else:
                assert [float(value) for value in cell["values"]] == [column.value(row)]
                assert cell["text"].startswith(column.text(row).split(" (")[0])


def test_columns_hold_what_people_think_in(finished):
    def keys(case):
        return [column.key for column in columns_of(finished[case].result)]

    model = ["gain", "kept", "alpha", "seen", "zeros", "stationarity"]
    late = ["largest_weight", "seconds"]
    assert keys("regression") == ["explained", "rmse", "mae", *model, "loss", *late]
    scores = ["explained", "loss", "accuracy", "worst_recall"]
    precise = ["balanced_accuracy", "average_precision", *late]
    assert keys("classification") == [*scores, "auc", *model, *precise]
    # Of three classes none is the rarer one of two.
    assert keys("three classes") == [*scores, "auc", *model, "balanced_accuracy", *late]
    assert keys("labels") == ["explained", "loss", "accuracy", *model, *late]
    assert keys("survival") == ["explained", "c_index", *model, "loss", *late]


def test_gains_are_points_of_the_constant_s_loss(pages, finished):
    """Over the network without a penalty, or over the constant where it was not compared."""
    for case, key, name in (
        ("regression", "vs_none", "unpenalised"),
        ("without none", "vs_null", "constant"),
    ):
        result = finished[case].result
        at = [column.key for column in columns_of(result)].index("gain")
        row = next(row for row in result["rows"] if row["penalty"] == "l2")
        page = Page(pages[case])
        assert f"gain over {name}" in page.tables["penalties"][0][1 + at]["text"]
        shown = of_row(page, "l2")[at]
        points = {k: 100 * row[key][k] / result["null"]["test_loss"] for k in ENDS}
        if key == "vs_null":
            # The share explained, whose interval knows that the constant's loss is an estimate.
            of_share = {"diff": "skill", "ci_low": "skill_low", "ci_high": "skill_high"}
            points = {k: 100 * row[of_share[k]] for k in ENDS}
        assert [float(value) for value in shown["values"]] == [pytest.approx(points["diff"])]
        assert f"{one_place(points['ci_low'])} to {one_place(points['ci_high'])}" in shown["text"]


def test_bars_stand_where_their_intervals_do(finished):
    bars = gain_bars(finished["regression"].result)
    rows = {row["penalty"]: row["vs_none"] for row in finished["regression"].result["rows"]}
    assert set(bars) == {"l2", "group", "linear", "boosting", "chosen"}
    for name in ("l2", "group"):
        bar = bars[name]
        versus = rows[name]
        assert (bar["low"] > bar["zero"]) == (versus["ci_low"] > 0)
        assert bar["low"] < bar["diff"] < bar["high"] and not bar["before"] and not bar["beyond"]
        middle = (versus["diff"] - versus["ci_low"]) / (versus["ci_high"] - versus["ci_low"])
        drawn = (bar["diff"] - bar["low"]) / (bar["high"] - bar["low"])
        assert drawn == pytest.approx(middle, abs=0.01)


def said(result, recommended, delivered, *, holds=True):
    """A result of which the verdict says what to use, or does not."""
    of_it = result["claims"]["delivered"] | {"holds": holds, "evidence": {}}
    claims = result["claims"] | {"delivered": of_it}
    return result | {"claims": claims, "recommended": recommended, "delivered": delivered}


@pytest.mark.parametrize(
    "recommended, delivered, holds, marked",
    [
        ("linear", "linear", True, ["linear recommended"]),
        ("l1", "l1", True, ["l1 recommended"]),
        ("none", "none", True, ["unpenalised recommended"]),
        ("boosting", "l1", True, ["l1 delivered", "boosting recommended"]),
        ("l2", "linear", True, ["l2 recommended", "linear delivered"]),
        ("l1", "l1", False, []),
        ("l1", "l1", None, []),
    ],
)
def test_what_to_use_is_marked_and_nothing_where_nothing_is(
    breast_cancer, recommended, delivered, holds, marked
):
    result = said(breast_cancer, recommended, delivered, holds=holds)
    page = Page(render_report(result))
    names = [cells[0]["text"] for cells in page.tables["penalties"][1:]]
    assert [name for name in names if " " in name] == marked
    assert ("what to use" in page.text) == (holds is True and recommended == delivered)
    is_second = recommended == "boosting"
    assert ("delivered instead" in page.text) == is_second
    assert ("Boosting predicts new rows better" in page.text) == is_second


@pytest.mark.parametrize("delivered", ["linear", "l1"])
def test_the_first_figures_are_those_of_what_is_delivered(breast_cancer, delivered):
    result = said(breast_cancer, delivered, delivered)
    row = dict(named_rows(result))[delivered]
    text = render_report(result)
    constant = f"a constant has {result['null']['figures']['accuracy']:.3f}"
    accuracy = f"{row['figures']['accuracy']:.3f}"
    assert f'<b id="headline-error">{accuracy}</b><span>{constant}</span>' in text
    assert f'<b id="headline-skill">{percent(row["skill"])}</b>' in text
    assert f'<b id="headline-kept">{row["predictors_kept"]}</b>' in text
    key, _ = gain_key(result)
    gain = 100 * row[key]["diff"] / result["null"]["test_loss"]
    assert f'<b id="headline-gain">{one_place(gain)}</b>' in text


@pytest.mark.parametrize("metric, key", [("mean squared error", "rmse"), ("pinball loss", "mae")])
def test_the_typical_error_is_in_the_unit_of_the_target(finished, metric, key):
    result = finished["regression"].result | {"metric": metric}
    text = render_report(result)
    row = delivered_row(result)
    constant = number(result["null"]["figures"][key])
    small = f"in the unit of y; a constant has {constant}"
    assert f'<b id="headline-error">{number(row["figures"][key])}</b><span>{small}</span>' in text


def test_doubts_are_listed_with_what_to_type(breast_cancer):
    claims = breast_cancer["claims"]
    sure = breast_cancer | {"claims": claims | {"doubts": []}}
    assert "What to doubt" not in render_report(sure)
    texts = ["`a` alone predicts it (--drop a).", "Rows 1 & 2 carry it.", "Codes?"]
    options = ["--drop a", None, "--na -200"]
    doubts = [
        {"kind": "x", "text": text, "option": option, "figures": {}}
        for text, option in zip(texts, options, strict=True)
    ]
    text = render_report(breast_cancer | {"claims": claims | {"doubts": doubts}})
    for line in (
        "<li><code>a</code> alone predicts it (<code>--drop a</code>).</li>",
        "<li>Rows 1 &amp; 2 carry it.</li>",
        "<li>Codes? <code>--na -200</code></li>",
    ):
        assert line in text


def test_recall_and_precision_of_each_class_are_those_of_what_is_delivered(breast_cancer):
    result = said(breast_cancer, "l2", "l2")
    rows = [
        row
        if row["penalty"] != "l2"
        else row | {"figures": row["figures"] | {"classes": [KNOWN, NEVER]}}
        for row in result["rows"]
    ]
    shown = Page(render_report(result | {"rows": rows})).tables["classes"][1:]
    assert [[cell["text"] for cell in cells] for cells in shown] == [
        ["a", "1,200", "0.500", "0.250"],
        ["b", "3", "0.000", "-"],
    ]


KNOWN = {"class": "a", "rows": 1200, "recall": 0.5, "precision": 0.25}
NEVER = {"class": "b", "rows": 3, "recall": 0.0, "precision": None}


def test_why_there_is_no_row_of_boosting(breast_cancer):
    without = breast_cancer | {"boosting": None, "boosting_reason": "--no-boosting"}
    assert "There is no row of boosting: --no-boosting." in Page(render_report(without)).text
    page = Page(render_report(breast_cancer))
    assert "gradient-boosted trees" in page.text and "no row of boosting" not in page.text
    at = [column.key for column in columns_of(breast_cancer)].index("alpha")
    assert of_row(page, "boosting")[at]["text"] == "–"


def five(values):
    """Numbers as the page has them, to five significant digits."""
    return [None if value is None else float(f"{value:.5g}") for value in values]


@pytest.mark.parametrize("case", PANELS)
def test_the_script_gets_the_numbers_of_the_result(pages, finished, case):
    result = finished[case].result
    data = Page(pages[case]).data
    walked = {row["penalty"]: row for row in result["rows"] if row["alpha"] > 0}
    assert [one["name"] for one in data["penalties"]] == list(walked)
    for one in data["penalties"]:
        check_path(one, walked[one["name"]], result["detail"]["penalties"][one["name"]])
    none = result["detail"]["none"]
    if none is None:
        assert data["none"] is None
    else:
        assert data["none"]["test"] == five(none["test"])


def check_path(one, row, detail):
    """What the script gets of one penalty is what the result has."""
    path = beyond_null(detail)
    assert one["alphas"] == five(path["alphas"])
    assert one["alphas"][one["chosen"]] == five([row["alpha"]])[0]
    # A curve that does not end null has strengths that the path on all rows does not reach.
    end = path["alphas"][-1] * (1 + 1e-6)
    curve = zip(detail["alphas"], detail["cv_mean"], strict=True)
    on_path = [loss for alpha, loss in curve if alpha <= end]
    assert [value for value in one["cv"] if value is not None] == five(on_path)
    assert one["kept"] == path["n_features"] and one["zeros"] == path["zero_weights"]
    assert one["bins"] == path["histograms"]
    n = len(one["alphas"])
    norms = np.array([norms + [0] * (n - len(norms)) for norms in one["norms"]]).T
    assert norms.tolist() == [five(own) for own in path["norms"]]
    alive = (np.array(path["unit_norms"]).reshape(n, -1) > 0).sum(axis=1)
    assert one["alive"] == alive.tolist()
    assert [n_units_drawn(units) for units in one["units"]] == one["alive"]


def n_units_drawn(units):
    return sum(digit != "0" for digit in units)


def test_a_path_that_has_ended_null_stays_null():
    path = {"alphas": [0.1, 1.0], "n_features": [2, 0], "norms": [[1, 2], [0, 0]]}
    longer = beyond_null({"alphas": [0.1, 1.0, 10.0, 100.0], "path": path})
    assert longer["alphas"] == [0.1, 1.0, 10.0, 100.0] and longer["norms"][1:] == [[0, 0]] * 3
    alive = path | {"n_features": [2, 1]}
    assert beyond_null({"alphas": [0.1, 1.0, 10.0], "path": alive}) == alive


def test_the_largest_inputs_come_first_in_the_order_of_their_exit():
    n = LARGEST + 20
    detail = {"exit_alpha": [float(j) for j in range(n)]}
    norms = np.r_[np.ones(20), np.zeros(n - 20)]
    order = drawn_order(detail, norms)
    assert order[:20] == by_exit(detail, norms)[:20] and set(range(20)) <= set(order[:LARGEST])
    assert sorted(order) == list(range(n))


def test_confusion_and_calibration_are_those_of_the_outer_folds(pages, finished):
    for case in ("classification", "three classes"):
        predictions = finished[case].result["detail"]["predictions"]
        truth = np.array(predictions["target"])
        guess = np.array(predictions["prediction"])
        counts = np.zeros((guess.shape[1], guess.shape[1]), int)
        np.add.at(counts, (truth, guess.argmax(axis=1)), 1)
        shown = [
            [int(cell["text"]) for cell in cells[1:]]
            for cells in Page(pages[case]).tables["confusion"][1:]
        ]
        assert shown == counts.tolist() == predictions["confusion"]
        assert sum(one["rows"] for one in predictions["calibration"]) == len(truth)
        for one in predictions["calibration"]:
            assert 0 <= one["ci_low"] <= one["observed"] <= one["ci_high"] <= 1


def test_survival_curves_are_those_of_the_thirds_of_each_fold(pages, finished):
    predictions = finished["survival"].result["detail"]["predictions"]
    page = Page(pages["survival"])
    parts = page.data["survival"]
    assert [part["risk"] for part in parts] == ["lowest", "middle", "highest"]
    # 60 rows in three folds.
    assert [part["rows"] for part in parts] == [21, 21, 18]
    assert sum(part["events"] for part in parts) == 45
    shown = [[cell["text"] for cell in cells[1:3]] for cells in page.tables["risks"][1:]]
    assert shown == [[str(part["rows"]), str(part["events"])] for part in predictions["survival"]]
    for part in parts:
        assert part["times"][0] == 0 and part["survival"][0] == 1
        assert (np.diff(part["times"]) >= 0).all() and (np.diff(part["survival"]) <= 0).all()
    # The risk is told, so the thirds lie apart.
    assert parts[0]["median"] > 2 * parts[2]["median"]


def test_predictors_leave_in_the_order_of_their_alphas(pages, finished):
    result = finished["regression"].result
    detail = result["detail"]["penalties"]["group"]
    alphas = dict(zip(result["detail"]["predictors"], detail["exit_alpha"], strict=True))
    shown = Page(pages["regression"]).tables["exits"][1:]
    assert {cells[0]["text"]: float(cells[1]["values"][0]) for cells in shown} == alphas
    listed = [float(cells[1]["values"][0]) for cells in shown]
    assert listed == sorted(listed, reverse=True) and len(set(listed)) > 1


def test_exits_without_a_penalty_that_selects(pages, finished):
    assert exits(finished["only none"].result) is None
    for case in ("only none", "linear"):
        page = Page(pages[case])
        assert "exits" not in page.tables
        assert "None of the penalties that were compared removes predictors" in page.text


def test_how_the_table_was_read_and_what_was_fitted(pages, finished):
    detail = finished["three classes"].result["detail"]
    text = Page(pages["three classes"]).text
    assert "numbers (3)x1, x2, x3" in text and f"classes{', '.join(detail['classes'])}" in text
    assert detail["decision"] in text and len(detail["classes"]) == 3
    assert "one hidden layer of 4 units (relu), a linear map beside it" in text
    assert all(f"{name} {version}" in text for name, version in detail["versions"].items())
    assert "networkone linear map, no hidden layer" in Page(pages["linear"]).text


def test_long_lists_are_cut_and_say_so(finished):
    result = finished["regression"].result
    kinds = {f"p{i}": "number" for i in range(LISTED + 7)}
    long = result | {"detail": result["detail"] | {"kinds": kinds, "left_out": kinds}}
    text = Page(render_report(long)).text
    assert text.count(" and 7 more") == 2
    assert f"p{LISTED - 1}" in text and f"p{LISTED} " not in text


def test_same_result_gives_the_same_bytes(pages, finished):
    assert render_report(finished["regression"].result) == pages["regression"]


def test_a_comparison_writes_its_own_report(finished, tmp_path):
    result = finished["regression"].result
    shown = {key: value for key, value in result.items() if key != "detail"}
    comparison = tautnet.Comparison(shown, result["detail"])
    path = comparison.to_html(tmp_path / "mine.html")
    assert path.read_text(encoding="utf-8") == render_report(comparison.whole())
    assert comparison.sentences == finished["regression"].sentences
    assert "To do it again" not in path.read_text()


def test_an_earlier_run_is_drawn_again_and_recommends_nothing_anew(earlier, tmp_path):
    assert "schema" not in earlier
    (tmp_path / "result.json").write_text(json.dumps(earlier))
    result = read_result(tmp_path)
    assert upgraded(result) is result
    assert result["delivered"] == earlier["recommended"] and result["boosting"] is None
    assert result["claims"]["over_fitted"]["holds"] is earlier["over_fitted"]
    assert {one["holds"] for key, one in result["claims"].items() if key in CLAIMS} == {None, True}
    page = Page(render_report(result))
    assert "recommended" not in page.text and page.panels == PANELS["classification"]
    skill = 1 - earlier["linear"]["test_loss"] / earlier["null"]["test_loss"]
    shown = of_row(page, "linear")
    assert [float(value) for value in shown[0]["values"]] == [skill]
    assert [float(value) for value in shown[2]["values"]] == [earlier["linear"]["test_score"]]


def test_an_earlier_regression_has_its_typical_error():
    row = {"test_loss": 4.0, "test_score": 0.5, "score_name": "r2", "recommended": "l2"}
    earlier = {
        "task": "regression",
        "metric": "mean squared error",
        "null": {"test_loss": 8.0},
        "rows": [row],
        "linear": row,
        "chosen": row | {"vs_null": {"diff": 4.0}},
        "recommended": "l2",
        "over_fitted": None,
        "detail": {"sentences": ["Use `l2`."]},
    }
    result = upgraded(earlier)
    assert result["linear"]["figures"] == {"rmse": 2.0, "mae": None}
    assert result["linear"]["skill"] == 0.5 and result["null"]["skill"] == 0
    assert result["null"]["figures"]["rmse"] == pytest.approx(8**0.5)
    assert result["chosen"]["vs_null"] == {"diff": 4.0, "without": None}
    assert upgraded(earlier | {"metric": "pinball loss"})["linear"]["figures"]["rmse"] is None


def test_a_finished_run_is_drawn_again(pages, finished, tmp_path):
    (tmp_path / "result.json").write_text(json.dumps(finished["regression"].result))
    assert render_report(read_result(tmp_path)) == pages["regression"]


@pytest.mark.parametrize(
    "text, says",
    [
        (None, "cannot read"),
        ("{", "is not JSON"),
        ("[]", "was not written by this version's compare"),
        ('{"detail": {}}', "was not written by this version's compare"),
        ("\x00\xff", "is not JSON"),
    ],
)
def test_what_is_no_run_is_said_in_one_line(tmp_path, text, says):
    if text is not None:
        (tmp_path / "result.json").write_text(text, encoding="latin-1")
    with pytest.raises(TableError, match=says) as raised:
        read_result(tmp_path)
    assert "\n" not in str(raised.value)


def test_command_is_shown_where_there_is_one(finished, pages):
    assert "tautnet compare only none" in Page(pages["only none"]).text
    result = finished["only none"].result
    without = result | {"detail": result["detail"] | {"command": None}}
    assert "To do it again" not in Page(render_report(without)).text


def test_wording_of_stationarity_is_that_of_the_verdict(pages):
    text = Page(pages["regression"]).text
    solved = f"Up to {number(SOLVED)} counts as converged"
    assert f"{solved}, and up to {number(NEARLY_SOLVED)} as nearly so" in text
    assert f"gained at most {number(SETTLED)} of the constant's loss" in text
    for stationarity, gap, words in (
        (SOLVED, 1.0, "converged to"),
        (NEARLY_SOLVED, SETTLED, "nearly converged"),
        (NEARLY_SOLVED, 2 * SETTLED, "stopped before"),
        (1.01 * NEARLY_SOLVED, 0.0, "stopped before"),
    ):
        row = {"stationarity": stationarity, "objective_gap": gap}
        assert certificate_in_words(row).startswith(words)


def test_certificates_name_each_model_and_what_is_not_known(finished):
    result = finished["regression"].result
    unknown = [row | {"stationarity": None} for row in result["rows"]]
    assert dict(certificates(result | {"rows": unknown}))["l2"] == "no certificate"
    words = dict(certificates(result))
    assert list(words) == ["unpenalised", "l2", "group", "linear"]
    for row in result["rows"]:
        assert words[shown_name(row["penalty"])].startswith(certificate_in_words(row))


def test_excerpt_cuts_only_what_is_longer():
    assert [excerpt("a" * n, 5) for n in (4, 5, 6)] == ["aaaa", "aaaaa", "aaaa…"]


def test_points_of_a_large_regression_are_thinned(finished):
    result = finished["regression"].result
    predictions = {key: [[float(i)] for i in range(4500)] for key in ("target", "prediction")}
    large = result | {"detail": result["detail"] | {"predictions": predictions | {"penalty": "l2"}}}
    drawn = run(large)["points"]
    assert drawn["observed"] == drawn["predicted"] == [float(i) for i in range(0, 4500, 3)]
    assert "At most 2,000 of 4,500 rows are drawn" in Page(render_report(large)).text


node = pytest.mark.skipif(shutil.which("node") is None, reason="no node here")
HERE = Path(__file__).parent


@node
def test_the_script_passes_its_own_tests():
    ended = subprocess.run(
        ["node", "--test", HERE / "report.test.js"], capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout


@node
def test_the_script_writes_numbers_as_the_verdict_does():
    rng = np.random.default_rng(0)
    values = [*(rng.normal(size=500) * 10.0 ** rng.integers(-9, 9, 500)), *(np.arange(2000) / 8)]
    values += [999.5, 0.00099995, 1e6, 1e-6, 9.999e-7, 9.9999e14, 1e15, 9.21e8]
    values += [0.0, -0.0, *(float(f"{value:.5g}") for value in rng.uniform(0, 10, 2000))]
    script = (
        "import { number } from './src/tautnet/views/report.js'; "
        "console.log(JSON.stringify(JSON.parse(process.argv[1]).map((value) => number(value))))"
    )
    command = ["node", "--input-type=module", "--eval", script, json.dumps(values)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parents[1], check=True)
    assert json.loads(ended.stdout) == [number(value) for value in values]
