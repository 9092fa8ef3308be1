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
from tautnet.prose.words import NEARLY_SOLVED, SETTLED, SOLVED, certificate_in_words, number
from tautnet.tables.errors import TableError
from tautnet.views.report import (
    LISTED,
    certificates,
    excerpt,
    exits,
    gain_bars,
    read_result,
    render_report,
)
from tautnet.views.report_data import LARGEST, beyond_null, by_exit, drawn_order, run


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


def test_headline_says_what_the_verdict_says(finished):
    result = finished["regression"].result
    assert headline(result).endswith("A linear model suffices.")
    assert "Use the linear model" in result["verdict"]
    result = finished["classification"].result
    fine = headline(result | {"over_fitted": False, "recommended": "none"})
    assert fine == "This network is not over-fitted. No penalty is needed."
    unknown = headline(result | {"over_fitted": None})
    assert unknown.startswith("These rows cannot show whether this network is over-fitted. Use ")
    result = finished["without none"].result
    assert headline(result) == "A linear model suffices."
    assert f"For a network, use `{result['recommended']}`, alpha" in result["verdict"]
    assert headline(finished["three classes"].result) == "There is nothing to learn here."
    assert "There is nothing to learn here" in finished["three classes"].result["verdict"]


@pytest.mark.parametrize("case", PANELS)
def test_figures_are_those_of_the_result(pages, finished, case):
    result = finished[case].result
    rows = [
        *result["rows"],
        result["linear"],
        result["null"] | {"penalty": "constant"},
        result["chosen"] | {"penalty": "chosen"},
    ]
    shown = Page(pages[case]).tables["penalties"][1:]
    assert len(shown) == len(rows)
    for cells, row in zip(shown, rows, strict=True):
        assert cells[0]["text"].removesuffix(" recommended") == row["penalty"]
        for column, key in (
            (1, "alpha"),
            (2, "test_loss"),
            (3, "train_loss"),
            (5, "test_score"),
            (8, "weight_max_abs"),
            (9, "stationarity"),
        ):
            cell = cells[column]
            if row.get(key) is None:
                assert cell["text"].strip() == "–"
            else:
                assert [float(value) for value in cell["values"]] == [row[key]]
                assert cell["text"].startswith(
                    f"{row[key]:.3f}" if key == "test_score" else number(row[key])
                )


def test_gain_is_over_none_or_the_constant_where_it_is_absent(pages, finished):
    for case, key, name in (
        ("regression", "vs_none", "none"),
        ("without none", "vs_null", "constant"),
    ):
        row = next(row for row in finished[case].result["rows"] if row["penalty"] == "l2")
        page = Page(pages[case])
        head, *cells = page.tables["penalties"]
        shown = next(cells for cells in cells if cells[0]["text"].startswith("l2"))
        assert f"gain over {name}" in head[4]["text"]
        assert [float(value) for value in shown[4]["values"]] == [row[key]["diff"]]
        assert f"{number(row[key]['ci_low'])} to {number(row[key]['ci_high'])}" in shown[4]["text"]


def test_bars_stand_where_their_intervals_do(finished):
    bars = gain_bars(finished["regression"].result)
    rows = {row["penalty"]: row["vs_none"] for row in finished["regression"].result["rows"]}
    assert set(bars) == {"l2", "group", "linear", "chosen"}
    for name in ("l2", "group"):
        bar = bars[name]
        versus = rows[name]
        assert (bar["low"] > bar["zero"]) == (versus["ci_low"] > 0)
        assert bar["low"] < bar["diff"] < bar["high"] and not bar["before"] and not bar["beyond"]
        middle = (versus["diff"] - versus["ci_low"]) / (versus["ci_high"] - versus["ci_low"])
        drawn = (bar["diff"] - bar["low"]) / (bar["high"] - bar["low"])
        assert drawn == pytest.approx(middle, abs=0.01)


@pytest.mark.parametrize("case", ["regression", "classification", "three classes"])
def test_the_row_to_use_alone_is_marked(pages, finished, case):
    """That of the linear model where it suffices, none where there is nothing to learn."""
    result = finished[case].result
    page = Page(pages[case])
    names = [cells[0]["text"] for cells in page.tables["penalties"]]
    expected = {
        "regression": ["linear recommended"],
        "classification": [f"{result['recommended']} recommended"],
        "three classes": [],
    }
    assert [name for name in names if "recommended" in name] == expected[case]
    assert ("recommended" in page.text) == (case != "three classes")
    assert ("predictors that" in page.text and "keeps" in page.text) == (case != "three classes")
    source = "linear" if case == "regression" else "chosen"
    assert f'<b id="headline-loss">{number(result[source]["test_loss"])}</b>' in pages[case]


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
    solved = f"Up to {number(SOLVED)} counts as solved"
    assert f"{solved}, and up to {number(NEARLY_SOLVED)} as nearly solved" in text
    assert f"gained at most {number(SETTLED)} of the constant's loss" in text
    for stationarity, gap, words in (
        (SOLVED, 1.0, "solved to"),
        (NEARLY_SOLVED, SETTLED, "nearly solved"),
        (NEARLY_SOLVED, 2 * SETTLED, "stopped at"),
        (1.01 * NEARLY_SOLVED, 0.0, "stopped at"),
    ):
        row = {"stationarity": stationarity, "objective_gap": gap}
        assert certificate_in_words(row).startswith(words)


def test_certificates_name_each_model_and_what_is_not_known(finished):
    result = finished["regression"].result
    unknown = [row | {"stationarity": None} for row in result["rows"]]
    assert dict(certificates(result | {"rows": unknown}))["l2"] == "no certificate"
    words = dict(certificates(result))
    assert list(words) == ["none", "l2", "group", "linear"]
    for row in result["rows"]:
        assert words[row["penalty"]].startswith(certificate_in_words(row))


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
    values += [999.5, 0.00099995, 1e6]
    values += [0.0, -0.0, *(float(f"{value:.5g}") for value in rng.uniform(0, 10, 2000))]
    script = (
        "import { number } from './src/tautnet/views/report.js'; "
        "console.log(JSON.stringify(JSON.parse(process.argv[1]).map(number)))"
    )
    command = ["node", "--input-type=module", "--eval", script, json.dumps(values)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parents[1], check=True)
    assert json.loads(ended.stdout) == [number(value) for value in values]
