"""A small table of every kind of column, and estimators of every class fitted on it, each once."""

from functools import cache

import numpy as np
import pandas as pd

import tautnet as tn

RNG = np.random.default_rng(0)
N_ROWS = 60
HOSTILE = ['say "no"', "two\nlines", "🎈", "", "nan", "a,b"]

TABLE = pd.DataFrame(
    {
        "size": np.where(np.arange(N_ROWS) % 7 == 3, np.nan, RNG.normal(size=N_ROWS)),
        'le"vel\n🎈': np.array(HOSTILE, dtype=object)[np.arange(N_ROWS) % len(HOSTILE)],
        "day": (np.datetime64("2024-02-29") + np.arange(N_ROWS)).astype("datetime64[us]"),
        "": RNG.integers(0, 2, N_ROWS).astype(bool),
    }
)
NUMBER = TABLE["size"].fillna(1).to_numpy() + TABLE[""].to_numpy() + 0.1 * RNG.normal(size=N_ROWS)
LABEL = np.array(HOSTILE[:2], dtype=object)[(NUMBER > np.median(NUMBER)).astype(int)]
THREE = np.digitize(NUMBER, np.quantile(NUMBER, [1 / 3, 2 / 3]))
TIMES = np.column_stack([np.exp(-NUMBER), np.arange(N_ROWS) % 4 > 0])
SMALL = dict(hidden_layer_sizes=(8,), random_state=0)
CV = SMALL | dict(alphas=[0.01, 0.1], cv=2)

MODELS = {
    "classifier": lambda: tn.TautNetClassifier(
        "group",
        0.05,
        feature_groups={"a": ["size", ""], 3: "day", "b": [1]},
        penalty_factors=[1.0, 0.5, 2.0],
        class_weight={HOSTILE[0]: 1.0, HOSTILE[1]: 2.0},
        **SMALL,
    ).fit(TABLE, LABEL),
    "three classes": lambda: tn.TautNetClassifierCV("l1", ensemble=True, **CV).fit(TABLE, THREE),
    "multilabel": lambda: tn.TautNetClassifier("l2", 0.1, hidden_layer_sizes=()).fit(
        TABLE, np.column_stack([NUMBER > 0, NUMBER > 1]).astype(int)
    ),
    "relaxed": lambda: tn.TautNetRegressorCV(
        "l1", relax=True, selection=1, hidden_layer_sizes=(), cv=2, ensemble=True
    ).fit(TABLE, NUMBER),
    "regressor": lambda: tn.TautNetRegressorCV("elasticnet", l1_ratio=0.9, **CV).fit(TABLE, NUMBER),
    "adaptive quantile": lambda: tn.TautNetRegressorCV(
        "sparse_group",
        adaptive=True,
        loss="quantile",
        quantile=0.3,
        hidden_layer_sizes=(),
        alphas=[0.01, 0.1],
        cv=2,
    ).fit(TABLE.astype({"size": "float32"}), NUMBER),
    "dropout": lambda: tn.TautNetClassifier("dropout", 0.2, **SMALL).fit(TABLE, LABEL),
    "two targets": lambda: tn.TautNetRegressor(
        "l2", 0.1, loss="huber", delta=1.0, hidden_layer_sizes=()
    ).fit(TABLE, np.column_stack([NUMBER, -NUMBER])),
    "counts": lambda: tn.TautNetRegressor(
        "none", loss="poisson", hidden_layer_sizes=(), finish=False
    ).fit(TABLE, np.round(np.exp(NUMBER.clip(-1, 2)))),
    "early stopping": lambda: tn.TautNetRegressor("early_stopping", activation="silu", **SMALL).fit(
        TABLE, NUMBER
    ),
    "survival": lambda: tn.TautNetSurvivalCV(
        "l1", ties="efron", hidden_layer_sizes=(), alphas=[0.01, 0.1], cv=2
    ).fit(TABLE, TIMES),
}


@cache
def fit_model(name):
    """A fitted estimator by name; tests share it and leave it as it is."""
    return MODELS[name]()
