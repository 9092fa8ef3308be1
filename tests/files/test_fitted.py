"""A fitted model without JAX: columns by name, blocks of rows, and what does not apply."""

import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from random_models import make_model, with_odd_cells

from tautnet.estimators.models import TautNetRegressor
from tautnet.objective.prediction import BLOCK, Predictor, average_outputs
from tautnet.tables.errors import TableError
from tautnet.tables.scaling import Scaling
from tautnet.tables.spelling import Unseen


def test_columns_are_found_by_name_and_what_does_not_apply_says_so():
    fitted, table = make_model("regression")
    shuffled = table[table.columns[::-1]].assign(more="x")
    assert_array_equal(fitted.predict(shuffled), fitted.predict(table))
    with pytest.raises(TableError, match="the table lacks 1 of the model's predictors: 'size'"):
        fitted.predict(table.drop(columns="size"))
    with pytest.raises(
        TableError,
        match=r"an array of 9 columns is needed, as the model was fitted on, not \(3, 2\)",
    ):
        fitted.predict(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="a model of regression has no classes"):
        fitted.predict_proba(table)
    with pytest.raises(ValueError, match="a model of regression knows no times"):
        fitted.predict_survival_function(table)


def test_a_table_in_parts_gives_the_same_bits_as_the_whole():
    rng = np.random.default_rng(0)
    layers = rng.normal(size=(5, 100)), rng.normal(size=(100, 1))
    biases = rng.normal(size=100), rng.normal(size=1)
    scaling, unit = (
        Scaling(rng.normal(size=5), rng.uniform(1, 2, size=5)),
        Scaling(np.zeros(1), np.ones(1)),
    )
    member = Predictor(scaling, layers, biases, rng.normal(size=(5, 1)), "silu", unit, "identity")
    X = rng.normal(size=(2 * BLOCK + 77, 5))
    whole = average_outputs([member, member], X)
    parts = [average_outputs([member, member], X[i : i + BLOCK]) for i in range(0, len(X), BLOCK)]
    assert_array_equal(np.concatenate(parts), whole)
    # Columns that stand in memory one after the other are rounded alike, too.
    assert_array_equal(average_outputs([member, member], np.asfortranarray(X)), whole)


def test_a_frame_of_no_rows_has_no_predictions():
    fitted, table = make_model()
    assert (
        fitted.predict_proba(table.iloc[:0]).shape == (0, 2)
        and len(fitted.predict(table.iloc[:0])) == 0
    )


def test_a_notebook_shows_a_model_and_nothing_of_a_stranger_runs():
    hostile = "<script>alert('x')</script> & \"quoted\""
    X = pd.DataFrame({hostile: np.arange(40.0) % 7, "b, c": np.arange(40.0) % 3, "d": 0.0})
    fitted = TautNetRegressor("l1", 0.01, hidden_layer_sizes=()).fit(
        X, (X[hostile] + X["b, c"]).rename(hostile)
    )
    shown = fitted.to_fitted()._repr_html_()
    assert "<script" not in shown and '"quoted"' not in shown
    texts = [cell.text for cell in ET.fromstring(shown).iter("td")]
    assert texts[:2] == ["TautNetRegressor", f"{hostile} (regression)"]
    assert texts[2] == "l1, alpha 0.01, as given" and texts[4].startswith("converged to ")
    assert texts[3] == f"2 of 3 kept: {hostile}, 'b, c'"


@pytest.mark.parametrize(
    "task, columns",
    [
        ("classification", ["prediction", "probability_a", 'probability_"b"']),
        ("multilabel", ["prediction_0", "prediction_1", "probability_a", 'probability_"b"']),
        ("regression", ["prediction_0", "prediction_1"]),
        ("survival", ["risk"]),
    ],
)
def test_the_table_of_predictions_names_its_columns(task, columns):
    fitted, table = make_model(task, classes=("a", '"b"'))
    odd = with_odd_cells(table)
    unseen = Unseen()
    predicted = fitted.table(odd, unseen)
    assert predicted.columns.tolist() == columns
    own = predicted[[name for name in columns if not name.startswith("probability")]].to_numpy()
    with pytest.warns(UserWarning) as said:
        assert_array_equal(own[:, 0] if own.shape[1] == 1 else own, fitted.predict(odd))
    assert str(said[0].message) == "; ".join(unseen.sentences())
