"""The report loads nothing, and names of any kind stay text in it."""

import base64
import hashlib
import re

import pytest
from views.hostile import FORBIDDEN, JOINED, NAMES, SHOWN, hostile
from views.page import PANELS, Page

from tautnet.views.report import excerpt, render_report, write_report

ALLOWED = set(
    "html head meta title style script body a header main section footer h1 h2 h3 p b bdi div span"
    " small data table caption thead tbody tr th td figure figcaption svg line circle path dl dt dd"
    " ul wbr li pre code noscript fieldset legend label input output button".split()
)


@pytest.mark.parametrize("case", PANELS)
def test_nothing_is_loaded_and_nothing_of_a_stranger_runs(pages, case):
    check_inert(pages[case])


def check_inert(text):
    page = Page(text)
    assert {tag for tag, _ in page.elements} <= ALLOWED
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert not {"style", "src", "srcset"} & set(attributes)
        assert tag == "a" or "href" not in attributes
        assert attributes.get("href", "#").startswith("#")
    assert not re.search(r"url\(|@import", text)
    # Names of vocabularies are not loaded.
    vocabularies = ("2000/svg", "1999/xhtml", "1999/xlink", "XML/1998/namespace", "2000/xmlns/")
    assert set(re.findall(r"https?://[\w./]+", text)) <= {
        f"http://www.w3.org/{name}" for name in vocabularies
    }
    data, *code = re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL)
    assert len(code) == 2 and not re.search("[<>&]", data) and data.isascii()
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
    assert page.data["predictors"][0] == SHOWN[:300]


def test_file_is_utf8_and_written_over(finished, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    changed = hostile(finished["only none"].result) | {"data": "Größe"}
    changed["detail"]["sentences"] = ["half \ud83d"]
    assert write_report(changed, path) == path
    text = path.read_bytes().decode("utf-8")
    assert text.startswith("<!doctype html>") and "Größe" in text and "half \ufffd" in text
