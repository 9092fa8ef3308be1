"""A penalty knows itself: one that a user registers works wherever the built-in ones do."""

import contextlib
import io
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from group_scad import ADAPTIVE, KIND

import tautnet as tn
from tautnet.cli import main
from tautnet.objective import registry
from tautnet.tables.datasets import linear_two
from tautnet.views.plotting import penalty_name

TABLE = linear_two(n_rows=60, n_predictors=4, seed=1)
X = TABLE.frame.drop(columns="y")
Y = TABLE.frame["y"]
SMALL: dict[str, Any] = dict(hidden_layer_sizes=(4,), random_state=0)

# Runs where the penalty is not registered, and where that has to be said.
STRANGER = """
import sys
import pandas as pd
import tautnet as tn
from tautnet.cli import main

sys.argv = ["tautnet", "show", "m.taut"]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
assert "jax" not in sys.modules
model = tn.load("m.taut")
X = pd.read_csv("rows.csv")
print("file predicts", *(value.hex() for value in model.predict(X)))
estimator = model.to_estimator()
print("estimator predicts", *(value.hex() for value in estimator.predict(X)))
try:
    estimator.fit(X, X["x1"])
except ValueError as error:
    print("refused:", error)
"""


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The penalty and its adaptive form are registered for one test."""
    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))
    tn.register_penalty(KIND)
    tn.register_penalty(ADAPTIVE)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run the command in this process and in a directory of its own; what it printed."""
    (tmp_path / "t.csv").write_text(TABLE.frame.to_csv(index=False))
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> str:
        out = io.StringIO()
        err = io.StringIO()
        monkeypatch.setattr(sys, "argv", ["tautnet", *arguments])
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as end,
        ):
            main()
        assert not end.value.code, err.getvalue()
        return out.getvalue()

    return command


@pytest.fixture(scope="module")
def comparison() -> tn.Comparison:
    """The penalty and its adaptive form beside two others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_KINDS", dict(registry._KINDS))
        tn.register_penalty(KIND)
        tn.register_penalty(ADAPTIVE)
        names = ["none", "l2", "scad_twice", "group_scad"]
        return tn.compare(X, Y, penalties=names, cv=3, **SMALL)


def test_it_stands_in_every_list_of_names() -> None:
    assert "group_scad" in registry.estimator_names()
    assert "scad_twice" not in registry.estimator_names()
    for names in (registry.compared_names(), registry.names_where("is_joint")):
        assert {"group_scad", "scad_twice"} <= {*names}
    assert "group_scad" not in registry.default_names()


def test_a_plain_estimator_fits_it_and_it_takes_predictors_out() -> None:
    kept = [
        tn.TautNetRegressor("group_scad", alpha, **SMALL).fit(X, Y).selected_features_.sum()
        for alpha in (1e-3, 0.4, 3.0)
    ]
    assert kept[0] == 4 and 0 < kept[1] < 4 and kept[2] == 0


def test_a_linear_map_is_solved_to_the_penalty_s_own_minimum() -> None:
    model = tn.TautNetRegressor("group_scad", 0.13, hidden_layer_sizes=()).fit(X, Y)
    assert model.stationarity_ < 0.05
    assert model.selected_features_.tolist() == [True, True, False, False]
    # Weights beyond aλ are not shrunk: they are those of least squares.
    assert (model.feature_importances_[:2] > 3.7 * 0.13).all()
    columns = np.column_stack([X[["x1", "x2"]], np.ones(len(Y))])
    solution = np.linalg.lstsq(columns, Y.to_numpy(), rcond=None)[0]
    np.testing.assert_allclose(model.predict(X), columns @ solution, atol=0.01)


@pytest.mark.parametrize("selection", ["min", "1se", 2])
def test_cross_validation_chooses_its_strength(selection: str | int) -> None:
    model = tn.TautNetRegressorCV("group_scad", cv=3, selection=selection, **SMALL).fit(X, Y)
    assert len(model.alphas_) > 20
    rules = {"min": model.alpha_min_, "1se": model.alpha_1se_}
    if isinstance(selection, str):
        assert model.alpha_ == rules[selection]
    else:
        assert model.selected_features_.sum() <= selection
    assert tn.CVDisplay.from_estimator(model).penalty == "group_scad"


def test_groups_factors_and_refits_go_with_it() -> None:
    factors = [1.0, 1.0, 0.0, 1.0]
    kept = tn.TautNetRegressor("group_scad", 10.0, penalty_factors=factors, **SMALL).fit(X, Y)
    assert kept.selected_features_.tolist() == [False, False, True, False]
    groups = {"a": ["x1", "x4"], "b": ["x2", "x3"]}
    together = tn.TautNetRegressor("group_scad", 1e-3, feature_groups=groups, **SMALL).fit(X, Y)
    assert together.selected_features_.all()
    refits = tn.TautNetRegressorCV("group_scad", cv=3, relax=True, selection=2, **SMALL).fit(X, Y)
    assert len(refits.relaxed_results_["n_features"]) > 1


def test_its_path_ends_where_all_predictors_have_left() -> None:
    path = tn.fit_path(X, Y, penalty="group_scad", **SMALL)
    assert path.n_features[0] == 4 and path.n_features[-1] == 0
    assert path.n_features.min() == 0 and np.isfinite(path.stationarity).all()


def test_a_comparison_speaks_of_it(comparison: tn.Comparison, tmp_path: Path) -> None:
    rows = {row["penalty"]: row for row in comparison.result["rows"]}
    kept = rows["group_scad"]["predictors_kept"]
    frame = comparison.frame()
    assert frame.loc["group_scad", "predictors_kept"] == kept
    assert rows["group_scad"]["one_se"]["predictors_kept"] <= kept
    page = comparison.to_html(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "group_scad" in page and "scad_twice" in page
    counts = tn.PredictorsDisplay.from_comparison(comparison)
    assert counts is not None
    assert {"group_scad", "scad_twice"} <= {*counts.frame().index.get_level_values("penalty")}
    assert tn.PathDisplay.from_comparison(comparison, "group_scad").frame().shape[1] == 4


def test_its_adaptive_form_is_the_estimator_s(comparison: tn.Comparison) -> None:
    rows = {row["penalty"]: row for row in comparison.result["rows"]}
    assert rows["scad_twice"]["test_loss"] != rows["group_scad"]["test_loss"]
    twice = tn.TautNetRegressor("group_scad", 0.1, adaptive=True, **SMALL)
    assert penalty_name(twice) == "scad_twice"
    plain = tn.TautNetRegressor("group_scad", 0.1, **SMALL).fit(X, Y)
    assert (twice.fit(X, Y).penalty_factors_ != plain.penalty_factors_).any()
    with pytest.raises(ValueError, match="scad_twice"):
        tn.TautNetRegressor("scad_twice", 0.1, **SMALL).fit(X, Y)


def test_it_may_be_the_one_to_use() -> None:
    linear: dict[str, Any] = dict(hidden_layer_sizes=(), cv=3)
    comparison = tn.compare(X, Y, penalties=["scad_twice", "group_scad"], **linear)
    name = comparison.recommended
    said = comparison.verdict
    assert f"Use the linear map under `{name}`: expect" in said
    assert "predictors: x1 and x2." in said and f"`{name}`, alpha" in said
    model = comparison.model
    assert model.penalty == "group_scad" and model.adaptive == (name == "scad_twice")
    assert model.score(X, Y) > 0.5


def test_the_command_compares_and_fits_it(command: Callable[..., str]) -> None:
    small = ["--target", "y", "--hidden", "4", "--cv", "3"]
    said = command("compare", "t.csv", "--penalties", "group_scad,l2", *small)
    assert re.search(r"^.*group_scad +\S", said, re.MULTILINE)
    said = command("fit", "t.csv", "--penalty", "group_scad", "--model", "m.taut", *small)
    assert "group_scad, alpha" in said
    twice = command("fit", "t.csv", "--penalty", "scad_twice", "--model", "n.taut", *small)
    assert "adaptive" in twice
    assert tn.load("n.taut").parameters["adaptive"] is True
    assert "group_scad" in command("show", "m.taut")


def test_a_model_file_gives_the_same_bits_back(tmp_path: Path) -> None:
    model = tn.TautNetRegressorCV("group_scad", cv=3, **SMALL).fit(X, Y)
    fitted = tn.load(model.save(tmp_path / "m.taut"))
    back = fitted.to_estimator()
    for other in (fitted, back):
        np.testing.assert_array_equal(other.predict(X), model.predict(X))
    assert back.get_params() == model.get_params()
    np.testing.assert_array_equal(back.fit(X, Y).coefs_[0], model.coefs_[0])
    names: dict[str, Any] = {}
    exec(fitted.equation(), names)
    assert names["predict"](X.iloc[0].to_dict()) == pytest.approx(model.predict(X)[0], rel=1e-6)


def test_where_it_is_not_registered_its_model_shows_and_predicts(
    tmp_path: Path, surroundings: dict[str, str]
) -> None:
    model = tn.TautNetRegressor("group_scad", 0.2, **SMALL).fit(X, Y)
    model.save(tmp_path / "m.taut")
    X.to_csv(tmp_path / "rows.csv", index=False)
    ended = subprocess.run(
        [sys.executable, "-c", STRANGER],
        cwd=tmp_path,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    shown, said = ended.stdout.split("file predicts ", 1)
    assert "group_scad, alpha 0.2" in shown
    one, other, refused = said.splitlines()
    bits = [value.hex() for value in model.predict(X)]
    assert one.split() == other.removeprefix("estimator predicts ").split() == bits
    assert refused.startswith("refused: ")
    assert "penalty='group_scad' is not one of" in refused
    assert "registered (tautnet.register_penalty adds others)" in refused


@pytest.mark.parametrize("name", ["l2", "none", "adaptive_group", "relaxed_group"])
def test_the_names_of_tautnet_are_taken(name: str) -> None:
    before = registry.penalty_kind(name)
    with pytest.raises(ValueError, match=f"'{name}' is a penalty of tautnet"):
        tn.register_penalty(replace(KIND, name=name))
    assert registry.penalty_kind(name) is before


@pytest.mark.parametrize("name", ["", "group scad", "group-scad", "3scad", "<b>", "a,b"])
def test_a_name_is_one_plain_word(name: str) -> None:
    with pytest.raises(ValueError, match="no plain word"):
        tn.register_penalty(replace(KIND, name=name))


def test_registered_again_it_is_the_new_one() -> None:
    tn.register_penalty(replace(KIND, help="Better."))
    assert registry.penalty_kind("group_scad").help == "Better."
    assert [kind.name for kind in registry.kinds()].count("group_scad") == 1
