"""The report in a real browser, from a file, with the network off: it draws and harms nobody."""

import copy
import csv
import io
import re

import numpy as np
import pytest
from views.browser import opened
from views.hostile import NAMES

import tautnet
from tautnet.objective.strengths import nearest
from tautnet.prose.words import certificate_in_words, number, shown_name
from tautnet.tables.reader import read_table
from tautnet.views.report import render_report, write_report
from tautnet.views.report_data import beyond_null
from tautnet.views.standing import leading_penalty, named_rows

CASES = (
    "classification",
    "regression",
    "three classes",
    "without none",
    "only none",
    "linear",
    "one predictor",
    "survival",
    "labels",
    "relaxed",
)
PANELS = ("loss", "norms", "weights", "network")


@pytest.fixture(scope="module")
def visit(browser, tmp_path_factory):
    """Opens the report of a result."""
    place = tmp_path_factory.mktemp("reports")

    def visit(result, **options):
        file = place / f"{len(list(place.iterdir()))}.html"
        write_report(result, file)
        return opened(browser, file, **options)

    return visit


def text(page, place):
    return page.locator(f"#{place}").inner_text()


def set_slider(page, i):
    page.locator("#alpha").evaluate(
        "(slider, i) => { slider.value = i; slider.dispatchEvent(new Event('input')); }", i
    )


def check_panels(page, result, name, i):
    """All four panels show what the result holds of a penalty at one place on its path."""
    detail = result["detail"]["penalties"][name]
    path = beyond_null(detail)
    total = len(result["detail"]["predictors"])
    alpha = path["alphas"][i]
    assert text(page, "now-alpha") == number(alpha)
    words = certificate_in_words({k: path[k][i] for k in ("stationarity", "objective_gap")})
    assert text(page, "now-words") == words
    on_curve = [j for j, one in enumerate(detail["alphas"]) if np.isclose(one, alpha)]
    for place, key in (("now-cv", "cv_mean"), ("now-train", "train_mean")):
        assert text(page, place) == (number(detail[key][on_curve[0]]) if on_curve else "–")
    kept = sum(norm > 0 for norm in path["norms"][i])
    assert text(page, "now-kept") == str(kept)
    if total <= 300:
        assert page.locator(".norms path").count() == total
        assert page.locator(".norms path.gone").count() == total - kept
    assert text(page, "now-squares") == number(path["weight_squares"][i])
    assert text(page, "now-magnitudes") == number(path["weight_magnitudes"][i])
    assert text(page, "now-largest") == number(path["weight_max"][i])
    assert text(page, "now-zeros") == f"{path['zero_weights'][i]:,}"
    assert text(page, "now-inputs") == f"{kept} of {total}"
    alive = sum(norm > 0 for norm in path["unit_norms"][i])
    if result["detail"]["hidden_layer_sizes"]:
        assert text(page, "now-units") == str(alive)
        assert page.locator(".units circle:not(.gone)").count() == alive


@pytest.mark.parametrize("case", CASES)
def test_it_asks_for_nothing_and_fits_every_width(visit, finished, case):
    for width, scheme in ((1280, "light"), (360, "dark")):
        with visit(finished[case].result, width=width, scheme=scheme) as page:
            assert page.complaints == [] and [url.split(":")[0] for url in page.asked] == ["file"]
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            empty = page.locator("svg[id^=panel]").evaluate_all(
                "all => all.filter(one => !one.children.length).length"
            )
            assert empty == 0


def test_the_slider_moves_all_four_panels(visit, breast_cancer):
    with visit(breast_cancer) as page:
        name = leading_penalty(breast_cancer)
        path = breast_cancer["detail"]["penalties"][name]["path"]
        row = next(row for row in breast_cancer["rows"] if row["penalty"] == name)
        check_panels(page, breast_cancer, name, nearest(np.array(path["alphas"]), row["alpha"]))
        before = [page.locator(f"#panel-{panel}").inner_html() for panel in PANELS]
        for i in (0, 20, len(path["alphas"]) - 1):
            set_slider(page, i)
            check_panels(page, breast_cancer, name, i)
            after = [page.locator(f"#panel-{panel}").inner_html() for panel in PANELS]
            assert all(one != other for one, other in zip(before, after, strict=True))
            before = after


def test_names_stand_apart_and_inside_the_panel(visit, breast_cancer):
    for width in (360, 1280):
        with visit(breast_cancer, width=width) as page:
            for i in range(0, len(breast_cancer["detail"]["penalties"]["l1"]["path"]["alphas"]), 8):
                set_slider(page, i)
                boxes = page.locator("#panel-norms .labels text").evaluate_all(
                    "all => all.map(one => one.getBoundingClientRect()).map(({left, right, top}) =>"
                    " [left, right, top])"
                )
                left, right, top = np.array(boxes).reshape(-1, 3).T
                assert (np.diff(np.sort(top)) >= 12.9).all()
                assert (left >= 0).all() and (right <= width).all()


def test_fewer_predictors_have_their_loss_shrunken_and_relaxed(visit, finished):
    result = finished["relaxed"].result
    relaxed = result["detail"]["relaxed"]["relaxed_group"]
    with visit(result) as page:
        panel = page.locator("#panel-counts")
        assert panel.locator("text.small").first.text_content() == "number of predictors kept"
        assert panel.locator(".labels text").all_text_contents() == ["group", "relaxed_group"]
        dots = panel.locator("g.c1 circle")
        assert dots.count() == len(set(relaxed["n_features"])) > 0
        places = [float(dot.get_attribute("cy")) for dot in dots.all()]
        least = [
            min(
                loss
                for loss, n in zip(relaxed["mean_test_loss"], relaxed["n_features"], strict=True)
                if n == k
            )
            for k in sorted(set(relaxed["n_features"]))
        ]
        # Lower is better, and further down.
        assert np.argsort(places).tolist() == np.argsort(least)[::-1].tolist()
        assert panel.locator("path.c0, path.c1").count() == 4


def test_the_keyboard_moves_the_slider(visit, breast_cancer):
    with visit(breast_cancer) as page:
        slider = page.locator("#alpha")
        path = beyond_null(breast_cancer["detail"]["penalties"]["l1"])
        page.locator("input[value=l1]").check(force=True)
        slider.focus()
        last = len(path["alphas"]) - 1
        for key, i in (
            ("Home", 0),
            ("ArrowRight", 1),
            ("ArrowUp", 2),
            ("ArrowLeft", 1),
            ("End", last),
        ):
            page.keyboard.press(key)
            check_panels(page, breast_cancer, "l1", i)
            said = slider.get_attribute("aria-valuetext")
            assert said.startswith(f"alpha {number(path['alphas'][i])}")
            assert said.endswith(f"{path['n_features'][i]} of 30 predictors")


def test_another_penalty_keeps_the_place(visit, breast_cancer):
    with visit(breast_cancer) as page:
        for name in ("l2", "group", "elasticnet", "l1"):
            page.locator(f"input[value={name}]").check(force=True)
            row = next(row for row in breast_cancer["rows"] if row["penalty"] == name)
            alphas = np.array(beyond_null(breast_cancer["detail"]["penalties"][name])["alphas"])
            assert int(page.locator("#alpha").get_attribute("max")) == len(alphas) - 1
            check_panels(page, breast_cancer, name, nearest(alphas, row["alpha"]))
        set_slider(page, 0)
        page.locator("input[value=group]").check(force=True)
        check_panels(page, breast_cancer, "group", 0)


def test_rules_and_pointer(visit, breast_cancer):
    with visit(breast_cancer) as page:
        detail = breast_cancer["detail"]["penalties"]["l1"]
        alphas = np.array(detail["path"]["alphas"])
        page.locator("input[value=l1]").check(force=True)
        page.get_by_role("button", name="one-SE").click()
        one_se = nearest(alphas, detail["alpha_1se"])
        check_panels(page, breast_cancer, "l1", one_se)
        for panel in ("loss", "norms"):
            box = page.locator(f"#panel-{panel} .catch").bounding_box()
            page.mouse.move(box["x"] + 1, box["y"] + 50)
            check_panels(page, breast_cancer, "l1", 0)
            page.mouse.move(1, 1)
            check_panels(page, breast_cancer, "l1", one_se)
        page.locator("#panel-norms .catch").click(position={"x": 1, "y": 50})
        page.mouse.move(1, 1)
        check_panels(page, breast_cancer, "l1", 0)


def test_the_table_sorts(visit, breast_cancer):
    with visit(breast_cancer) as page:

        def shown():
            heads = page.locator("#penalties tbody:first-of-type tr th").all_inner_texts()
            return [name.split()[0] for name in heads]

        rows = sorted(breast_cancer["rows"], key=lambda row: row["test_loss"])
        by_loss = [shown_name(row["penalty"]) for row in rows]
        for name, order in (("log-loss", 1), ("share explained", -1)):
            head = page.locator("#penalties button", has_text=re.compile(f"^{name}$"))
            head.click()
            assert shown() == by_loss[::order]
            head.click()
            assert shown() == by_loss[::-order]
            assert page.locator("th[aria-sort=descending]").count() == 1
        page.get_by_role("button", name="penalty").click()
        assert shown() == sorted(by_loss)


def test_the_first_picture_is_of_what_is_delivered_or_of_the_best_network(visit, breast_cancer):
    best = breast_cancer["best"]
    for delivered, drawn in (("linear", best), ("group", "group")):
        with visit(breast_cancer | {"delivered": delivered}) as page:
            assert page.locator("input[name=penalty]:checked").get_attribute("value") == drawn


def test_an_earlier_run_is_drawn_too(visit, earlier):
    for width, scheme in ((1280, "light"), (360, "dark")):
        with visit(earlier, width=width, scheme=scheme) as page:
            assert page.complaints == [] and len(page.asked) == 1
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            name = earlier["recommended"]
            alphas = np.array(earlier["detail"]["penalties"][name]["path"]["alphas"])
            row = next(row for row in earlier["rows"] if row["penalty"] == name)
            check_panels(page, earlier, name, nearest(alphas, row["alpha"]))


def test_labels_of_an_axis_differ_where_its_values_are_close(visit, finished):
    result = copy.deepcopy(finished["regression"].result)
    predictions = result["detail"]["predictions"]
    for key in ("target", "prediction"):
        predictions[key] = [[100_000 + value for value in row] for row in predictions[key]]
    with visit(result) as page:
        for axis in page.locator("#panel-fit .axis").all():
            labels = axis.locator("text").all_text_contents()
            assert len(set(labels)) == len(labels) > 2
            assert all(re.fullmatch(r"(99|100),\d{3}(\.\d)?", label) for label in labels)


def test_long_labels_have_their_room(visit, finished):
    """Upright axes beside them, level axes between them."""
    result = copy.deepcopy(finished["regression"].result)
    predictions = result["detail"]["predictions"]
    for key in ("target", "prediction"):
        predictions[key] = [[1e10 + 1e9 * value for value in row] for row in predictions[key]]
    with visit(result, width=360) as page:
        for panel in ("fit", "residuals"):
            level, upright = page.locator(f"#panel-{panel} .axis").all()
            ends = """all => all.map(one => one.getBoundingClientRect())
                .map(({left, right}) => [left, right])"""
            assert min(np.ravel(upright.locator("text").evaluate_all(ends))) >= 0
            between = np.ravel(level.locator("text").evaluate_all(ends))
            assert (np.diff(between) > 0).all()


def test_printed_it_has_six_pages_at_most(visit, breast_cancer):
    with visit(breast_cancer) as page:
        printed = page.pdf(format="A4", prefer_css_page_size=True)
        assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 6


def test_on_paper_the_table_is_as_wide_as_the_page(visit, breast_cancer, finished):
    """A4 is 186 mm wide between its margins, which are 703 pixels."""
    for result in (breast_cancer, finished["regression"].result):
        with visit(result, width=703) as page:
            page.emulate_media(media="print")
            assert page.evaluate("document.documentElement.scrollWidth") <= 703


def test_axe_finds_nothing_serious(visit, finished, breast_cancer):
    from axe_playwright_python.sync_playwright import Axe

    regression = finished["regression"].result
    doubts = [{"kind": "x", "text": "Is it (--drop a)?", "option": "--drop a", "figures": {}}]
    doubted = breast_cancer | {"claims": breast_cancer["claims"] | {"doubts": doubts}}
    for result, scheme in ((doubted, "light"), (doubted, "dark"), (regression, "dark")):
        with visit(result, scheme=scheme) as page:
            found = Axe().run(page).response["violations"]
            serious = [one for one in found if one["impact"] in ("serious", "critical")]
            assert not serious, [
                (one["id"], [node["html"][:120] for node in one["nodes"]]) for one in serious
            ]


def test_three_hundred_predictors_and_sixty_strengths_are_smooth(visit, breast_cancer):
    with visit(widened(breast_cancer, 300, 60)) as page:
        assert page.locator(".norms path").count() == 300
        steps = page.evaluate("""() => {
            const slider = document.getElementById("alpha");
            return Array.from({length: 60}, (_, i) => {
                const start = performance.now();
                slider.value = i;
                slider.dispatchEvent(new Event("input"));
                document.body.getBoundingClientRect();
                return performance.now() - start;
            });
        }""")
        assert np.median(steps) < 50


def test_more_predictors_are_found_by_name(visit, breast_cancer):
    with visit(widened(breast_cancer, 320, 12)) as page:
        assert page.locator(".norms path").count() == 40
        drawn = page.locator(".norms path").count()
        page.get_by_label("Find a predictor").fill("COPY 9 of mean area")
        assert text(page, "found") == "1 found" and page.locator(".norms path.found").count() == 1
        assert page.locator(".norms path").count() in (drawn, drawn + 1)
        page.get_by_label("Find a predictor").fill("")
        assert text(page, "found") == "" and page.locator(".norms path.found").count() == 0


def widened(result, n_predictors, n_alphas):
    """A result whose predictors and strengths are repeated up to some number of each."""
    result = copy.deepcopy(result)
    detail = result["detail"]
    names = detail["predictors"]

    def repeat(values):
        return [values[j % len(names)] for j in range(n_predictors)]

    result["n_predictors"] = n_predictors
    detail["predictors"] = [
        f"copy {j // len(names)} of {names[j % len(names)]}" for j in range(n_predictors)
    ]
    detail["kinds"] = dict.fromkeys(detail["predictors"], "number")
    for one in detail["penalties"].values():
        one["exit_alpha"] = repeat(one["exit_alpha"])
        one["exit_alpha_folds"] = [repeat(fold) for fold in one["exit_alpha_folds"]]
        path = one["path"]
        n = len(path["alphas"])
        path["norms"] = [repeat(norms) for norms in path["norms"]]
        for key in path:
            path[key] = [path[key][min(i, n - 1)] for i in range(n_alphas)]
        path["alphas"] = (path["alphas"][0] * 10 ** (np.arange(n_alphas) / 8)).tolist()
    return result


def test_a_hostile_table_is_shown_as_text(visit, cache_programs, tmp_path):
    rng = np.random.default_rng(0)
    heads = [
        *list(NAMES)[:6],
        "x" * 300,
        "</script><img src=x onerror=alert(1)>",
        "{{ 7*7 }} {% raw %} ${7*7}",
    ]
    heads = [head for head in heads if "\ud83d" not in head]
    levels = [
        "<img src=x onerror=alert(1)>",
        "'\"><svg onload=alert(1)>",
        "\u202e\u2028 \U0001f600",
    ]
    labels = ["</script><script>alert(1)</script>", "{{ 7*7 }}\u2028"]
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(
        [*heads, "<b onmouseover=alert(1)>kind", "target\u202e<script>alert(1)</script>"]
    )
    for i in range(60):
        writer.writerow([*rng.normal(size=len(heads)).round(3), levels[i % 3], labels[i % 2]])
    file = tmp_path / "<img src=x onerror=alert(1)>.csv".replace("/", "")
    file.write_text(lines.getvalue(), encoding="utf-8")
    table = read_table(str(file))
    X = table.frame.iloc[:, :-1]
    y = table.frame.iloc[:, -1]
    comparison = tautnet.compare(
        X, y, penalties=("none", "group"), hidden_layer_sizes=(4,), cv=3, name=table.name
    )
    with visit(comparison.whole("tautnet compare '<script>alert(1)</script>'")) as page:
        for i in range(int(page.locator("#alpha").get_attribute("max")) + 1):
            set_slider(page, i)
        assert page.complaints == [] and len(page.asked) == 1
        assert page.locator("img, b[onmouseover], svg[onload]").count() == 0
        shown = page.locator("body").inner_text()
        for name in (
            "<script>alert(1)</script>",
            "{{ 7*7 }}",
            "onerror=alert(1)>",
            "<b onmouseover=alert(1)>kind",
        ):
            assert name in shown
        assert not re.search("[\u202a-\u202e\u2028\u2029]", page.locator("body").inner_text())


def test_in_a_notebook_the_summary_stands_alone(browser, finished, tmp_path):
    result = finished["classification"].result
    shown = {key: value for key, value in result.items() if key != "detail"}
    comparison = tautnet.Comparison(shown, result["detail"])
    file = tmp_path / "cell.html"
    content = f"<!doctype html><meta charset=utf-8>{comparison._repr_html_()}"
    file.write_text(content, encoding="utf-8")
    with opened(browser, file) as page:
        assert page.complaints == []
        assert page.locator("table tbody tr").count() == len(named_rows(result))
        body = page.locator("body").inner_text()
        assert all(one.replace("`", "") in body for one in comparison.sentences)
        assert page.locator("button, script").count() == 0


def test_the_report_of_breast_cancer_is_small(breast_cancer):
    assert len(render_report(breast_cancer).encode()) < 300_000
