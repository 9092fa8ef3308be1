"""Models of every task with random weights and a table of every kind of column, without a fit."""

import numpy as np
import pandas as pd
import pytest

from tautnet.cli import main
from tautnet.files.fitted import FittedModel
from tautnet.objective.prediction import Limits, Predictor
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.scaling import Scaling, expand, fit_scaling

# Between what most outputs of a model of quantities are, and beyond that many.
NARROW = Limits(np.array([9900.0, 9950.5]), np.array([10100.0, 10300.25]))
HOSTILE = ['say "no"', "it's\ntwo lines", "🎈", "", "nan", "missing", "?"]
N_ROWS = 90


def make_table(seed=0):
    """Numbers with and without missing cells, dates, truth values, and categories.

    Names and levels are hostile.
    """
    rng = np.random.default_rng(seed)
    levels = np.array([*HOSTILE, "seldom", "never"], dtype=object)
    town = levels[np.append(np.arange(N_ROWS - 2) % len(HOSTILE), [7, 8])]
    table = pd.DataFrame(
        {
            "size": rng.normal(50, 20, N_ROWS),
            "probabilities": np.where(rng.random(N_ROWS) < 0.2, np.nan, rng.normal(size=N_ROWS)),
            "only whether": np.where(rng.random(N_ROWS) < 0.3, np.nan, 7.0),
            'a "day"\n': np.datetime64("2024-02-29T06:00", "us")
            + np.arange(N_ROWS) * np.timedelta64(1, "D"),
            "": rng.integers(0, 2, N_ROWS).astype(bool),
            "town'); --": np.where(rng.random(N_ROWS) < 0.1, None, town),
            "zip": rng.integers(100, 104, N_ROWS).astype(str),
            "code": pd.Categorical(
                np.where(rng.random(N_ROWS) < 0.2, np.nan, rng.integers(1, 4, N_ROWS))
            ),
            "idle": rng.normal(size=N_ROWS),
        }
    )
    return table.iloc[rng.permutation(N_ROWS)].reset_index(drop=True)


def with_odd_cells(table, seed=1):
    """The table with missing cells in every column and levels that were not seen."""
    rng = np.random.default_rng(seed)
    odd = {}
    for name, cells in table.items():
        odd[name] = cells.astype(object).where(rng.random(len(table)) > 0.3, None)
        if isinstance(cells.dtype, pd.CategoricalDtype | pd.StringDtype) or cells.dtype == object:
            odd[name] = odd[name].where(rng.random(len(table)) > 0.2, "not seen")
    return pd.DataFrame(odd)


def run_command(monkeypatch, *arguments):
    """Run the command in this process; its exit code."""
    monkeypatch.setattr("sys.argv", ["tautnet", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0


MEANS = {
    "classification": "softmax",
    "multilabel": "expit",
    "regression": "identity",
    "survival": "identity",
}


def make_model(
    task="classification",
    classes=("no", "yes"),
    hidden=(4,),
    activation="relu",
    skip=True,
    n_members=1,
    mean=None,
    table=None,
    idle=("idle",),
    limits=None,
    inputs="standardised",
    seed=0,
):
    """A fitted model with random weights, and the table that its encoder has learned.

    Some predictors have no weights.
    """
    rng = np.random.default_rng(seed)
    table = make_table() if table is None else table
    encoder = TableEncoder().fit(table)
    X = encoder.transform(table)
    classes = np.array(classes) if task in ("classification", "multilabel") else None
    binary = task == "classification" and len(classes) == 2
    n_outputs = 1 if binary or classes is None else len(classes)
    if task == "regression" and mean is None:
        n_outputs = 2
    weighs = ~np.isin(np.array(encoder.predictors)[encoder.column_predictor], idle)

    def member():
        rows = rng.permutation(N_ROWS)[: N_ROWS // 2]
        scaling = fit_scaling(X[rows])
        if inputs != "standardised":
            scaling = expand(scaling, X, np.ones(len(rows)), rows, inputs)
        heard = weighs[scaling.source, np.newaxis]
        sizes = [len(heard), *hidden, n_outputs]
        layers = [
            rng.normal(size=pair) / np.sqrt(pair[0])
            for pair in zip(sizes[:-1], sizes[1:], strict=True)
        ]
        beside = rng.normal(size=(len(heard), n_outputs)) if skip and hidden else None
        layers[0] *= heard
        if hidden:
            # A unit that is constant, and one that nothing listens to.
            layers[0][:, 0], layers[-1][-1] = 0.0, 0.0
        if beside is not None:
            beside *= heard
        scaled = task == "regression" and mean is None
        target = Scaling(
            *(np.full(n_outputs, value) for value in ((1e4, 300.0) if scaled else (0.0, 1.0)))
        )
        biases = tuple(rng.normal(size=size) for size in sizes[1:])
        name = mean or ("two_classes" if binary else MEANS[task])
        return Predictor(scaling, tuple(layers), biases, beside, activation, target, name, limits)

    members = tuple(member() for _ in range(n_members))
    attributes = {
        "coefs_": [*members[0].layers],
        "skip_coef_": members[0].skip,
        "n_rows_": N_ROWS,
        "n_iter_": 1,
        "n_outputs_": n_outputs,
        "train_loss_": 0.1,
        "stationarity_": 0.1,
        "objective_gap_": 0.1,
        "selected_features_": ~np.isin(table.columns, idle),
        "feature_importances_": np.ones(table.shape[1]),
    }
    if classes is not None:
        attributes["classes_"] = classes
    model = FittedModel(
        estimator="TautNetClassifier",
        parameters={"penalty": "l1", "alpha": 0.1},
        task=task,
        target="y",
        metric="loss",
        encoder=encoder,
        members=members,
        attributes=attributes,
        unit={"record": "Unit"},
        versions={"tautnet": "0"},
    )
    return model, table
