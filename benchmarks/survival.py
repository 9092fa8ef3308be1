"""Survival tables: networks under penalties beside penalised linear Cox models, by C-index.

    python benchmarks/survival.py --data DIR [--tables gbsg2,whas500,metabric,veteran] [--jobs N]

DIR holds gbsg2.csv.gz and the like. Five times two splits (half the rows fit, half score, then
the other way round); in each half the strength is chosen by five-fold cross-validation. Prints a
Markdown table: mean C-index of a linear map under l2, of networks, and the difference to the
linear map with one standard error over the ten splits.
"""

import argparse
from pathlib import Path

import pandas as pd
from common import paired
from sklearn.base import clone
from sklearn.model_selection import RepeatedStratifiedKFold

import tautnet as tn

TABLES = {
    "gbsg2": ("time", "cens"),
    "whas500": ("lenfol", "fstat"),
    "metabric": ("time", "event"),
    "veteran": ("Survival_in_days", "Status"),
}


def models(jobs):
    """The linear map first, which the others are compared with."""
    options = dict(cv=5, random_state=0, n_jobs=jobs)
    return {
        "linear, l2": tn.TautNetSurvivalCV("l2", hidden_layer_sizes=(), **options),
        "l2": tn.TautNetSurvivalCV("l2", network="plain", **options),
        "group": tn.TautNetSurvivalCV("group", network="plain", **options),
        "l2, ensemble": tn.TautNetSurvivalCV("l2", network="plain", ensemble=True, **options),
    }


def c_indices(frame, time, event, jobs):
    """C-index of each model on each of ten halves, and how many rows had a time of 0.

    Those rows are left out.
    """
    kept = frame[frame[time] > 0].reset_index(drop=True)
    X = kept.drop(columns=[time, event])
    y = kept[[time, event]]
    folds = RepeatedStratifiedKFold(n_splits=2, n_repeats=5, random_state=0)
    scores = {name: [] for name in models(jobs)}
    for train, test in folds.split(X, y[event]):
        for name, model in models(jobs).items():
            fitted = clone(model).fit(X.iloc[train], y.iloc[train])
            scores[name].append(fitted.score(X.iloc[test], y.iloc[test]))
    return pd.DataFrame(scores), len(frame) - len(kept)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--jobs", type=int, default=-1)
    arguments = parser.parse_args()
    names = list(models(1))
    print("| table | " + " | ".join(names) + " |\n|" + "---|" * (len(names) + 1))
    for table in arguments.tables.split(","):
        frame = pd.read_csv(arguments.data / f"{table}.csv.gz")
        scores, n_left_out = c_indices(frame, *TABLES[table], arguments.jobs)
        cells = [f"{scores[names[0]].mean():.4f}"]
        for name in names[1:]:
            difference = paired(scores[name], scores[names[0]], ".4f")
            cells.append(f"{scores[name].mean():.4f} ({difference})")
        note = f" ({n_left_out} without time left out)" if n_left_out else ""
        print(f"| {table}{note} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
