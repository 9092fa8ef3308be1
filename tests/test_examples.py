"""The examples run, print what they promise, and draw a picture like the one that is checked in."""

import runpy
import sys
from pathlib import Path

import pytest
from matplotlib import pyplot as plt
from matplotlib.image import imread

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Run an example as a script: what it printed, its names, its picture."""

    def run(name):
        picture = tmp_path / f"{name}.png"
        plt.switch_backend("agg")
        monkeypatch.setattr(sys, "argv", [name, str(picture)])
        monkeypatch.chdir(tmp_path)
        try:
            names = runpy.run_path(str(ROOT / "examples" / f"{name}.py"))
        finally:
            plt.close("all")
        return capsys.readouterr().out, names, imread(picture)

    return run


def same_picture(name, drawn):
    """About as large, and about as much of it is ink: fonts and last digits may differ."""
    kept = imread(ROOT / "docs" / "pictures" / "examples" / f"{name}.png")
    assert drawn.shape == kept.shape
    ink = [(image[..., :3].min(axis=2) < 0.9).mean() for image in (drawn, kept)]
    assert ink[0] == pytest.approx(ink[1], rel=0.2) and ink[0] > 0.01


def test_over_fit_and_cure(run):
    text, names, picture = run("over_fit_and_cure")
    none, l2, X_new, y_new = (names[name] for name in ("none", "l2", "X_new", "y_new"))
    assert none.score(names["X"], names["y"]) > 0.99
    assert l2.score(X_new, y_new) > none.score(X_new, y_new) + 0.05
    assert max(abs(l2.coefs_[0]).max(), abs(l2.skip_coef_).max()) < abs(none.coefs_[0]).max() / 2
    assert "certificate" in text
    same_picture("over_fit_and_cure", picture)


def test_which_predictors(run):
    text, names, picture = run("which_predictors")
    assert text.startswith("kept: x1, x2, x3, x4, x5\n")
    same_picture("which_predictors", picture)


def test_path_explained(run):
    _, names, picture = run("path_explained")
    model, three = names["model"], names["three"]
    assert (
        model.alpha_min_ <= model.alpha_1se_ < three.alpha_ and three.selected_features_.sum() <= 3
    )
    same_picture("path_explained", picture)


def test_counts(run):
    _, names, picture = run("counts")
    network, linear = names["network"], names["linear"]
    assert network.cv_loss_ < linear.cv_loss_ < linear.null_loss_
    same_picture("counts", picture)


def test_survival(run):
    _, names, picture = run("survival")
    model = names["model"]
    assert model.selected_features_[:2].all() and model.selected_features_.sum() < 5
    middle = model.predict_survival_function(names["patients"], times=[0.5])[:, 0]
    assert middle[1] > middle[0] and middle[1] > middle[2]
    same_picture("survival", picture)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_is_short_has_a_test_and_a_small_picture(path):
    assert f"test_{path.stem}" in globals()
    assert len(path.read_text(encoding="utf-8").splitlines()) < 60
    assert (
        0 < (ROOT / "docs" / "pictures" / "examples" / f"{path.stem}.png").stat().st_size < 80_000
    )
