"""The report as text: whole for every kind of comparison, true to its result, and safe with names
of any kind.
"""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from views.hostile import FORBIDDEN, JOINED, NAMES, SHOWN, hostile

import tautnet
from tautnet.prose.verdict import headline
from tautnet.prose.words import NEARLY_SOLVED, SETTLED, SOLVED, certificate_in_words, number
from tautnet.tables.errors import TableError
from tautnet.views.island import LARGEST, beyond_null, by_exit, drawn_order, run
from tautnet.views.report import (
    LISTED,
    certificates,
    excerpt,
    exits,
    gain_bars,
    read_result,
    render_report,
    write_report,
)

# The panels that a case has.
PATH, FIT, CLASSES = {"loss", "norms", "weights", "network"}, {"fit", "residuals"}, {"calibration"}
PANELS = {
    "regression": PATH | FIT | {"none", "counts"},
    "classification": PATH | CLASSES | {"none", "counts"},
    "three classes": PATH | CLASSES | {"counts"},
    "without none": PATH | FIT | {"counts"},
    "only none": FIT | {"none"},
    "linear": PATH | FIT,
    "survival": PATH | {"none", "survival", "counts"},
    "labels": PATH | CLASSES,
    "relaxed": PATH | FIT | {"none", "counts"},
    "one predictor": PATH | FIT | {"none", "counts"},
}
ALLOWED = set(
    "html head meta title style script body a header main section footer h1 h2 h3 p b bdi div span"
    " small data table caption thead tbody tr th td figure figcaption svg line circle path dl dt dd"
    " ul li pre code noscript fieldset legend label input output button".split()
)
VOID = {"meta", "input", "line", "circle", "path"}


class Page(HTMLParser):
    """The elements of a page, the rows of its tables, its scripts and its text; tags that do not
    match fail.
    """

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.tables, self.texts, self.scripts = [], [], {}, [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.rows = self.tables[attributes["id"]] = []
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append({"text": "", "values": []})
        if tag == "data":
            self.rows[-1][-1]["values"].append(attributes["value"])

    handle_startendtag = lambda self, tag, attributes: self.elements.append((tag, dict(attributes)))  # noqa: E731

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "script" in self.open:
            self.scripts.append(data)
        elif "style" not in self.open:
            self.texts.append(data)
        if "th" in self.open or "td" in self.open:
            self.rows[-1][-1]["text"] += data

    @property
    def text(self):
        return " ".join("".join(self.texts).split())

    @property
    def panels(self):
        return {
            a["id"].removeprefix("panel-")
            for tag, a in self.elements
            if a.get("id", "").startswith("panel-")
        }

    @property
    def island(self):
        return json.loads(self.scripts[0])


@pytest.mark.parametrize("case", PANELS)
def test_every_kind_of_comparison_has_its_panels(pages, case):
    page = Page(pages[case])
    assert page.panels == PANELS[case]
    assert {tag for tag, _ in page.elements} >= {"h1", "table", "dl", "footer"}
    assert ("confusion" in page.tables) == (case in ("classification", "three classes"))


@pytest.mark.parametrize("case", PANELS)
def test_verdict_is_there_sentence_by_sentence(pages, finished, case):
    text = Page(pages[case]).text
    assert all(sentence in text for sentence in finished[case].sentences)
    assert headline(finished[case].result) in text


def test_headline_says_what_the_verdict_says(finished):
    result = finished["regression"].result
    assert (
        headline(result).endswith("A linear model suffices.")
        and "Use the linear model" in result["verdict"]
    )
    result, network = (
        finished["classification"].result,
        finished["without none"].result["recommended"],
    )
    assert (
        headline(result | {"over_fitted": False, "recommended": "none"})
        == "This network is not over-fitted. No penalty is needed."
    )
    assert headline(result | {"over_fitted": None}).startswith(
        "These rows cannot show whether this network is over-fitted. Use "
    )
    assert headline(finished["without none"].result) == "A linear model suffices."
    assert f"For a network, use `{network}`, alpha" in finished["without none"].result["verdict"]
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
        head, cells = page.tables["penalties"][0], page.tables["penalties"][1:]
        shown = next(cells for cells in cells if cells[0]["text"].startswith("l2"))
        assert f"gain over {name}" in head[4]["text"]
        assert [float(value) for value in shown[4]["values"]] == [row[key]["diff"]]
        assert f"{number(row[key]['ci_low'])} to {number(row[key]['ci_high'])}" in shown[4]["text"]


def test_bars_stand_where_their_intervals_do(finished):
    bars = gain_bars(finished["regression"].result)
    rows = {row["penalty"]: row["vs_none"] for row in finished["regression"].result["rows"]}
    assert set(bars) == {"l2", "group", "linear", "chosen"}
    for name in ("l2", "group"):
        bar, versus = bars[name], rows[name]
        assert (bar["low"] > bar["zero"]) == (versus["ci_low"] > 0)
        assert bar["low"] < bar["diff"] < bar["high"] and not bar["before"] and not bar["beyond"]
        middle = (versus["diff"] - versus["ci_low"]) / (versus["ci_high"] - versus["ci_low"])
        assert (bar["diff"] - bar["low"]) / (bar["high"] - bar["low"]) == pytest.approx(
            middle, abs=0.01
        )


@pytest.mark.parametrize("case", ["regression", "classification", "three classes"])
def test_the_row_to_use_alone_is_marked(pages, finished, case):
    """That of the linear model where it suffices, none where there is nothing to learn."""
    result, page = finished[case].result, Page(pages[case])
    marked = [
        cells[0]["text"] for cells in page.tables["penalties"] if "recommended" in cells[0]["text"]
    ]
    assert marked == {"regression": ["linear recommended"], "three classes": []}.get(
        case, [f"{result['recommended']} recommended"]
    )
    assert ("recommended" in page.text) == (case != "three classes")
    assert ("predictors that" in page.text and "keeps" in page.text) == (case != "three classes")
    source = "linear" if case == "regression" else "chosen"
    assert f'<b id="headline-loss">{number(result[source]["test_loss"])}</b>' in pages[case]


@pytest.mark.parametrize("case", PANELS)
def test_the_script_gets_the_numbers_of_the_result(pages, finished, case):
    result, island = finished[case].result, Page(pages[case]).island
    five = lambda values: [None if value is None else float(f"{value:.5g}") for value in values]  # noqa: E731
    rows = {row["penalty"]: row for row in result["rows"]}
    assert [one["name"] for one in island["penalties"]] == [
        name for name, row in rows.items() if row["alpha"] > 0
    ]
    for one in island["penalties"]:
        detail, row = result["detail"]["penalties"][one["name"]], rows[one["name"]]
        path = beyond_null(detail)
        assert one["alphas"] == five(path["alphas"])
        assert one["alphas"][one["chosen"]] == five([row["alpha"]])[0]
        # A curve that does not end null has strengths that the path on all rows does not reach.
        on_path = [
            loss
            for alpha, loss in zip(detail["alphas"], detail["cv_mean"], strict=True)
            if alpha <= path["alphas"][-1] * (1 + 1e-6)
        ]
        assert [value for value in one["cv"] if value is not None] == five(on_path)
        assert one["kept"] == path["n_features"] and one["zeros"] == path["zero_weights"]
        assert one["bins"] == path["histograms"]
        norms = np.array(
            [norms + [0] * (len(one["alphas"]) - len(norms)) for norms in one["norms"]]
        ).T
        assert norms.tolist() == [five(own) for own in path["norms"]]
        alive = [sum(digit != "0" for digit in units) for units in one["units"]]
        assert (
            alive == one["alive"] == [sum(norm > 0 for norm in own) for own in path["unit_norms"]]
        )
    none = result["detail"]["none"]
    assert island["none"] is None if none is None else island["none"]["test"] == five(none["test"])


def test_a_path_that_has_ended_null_stays_null():
    path = {"alphas": [0.1, 1.0], "n_features": [2, 0], "norms": [[1, 2], [0, 0]]}
    longer = beyond_null({"alphas": [0.1, 1.0, 10.0, 100.0], "path": path})
    assert longer["alphas"] == [0.1, 1.0, 10.0, 100.0] and longer["norms"][1:] == [[0, 0]] * 3
    alive = path | {"n_features": [2, 1]}
    assert beyond_null({"alphas": [0.1, 1.0, 10.0], "path": alive}) == alive


def test_the_largest_inputs_come_first_in_the_order_of_their_exit():
    n = LARGEST + 20
    detail, norms = (
        {"exit_alpha": [float(j) for j in range(n)]},
        np.r_[np.ones(20), np.zeros(n - 20)],
    )
    order = drawn_order(detail, norms)
    assert order[:20] == by_exit(detail, norms)[:20] and set(range(20)) <= set(order[:LARGEST])
    assert sorted(order) == list(range(n))


def test_confusion_and_calibration_are_those_of_the_outer_folds(pages, finished):
    for case in ("classification", "three classes"):
        predictions = finished[case].result["detail"]["predictions"]
        truth, guess = np.array(predictions["target"]), np.array(predictions["prediction"])
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
    parts = Page(pages["survival"]).island["survival"]
    assert [part["risk"] for part in parts] == ["lowest", "middle", "highest"]
    # 60 rows in three folds.
    assert [part["rows"] for part in parts] == [21, 21, 18] and sum(
        part["events"] for part in parts
    ) == 45
    shown = [
        [cell["text"] for cell in cells[1:3]]
        for cells in Page(pages["survival"]).tables["risks"][1:]
    ]
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


@pytest.mark.parametrize("case", PANELS)
def test_nothing_is_loaded_and_nothing_of_a_stranger_runs(pages, case):
    check_inert(pages[case])


def check_inert(text):
    page = Page(text)
    assert {tag for tag, _ in page.elements} <= ALLOWED
    for tag, attributes in page.elements:
        assert not [
            name
            for name in attributes
            if name.startswith("on") or name in ("style", "src", "srcset")
        ]
        assert attributes.get("href", "#").startswith("#") and (
            tag == "a" or "href" not in attributes
        )
    assert not re.search(r"url\(|@import", text)
    # Names of vocabularies are not loaded.
    vocabularies = ("2000/svg", "1999/xhtml", "1999/xlink", "XML/1998/namespace", "2000/xmlns/")
    assert set(re.findall(r"https?://[\w./]+", text)) <= {
        f"http://www.w3.org/{name}" for name in vocabularies
    }
    island, *code = re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL)
    assert len(code) == 2 and not re.search("[<>&]", island) and island.isascii()
    assert not any("<!--" in one or "<script" in one for one in code)


def test_policy_names_the_hashes_of_style_and_scripts(pages):
    text = pages["regression"]
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    code = re.findall(r'<script(?: type="module")?>(.*?)</script>', text, re.DOTALL)
    (policy,) = [
        a["content"]
        for _, a in Page(text).elements
        if a.get("http-equiv") == "Content-Security-Policy"
    ]

    def quoted(one):
        return f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'"

    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules == {
        "default-src": "'none'",
        "style-src": quoted(style),
        "script-src": " ".join(map(quoted, code)),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_names_of_strangers_stay_text(finished):
    result, sentences = finished["classification"]
    changed = hostile(result)
    changed["detail"] |= {"sentences": [*sentences, f"Keep {JOINED}."], "command": JOINED}
    text = render_report(changed)
    check_inert(text)
    assert not re.search(FORBIDDEN, text)
    page = Page(text)
    assert page.text.startswith(f"{excerpt(SHOWN)}: {excerpt(SHOWN)} – tautnet")
    assert f"Keep {SHOWN}." in page.text
    shown = list(NAMES.values())
    assert all(page.text.count(name) > 3 for name in shown)
    assert [cells[0]["text"] for cells in page.tables["confusion"][1:]] == [
        excerpt(name, 24) for name in shown[:2]
    ]
    assert page.island["predictors"][0] == SHOWN[:300]


def test_file_is_utf8_and_written_over(finished, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    changed = hostile(finished["only none"].result) | {"data": "Größe"}
    changed["detail"]["sentences"] = ["half \ud83d"]
    assert write_report(changed, path) == path
    text = path.read_bytes().decode("utf-8")
    assert text.startswith("<!doctype html>") and "Größe" in text and "half \ufffd" in text


def test_same_result_gives_the_same_bytes(pages, finished):
    assert render_report(finished["regression"].result) == pages["regression"]


def test_a_comparison_writes_its_own_report(finished, tmp_path):
    result = finished["regression"].result
    comparison = tautnet.Comparison(
        {k: v for k, v in result.items() if k != "detail"}, result["detail"]
    )
    path = comparison.to_html(tmp_path / "mine.html")
    assert path.read_text(encoding="utf-8") == render_report(comparison.whole())
    assert (
        comparison.sentences == finished["regression"].sentences
        and "To do it again" not in path.read_text()
    )


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
    assert (
        f"Up to {number(SOLVED)} counts as solved, and up to {number(NEARLY_SOLVED)} as nearly"
        " solved" in text
    )
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
    assert all(
        words[row["penalty"]].startswith(certificate_in_words(row)) for row in result["rows"]
    )


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
