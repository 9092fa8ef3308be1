"""Paths under L2 with 5-fold cross-validation, against scikit-learn's grid.

    python benchmarks/speed.py --data DIR [--tables breast_cancer,digits] [--splits 5]

Both fit 100 relu units, without a skip, on the same standardised numbers at the same 50 strengths
and on the same folds, with two jobs at once, and are judged on the 30 % of rows that neither saw.
scikit-learn's ``alpha`` is divided by the number of rows (lbfgs) or of a batch (adam), and is
scaled to mean the same; its other settings are its defaults. The rows of a table are put into
README.md as soon as they are there, in the place of older ones.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from common import machine, paired, parts, timed, write_rows, write_section

ALPHAS = 10.0 ** np.linspace(-5, 0, 50)
TABLES = {"breast_cancer": 5, "digits": 5, "diabetes": 5, "german_credit": 5, "satimage": 1}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", help="directory of the tables that scikit-learn does not bundle")
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument(
        "--splits", type=int, help="splits of each table; by default five, of satimage one"
    )
    parser.add_argument("--once", nargs=2, metavar=("TABLE", "SEED"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.once:
        name, seed = arguments.once
        _, seconds = timed(lambda: tautnet_cv(*parts(name, arguments.data, int(seed))))
        print(seconds)
        return
    for name in arguments.tables.split(","):
        loss, time = measure(name, arguments.data, arguments.splits or TABLES[name])
        write_rows("speed-times", [time], 1)
        write_rows("speed-losses", [loss], 1)
    write_section("speed-machine", machine())


def tautnet_cv(X_train, X_test, y_train, y_test, task):
    """Fitted estimator, least CV loss and test loss."""
    import tautnet as tn

    kind = tn.TautNetClassifierCV if task == "classification" else tn.TautNetRegressorCV
    model = kind("l2", alphas=ALPHAS, cv=5, skip=False, n_jobs=2, random_state=0)
    model.fit(X_train, y_train)
    return model.cv_results_["mean_test_loss"].min(), test_loss(model, X_test, y_test, task)


def sklearn_cv(X_train, X_test, y_train, y_test, task, solver):
    """Least CV loss and test loss of scikit-learn's grid."""
    from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    if task == "classification":
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        kind = MLPClassifier
        scoring = "neg_log_loss"
    else:
        folds = KFold(5, shuffle=True, random_state=0)
        kind = MLPRegressor
        scoring = "neg_mean_squared_error"
    rows = len(y_train) if solver == "lbfgs" else min(200, len(y_train))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = kind(hidden_layer_sizes=(100,), solver=solver, random_state=0)
        grid = GridSearchCV(network, {"alpha": rows * ALPHAS}, cv=folds, n_jobs=2, scoring=scoring)
        grid.fit(X_train, y_train)
    return -grid.best_score_, test_loss(grid, X_test, y_test, task)


def test_loss(model, X, y, task):
    """Log-loss or mean squared error on rows that the model has not seen."""
    from sklearn.metrics import log_loss

    if task == "regression":
        return np.square(model.predict(X) - y).mean()
    return log_loss(y, model.predict_proba(X), labels=model.classes_)


def measure(name, data, n_splits):
    """Rows of the two tables: losses, and times."""
    results = run_all(name, data, n_splits)
    seconds = {key: np.median([s for _, s in value]) for key, value in results.items()}
    faster = min(("lbfgs", "adam"), key=seconds.get)
    first, second = fresh_processes(name, data)
    time = {
        "table": name,
        "tautnet, s": f"{seconds['tautnet']:.3g}",
        "lbfgs, s": f"{seconds['lbfgs']:.3g}",
        "adam, s": f"{seconds['adam']:.3g}",
        "times faster than the faster": f"{seconds[faster] / seconds['tautnet']:.1f}",
        "first call of a process, s (times faster)": (
            f"{second:.3g} ({seconds[faster] / second:.1f})"
        ),
        "very first, nothing cached, s (times faster)": (
            f"{first:.3g} ({seconds[faster] / first:.1f})"
        ),
    }
    return losses(name, results, n_splits), time


def run_all(name, data, n_splits):
    """Side -> list of ((CV loss, test loss), seconds); ours are there twice for each split."""
    results = {key: [] for key in ("tautnet", "lbfgs", "adam")}
    for seed in range(n_splits):
        own = parts(name, data, seed)
        tautnet_cv(*own)
        results["tautnet"].append(timed(lambda own=own: tautnet_cv(*own)))
        for solver in ("lbfgs", "adam"):
            results[solver].append(timed(lambda own=own, solver=solver: sklearn_cv(*own, solver)))
        results["tautnet"].append(timed(lambda own=own: tautnet_cv(*own)))
    return results


def losses(name, results, n_splits):
    """The row of losses."""
    row = {"table": name, "splits": n_splits}
    test = {}
    for key, value in results.items():
        # Ours are there twice for each split.
        once = value[::2] if key == "tautnet" else value
        test[key] = [loss for (_, loss), _ in once]
        cv = np.mean([loss for (loss, _), _ in value])
        row[f"{key}: CV / test"] = f"{cv:.4f} / {np.mean(test[key]):.4f}"
    for solver in ("lbfgs", "adam"):
        row[f"test, tautnet - {solver}"] = paired(test["tautnet"], test[solver], ".4f")
    return row


def fresh_processes(name, data):
    """Seconds of the first call of a process: with nothing cached, and with programs on disk."""
    command = [sys.executable, __file__, "--once", name, "0"]
    if data:
        command += ["--data", data]
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"TAUTNET_CACHE": cache}
        runs = [
            subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            for _ in range(4)
        ]
    seconds = [float(run.stdout.split()[-1]) for run in runs]
    return seconds[0], np.median(seconds[1:])


if __name__ == "__main__":
    main()
