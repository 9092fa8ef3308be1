"""Reference numbers for Cox's model, from lifelines and scikit-survival: run with both installed.

    pip install lifelines scikit-survival
    python tests/reference/cox.py

Writes cox_rows.csv, a seeded table with ties and censoring, and cox_coefficients.csv, what the two
packages make of it. Versions are in the second file.
"""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.metrics import concordance_index_censored
from sksurv.util import Surv

HERE = Path(__file__).parent
COLUMNS = ["a", "b", "c"]


def draw_rows(n_rows=80, seed=0):
    """Standardised columns, times of which some are censored, and weights.

    Times are in whole weeks, so that many are tied; weights are whole numbers.
    """
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 3))
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    times = np.ceil(10 * rng.exponential(np.exp(-X @ [0.8, -0.5, 0.0])))
    censored = np.ceil(rng.uniform(2, 30, size=n_rows))
    frame = pd.DataFrame(X, columns=COLUMNS)
    return frame.assign(
        time=np.minimum(times, censored),
        event=(times <= censored) * 1,
        weight=rng.integers(1, 4, size=n_rows),
    )


def by_lifelines(rows):
    """Efron's ties, unpenalised, each row of weight w standing w times."""
    repeated = (
        rows.loc[rows.index.repeat(rows["weight"])].drop(columns="weight").reset_index(drop=True)
    )
    for name, table in (("rows alike", rows.drop(columns="weight")), ("repeated", repeated)):
        fit = CoxPHFitter().fit(table, "time", "event", fit_options={"precision": 1e-12})
        yield dict(zip(COLUMNS, fit.params_, strict=True)) | {
            "program": f"lifelines {version('lifelines')}",
            "ties": "efron",
            "rows": name,
            "alpha": 0.0,
        }


def by_scikit_survival(rows):
    """Both kinds of ties, by scikit-survival.

    Its alpha is a sum over columns of half the square, beside the sum over rows.
    """
    X, y = rows[COLUMNS], Surv.from_arrays(rows["event"] == 1, rows["time"])
    for ties in ("breslow", "efron"):
        for alpha in (0.0, 5.0):
            fit = CoxPHSurvivalAnalysis(alpha=alpha, ties=ties, tol=1e-14, n_iter=200).fit(X, y)
            c_index = concordance_index_censored(rows["event"] == 1, rows["time"], fit.predict(X))[
                0
            ]
            times, chances = (
                fit.unique_times_,
                fit.predict_survival_function(X.iloc[:1], return_array=True)[0],
            )
            yield dict(zip(COLUMNS, fit.coef_, strict=True)) | {
                "program": f"scikit-survival {version('scikit-survival')}",
                "ties": ties,
                "rows": "rows alike",
                "alpha": alpha,
                "c_index": c_index,
                "survives_10": chances[np.searchsorted(times, 10, side="right") - 1],
            }


if __name__ == "__main__":
    rows = draw_rows()
    rows.to_csv(HERE / "cox_rows.csv", index=False)
    results = pd.DataFrame([*by_lifelines(rows), *by_scikit_survival(rows)])
    results.to_csv(HERE / "cox_coefficients.csv", index=False)
    print(results.to_string())
