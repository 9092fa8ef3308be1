"""Cox's model against what other programs make of the same rows.

Its cross-validated likelihood is held against its definition.
"""

from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest
from cases import LOSSES, draw_target
from numpy.testing import assert_allclose, assert_array_equal

import tautnet as tn
from tautnet.objective.prediction import survival_function
from tautnet.objective.survival import (
    CoxPartialLikelihood,
    _cumulative_logsumexp,
    baseline_hazard,
    concordance,
)

REFERENCE = Path(__file__).parents[1] / "reference"
ROWS = pd.read_csv(REFERENCE / "cox_rows.csv")
COEFFICIENTS = pd.read_csv(REFERENCE / "cox_coefficients.csv")
X, Y = ROWS[["a", "b", "c"]], ROWS[["time", "event"]]
SOLVED = dict(hidden_layer_sizes=(), tol=1e-8, max_iter=20_000)

pytestmark = pytest.mark.usefixtures("compile_quickly")


def fit(ties, alpha, X=X, Y=Y, sample_weight=None):
    penalty = (
        {"penalty": "l2", "alpha": alpha, "alpha_min_ratio": 0.1} if alpha else {"penalty": "none"}
    )
    return tn.TautNetSurvival(**penalty, ties=ties, **SOLVED).fit(X, Y, sample_weight=sample_weight)


@pytest.mark.parametrize(
    "case", [case for _, case in COEFFICIENTS.iterrows()], ids=lambda c: f"{c.program} {c.ties}"
)
def test_without_a_hidden_layer_it_is_the_cox_model_of_other_programs(case):
    rows = ROWS.loc[ROWS.index.repeat(ROWS["weight"])] if case["rows"] == "repeated" else ROWS
    rows = rows.reset_index(drop=True)
    # Scikit-survival's alpha is that of the sum over rows, ours of the mean.
    model = fit(
        case["ties"], case["alpha"] / len(rows), rows[["a", "b", "c"]], rows[["time", "event"]]
    )
    ours = model.coefs_[0][:, 0] / model.scaling_.inputs.scale
    assert_allclose(ours, case[["a", "b", "c"]].astype(float), atol=1e-5)
    if not np.isnan(case["c_index"]):
        assert model.score(X, Y) == pytest.approx(case["c_index"], abs=1e-12)
    if case["ties"] == "breslow":
        ours = model.predict_survival_function(X[:1], times=[10.0])[0, 0]
        assert ours == pytest.approx(case["survives_10"], abs=1e-5)


def test_a_weight_of_2_is_the_row_twice_in_the_risk_sets_too():
    weighted = fit("breslow", 0.05, sample_weight=ROWS["weight"])
    rows = ROWS.loc[ROWS.index.repeat(ROWS["weight"])].reset_index(drop=True)
    repeated = fit("breslow", 0.05, rows[["a", "b", "c"]], rows[["time", "event"]])
    assert_allclose(weighted.coefs_[0], repeated.coefs_[0], atol=1e-8)
    assert np.abs(weighted.coefs_[0] - fit("breslow", 0.05).coefs_[0]).max() > 0.01
    times = weighted.event_times_
    for model in (weighted, repeated):
        assert_allclose(
            model.predict_survival_function(X, times),
            weighted.predict_survival_function(X, times),
            atol=1e-8,
        )


def test_curves_are_steps_between_the_times_that_were_seen(tmp_path):
    model = fit("breslow", 0.05)
    seen, events = np.unique(ROWS["time"]), np.unique(ROWS["time"][ROWS["event"] == 1])
    assert_array_equal(model.unique_times_, seen)
    assert_array_equal(model.event_times_, events)
    loaded = tn.load(model.save(tmp_path / "model.taut"))
    for one in (model, loaded):
        values = one.predict_survival_function(X, return_array=True)
        assert_array_equal(values, one.predict_survival_function(X, times=seen))
        hazards = one.predict_cumulative_hazard_function(X, return_array=True)
        assert_allclose(hazards, -np.log(values), atol=1e-12)
        curves = one.predict_survival_function(X)
        for curve, row in zip(curves[:3], values, strict=False):
            assert_array_equal(curve(seen), row)
            assert_array_equal(curve(seen[1:] - 1e-9), row[:-1])
            assert curve(0) == 1 and curve(float(seen[2])) == row[2]
            assert curve.domain == (0, seen[-1])
            with pytest.raises(ValueError, match="the times must be from 0 to .* give times="):
                curve(seen[-1] + 1)
        assert one.predict_cumulative_hazard_function(X)[0](0.0) == 0
        later = one.predict_survival_function(X, times=[seen[-1] + 1])
        assert_array_equal(later[:, 0], values[:, -1])


def test_files_of_earlier_versions_know_the_times_of_events_alone():
    fitted = fit("breslow", 0.05).to_fitted()
    times = fitted.attributes.pop("unique_times_")
    [curve] = fitted.predict_survival_function(X[:1])
    assert_array_equal(curve.x, fitted.attributes["event_times_"])
    assert len(times) > len(curve.x)


def likelihood(y, f, w):
    """Log partial likelihood, Breslow's ties, by its definition."""
    time = np.abs(y)
    total = 0.0
    for i in np.flatnonzero(y > 0):
        total += w[i] * (f[i] - np.log(w[time >= time[i]] @ np.exp(f[time >= time[i]])))
    return total


def efron(y, f):
    """Log partial likelihood, Efron's ties, unweighted, by its definition."""
    time, total = np.abs(y), 0.0
    for t in np.unique(time[y > 0]):
        tied = (time == t) & (y > 0)
        at_risk, dying, d = np.exp(f[time >= t]).sum(), np.exp(f[tied]).sum(), tied.sum()
        total += f[tied].sum() - sum(np.log(at_risk - k / d * dying) for k in range(d))
    return total


def draw(n_rows=70, seed=0):
    rng = np.random.default_rng(seed)
    loss = LOSSES["Cox, Breslow"][0]
    y = draw_target(loss, n_rows, 1, rng)
    return y, rng.normal(size=(n_rows, 1)), rng.choice([0.0, 1.0, 2.0], n_rows)


def test_the_loss_is_minus_the_mean_partial_likelihood():
    y, f, w = draw()
    share, scaled = w / w.sum(), w / w[w > 0].mean()
    expected = -likelihood(y[:, 0], f[:, 0], scaled) / w.sum() * w[w > 0].mean()
    with jax.enable_x64(True):
        breslow = CoxPartialLikelihood().mean_value(y, f, share)
        alike = np.full(len(y), 1 / len(y))
        by_efron = CoxPartialLikelihood("efron").mean_value(y, f, alike)
        padded = [np.pad(a, [(0, 9), *[(0, 0)] * (a.ndim - 1)]) for a in (y, f, share)]
        assert CoxPartialLikelihood().mean_value(*padded) == pytest.approx(
            float(breslow), rel=1e-12
        )
    assert breslow == pytest.approx(expected, rel=1e-12)
    assert by_efron == pytest.approx(-efron(y[:, 0], f[:, 0]) / len(y), rel=1e-12)
    in_sample = np.average(CoxPartialLikelihood().fitted_metric(y, f, w), weights=w)
    # The cumulative hazards of all rows sum to the number of events.
    assert in_sample == pytest.approx(expected + share @ (y[:, 0] > 0), rel=1e-12)


def test_new_rows_are_scored_by_the_difference_of_two_partial_likelihoods():
    y, f, w = draw()
    order = np.random.default_rng(1).permutation(len(y))
    y, f, w = y[order], f[order], w[order]
    new, old = np.arange(len(y)) < 25, np.arange(len(y)) >= 25
    scaled = w / w[w > 0].mean()
    whole = likelihood(y[:, 0], f[:, 0], scaled)
    expected = likelihood(y[old, 0], f[old, 0], scaled[old]) - whole
    parts = CoxPartialLikelihood().new_metric(y[new], f[new], w[new], (y[old], f[old], w[old]))
    assert scaled[new] @ parts == pytest.approx(expected, rel=1e-10)
    assert np.all(parts[y[new, 0] < 0] >= 0)
    # Better risks, lower loss.
    worse = CoxPartialLikelihood().new_metric(y[new], -f[new], w[new], (y[old], f[old], w[old]))
    assert scaled[new] @ parts != pytest.approx(scaled[new] @ worse)


@pytest.mark.parametrize("n", [1, 5, 32, 33, 100])
def test_cumulative_logsumexp(n):
    terms = np.random.default_rng(n).normal(size=n) * 50
    with jax.enable_x64(True):
        assert_allclose(_cumulative_logsumexp(terms), np.logaddexp.accumulate(terms), rtol=1e-12)


def test_concordance_by_its_definition():
    y, f, w = draw(40)
    right = pairs = 0.0
    for i in range(40):
        for j in range(40):
            if y[i, 0] > 0 and (abs(y[j, 0]) > y[i, 0] or -y[j, 0] == y[i, 0]):
                pairs += w[i] * w[j]
                right += w[i] * w[j] * ((f[i, 0] > f[j, 0]) + 0.5 * (f[i, 0] == f[j, 0]))
    assert concordance(y, f[:, 0], w) == pytest.approx(right / pairs)
    assert concordance(y, np.zeros(40), w) == 0.5
    assert np.isnan(concordance(-np.abs(y), f[:, 0], w))
    # Pairs of different folds are not compared: a shift between folds changes nothing.
    fold = np.arange(40) % 2
    one = concordance(y, f[:, 0], w, fold)
    assert one == pytest.approx(concordance(y, f[:, 0] + 100 * fold, w, fold))
    assert one != pytest.approx(concordance(y, f[:, 0] + 100 * fold, w))


def test_the_baseline_of_equal_risks_is_the_nelson_aalen_estimate():
    y = np.array([[1.0], [2.0], [2.0], [-3.0], [4.0]])
    times, hazard = baseline_hazard(y, np.zeros((5, 1)), np.ones(5))
    assert times.tolist() == [1, 2, 4]
    assert_allclose(hazard, np.cumsum([1 / 5, 2 / 4, 1 / 1]))
    chances = survival_function(times, hazard, np.array([[0.0], [1.0]]), np.array([0.5, 2.0, 9.0]))
    assert_allclose(chances[0], np.exp(-np.array([0, 0.7, 1.7])))
    assert_allclose(chances[1], np.exp(-np.e * np.array([0, 0.7, 1.7])))


TARGETS = {
    "two columns": Y.to_numpy(float),
    "a frame": Y,
    "event first, as truth values": pd.DataFrame({"e": Y["event"] == 1, "t": Y["time"]}),
    "a structured array": np.array(
        list(zip(Y["event"] == 1, Y["time"], strict=True)), dtype=[("event", bool), ("time", float)]
    ),
}


def test_every_form_of_the_target_says_the_same():
    models = [fit("breslow", 0.05, Y=y) for y in TARGETS.values()]
    for model in models[1:]:
        assert np.array_equal(model.coefs_[0], models[0].coefs_[0])
    times_alone = fit("breslow", 0.05, Y=Y["time"])
    assert np.array_equal(
        times_alone.coefs_[0], fit("breslow", 0.05, Y=Y.assign(event=1)).coefs_[0]
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"time": -1}, "80 times in 'time' are not above 0"),
        ({"time": 0}, "not above 0"),
        ({"time": np.inf}, "not above 0"),
        ({"time": np.nan}, "Input y contains NaN"),
        ({"event": 2}, "events must be true or false"),
        ({"event": 0}, "no row has an event"),
        ({"extra": 1}, "two columns, time and event, not 3"),
    ],
)
def test_wrong_targets_are_refused(change, says):
    with pytest.raises(ValueError, match=says):
        fit("breslow", 0.05, Y=Y.assign(**change))


def test_cross_validation_chooses_a_network_for_a_hazard_that_is_not_linear(programs):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 3))
    times = rng.exponential(np.exp(-2 * np.abs(X[:, 0])))
    y = np.column_stack([np.minimum(times, 1.0), times < 1.0])
    options = dict(cv=3, random_state=0, alpha_min_ratio=1e-3)
    network = tn.TautNetSurvivalCV("group", hidden_layer_sizes=(8,), **options).fit(X, y)
    linear = tn.TautNetSurvivalCV("group", hidden_layer_sizes=(), **options).fit(X, y)
    assert (
        network.cv_results_["mean_test_loss"].min()
        < linear.cv_results_["mean_test_loss"].min() - 0.1
    )
    assert network.score(X, y) > linear.score(X, y) + 0.1
    plain = tn.TautNetSurvival(
        "group", network.alpha_, hidden_layer_sizes=(8,), random_state=0, alpha_min_ratio=1e-3
    )
    np.testing.assert_array_equal(plain.fit(X, y).predict(X), network.predict(X))


def test_compare_takes_survival(programs):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3))
    times = rng.exponential(np.exp(-X[:, 0]))
    y = pd.DataFrame({"t": np.minimum(times, 2.0), "e": times < 2.0})
    result = tn.compare(
        X, y, task="survival", penalties=["l2", "group"], cv=3, hidden_layer_sizes=(4,)
    ).result
    assert result["task"] == "survival" and result["linear"]["score_name"] == "c_index"
    assert result["linear"]["vs_null"]["ci_low"] > 0 and result["rows"][0]["test_score"] > 0.65
    assert 0 < result["linear"]["test_loss"] < result["null"]["test_loss"]
