"""Group paths with 5-fold cross-validation, against LassoNetCV at its defaults.

    python benchmarks/lassonet_paths.py --data DIR [--tables breast_cancer,mice_protein] [--splits
    5]

All see the same standardised numbers, 100 hidden units and the same rows, and are judged by
accuracy (R² on diabetes) on the 30 % of rows that none saw, with all predictors and with at most 5,
10, 20 and 40 of them. "Relaxed" is the group path with ``relax=True``: models of few predictors are
fitted anew on these. LassoNetCV's own path ends at the strength it chooses, so LassoNet's whole
path is fitted once more for the counts, and not timed. Each split is told, and each table has its
section of README.md, as soon as it is done. Seconds are those of the clock and, for what other work
on the machine takes no part in, those of the process on all cores.
"""

import argparse
import sys
import time

import numpy as np
from common import machine, markdown, paired, parts, write_section

TABLES = {"breast_cancer": 5, "mice_protein": 5, "diabetes": 5, "isolet": 1}
COUNTS = (5, 10, 20, 40, None)
# Name of a side of ours and whether it is relaxed.
OURS = {"tautnet": False, "relaxed": True}
OTHER = "LassoNetCV"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", help="directory of the tables that scikit-learn does not bundle")
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument(
        "--splits", type=int, help="splits of each table; by default five, of isolet one"
    )
    arguments = parser.parse_args()
    for name in arguments.tables.split(","):
        seconds, scores = measure(name, arguments.data, arguments.splits or TABLES[name])
        text = "\n\n".join([markdown([seconds]), markdown(scores), machine()])
        write_section(f"lassonet-{name}", text)


def both_timed(call):
    """What a call returns, and its seconds: of the clock, of the process."""
    clock = time.perf_counter()
    process = time.process_time()
    result = call()
    return result, (time.perf_counter() - clock, time.process_time() - process)


def tautnet_cv(own, selection, relax):
    """The fitted estimator."""
    import tautnet as tn

    X, _, y, _, task = own
    kind = tn.TautNetClassifierCV if task == "classification" else tn.TautNetRegressorCV
    options = {"selection": selection, "relax": relax, "network": "plain"}
    return kind("group", cv=5, n_jobs=2, random_state=0, **options).fit(X, y)


def tautnet_scores(own, counts, relax):
    """Test score with at most so many predictors; None is the least CV loss."""
    return [tautnet_cv(own, count or "min", relax).score(own[1], own[3]) for count in counts]


def lassonet_cv(own):
    """LassoNetCV, fitted."""
    from lassonet import LassoNetClassifierCV, LassoNetRegressorCV

    X, _, y, _, task = own
    kind = LassoNetClassifierCV if task == "classification" else LassoNetRegressorCV
    model = kind(verbose=0, random_state=0, torch_seed=0)
    model.path(X.astype(np.float32), as_target(y, task))
    return model


def as_target(y, task):
    """What LassoNet takes."""
    return y if task == "classification" else y.astype(np.float32)[:, None]


def lassonet_scores(own, counts, model):
    """Test scores of the models along LassoNet's path with at most so many predictors.

    None is the model that its cross-validation chooses.
    """
    from lassonet import LassoNetClassifier, LassoNetRegressor

    X_train, X_test, y_train, y_test, task = own
    X_train = X_train.astype(np.float32)
    X_test = X_test.astype(np.float32)
    kind = LassoNetClassifier if task == "classification" else LassoNetRegressor
    plain = kind(verbose=0, random_state=0, torch_seed=0)
    path = plain.path(X_train, as_target(y_train, task), return_state_dicts=True)
    scores = []
    for count in counts:
        if count is None:
            scores.append(score(model, X_test, y_test, task))
            continue
        plain.load(next(item for item in path if item.selected.sum() <= count).state_dict)
        scores.append(score(plain, X_test, y_test, task))
    return scores


def score(model, X, y, task):
    """Accuracy or R²."""
    from sklearn.metrics import accuracy_score, r2_score

    predicted = np.ravel(model.predict(X))
    return accuracy_score(y, predicted) if task == "classification" else r2_score(y, predicted)


def measure(name, data, n_splits):
    """Rows of the two tables: times, and scores."""
    seconds = {side: [] for side in (*OURS, OTHER)}
    scores = {side: [] for side in (*OURS, OTHER)}
    for seed in range(n_splits):
        own = parts(name, data, seed)
        for relax in OURS.values():
            tautnet_cv(own, "min", relax)  # compiles
        time_ours(own, seconds)
        model, spent = both_timed(lambda own=own: lassonet_cv(own))
        seconds[OTHER].append(spent)
        time_ours(own, seconds)
        counts = [count for count in COUNTS if count is None or count < own[0].shape[1]]
        for side, relax in OURS.items():
            scores[side].append(tautnet_scores(own, counts, relax))
        scores[OTHER].append(lassonet_scores(own, counts, model))
        for side in scores:
            print(name, seed, side, *np.round(scores[side][-1], 3), file=sys.stderr, flush=True)
    rows, columns = own[0].shape
    table = {"table": name, "rows x predictors": f"{rows} x {columns}"}
    return table | spent_by(seconds), list(scored(name, counts, scores))


def time_ours(own, seconds):
    """Time both of our sides once more, and add that to ``seconds``."""
    for side, relax in OURS.items():
        seconds[side].append(both_timed(lambda relax=relax: tautnet_cv(own, "min", relax))[1])


def spent_by(seconds):
    """Medians of the seconds of each side, and what LassoNetCV takes in units of ours."""
    spent = {side: np.median(seconds[side], axis=0) for side in seconds}
    cells = {}
    for side, (clock, own) in spent.items():
        cells[f"{side}, s (of the process)"] = f"{clock:.3g} ({own:.3g})"
    for side in OURS:
        clock, own = spent[OTHER] / spent[side]
        cells[f"{side}: times faster (by the process)"] = f"{clock:.0f} ({own:.0f})"
    return cells


def scored(name, counts, scores):
    """Rows of mean scores, with differences to LassoNet's."""
    by_count = {side: np.transpose(scores[side]) for side in scores}
    for i, count in enumerate(counts):
        row = {"table": name, "splits": len(scores[OTHER]), "predictors, at most": count or "all"}
        row |= {side: f"{by_count[side][i].mean():.3f}" for side in scores}
        for side in OURS:
            row[f"{side} - {OTHER}"] = paired(by_count[side][i], by_count[OTHER][i])
        yield row


if __name__ == "__main__":
    main()
