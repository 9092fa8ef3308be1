"""The report: whole for every kind of comparison, true to its result, and safe with names of any kind."""

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from views.hostile import FORBIDDEN, JOINED, NAMES, SHOWN, hostile

from tautnet.fitting.verdict import NEARLY_SOLVED, SETTLED, SOLVED, certificate_in_words, number
from tautnet.views.report import LISTED, certificates, excerpt, exits, render_report, write_report

PICTURES = {
    "regression": 5,
    "classification": 5,
    "three classes": 4,
    "without none": 4,
    "only none": 3,
    "linear": 4,
    "one predictor": 5,
}
ALLOWED = set(
    "html head meta title style body main header section footer h1 h2 h3 p b bdi div span small data table caption "
    "thead tbody tr th td figure figcaption img dl dt dd ul li pre code".split()
)
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """The elements of a page, the rows of its tables, and its text; tags that do not match fail."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.tables, self.texts = [], [], {}, []
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

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)
        if "th" in self.open or "td" in self.open:
            self.rows[-1][-1]["text"] += data

    @property
    def text(self):
        return " ".join("".join(self.texts).split())

    def images(self):
        return [attributes for tag, attributes in self.elements if tag == "img"]


def unpacked(image):
    head, data = image["src"].split(",", 1)
    assert head == "data:image/svg+xml;base64"
    return base64.b64decode(data, validate=True).decode()


@pytest.mark.parametrize("case", PICTURES)
def test_every_kind_of_comparison_has_its_pictures(pages, case):
    page = Page(pages[case])
    assert len(page.images()) == PICTURES[case]
    assert all(image["alt"] and "<svg" in unpacked(image) for image in page.images())
    assert {tag for tag, _ in page.elements} >= {"h1", "table", "dl", "footer"}


@pytest.mark.parametrize("case", PICTURES)
def test_verdict_is_there_sentence_by_sentence(pages, finished, case):
    text = Page(pages[case]).text
    assert all(sentence in text for sentence in finished[case].sentences)


@pytest.mark.parametrize("case", PICTURES)
def test_figures_are_those_of_the_result(pages, finished, case):
    result = finished[case].result
    rows = [*result["rows"], result["linear"], result["null"] | {"penalty": "constant"},
            result["chosen"] | {"penalty": "chosen"}]  # fmt: skip
    shown = Page(pages[case]).tables["penalties"][1:]
    assert len(shown) == len(rows)
    for cells, row in zip(shown, rows, strict=True):
        assert cells[0]["text"].removesuffix("recommended") == row["penalty"]
        for cell, key in ((cells[1], "alpha"), (cells[2], "test_loss"), (cells[3], "train_loss"),
                          (cells[5], "test_score"), (cells[9], "stationarity")):  # fmt: skip
            if row.get(key) is None:
                assert cell["text"].strip() == "–"
            else:
                assert [float(value) for value in cell["values"]] == [row[key]]
                assert cell["text"].startswith(f"{row[key]:.3f}" if key == "test_score" else number(row[key]))


def test_gain_is_over_none_or_the_constant_where_it_is_absent(pages, finished):
    for case, key, name in (("regression", "vs_none", "none"), ("without none", "vs_null", "constant")):
        row = next(row for row in finished[case].result["rows"] if row["penalty"] == "l2")
        page = Page(pages[case])
        head, cells = page.tables["penalties"][0], page.tables["penalties"][1:]
        shown = next(cells for cells in cells if cells[0]["text"].startswith("l2"))
        assert f"gain over {name}" in head[4]["text"]
        assert [float(value) for value in shown[4]["values"]] == [row[key]["diff"]]
        assert f"{number(row[key]['ci_low'])} to {number(row[key]['ci_high'])}" in shown[4]["text"]


def test_recommended_row_alone_is_marked(pages, finished):
    marked = [cells[0]["text"] for cells in Page(pages["regression"]).tables["penalties"] if
              "recommended" in cells[0]["text"]]  # fmt: skip
    assert marked == [finished["regression"].result["recommended"] + "recommended"]


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
    page = Page(pages["only none"])
    assert "exits" not in page.tables
    assert "None of the penalties that were compared takes a predictor out" in page.text


def test_exits_where_no_penalty_could_take_one_out(pages):
    assert "None of the penalties that were compared takes a predictor out" in Page(pages["linear"]).text


def test_how_the_table_was_read_and_what_was_fitted(pages, finished):
    detail = finished["three classes"].result["detail"]
    text = Page(pages["three classes"]).text
    assert "numbers (3)x1, x2, x3" in text and f"classes{', '.join(detail['classes'])}" in text
    assert detail["decision"] in text and len(detail["classes"]) == 3
    assert "one hidden layer of 4 units (relu), a linear map beside it" in text
    assert "networkone linear map, no hidden layer" in Page(pages["linear"]).text


def test_long_lists_are_cut_and_say_so(finished):
    result = finished["regression"].result
    kinds = {f"p{i}": "number" for i in range(LISTED + 7)}
    long = result | {"detail": result["detail"] | {"kinds": kinds, "left_out": kinds}}
    text = Page(render_report(long, [])).text
    assert text.count(" and 7 more") == 2
    assert f"p{LISTED - 1}" in text and f"p{LISTED} " not in text


@pytest.mark.parametrize("case", PICTURES)
def test_nothing_is_loaded_and_nothing_runs(pages, case):
    check_inert(pages[case])


def check_inert(text):
    page = Page(text)
    assert {tag for tag, _ in page.elements} <= ALLOWED
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("href", "style", "srcset")]
        assert attributes.get("src", "data:").startswith("data:")
    assert not re.search(r"https?://|url\(|@import", text)
    for image in page.images():
        picture = unpacked(image)
        for element in ET.fromstring(picture).iter():
            assert element.tag.rpartition("}")[2] not in ("script", "foreignObject", "image", "a")
            for name, value in element.attrib.items():
                name = name.rpartition("}")[2]
                assert not name.startswith("on")
                assert name != "href" or value.startswith("#")
                # Names of vocabularies are not loaded.
                assert name == "resource" or not re.search("https?://", value)


def test_policy_names_the_hash_of_the_style(pages):
    text = pages["regression"]
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    (policy,) = [a["content"] for _, a in Page(text).elements if a.get("http-equiv") == "Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["style-src"] == f"'sha256-{digest}'"
    assert rules["default-src"] == "'none'" and rules["img-src"] == "data:" and "script-src" not in rules


def test_names_of_strangers_stay_text(finished):
    result, sentences = finished["classification"]
    text = render_report(hostile(result), [*sentences, f"Keep {JOINED}."], command=JOINED)
    check_inert(text)
    assert not re.search(FORBIDDEN, text)
    page = Page(text)
    assert page.text.startswith(f"{excerpt(SHOWN)}: {excerpt(SHOWN)} – tautnet")
    assert f"Keep {SHOWN}." in page.text
    assert all(page.text.count(name) > 5 for name in NAMES.values())
    assert SHOWN in {cells[0]["text"] for cells in page.tables["exits"]}
    assert any(SHOWN in image["alt"] for image in page.images())


def test_file_is_utf8_and_written_over(finished, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    result, _ = finished["only none"]
    write_report(hostile(result) | {"data": "Größe"}, ["half \ud83d"], path, command="tautnet")
    text = path.read_bytes().decode("utf-8")
    assert text.startswith("<!doctype html>") and "Größe" in text and "half \ufffd" in text


def test_same_result_gives_the_same_bytes(pages, finished):
    assert render_report(*finished["regression"], command="tautnet compare regression") == pages["regression"]


def test_command_is_shown_where_there_is_one(finished, pages):
    assert "tautnet compare only none" in Page(pages["only none"]).text
    assert "To do it again" not in Page(render_report(*finished["only none"])).text


def test_wording_of_stationarity_is_that_of_the_verdict(pages):
    text = Page(pages["regression"]).text
    assert f"Up to {number(SOLVED)} counts as solved, and up to {number(NEARLY_SOLVED)} as nearly solved" in text
    assert f"gained at most {number(SETTLED)} of the constant's loss" in text
    for stationarity, gap, words in ((SOLVED, 1.0, "solved to"), (NEARLY_SOLVED, SETTLED, "nearly solved"),
                                     (NEARLY_SOLVED, 2 * SETTLED, "stopped at"),
                                     (1.01 * NEARLY_SOLVED, 0.0, "stopped at")):  # fmt: skip
        row = {"stationarity": stationarity, "objective_gap": gap}
        assert certificate_in_words(row).startswith(words)


def test_certificates_name_each_model_and_what_is_not_known(finished):
    result = finished["regression"].result
    unknown = [row | {"stationarity": None} for row in result["rows"]]
    assert dict(certificates(result | {"rows": unknown}))["l2"] == "not known"
    words = dict(certificates(result))
    assert list(words) == ["none", "l2", "group", "linear"]
    assert all(words[row["penalty"]].startswith(certificate_in_words(row)) for row in result["rows"])


def test_excerpt_cuts_only_what_is_longer():
    assert [excerpt("a" * n, 5) for n in (4, 5, 6)] == ["aaaa", "aaaaa", "aaaa…"]
