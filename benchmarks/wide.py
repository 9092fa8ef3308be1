"""Wide tables, columns about as many as rows or more, beside scikit-learn's best.

    python benchmarks/wide.py [--data directory-of-the-tables] [--seeds 10]
    [--only factors,friedman,linear,jump,colon,select,sets] [--first 0]

factors: 200 rows of p columns made of five factors, whose mean is the target. friedman: Friedman
#1 among p columns, noise 1. linear: five effects, 3, -2, 2, 1 and -1, noise 2. jump: Friedman #1,
200 rows, on both sides of as many columns as a fold has rows. In these the error is the mean
squared difference on 2,000 new rows, from the target in factors, else from the noiseless function,
over its variance. colon: 62 rows, 2,000 genes, log-loss on a third of the rows. select: what the
randomization test finds at a false discovery rate of 0.1. sets: accuracy of 500 extra trees and of
scikit-learn's network on the predictors that `selection=k, relax=True` keeps, of them alone.

Peers choose by five-fold cross-validation, as tautnet does: LassoCV, RidgeCV over 41 strengths,
LogisticRegressionCV over 13. Rows are put into README.md as they are made.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from common import ON_DISK, timed, write_rows

REAL = 5


def friedman(rng, n_rows, n_columns):
    X = rng.uniform(size=(n_rows, n_columns))
    bent = 10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2
    return X, bent + 10 * X[:, 3] + 5 * X[:, 4]


def linear(rng, n_rows, n_columns):
    X = rng.normal(size=(n_rows, n_columns))
    return X, X[:, :REAL] @ np.array([3.0, -2.0, 2.0, 1.0, -1.0])


def factors(rng, n_rows, n_columns):
    """Columns of five factors and noise; the loadings do not depend on the rows."""
    loadings = np.random.default_rng(n_columns).normal(size=(REAL, n_columns))
    hidden = rng.normal(size=(n_rows, REAL))
    X = hidden @ loadings + rng.normal(size=(n_rows, n_columns))
    return X, hidden.mean(axis=1) * np.sqrt(REAL)


def regression(make, noise, n_rows, n_columns, seed):
    """Rows to fit, their target, new rows, and what is to be predicted for these."""
    rng = np.random.default_rng([seed, n_rows, n_columns])
    X, mean = make(rng, n_rows, n_columns)
    X_new, mean_new = make(rng, 2000, n_columns)
    y = mean + noise * rng.normal(size=n_rows)
    if make is factors:
        mean_new = mean_new + noise * rng.normal(size=2000)
    return X, y, X_new, mean_new


def tautnet_model(name, task, seed, **options):
    import tautnet as tn

    if name == "adaptive_group":
        name = "group"
        options["adaptive"] = True
    cls = tn.TautNetRegressorCV if task == "regression" else tn.TautNetClassifierCV
    return cls(name, network="plain", random_state=seed, n_jobs=2, **options)


def peer(name):
    from sklearn.linear_model import LassoCV, LogisticRegressionCV, RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def logistic(penalty, solver):
        return LogisticRegressionCV(
            Cs=np.logspace(-4, 2, 13),
            cv=5,
            l1_ratios=(1.0 if penalty == "l1" else 0.0,),
            solver=solver,
            scoring="neg_log_loss",
            max_iter=2000,
            use_legacy_attributes=False,
        )

    makers = {
        "lasso": lambda: LassoCV(cv=5),
        "ridge": lambda: RidgeCV(np.logspace(-2, 6, 41)),
        "logistic l1": lambda: logistic("l1", "liblinear"),
        "logistic l2": lambda: logistic("l2", "lbfgs"),
    }
    return make_pipeline(StandardScaler(), makers[name]())


PEERS = ("lasso", "ridge", "logistic l1", "logistic l2")


def measured(name, data, task, seed, **options):
    """Loss on new rows, real and other predictors kept, stationarity at the choice, seconds."""
    X, y, X_new, target = data
    if name in PEERS:
        model = peer(name)
    else:
        model = tautnet_model(name, task, seed, **options)
    _, seconds = timed(lambda: model.fit(X, y))
    if task == "regression":
        loss = np.mean((model.predict(X_new) - target) ** 2) / target.var()
    else:
        shares = model.predict_proba(X_new)
        own = shares[np.arange(len(target)), np.searchsorted(model.classes_, target)]
        loss = -np.log(np.clip(own, 1e-15, 1)).mean()
    if name in PEERS:
        return loss, np.nan, np.nan, np.nan, seconds
    kept = model.selected_features_
    path = model.path_
    at = np.abs(np.log(path.alphas / model.alpha_)).argmin()
    return loss, kept[:REAL].sum(), kept[REAL:].sum(), path.stationarity[at], seconds


def compared(title, names, tables, seeds, task="regression", **options):
    """Put the models of some tables side by side; a model that is not a peer names its peer."""
    found = {}
    for name in names:
        found[name] = np.array(
            [measured(name, tables(seed), task, seed, **options) for seed in seeds]
        )
    for name, beside in names.items():
        loss, real, others, stationarity, seconds = found[name].T
        ratio = "" if beside is None else f"{loss.mean() / found[beside][:, 0].mean():.2f}"
        is_own = name not in PEERS
        row = {
            "table": title,
            "model": name,
            "seeds": len(loss),
            "loss, mean (largest)": f"{loss.mean():.3f} ({loss.max():.3f})",
            "beside": beside or "",
            "ratio of means": ratio,
            "all five kept in": f"{int((real == REAL).sum())}" if is_own else "",
            "others kept, median": f"{np.median(others):.0f}" if is_own else "",
            "stationarity, median (largest)": (
                f"{np.median(stationarity):.2f} ({stationarity.max():.2f})" if is_own else ""
            ),
            "seconds, median": f"{np.median(seconds):.1f}",
        }
        write_rows("wide", [row], 2)


def run_factors(seeds, data):
    for p in (100, 300, 1000, 3000):
        compared(
            f"factors, 200 x {p}",
            {"ridge": None, "l2": "ridge"},
            lambda seed, p=p: regression(factors, 0.25, 200, p, seed),
            seeds,
        )
        compared(
            f"factors, 200 x {p}, silu",
            {"ridge": None, "l2": "ridge"},
            lambda seed, p=p: regression(factors, 0.25, 200, p, seed),
            seeds,
            activation="silu",
        )


def run_friedman(seeds, data):
    for n, p in ((200, 210), (500, 520), (500, 1000)):
        compared(
            f"friedman, {n} x {p}",
            {"lasso": None, "ridge": None, "group": "lasso", "adaptive_group": "lasso"},
            lambda seed, n=n, p=p: regression(friedman, 1.0, n, p, seed),
            seeds,
        )


def run_linear(seeds, data):
    for n, p in ((100, 300), (300, 2000), (100, 2000)):
        compared(
            f"linear, {n} x {p}",
            {"lasso": None, "l1": "lasso", "group": "lasso", "adaptive_group": "lasso"},
            lambda seed, n=n, p=p: regression(linear, 2.0, n, p, seed),
            seeds,
        )


def run_jump(seeds, data):
    for p in (150, 190, 200, 210, 250):
        compared(
            f"jump, 200 x {p}",
            {"l2": None, "l1": None, "group": None, "adaptive_group": None},
            lambda seed, p=p: regression(friedman, 1.0, 200, p, seed),
            seeds,
        )


def run_colon(seeds, data):
    from sklearn.model_selection import train_test_split

    frame = pd.read_csv(Path(data) / "colon.csv.gz")
    y = frame.pop("y").astype(str).to_numpy()
    X = frame.to_numpy(float)

    def table(seed):
        rows = train_test_split(np.arange(len(y)), test_size=1 / 3, random_state=seed, stratify=y)
        train, test = rows
        return X[train], y[train], X[test], y[test]

    names = {
        "logistic l1": None,
        "logistic l2": None,
        "l2": "logistic l2",
        "l1": "logistic l1",
        "group": "logistic l1",
        "adaptive_group": "group",
    }
    compared("colon, 41 x 2000", names, table, seeds, "classification")


def run_select(seeds, data):
    import tautnet as tn

    for name, make, noise in (("linear", linear, 2.0), ("friedman", friedman, 1.0)):
        counts = []
        for seed in seeds:
            X, y, _, _ = regression(make, noise, 500, 1000, seed)
            start = time.perf_counter()
            found = tn.select_features(
                pd.DataFrame(X, columns=[f"x{j + 1}" for j in range(1000)]),
                y,
                random_state=seed,
                n_jobs=2,
            )
            real = {f"x{j + 1}" for j in range(REAL)}
            right = sorted(real & {*found.selected})
            false = len(found.selected) - len(right)
            counts.append((right, false, time.perf_counter() - start))
        each = [sum(f"x{j + 1}" in right for right, _, _ in counts) for j in range(REAL)]
        shares = [false / max(len(right) + false, 1) for right, false, _ in counts]
        row = {
            "table": f"{name}, 500 x 1000",
            "seeds": len(counts),
            "found, mean": f"{np.mean([len(right) for right, _, _ in counts]):.1f} of {REAL}",
            "x1 to x5 found in": " ".join(map(str, each)),
            "false share, mean": f"{np.mean(shares):.2f}",
            "seconds, median": f"{np.median([seconds for _, _, seconds in counts]):.1f}",
        }
        write_rows("wide-select", [row], 1)


def judged(X, X_new, y, y_new, seed):
    """Accuracy of extra trees and of a network on a set of predictors alone."""
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    trees = ExtraTreesClassifier(500, random_state=seed, n_jobs=2).fit(X, y)
    network = make_pipeline(
        StandardScaler(), MLPClassifier(random_state=seed, max_iter=500, early_stopping=False)
    ).fit(X, y)
    return trees.score(X_new, y_new), network.score(X_new, y_new)


def cpu_seconds(model, X, y):
    """Fit a model; the CPU time that this took, in seconds."""
    start = time.process_time()
    model.fit(X, y)
    return time.process_time() - start


def one_set(frame, y, k, seed):
    """Accuracies on one set of k predictors, their number, CPU time over the plain path's."""
    from sklearn.model_selection import train_test_split

    train, test = train_test_split(np.arange(len(y)), test_size=0.3, random_state=seed, stratify=y)
    X = frame.fillna(frame.iloc[train].median(numeric_only=True))
    X_train, X_test = X.iloc[train], X.iloc[test]
    plain = tautnet_model("group", "classification", seed)
    plain_seconds = cpu_seconds(plain, X_train, y[train])
    model = tautnet_model("group", "classification", seed, relax=True, selection=k)
    seconds = cpu_seconds(model, X_train, y[train])
    kept = X.columns[model.selected_features_]
    scores = judged(X_train[kept].to_numpy(), X_test[kept].to_numpy(), y[train], y[test], seed)
    return *scores, model.score(X_test, y[test]), len(kept), seconds / plain_seconds


def run_sets(seeds, data):
    for name, k in (("mice_protein", 8), ("isolet", 50)):
        frame = pd.read_csv(Path(data) / f"{name}.csv.gz")
        y = frame.pop(ON_DISK[name][0]).astype(str).to_numpy()
        scores = [one_set(frame, y, k, seed) for seed in list(seeds)[:3]]
        trees, network, own, n_kept, ratio = np.mean(scores, axis=0)
        row = {
            "table": name,
            "kept, at most": k,
            "seeds": len(scores),
            "kept, mean": f"{n_kept:.1f}",
            "trees": f"{trees:.3f}",
            "network": f"{network:.3f}",
            "own model": f"{own:.3f}",
            "CPU time over the plain path's": f"{ratio:.1f}",
        }
        write_rows("wide-sets", [row], 2)


PARTS = {
    "factors": run_factors,
    "friedman": run_friedman,
    "linear": run_linear,
    "jump": run_jump,
    "colon": run_colon,
    "select": run_select,
    "sets": run_sets,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default="data")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", default=",".join(PARTS))
    arguments = parser.parse_args()
    # Choices at an end of a path, and peers that have not converged.
    warnings.simplefilter("ignore")
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    for name in arguments.only.split(","):
        if name not in PARTS:
            raise SystemExit(f"no part {name!r}: use some of {', '.join(PARTS)}")
        own = range(arguments.first, arguments.first + 20) if name == "colon" else seeds
        PARTS[name](own, arguments.data)


if __name__ == "__main__":
    main()
