"""The article's experiment: figures to the digit, its sign, the compiled learner, the findings."""

import copy
import json
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tautnet as tn
from tautnet.engine.jobs import Call, run_jobs
from tautnet.replication.findings import write_findings
from tautnet.replication.online import Strengths, learn_online
from tautnet.replication.protocol import (
    ARTICLES,
    Items,
    accuracy,
    draw_items,
    draw_network,
    hidden_and_outputs,
    learn,
    sum_of_squared_weights,
)
from tautnet.replication.pruning import pruning_rows
from tautnet.replication.summary import summarise
from tautnet.replication.trials import Trial, draw_replicate, online_jobs, online_trials
from tautnet.validation.curve import Curve
from tautnet.views.article_sections import article_text

DOCS = Path(__file__).parents[1] / "docs"
# Half a minute on a quiet machine, and many times that on one that is busy with other work.
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="session")
def command(surroundings):
    def command(arguments, cwd):
        return subprocess.run(
            [sys.executable, "-m", "tautnet", "article", *arguments],
            cwd=cwd,
            capture_output=True,
            text=True,
            env=surroundings,
        )

    return command


@pytest.fixture(scope="module")
def done(command, tmp_path_factory):
    """The command once, with as few training sets as it allows: process, JSON and directory."""
    place = tmp_path_factory.mktemp("article")
    ended = command(["--penalty", "l1", "--replicates", "2", "--json", "--out", "run"], place)
    assert ended.returncode == 0, ended.stderr
    return (
        ended,
        json.loads(ended.stdout, parse_constant=lambda name: pytest.fail(f"{name} is no JSON")),
        place,
    )


# As published.


def test_the_four_published_figures(done):
    published = done[1]["as_published"]
    none = published["none"]
    wrong = published["published"]
    assert (none["train_accuracy"], none["test_accuracy"]) == (0.94, 0.55)
    assert (wrong["train_accuracy"], wrong["test_accuracy"]) == (0.945, 0.675)
    assert published["matches_article"] is True
    assert (none["test_right"], wrong["test_right"]) == (22, 27)


def test_the_published_sign_grows_weights_and_the_mended_one_shrinks_them(done):
    sign = done[1]["sign"]
    assert sign["grows_as_published"] is True and sign["shrinks_mended"] is True
    squares = sign["weight_squares"]
    assert squares["published"] > 2 * squares["none"] and squares["mended"] < squares["none"] / 2


def test_the_second_article():
    """Its printed figures are not known.

    The published sign lets weights explode, so its last digits are rounding.
    """
    facts = ARTICLES["l2"]
    train = draw_items(200, random.Random(facts.train_seed))
    test = draw_items(40, random.Random(facts.test_seed))
    strengths = np.array([0.0, facts.strength, -facts.strength])
    learned = learn_online(train, Strengths(np.zeros(3), strengths))
    figures = [
        (accuracy(learned.network(i), train), accuracy(learned.network(i), test)) for i in range(2)
    ]
    assert figures == [(0.955, 0.7), (0.925, 0.8)]
    assert learned.squares[-1, 2] > 1000 * learned.squares[-1, 0] > 1000 * learned.squares[-1, 1]


def test_numbers_are_drawn_in_the_published_order():
    network = draw_network(random.Random(3), 15, 9.9)
    rng = random.Random(3)
    drawn = np.concatenate([layer.ravel() for layer in network])
    assert drawn.tolist() == [(9.9 - -9.9) * rng.random() + -9.9 for _ in range(229)]
    assert network.hidden[0].tolist() == drawn[:15].tolist()
    items = draw_items(3, random.Random(16))
    rng = random.Random(16)
    assert items.X.ravel().tolist() == [(8.0 - -8.0) * rng.random() + -8.0 for _ in range(30)]
    assert items.labels.tolist() == hidden_and_outputs(network, items.X)[1].argmax(axis=1).tolist()


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.001, 0.0), (0.0, -0.005)])
def test_the_compiled_learner_is_the_plain_one(l1, l2):
    items = draw_items(12, random.Random(5))
    network, squares = learn(items, l1, l2)
    # The strengths beside the one compared must not matter; signs are opposite.
    learned = learn_online(items, Strengths(np.array([0.01, -l1]), np.array([0.0, -l2])))
    for plain, compiled in zip(network, learned.network(1), strict=True):
        np.testing.assert_allclose(compiled, plain, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(learned.squares[:, 1], squares, rtol=1e-8)
    assert squares[-1] == sum_of_squared_weights(network)


def test_the_penalty_alone_moves_weights_as_published_says():
    """Where an item's inputs are all 0, so is the first layer's gradient."""
    items = Items(np.zeros((1, 10)), np.array([0]))
    start = draw_network(random.Random(0), 8, 0.01).hidden
    for sign in (1, -1):
        grown = start * (1 + sign * 0.01 * 0.005) ** 500
        np.testing.assert_allclose(learn(items, l2=sign * 0.005)[0].hidden, grown, rtol=1e-9)
    pushed = start + 500 * 0.01 * 0.001 * np.sign(start)
    np.testing.assert_allclose(learn(items, l1=0.001)[0].hidden, pushed, rtol=1e-9)


# Fresh training sets.


def test_training_sets_differ_and_test_items_do_not():
    one = draw_replicate(0, 0, 200, 30, n_noise=2)
    other = draw_replicate(0, 1, 200, 30, n_noise=2)
    assert (one.test.X == other.test.X).all() and not (one.items.X == other.items.X).any()
    longer = draw_replicate(0, 0, 220, 30, n_noise=2)
    assert (longer.items.X[:200, :10] == one.items.X[:, :10]).all()
    assert (draw_replicate(1, 0, 200, 30).test.X != one.test.X[:, :10]).all()
    # Noise has nothing to do with the class.
    assert (one.items.labels == draw_items(200, random.Random("items 0 0")).labels).all()


def test_the_number_of_jobs_changes_no_number():
    replicate = draw_replicate(0, 0, 200, 30)
    jobs = [Call(job) for job in online_jobs(replicate)]
    one = online_trials(replicate, run_jobs(None, jobs, n_jobs=1))
    two = online_trials(replicate, run_jobs(None, jobs, n_jobs=2))
    for name in one:
        assert (one[name].weights == two[name].weights).all()
        assert (one[name].test == two[name].test).all()


def trial(strengths, test, cv_loss=None, norms=None):
    n = len(strengths)
    losses = None if cv_loss is None else np.repeat(np.array(cv_loss)[:, None], 2, axis=1)
    curve = None if cv_loss is None else Curve(np.array(strengths), losses, np.ones(2))
    norms = np.ones((n, 20)) if norms is None else norms
    return Trial(
        np.array(strengths), np.full(n, 0.9), np.array(test), np.ones((n, 6)), norms, curve
    )


def test_the_choice_is_measured_against_the_best_fixed_strength():
    none = [trial([0.0], [test]) for test in (0.5, 0.52, 0.54)]
    # Cross-validation takes the second strength; the third is best in hindsight, by 4 points in
    # every set.
    far = [
        trial([1.0, 2.0, 3.0], [0.5, 0.6 + e, 0.64 + e], [3.0, 1.0, 2.0]) for e in (0.0, 0.02, 0.04)
    ]
    near = [trial([1.0, 2.0, 3.0], [0.5, 0.6, 0.605], [3.0, 1.0, 2.0]) for _ in range(3)]
    rows = summarise({"none": none, "l2": far, "l1": near})
    best = rows["l2"]["best_fixed"]
    assert (best["strength"], rows["l2"]["strength"], best["within"]) == (3.0, 2.0, False)
    assert best["chosen_minus_best"]["diff"] == pytest.approx(-0.04)
    assert rows["l1"]["best_fixed"]["within"] is True
    assert rows["l2"]["gain"]["diff"] == pytest.approx(0.1)
    assert rows["none"]["gain"] is None and rows["none"]["best_fixed"] is None


def test_pruning_counts_exact_zeros_of_real_and_of_noise():
    norms = np.ones((3, 20))
    norms[1, [3, 12, 13]] = 0
    norms[2, 8:] = 0
    one = trial([1.0, 2.0, 3.0], [0.5] * 3, [3.0, 1.0, 2.0], norms)
    row = pruning_rows({"l1": [one] * 2}, 200)[0]
    assert row["selection"] == "min"
    assert row["noise_removed"]["diff"] == 2
    assert row["real_lost"]["diff"] == 1
    # The third strength removes all ten, and two real ones: too many.
    assert row["in_hindsight"] == 2
    assert row["kept"] == (norms[1] > 0).tolist()


def test_the_runs_show_what_they_must(done):
    honest = done[1]["honest"]
    assert (honest["n_replicates"], honest["n_train"], honest["n_test"]) == (2, 200, 2000)
    for learner in ("engine", "online"):
        rows = honest[learner]["rows"]
        assert rows["l2"]["gain"]["diff"] > 0.01
        assert rows["l2"]["weight_squares"] < rows["none"]["weight_squares"] / 4
        assert rows["l2"]["best_fixed"]["test_accuracy"] >= rows["l2"]["test_accuracy"] - 1e-12
    online = honest["online"]["rows"]
    engine = honest["engine"]["rows"]
    assert online["l2_published"]["weight_squares"] > 100 * online["none"]["weight_squares"]
    # The article's way of L1 never reaches zero; a proximal step does.
    assert online["l1"]["zero_weights"] == 0 and engine["l1"]["zero_weights"] > 20
    group = next(
        row
        for row in done[1]["pruning"]["rows"]
        if (row["penalty"], row["selection"]) == ("group", "1se")
    )
    assert group["noise_removed"]["diff"] > 2 and group["real_lost"]["diff"] < 2


def test_findings_follow_the_figures(done):
    result = copy.deepcopy(done[1])
    assert write_findings(result) == result["sentences"]
    claims = [one["claim"] for one in result["sentences"]]
    assert len(claims) == 5
    for learner in ("engine", "online"):
        section = result["honest"][learner]
        for versus in (
            section["rows"]["l2"]["gain"],
            section["l2_minus_l1"],
            section["rows"]["l2"]["gap_fall"],
        ):
            versus |= {"diff": -0.03, "ci_low": -0.04, "ci_high": -0.02}
        section["rows"]["l1"]["best_fixed"]["within"] = False
    next(r for r in result["pruning"]["rows"] if (r["penalty"], r["selection"]) == ("l1", "1se"))[
        "noise_removed"
    ] |= {"ci_low": -1.0}
    assert [one["holds"] for one in write_findings(result)] == [False, False, False, None, True]
    result["honest"]["engine"]["l2_minus_l1"] |= {"ci_high": 0.01}
    assert write_findings(result)[2]["holds"] is None


# The command.


def test_json_alone_is_on_stdout_and_out_holds_the_run(done):
    ended, result, place = done
    assert ended.stdout.count("\n") == 1
    assert ended.stderr == f"report: {Path('run') / 'report.html'}\n"
    assert sorted(path.name for path in (place / "run").iterdir()) == [
        "report.html",
        "result.json",
        "run.log",
    ]
    whole = json.loads((place / "run/result.json").read_text())
    assert len(whole.pop("detail")["squares"]["none"]) == 500
    assert whole == result
    log = (place / "run/run.log").read_text()
    assert (
        log.startswith("$ tautnet article --penalty l1 --replicates 2")
        and article_text(result) in log
    )
    page = (place / "run/report.html").read_text()
    assert page.count("<img ") == 5 and page.count("<table>") == 5
    for words in ("94.0 % / 55.0 %", "67.5 % (27 of 40)", "reproduced to the digit", "wrong sign"):
        assert words in page and words in log
    assert 'src="http' not in page and "nan" not in log.lower()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--penalty", "l3"], "'l3' is not one of l1, l2"),
        (["--replicates", "1"], "--replicates"),
        (["--force"], "--force does nothing without --out"),
    ],
)
def test_wrong_usage_is_one_line(command, arguments, says, tmp_path):
    ended = command(arguments, tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert says in ended.stderr and list(tmp_path.iterdir()) == []


def test_a_run_is_not_written_over(command, done):
    ended = command(["--out", "run"], done[2])
    assert (ended.returncode, ended.stdout) == (1, "") and "--force" in ended.stderr


def test_help_imports_nothing_heavy():
    program = (
        "import sys; sys.argv = ['tautnet', 'article', '--help']\n"
        "from tautnet.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "print({'jax', 'sklearn', 'pandas', 'numpy', 'scipy'} & set(sys.modules), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.stderr.strip() == "set()" and "--replicates" in ended.stdout


def test_in_python_wrong_arguments_are_said():
    with pytest.raises(ValueError, match="replicates=1"):
        tn.article(replicates=1)


# The page.


def figures(text):
    """Every number with a decimal point, and every percentage, of a text."""
    return set(re.findall(r"(?<![\d.])\d[\d,]*\.\d+|\d[\d,]*(?= %)", text))


def test_every_figure_of_the_page_is_printed_by_the_command():
    page = (DOCS / "article.md").read_text(encoding="utf-8")
    # The first part tells how the article did it: its constants are no results.
    results = page.split("## What it gives as published", 1)[1]
    printed = figures(
        "".join(
            (DOCS / "article" / f"{name}.txt").read_text(encoding="utf-8") for name in ("l1", "l2")
        )
    )
    assert len(figures(results)) > 30
    assert figures(results) - printed == set()


def test_the_printed_page_is_of_this_program(done):
    """What does not depend on the number of training sets is, word for word, what is kept."""
    printed = (DOCS / "article" / "l1.txt").read_text(encoding="utf-8")
    first = article_text(done[1]).split("ON FRESH DATA")[0]
    assert printed.startswith(first)


def test_pictures_of_the_page_exist():
    page = (DOCS / "article.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", page)
    assert len(pictures) == 6
    for words, address in pictures:
        assert words and (DOCS / address).stat().st_size < 250_000
