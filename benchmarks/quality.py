"""Test losses and seconds of tautnet's networks, and of peers, on real tables.

Usage: python benchmarks/quality.py --data DIR [--file quality.jsonl] [--methods plain,deep,...]
    [--half tuned|judged|all] [--seeds 2] [--write]

Every result is one line of the file, and is not computed again. The tables are split in two halves
by a hash of their names: recipes are tuned on one and judged on the other. At most 6,000 rows,
70 % of them to train; log-loss, or RMSE over the standard deviation of the test target.

Peers run in an environment of their own (pip install pytabkit, scikit-learn, pandas); of this
project they need nothing.
"""

import argparse
import hashlib
import json
import time
import warnings
from pathlib import Path

import numpy as np
from common import commit, load, machine, markdown, numbers, timed, write_section

MOST_ROWS = 6000
TABLES = (
    "sonar german_credit qsar_biodeg titanic spambase telco_churn waveform5000 adult concrete"
    " energy abalone ames california kin8nm"
).split()
NETWORKS = {
    "plain": {},
    "small": {"inputs": "splines"},
    "smooth": {"inputs": "smooth"},
    "deep": {"inputs": "splines", "hidden_layer_sizes": (64, 64), "activation": "silu"},
    "three": {"hidden_layer_sizes": (64, 64, 64), "activation": "silu"},
    "three smooth": {
        "inputs": "smooth",
        "hidden_layer_sizes": (64, 64, 64),
        "activation": "silu",
    },
    "three splines": {
        "inputs": "splines",
        "hidden_layer_sizes": (64, 64, 64),
        "activation": "silu",
    },
    "additive": {"inputs": "splines", "hidden_layer_sizes": ()},
}


def half(name):
    """The half that a table belongs to."""
    ranked = sorted(TABLES, key=lambda one: hashlib.sha256(one.encode()).hexdigest())
    return "tuned" if name in ranked[: len(ranked) // 2] else "judged"


def parts(name, data, seed):
    """Training and test rows of a table, as frames."""
    from sklearn.model_selection import train_test_split

    frame, y, task = load(name, data)
    rows = np.random.default_rng(0).permutation(len(y))[:MOST_ROWS]
    labels = y[rows] if task == "classification" else None
    train, test = train_test_split(rows, test_size=0.3, random_state=seed, stratify=labels)
    return frame, y, task, train, test


def loss_of(task, y, predicted, classes=None):
    """Log-loss of probabilities, or RMSE over the standard deviation of the target."""
    if task == "classification":
        at = np.searchsorted(classes, y)
        return float(-np.log(np.clip(predicted[np.arange(len(y)), at], 1e-15, 1)).mean())
    return float(np.sqrt(np.mean((predicted - y) ** 2)) / y.std())


def ours(name, frame, y, task, train, test, seed):
    """A network of tautnet's, its strength chosen by five folds."""
    import tautnet as tn

    name, ensemble, _ = name.partition(" mean")
    name, penalty, _ = name.partition(" penalty")
    kind = tn.TautNetClassifierCV if task == "classification" else tn.TautNetRegressorCV
    options = {"network": name} if name == "auto" else {"network": "plain"} | NETWORKS[name]
    options |= {"penalty": "auto"} if penalty else {}
    model = kind(random_state=seed, n_jobs=2, ensemble=bool(ensemble), **options)
    model.fit(frame.iloc[train], y[train])
    found = {"cv": model.cv_loss_, "stationarity": model.stationarity_}
    found |= {"chosen": model.network_} if hasattr(model, "network_") else {}
    found |= {"penalties": model.penalties_} if penalty else {}
    rows = frame.iloc[test]
    if task == "classification":
        return loss_of(task, y[test], model.predict_proba(rows), model.classes_), found
    return loss_of(task, y[test], model.predict(rows)), found


def linear(name, frame, y, task, train, test, seed):
    """Scikit-learn's linear models, their strength chosen by cross-validation."""
    from sklearn.linear_model import LogisticRegressionCV, RidgeCV

    X, Z = numbers(frame, train, test)
    if task == "classification":
        model = LogisticRegressionCV(
            Cs=np.logspace(-4, 3, 15), cv=5, scoring="neg_log_loss", max_iter=2000
        )
        model.fit(X, y[train])
        return loss_of(task, y[test], model.predict_proba(Z), model.classes_), {}
    model = RidgeCV(np.logspace(-3, 5, 33)).fit(X, y[train])
    return loss_of(task, y[test], model.predict(Z)), {}


def boosting(name, frame, y, task, train, test, seed):
    """Scikit-learn's boosted trees, early stopping of their own."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    X, Z = numbers(frame, train, test)
    kind = (
        HistGradientBoostingClassifier
        if task == "classification"
        else HistGradientBoostingRegressor
    )
    model = kind(early_stopping=True, max_iter=1000, learning_rate=0.05, random_state=seed)
    model.fit(X, y[train])
    if task == "classification":
        return loss_of(task, y[test], model.predict_proba(Z), model.classes_), {}
    return loss_of(task, y[test], model.predict(Z)), {}


def grid(name, frame, y, task, train, test, seed):
    """Scikit-learn's network, its shape and strength chosen by a grid of five folds."""
    from sklearn.model_selection import GridSearchCV
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    X, Z = numbers(frame, train, test)
    is_class = task == "classification"
    choices = {
        "alpha": np.logspace(-4, 1, 6),
        "hidden_layer_sizes": [(100,), (100, 100)],
        "learning_rate_init": [1e-3, 1e-2],
    }
    kind = MLPClassifier if is_class else MLPRegressor
    network = kind(max_iter=300, early_stopping=True, n_iter_no_change=20, random_state=seed)
    scoring = "neg_log_loss" if is_class else "neg_mean_squared_error"
    model = GridSearchCV(network, choices, cv=5, scoring=scoring, n_jobs=2)
    centre, scale = (0.0, 1.0) if is_class else (y[train].mean(), y[train].std())
    model.fit(X, y[train] if is_class else (y[train] - centre) / scale)
    if is_class:
        return loss_of(task, y[test], model.predict_proba(Z), model.classes_), {}
    return loss_of(task, y[test], model.predict(Z) * scale + centre), {}


def tuned_defaults(name, frame, y, task, train, test, seed):
    """A method of pytabkit with its authors' tuned defaults, for the loss that is measured."""
    import pytabkit

    frame = with_categories(frame, train)
    is_class = task == "classification"
    kind = getattr(pytabkit, f"{name}_{'Classifier' if is_class else 'Regressor'}")
    options = {"val_metric_name": "cross_entropy" if is_class else "rmse"}
    if is_class and name == "RealMLP_TD":
        # Its authors smooth labels for accuracy, not for probabilities.
        options["use_ls"] = False
    model = kind(random_state=seed, device="cpu", n_threads=2, **options)
    if is_class:
        model.fit(frame.iloc[train], y[train])
        predicted = model.predict_proba(frame.iloc[test])
        return loss_of(task, y[test], predicted, np.unique(y[train])), {}
    # Some of them know no target of whole numbers.
    model.fit(frame.iloc[train], y[train].astype(float))
    return loss_of(task, y[test], np.ravel(model.predict(frame.iloc[test]))), {}


def with_categories(frame, train):
    """Texts as categories, and the median of training rows for missing numbers."""
    columns = {}
    for name, column in frame.items():
        if column.dtype.kind in "biuf":
            columns[name] = column.fillna(column.iloc[train].median()).astype(float)
        else:
            columns[name] = column.astype(str).astype("category")
    return type(frame)(columns)


PEERS = {
    "linear": linear,
    "HistGradientBoosting": boosting,
    "MLP grid": grid,
    "LGBM_TD": tuned_defaults,
    "CatBoost_TD": tuned_defaults,
    "RealMLP_TD": tuned_defaults,
    "TabM_D": tuned_defaults,
}


def known(path):
    """Results of earlier runs, by table, seed and method."""
    if not path.exists():
        return {}
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {(one["table"], one["seed"], one["method"]): one for one in lines}


def run(arguments, tables):
    """Compute what is not known, a line each."""
    found = known(arguments.file)
    methods = arguments.methods.split(",")
    for name in tables:
        for seed in range(arguments.seeds):
            todo = [method for method in methods if (name, seed, method) not in found]
            if not todo:
                continue
            rows = parts(name, arguments.data, seed)
            for method in todo:
                one = {"table": name, "seed": seed} | result(method, rows, seed)
                with arguments.file.open("a") as file:
                    file.write(json.dumps(one) + "\n")
                print(json.dumps(one), flush=True)


def result(method, rows, seed):
    """The test loss of a method, and the seconds of its fit and predictions."""
    call = PEERS.get(method, ours)
    cpu = time.process_time()
    (loss, more), seconds = timed(lambda: call(method, *rows, seed))
    cpu = time.process_time() - cpu
    return {
        "method": method,
        "loss": loss,
        "seconds": seconds,
        "cpu": cpu,
        "commit": commit(),
    } | more


def ratios(found, method, base, which, what="loss"):
    """Logarithms of a method's losses, or seconds, over those of another, on one half or all."""
    return [
        np.log(one[what] / found[table, seed, base][what])
        for (table, seed, own), one in found.items()
        if own == method and (table, seed, base) in found and which in (half(table), "all")
    ]


def summary(found, methods, base="plain"):
    """For each method the geometric mean of its losses and times over those of one network."""
    for method in methods:
        row = {"method": method}
        for which in ("tuned", "judged", "all"):
            logs = np.array(ratios(found, method, base, which))
            error = logs.std(ddof=1) / np.sqrt(len(logs))
            row[f"loss, {which}"] = f"{np.exp(logs.mean()):.3f} ± {error:.3f}"
        row["worst"] = f"{np.exp(max(ratios(found, method, base, 'all'))):.2f}"
        row["CPU time"] = f"{np.exp(np.mean(ratios(found, method, base, 'all', 'cpu'))):.1f}"
        yield row


def against_peers(found):
    """The loss of the network chosen over that of each peer, and of the best of them in hindsight.

    Of a table and a seed where a peer was not run, nothing is said of it.
    """
    best = {}
    for (table, seed, method), one in found.items():
        if method in PEERS:
            known = best.get((table, seed), one)
            best[table, seed] = min(known, one, key=lambda result: result["loss"])
    hindsight = {(*key, "best"): one for key, one in best.items()}
    for peer in (*PEERS, "best"):
        row = {"peer": "the best of them, in hindsight" if peer == "best" else peer}
        for which in ("tuned", "judged", "all"):
            logs = -np.array(ratios(found | hindsight, peer, "auto", which))
            if len(logs) > 1:
                error = logs.std(ddof=1) / np.sqrt(len(logs))
                row[f"loss over the peer's, {which}"] = f"{np.exp(logs.mean()):.3f} ± {error:.3f}"
        # Some were run on one split alone, since they take long.
        row["splits"] = len(logs)
        yield row


def ranks(found):
    """The mean rank of the network chosen and of the peers that were run on all splits."""
    from scipy.stats import rankdata

    splits = [(table, seed) for table, seed, method in found if method == "auto"]
    methods = ["auto", *(p for p in PEERS if all((*split, p) in found for split in splits))]
    regressions = "concrete energy abalone ames california kin8nm".split()
    losses = np.array([[found[*split, method]["loss"] for method in methods] for split in splits])
    is_regression = np.array([table in regressions for table, _ in splits])
    for i, method in enumerate(methods):
        own = rankdata(losses, axis=1)[:, i]
        yield {
            "method": method,
            "mean rank, classification": f"{own[~is_regression].mean():.2f}",
            "mean rank, regression": f"{own[is_regression].mean():.2f}",
        }


def by_table(found, methods):
    """The mean loss of each method on each table, and the network that was chosen."""
    for table in TABLES:
        seeds = sorted({seed for one, seed, _ in found if one == table})
        row = {"table": table, "half": half(table)}
        for method in methods:
            losses = [found[table, s, method]["loss"] for s in seeds if (table, s, method) in found]
            row[method] = f"{np.mean(losses):.3f}"
        chosen = [found[table, s, "auto"]["chosen"] for s in seeds]
        row["chosen"] = ", ".join(sorted({name_of(one) for one in chosen}))
        yield row


def name_of(chosen):
    """The name of a network by its arguments."""
    from tautnet.objective.networks import NETWORKS as NAMED

    sizes = tuple(chosen["hidden_layer_sizes"])
    return next(
        name
        for name, network in NAMED.items()
        if (network.hidden_layer_sizes, network.inputs) == (sizes, chosen["inputs"])
    )


def main():
    """Run, then print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path, default=Path("."))
    parser.add_argument("--file", type=Path, default=Path("quality.jsonl"))
    parser.add_argument("--methods", default="plain,auto,HistGradientBoosting,linear")
    parser.add_argument("--half", default="all")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="put the tables into README.md")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    run(arguments, [name for name in TABLES if arguments.half in (half(name), "all")])
    if not arguments.write:
        return
    found = known(arguments.file)
    methods = arguments.methods.split(",")
    write_section("networks", markdown(list(summary(found, methods))))
    write_section("networks-tables", markdown(list(by_table(found, methods))))
    write_section("networks-peers", markdown(list(against_peers(found))))
    write_section("networks-ranks", markdown(list(ranks(found))))
    write_section("networks-machine", machine())


if __name__ == "__main__":
    main()
