"""A fitted model without JAX predicts what the estimator predicts, to the last bit, and turns back into it."""

import numpy as np
import pandas as pd
import pytest
from fitted_models import MODELS, TABLE, fit_model
from numpy.testing import assert_array_equal

from tautnet.objective.prediction import BLOCK, Predictor, average_outputs
from tautnet.tables.errors import TableError
from tautnet.tables.scaling import Scaling


def same(a, b):
    """Whether two values are equal to the last bit, of the same types, all the way down."""
    if isinstance(a, np.ndarray):
        same_kind = a.dtype.kind == b.dtype.kind and a.shape == b.shape
        return same_kind and bool(np.all([same(x, y) for x, y in zip(a, b, strict=True)]) if a.dtype == object else (
            a.tobytes() == b.tobytes()
        ))
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return same(attributes(a), attributes(b)) if hasattr(a, "__dict__") else a == b or a != a


def attributes(value):
    """All attributes, in the order of their names."""
    return dict(sorted(vars(value).items()))


def predictions(model, X):
    """All that a model predicts."""
    names = ["predict", "predict_proba", "predict_survival_function"]
    return {name: getattr(model, name)(X) for name in names if hasattr(model, name)}


@pytest.mark.parametrize("name", MODELS)
def test_predictions_are_equal_to_the_last_bit_and_the_estimator_comes_back(name):
    model = fit_model(name)
    fitted, rows = model.to_fitted(), TABLE.iloc[::-1].reset_index(drop=True)
    for method, expected in predictions(model, rows).items():
        assert same(getattr(fitted, method)(rows), expected), method
    assert same(fitted.to_estimator(), model)


def test_columns_are_found_by_name_and_what_does_not_apply_says_so():
    fitted = fit_model("regressor").to_fitted()
    shuffled = TABLE[TABLE.columns[::-1]].assign(more="x")
    assert_array_equal(fitted.predict(shuffled), fitted.predict(TABLE))
    with pytest.raises(TableError, match="the table lacks 1 of the model's predictors: 'size'"):
        fitted.predict(TABLE.drop(columns="size"))
    with pytest.raises(TableError, match=r"an array of 4 columns is needed, as the model was fitted on, not \(3, 2\)"):
        fitted.predict(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="a model of regression has no classes"):
        fitted.predict_proba(TABLE)
    with pytest.raises(ValueError, match="a model of regression knows no times"):
        fitted.predict_survival_function(TABLE)


def test_a_table_in_parts_gives_the_same_bits_as_the_whole():
    rng = np.random.default_rng(0)
    layers = rng.normal(size=(5, 100)), rng.normal(size=(100, 1))
    biases = rng.normal(size=100), rng.normal(size=1)
    scaling, unit = Scaling(rng.normal(size=5), rng.uniform(1, 2, size=5)), Scaling(np.zeros(1), np.ones(1))
    member = Predictor(scaling, layers, biases, rng.normal(size=(5, 1)), "silu", unit, "identity")
    X = rng.normal(size=(2 * BLOCK + 77, 5))
    whole = average_outputs([member, member], X)
    parts = [average_outputs([member, member], X[i : i + BLOCK]) for i in range(0, len(X), BLOCK)]
    assert_array_equal(np.concatenate(parts), whole)
    # Columns that stand in memory one after the other are rounded alike, too.
    assert_array_equal(average_outputs([member, member], np.asfortranarray(X)), whole)


def test_a_frame_of_no_rows_has_no_predictions():
    assert fit_model("classifier").to_fitted().predict_proba(TABLE.iloc[:0]).shape == (0, 2)
    assert len(fit_model("regressor").to_fitted().predict(pd.DataFrame(TABLE.iloc[:0]))) == 0
