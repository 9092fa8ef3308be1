"""The relaxed path: which predictors it keeps, and how good its models of few predictors are.

    python benchmarks/relaxed.py [--data directory-of-the-tables] [--seeds 5] [--only
    friedman,waveform5000]

Friedman #1 with 95 noise predictors, 500 rows; waveform5000, 1,000 rows, where 19 of 40 predictors
carry signal. Then accuracy on other rows with at most k predictors: the path's best model, the best
of path and refits, 500 extra trees on the predictors of that, and on mice_protein the first model
on LassoNet's path with no more predictors. Everything is under the penalty "group"; --seeds is the
number of data sets or splits.
"""

import argparse
import os
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from adaptive import friedman
from common import ON_DISK, machine, markdown, numbers, paired, timed, write_section
from lassonet_paths import lassonet_scores

RULES = [("min", False), ("1se", False), ("1se", True)]
# Rows to train on, and the numbers of predictors.
AT_MOST = {
    "mice_protein": (756, (10, 20)),
    "waveform5000": (1000, (5, 10)),
    "isolet": (1560, (10, 20)),
}
WITH_LASSONET = ["mice_protein"]
# The waves are 0 at both ends of their 21 predictors; 19 more are noise.
WAVES = np.isin(np.arange(40), np.arange(1, 20))


def fitted(cls, X, y, seed, selection, relax):
    """A model and its seconds."""
    model = cls(
        "group",
        selection=selection,
        relax=relax,
        network="plain",
        random_state=seed,
        n_jobs=os.cpu_count(),
    )
    return timed(lambda: model.fit(X, y))


def split(name, data, seed):
    """Training and test rows and labels of a table."""
    from sklearn.model_selection import train_test_split

    frame = pd.read_csv(Path(data) / f"{name}.csv.gz")
    target, _ = ON_DISK[name]
    y = frame.pop(target).astype(str).to_numpy()
    n_train, _ = AT_MOST[name]
    rows = np.arange(len(y))
    train, test = train_test_split(rows, train_size=n_train, random_state=seed, stratify=y)
    return frame.iloc[train], frame.iloc[test], y[train], y[test]


def friedman_run(seed, rule, relax):
    """True and noise predictors kept, loss, seconds."""
    from tautnet import TautNetRegressorCV

    rng = np.random.default_rng(seed)
    X, mean = friedman(500, rng)
    X_new, mean_new = friedman(2000, rng)
    model, seconds = fitted(TautNetRegressorCV, X, mean + rng.normal(size=500), seed, rule, relax)
    kept = model.selected_features_
    loss = np.mean((model.predict(X_new) - mean_new) ** 2) / mean_new.var()
    return kept[:5].sum(), kept[5:].sum(), loss, seconds


def waveform_run(data, seed, rule, relax):
    """True and noise predictors kept, log-loss on other rows, seconds."""
    from sklearn.metrics import log_loss

    from tautnet import TautNetClassifierCV

    X, X_new, y, y_new = split("waveform5000", data, seed)
    model, seconds = fitted(TautNetClassifierCV, X, y, seed, rule, relax)
    kept = model.selected_features_
    loss = log_loss(y_new, model.predict_proba(X_new))
    return kept[WAVES].sum(), kept[~WAVES].sum(), loss, seconds


def rules(name, run, seeds, n_true):
    """Rows of the first table: what each rule keeps."""
    for rule, relax in RULES:
        true, noise, loss, seconds = np.array([run(seed, rule, relax) for seed in range(seeds)]).T
        yield {
            "table": name,
            "rule": f"{rule}, relaxed" if relax else rule,
            "seeds": seeds,
            f"true kept of {n_true}, mean (least)": f"{true.mean():.2f} ({true.min():.0f})",
            "noise kept, mean (most)": f"{noise.mean():.2f} ({noise.max():.0f})",
            "loss on new rows": f"{loss.mean():.4f}",
            "seconds, median": f"{np.median(seconds):.1f}",
        }


def lassonet_accuracies(name, data, seed):
    """Accuracy of LassoNet's path for each k."""
    X, X_new, y, y_new = split(name, data, seed)
    frame = pd.concat([X, X_new])
    _, codes = np.unique(np.concatenate([y, y_new]), return_inverse=True)
    train, test = numbers(frame, range(len(y)), range(len(y), len(codes)))
    own = (train, test, codes[: len(y)], codes[len(y) :], "classification")
    return lassonet_scores(own, AT_MOST[name][1], None)


def accuracies(name, data, seed, k):
    """Accuracies, the number of predictors, and seconds of the path and of path and refits.

    Accuracies are those of the path, of path and refits, and of extra trees on the predictors of
    the latter.
    """
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    from tautnet import TautNetClassifierCV

    X, X_new, y, y_new = split(name, data, seed)
    shrunken, first = fitted(TautNetClassifierCV, X, y, seed, k, False)
    relaxed, second = fitted(TautNetClassifierCV, X, y, seed, k, True)
    kept = relaxed.selected_features_
    trees = make_pipeline(
        SimpleImputer(strategy="median"), ExtraTreesClassifier(500, random_state=seed)
    )
    trees.fit(X.loc[:, kept], y)
    scores = (
        shrunken.score(X_new, y_new),
        relaxed.score(X_new, y_new),
        trees.score(X_new.loc[:, kept], y_new),
    )
    return *scores, kept.sum(), first, second


def at_most(name, data, seeds):
    """Rows of the second table."""
    compared = name in WITH_LASSONET
    others = []
    if compared:
        others = np.transpose([lassonet_accuracies(name, data, seed) for seed in range(seeds)])
    for i, k in enumerate(AT_MOST[name][1]):
        found = np.array([accuracies(name, data, seed, k) for seed in range(seeds)]).T
        shrunken, relaxed, trees, kept, first, second = found
        beside = {}
        if compared:
            beside = {
                "LassoNet": f"{others[i].mean():.3f}",
                "relaxed - LassoNet": paired(relaxed, others[i]),
            }
        yield {
            "table": name,
            "k": k,
            "splits": seeds,
            "path": f"{shrunken.mean():.3f}",
            "relaxed": f"{relaxed.mean():.3f}",
            "extra trees": f"{trees.mean():.3f}",
            "relaxed - path": f"{(relaxed - shrunken).mean():+.3f}",
            "relaxed - extra trees": f"{(relaxed - trees).mean():+.3f}",
            "kept": f"{kept.mean():.1f}",
            "seconds, path / relaxed": f"{np.median(first):.1f} / {np.median(second):.1f}",
            **beside,
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--only",
        default=",".join(["friedman", *AT_MOST]),
        help="friedman and tables, between commas",
    )
    options = parser.parse_args()
    names = options.only.split(",")
    tables = [name for name in AT_MOST if name in names and options.data]
    # One section a table, so that each is kept as soon as it is there.
    if "friedman" in names:
        section("friedman", rules("Friedman #1, 5 of 100", friedman_run, options.seeds, 5))
    if "waveform5000" in tables:
        run = partial(waveform_run, options.data)
        section("waveform-rules", rules("waveform5000", run, options.seeds, 19))
    for name in tables:
        section(name, at_most(name, options.data, options.seeds))


def section(name, rows):
    """Write the section of a table."""
    write_section(f"relaxed-{name}", f"{markdown(list(rows))}\n\n{machine()}")


if __name__ == "__main__":
    main()
