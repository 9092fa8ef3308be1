"""`compare` on tables whose answer is known."""

import numpy as np
import pytest
from sklearn.model_selection import KFold

from tautnet import TautNetRegressorCV, compare
from tautnet.engine import adam
from tautnet.tables import datasets


def on(table, **options):
    options = {"hidden_layer_sizes": (20,), "n_jobs": 2, **options}
    return compare(table.frame.drop(columns=table.target), table.frame[table.target], **options)


@pytest.fixture(scope="module")
def linear():
    """y is linear in two of ten predictors.

    All penalties are compared, as where none are named.
    """
    return on(datasets.linear_two(n_rows=200, seed=1), cv=3)


def by_name(comparison):
    return {row["penalty"]: row for row in comparison.result["rows"]}


def test_pure_noise_teaches_nothing():
    table = datasets.pure_noise(n_rows=200, seed=0)
    noise = on(table, penalties=("none", "l2", "group"), cv=3)
    assert "There is nothing to learn here" in noise.verdict
    assert "Use " not in noise.verdict
    assert noise.result["over_fitted"] is True
    assert noise.result["claims"]["learns"]["holds"] is False


def test_a_linear_target_needs_no_network_and_two_predictors(linear):
    assert "Use the linear model" in linear.verdict
    assert "No network beats the linear model by more than a percentage point." in linear.verdict
    assert linear.result["claims"]["network_needed"]["holds"] is False
    assert by_name(linear)["group"]["one_se"]["predictors_kept"] == 2
    norms = np.array(linear.detail["penalties"]["group"]["path"]["norms"])
    at = linear.detail["penalties"]["group"]["path"]["alphas"].index(
        by_name(linear)["group"]["one_se"]["alpha"]
    )
    assert (norms[at] > 0).tolist() == [True, True] + [False] * 8
    # The adaptive path finds them without that rule, and its time counts the first path.
    adaptive = by_name(linear)["adaptive_group"]
    assert adaptive["predictors_kept"] == 2
    assert adaptive["seconds"] > by_name(linear)["group"]["seconds"]


def test_the_one_se_choice_of_group_finds_the_two_predictors_in_most_draws():
    """A draw may keep noise too: the rule's standard error is an estimate from five folds."""
    kept = []
    for seed in range(4):
        frame, target = datasets.linear_two(n_rows=200, seed=seed)
        model = TautNetRegressorCV(
            "group", selection="1se", hidden_layer_sizes=(20,), random_state=0, n_jobs=2
        )
        kept.append(model.fit(frame.drop(columns=target), frame[target]).selected_features_)
    assert all(one[:2].all() for one in kept)
    assert sum(one.sum() == 2 for one in kept) >= 3


def test_xor_needs_a_network():
    comparison = on(datasets.xor(n_rows=200, n_noise=1), penalties=("l2",), cv=3)
    assert "The network beats a linear model" in comparison.verdict


def test_rows_agree_with_each_other(linear):
    rows = by_name(linear)
    assert list(rows) == ["none", "l2", "l1", "elasticnet", "group", "adaptive_group"]
    for row in [*rows.values(), linear.result["linear"], linear.result["chosen"]]:
        assert row["gap"] == pytest.approx(row["test_loss"] - row["train_loss"])
        assert row["vs_null"]["diff"] == pytest.approx(
            linear.result["null"]["test_loss"] - row["test_loss"]
        )
        assert 0 <= row["stationarity"] <= 1
        if row["vs_none"]:
            assert row["vs_none"]["diff"] == pytest.approx(
                rows["none"]["test_loss"] - row["test_loss"]
            )
    assert rows["none"]["vs_none"] is None and linear.result["linear"]["vs_linear"] is None
    assert linear.result["best"] == min(rows, key=lambda name: rows[name]["test_loss"])
    assert linear.result["over_fitted"] is True and rows["none"]["gap"] > 0
    for name in ("l1", "elasticnet", "group", "adaptive_group"):
        assert rows[name]["zero_weights"] > 0
        assert rows[name]["one_se"]["alpha"] >= rows[name]["alpha"]


def test_the_detail_holds_what_the_report_draws(linear):
    detail = linear.detail
    assert detail["predictors"] == [f"x{i}" for i in range(1, 11)]
    assert len(detail["predictions"]["prediction"]) == 200
    for one in detail["penalties"].values():
        assert len(one["cv_mean"]) == len(one["alphas"]) == len(one["train_mean"])
        assert len(one["path"]["norms"][0]) == 10
    assert detail["none"]["steps"][-1] == 2000


def test_the_model_is_that_of_the_recommended_row(linear):
    assert linear.recommended == linear.result["delivered"] == "linear"
    row = linear.result["linear"]
    model = linear.model
    assert model.penalty == "l2" and model.hidden_layer_sizes == ()
    assert (model.alpha_, model.stationarity_) == (row["alpha"], row["stationarity"])
    assert sum((w == 0).sum() for w in model.coefs_) == row["zero_weights"]
    assert model.selected_features_.sum() == row["predictors_kept"]


def test_a_frame_of_the_rows(linear):
    frame = linear.frame()
    assert frame.index.tolist() == [
        "none",
        "l2",
        "l1",
        "elasticnet",
        "group",
        "adaptive_group",
        "linear",
        "boosting",
        "chosen",
    ]
    assert frame.loc["l2", "test_loss"] == by_name(linear)["l2"]["test_loss"]
    assert repr(linear).startswith("Comparison(table, recommended=")


def test_each_step_is_compiled_once_for_each_family_and_shape():
    table = datasets.linear_two(n_rows=90, n_predictors=3)
    before = set(adam.adam_full.compiled)
    on(table, hidden_layer_sizes=(3,), cv=3, penalties=("l2", "l1", "group"))
    new = [key for key in adam.adam_full.compiled if key not in before]
    # Chains leave two folds, one or none out: at most three shapes; l2 and l1 are one family,
    # group the other.
    assert 2 <= len(new) <= 6


def test_classes_weights_and_groups():
    table = datasets.xor(n_rows=90, n_noise=1)
    groups, weight = np.arange(90) // 3, 1.0 + np.arange(90) % 2
    plain, grouped, weighted, split = (
        on(table, **dict(penalties=["l2"], hidden_layer_sizes=(), cv=3) | options).result
        for options in ({}, {"groups": groups}, {"sample_weight": weight}, {"cv": KFold(3)})
    )
    assert plain["task"] == "classification" and plain["metric"] == "log-loss"
    assert len({one["rows"][0]["test_loss"] for one in (plain, grouped, weighted, split)}) == 4
    assert len({one["null"]["test_loss"] for one in (plain, weighted)}) == 2


def test_groups_and_factors_of_predictors():
    """Groups are what is counted, and a factor of 0 keeps its group.

    It presses the linear model less too.
    """
    table = datasets.linear_two(n_rows=60, n_predictors=3)
    options = dict(penalties=["group"], hidden_layer_sizes=(), cv=3, selection="1se")
    groups = {"rest": ["x3"], "real": ["x2", "x1"]}
    grouped = on(table, feature_groups=groups, **options)
    freed = on(table, feature_groups=groups, penalty_factors=(0, 1), **options)
    assert freed.model.penalty_factors_.tolist() == [0, 1]
    assert grouped.detail["predictors"] == ["rest", "real"] and grouped.result["n_predictors"] == 2
    assert grouped.detail["penalties"]["group"]["exit_order"] == ["rest", "real"]
    assert freed.detail["penalties"]["group"]["exit_alpha"][0] is None
    assert freed.result["linear"]["test_loss"] != grouped.result["linear"]["test_loss"]


@pytest.mark.parametrize(
    "options, says",
    [
        (
            {"penalties": ["l1"], "feature_groups": {"a": [0, 1, 2]}},
            "feature_groups=.* does nothing here: it needs a penalty of whole predictors: group",
        ),
        ({"feature_groups": {"a": [0]}}, "leaves out x2, x3; name each column once"),
        ({"penalty_factors": (1, 1)}, "penalty_factors must be 3 finite numbers"),
        ({"cv": KFold(3), "repeats": 2}, "repeats=2 does nothing here: .* a number of folds as cv"),
        (
            {"cv": KFold(3), "ordered": True},
            "ordered=True does nothing here: .* a number of folds as cv",
        ),
        ({"penalties": ["lasso"]}, r"penalties=\['lasso'\] is not a list, .* of some of none, l2"),
        ({"penalties": ["relaxed_group"]}, r"penalties=\['relaxed_group'\] is not a list"),
        ({"penalties": []}, r"penalties=\[\] is not a list"),
        ({"penalties": ["l2", "l2"]}, "name at least one penalty, and each once"),
        ({"penalties": "l2"}, r"penalties='l2' is not a list, as \['l2'\]"),
        ({"hidden_layer_sizes": (6, 0)}, r"hidden_layer_sizes=\(6, 0\) is not a number of units"),
        ({"cv": 2}, "cv=2 is not a number of folds, at least 3"),
        ({"selection": "best"}, "selection='best' is not one of min, 1se"),
        ({"precision": "float16"}, "precision='float16' is not one of float32, float64"),
        ({"tol": 0.0}, "tol=0.0 is not a finite number above 0"),
        ({"max_iter": 0}, "max_iter=0 is not an integer of at least 1"),
        ({"alpha_min_ratio": 2.0}, "alpha_min_ratio=2.0 is not 'auto' or a number above 0"),
        ({"hidden_layer_sizes": (), "activation": "tanh"}, "it needs a hidden layer"),
        ({"hidden_layer_sizes": (), "precision": "float64"}, "it needs a hidden layer"),
        ({"activation": "gelu"}, "activation='gelu'"),
        ({"l1_ratio": 2}, "l1_ratio=2 is not a number from 0 to 1"),
        (
            {"penalties": ["l2"], "l1_ratio": 0.9},
            "l1_ratio=0.9 does nothing here: it needs the penalty elasticnet or sparse_group",
        ),
        ({"penalties": ["hierarchical"], "skip": False}, "needs a hidden layer and skip=True"),
        ({"ordered": True, "repeats": 2}, "leaves nothing to draw: use one of them"),
        ({"ordered": True, "groups": np.arange(60)}, "by groups: use one of them"),
        ({"groups": np.arange(59)}, "groups has 59 entries and X has 60 rows"),
        ({"groups": "x1"}, "groups='x1' is a name: give the column itself"),
        ({"groups": np.zeros((60, 2))}, "groups has 2 dimensions"),
        ({"groups": [None, *range(59)]}, "groups is missing .* for 1 of 60 rows"),
        ({"groups": [0.0, np.nan, *range(58)]}, "groups is missing .* for 1 of 60 rows"),
        ({"groups": np.arange(60) % 2}, "2 groups are fewer than 5 folds"),
        ({"groups": np.zeros(60)}, "all rows are of one group"),
        ({"repeats": 0}, "repeats=0 is not an integer of at least 1"),
        ({"sample_weight": -np.ones(60)}, "negative"),
        ({"sample_weight": np.ones(59)}, "one finite number a row"),
    ],
)
def test_wrong_arguments_are_refused_in_one_line(options, says):
    with pytest.raises(ValueError, match=says) as raised:
        on(datasets.linear_two(n_rows=60, n_predictors=3), **options)
    assert "\n" not in str(raised.value)


def test_one_layer_may_be_a_number():
    table = datasets.linear_two(n_rows=60, n_predictors=3)
    one, other = (
        on(table, penalties=["l2"], cv=3, hidden_layer_sizes=sizes, deliver="l2")
        for sizes in (4, (4,))
    )
    assert one.result["rows"][0]["test_loss"] == other.result["rows"][0]["test_loss"]
    assert one.model.hidden_layer_sizes == (4,)


def test_a_target_given_by_name_is_told_how():
    table = datasets.linear_two(n_rows=60, n_predictors=3)
    with pytest.raises(ValueError, match=r"y='y' is a name: .* X.drop\(columns='y'\), X\['y'\]"):
        compare(table.frame, "y")
