"""Test losses and seconds of tautnet's networks, and of peers, on real tables.

Usage: python benchmarks/quality.py --data DIR [--file quality.jsonl] [--methods plain,deep,...]
    [--half tuned|judged|all] [--seeds 2] [--print]

Every result is one line of the file, and is not computed again. The tables are split in two halves
by a hash of their names: recipes are tuned on one and judged on the other. At most 6,000 rows,
70 % of them to train; log-loss, or RMSE over the standard deviation of the test target.
"""

import argparse
import hashlib
import json
import time
import warnings
from pathlib import Path

import numpy as np
from common import load, machine, numbers

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

    name, _, ensemble = name.partition(" mean")
    kind = tn.TautNetClassifierCV if task == "classification" else tn.TautNetRegressorCV
    options = {"network": name} if name == "auto" else {"network": "plain"} | NETWORKS[name]
    model = kind(random_state=seed, n_jobs=2, ensemble=bool(ensemble), **options)
    model.fit(frame.iloc[train], y[train])
    found = {"cv": model.cv_loss_, "stationarity": model.stationarity_}
    found |= {"chosen": model.network_} if hasattr(model, "network_") else {}
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


PEERS = {"linear": linear, "HistGradientBoosting": boosting}


def known(path):
    """Results of earlier runs, by table, seed and method."""
    if not path.exists():
        return {}
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {(one["table"], one["seed"], one["method"]): one for one in lines}


def run(arguments, tables):
    """Compute what is not known, a line each."""
    found = known(arguments.file)
    for name in tables:
        for seed in range(arguments.seeds):
            todo = [m for m in arguments.methods.split(",") if (name, seed, m) not in found]
            if not todo:
                continue
            rows = parts(name, arguments.data, seed)
            for method in todo:
                call = PEERS.get(method, ours)
                start = time.perf_counter(), time.process_time()
                loss, more = call(method, *rows, seed)
                one = {"table": name, "seed": seed, "method": method, "loss": loss}
                one |= {"seconds": time.perf_counter() - start[0]}
                one |= {"cpu": time.process_time() - start[1]} | more
                with arguments.file.open("a") as file:
                    file.write(json.dumps(one) + "\n")
                print(json.dumps(one), flush=True)


def report(found, tables, methods, base):
    """Geometric-mean ratios of losses and of CPU times to one method, by half."""
    print(f"| method | {' | '.join(['tuned', 'judged', 'all', 'cpu'])} |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for method in methods:
        cells = []
        for which in ("tuned", "judged", "all"):
            pairs = [
                (one["loss"], found[t, s, base]["loss"])
                for (t, s, m), one in found.items()
                if m == method and (t, s, base) in found and which in (half(t), "all")
            ]
            if not pairs:
                cells.append("")
                continue
            logs = np.log([own / other for own, other in pairs])
            cells.append(f"{np.exp(logs.mean()):.3f} ± {logs.std() / len(logs) ** 0.5:.3f}")
        cpu = [
            one["cpu"] / found[t, s, base]["cpu"]
            for (t, s, m), one in found.items()
            if m == method and (t, s, base) in found
        ]
        cells.append(f"{np.exp(np.mean(np.log(cpu))):.1f}" if cpu else "")
        print(f"| {method} | {' | '.join(cells)} |")


def main():
    """Run, then print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path, default=Path("."))
    parser.add_argument("--file", type=Path, default=Path("quality.jsonl"))
    parser.add_argument("--methods", default="plain,small,deep,linear,HistGradientBoosting")
    parser.add_argument("--half", default="all")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--print", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    tables = [name for name in TABLES if arguments.half in (half(name), "all")]
    if not arguments.print:
        run(arguments, tables)
    print(machine())
    report(known(arguments.file), tables, arguments.methods.split(","), "plain")


if __name__ == "__main__":
    main()
