"""What `select_features` finds, real predictors and others, where the truth is known.

    python benchmarks/selection.py [--seeds 20] [--only tests | friedman,noise,calibration-ar5]
    [--strict] [--jobs 2]

Tables of 100 predictors, 500 rows unless said. Each seed is told as soon as it is done; the
table of a group of scenarios (tests, stability, calibration, others) is put into README.md where
all of the group were run, without ``--strict``. The randomization test is run at a false
discovery rate of 0.1, stability selection with 4 expected false ones.

friedman, friedman250: Friedman #1, 5 of 100 real, in 500 and in 250 rows; binary: whether its
target is above the median. ar5, ar9: neighbours correlated at 0.5 and 0.9, five real ones of
bent effects. mixed: two values, categories of three levels and numbers, correlated, five real
ones. tails: Student's t with 2 degrees of freedom, neighbours correlated. single: one real
predictor. noise: none. calibration: p-values of single networks for predictors that are noise
and have weights, plain group paths. others: the lasso at its cross-validated strength, and the
first predictors of extra trees, by their own importance and by permutation of new rows, as many
as are real: none of them says how many those are.
"""

import argparse
import sys
from functools import partial

import numpy as np
import pandas as pd
from common import machine, markdown, timed, write_section

N_PREDICTORS = 100
PLACES = [9, 29, 49, 69, 89]


def names(columns):
    return [f"x{j + 1}" for j in columns]


def frame(X):
    return pd.DataFrame(X, columns=names(range(X.shape[1])))


def friedman(rng, n_rows=500):
    X = rng.uniform(size=(n_rows, N_PREDICTORS))
    mean = (
        10 * np.sin(np.pi * X[:, 0] * X[:, 1])
        + 20 * (X[:, 2] - 0.5) ** 2
        + 10 * X[:, 3]
        + 5 * X[:, 4]
    )
    return frame(X), mean + rng.normal(size=n_rows), names(range(5))


def friedman250(rng):
    return friedman(rng, 250)


def binary(rng):
    X, y, real = friedman(rng)
    return X, np.where(y > np.median(y), "high", "low"), real


def neighbours(rng, correlation, innovations):
    """Columns of which each follows the one before it."""
    columns = [innovations()]
    for _ in range(N_PREDICTORS - 1):
        columns.append(correlation * columns[-1] + np.sqrt(1 - correlation**2) * innovations())
    return np.column_stack(columns)


def bent(X):
    """Five effects of predictors far apart: a line, a wave, a square, a step, an absolute value."""
    a, b, c, d, e = X[:, PLACES].T
    return a + 1.5 * np.sin(1.5 * b) + 0.7 * (c**2 - 1) + 1.2 * np.tanh(3 * d) + 1.2 * np.abs(e)


def ar(rng, correlation):
    X = neighbours(rng, correlation, lambda: rng.normal(size=500))
    return frame(X), bent(X) + rng.normal(size=500), names(PLACES)


def ar5(rng):
    return ar(rng, 0.5)


def ar9(rng):
    return ar(rng, 0.9)


def tails(rng):
    X = neighbours(rng, 0.5, lambda: rng.standard_t(2, size=500))
    mean = 2 * np.tanh(X[:, PLACES]) @ np.array([1, -1, 0.8, 0.8, 0.8])
    return frame(X), mean + rng.normal(size=500), names(PLACES)


def mixed(rng):
    latent = neighbours(rng, 0.5, lambda: rng.normal(size=500))
    X = frame(latent)
    for j in range(0, N_PREDICTORS, 3):
        X[f"x{j + 1}"] = np.where(latent[:, j] > 0, "yes", "no")
    for j in range(1, N_PREDICTORS, 3):
        X[f"x{j + 1}"] = np.array(["low", "mid", "top"])[np.digitize(latent[:, j], [-0.43, 0.43])]
    # Two of two values, two categories of which one is not in order, and a number with a bent
    # effect.
    effects = [
        1.2 * (X["x10"] == "yes"),
        1.2 * (X["x31"] == "yes"),
        1.2 * (X["x50"] == "mid"),
        X["x71"].map({"low": 0.0, "mid": 0.7, "top": 1.4}),
        1.2 * np.abs(X["x90"]),
    ]
    return X, sum(effects) + rng.normal(size=500), ["x10", "x31", "x50", "x71", "x90"]


def single(rng):
    X = rng.normal(size=(500, N_PREDICTORS))
    return frame(X), X[:, 0] + rng.normal(size=500), ["x1"]


def noise(rng):
    return frame(rng.normal(size=(500, N_PREDICTORS))), rng.normal(size=500), []


TABLES = [friedman, friedman250, ar5, binary, mixed, noise, single, ar9, tails]
CALIBRATED = [friedman, ar5, binary, mixed]


def selected(make, seed, jobs, **how):
    """What one selection finds.

    Returns
    -------
    tuple
        Numbers of true and of false predictors found, seconds of everything and of the paths, the
        number of real ones, and the bound, NaN where the method has none.
    """
    import tautnet as tn

    X, y, real = make(np.random.default_rng([seed, 7]))
    options = {"random_state": seed, "n_jobs": jobs} | how
    selection, seconds = timed(lambda: tn.select_features(X, y, **options))
    right = len({*selection.selected} & {*real})
    print(make.__name__, seed, selection.selected, f"{seconds:.1f} s", file=sys.stderr, flush=True)
    result = selection.result
    false = len(selection.selected) - right
    return right, false, seconds, result["path_seconds"], len(real), result.get("bound", np.nan)


def by_randomization(make, seeds, jobs, strict):
    found = np.array([selected(make, seed, jobs, strict=strict) for seed in range(seeds)])
    right, false, seconds, path_seconds, real, _ = found.T
    share = false / np.maximum(right + false, 1)
    error = share.std(ddof=1) / np.sqrt(seeds) if seeds > 1 else np.nan
    return {
        "table": make.__name__,
        "seeds": seeds,
        "found, mean": f"{right.mean():.2f} of {real[0]:.0f}",
        "found in seeds": int((right > 0).sum()),
        "false share, mean ± se": f"{share.mean():.3f} ± {error:.3f}",
        "seeds that select a false one": int((false > 0).sum()),
        "seconds, median": f"{np.median(seconds):.1f}",
        "of which paths": f"{np.median(path_seconds):.1f}",
        "seconds / paths, median": f"{np.median(seconds / path_seconds):.2f}",
    }


def by_stability(make, seeds, jobs):
    found = np.array([selected(make, seed, jobs, method="stability") for seed in range(seeds)])
    right, false, seconds, _, real, bound = found.T
    return {
        "table": make.__name__,
        "seeds": seeds,
        "found, mean": f"{right.mean():.2f} of {real[0]:.0f}",
        "false, mean (most)": f"{false.mean():.2f} ({false.max():.0f})",
        "bound": f"{bound[0]:.2f}",
        "seconds, median": f"{np.median(seconds):.1f}",
    }


def importances(make, seed):
    """What LassoCV, 500 extra trees and permutation give each predictor, and the real ones."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
    from sklearn.inspection import permutation_importance
    from sklearn.linear_model import LassoCV
    from sklearn.preprocessing import StandardScaler

    X, y, real = make(np.random.default_rng([seed, 7]))
    dummies = pd.concat({name: pd.get_dummies(X[[name]], dtype=float) for name in X}, axis=1)
    owner = dummies.columns.get_level_values(0)
    columns = dummies.to_numpy()
    is_class = y.dtype.kind in "US"
    number = (y == y[0]).astype(float) if is_class else y
    lasso = LassoCV(cv=5, random_state=seed, max_iter=10_000)
    lasso.fit(StandardScaler().fit_transform(columns), number)
    kind = ExtraTreesClassifier if is_class else ExtraTreesRegressor
    trees = kind(500, random_state=seed, n_jobs=2).fit(columns, y)
    half = len(y) // 2
    first = kind(500, random_state=seed, n_jobs=2).fit(columns[:half], y[:half])
    permuted = permutation_importance(
        first, columns[half:], y[half:], n_repeats=3, random_state=seed, n_jobs=2
    )
    values = (np.abs(lasso.coef_), trees.feature_importances_, permuted.importances_mean)
    return [pd.Series(one).groupby(np.asarray(owner)).sum() for one in values], real


def by_others(make, seeds):
    rows = []
    for seed in range(seeds):
        (lasso, trees, permuted), real = importances(make, seed)
        kept = set(lasso.index[lasso > 0])
        truth = set(real)
        by_trees = truth.intersection(trees.nlargest(len(real)).index)
        by_permutation = truth.intersection(permuted.nlargest(len(real)).index)
        rows.append([len(kept & truth), len(kept - truth), len(by_trees), len(by_permutation)])
    print(make.__name__, "others", seeds, file=sys.stderr, flush=True)
    right, false, trees, permuted = np.mean(rows, axis=0)
    return {
        "table": make.__name__,
        "seeds": seeds,
        "real": len(real),
        "LassoCV, found": f"{right:.2f}",
        "LassoCV, false": f"{false:.1f}",
        "among the first of extra trees": f"{trees:.2f}",
        "among the first by permutation": f"{permuted:.2f}",
    }


def fold_p_values(make, seed, jobs):
    """P-values of single networks of a plain group path, for noise that has weights in them."""
    from tautnet.objective.tasks import loss_for
    from tautnet.selecting.conditionals import Conditionals
    from tautnet.selecting.randomization import fold_networks, randomization_test
    from tautnet.solving.settings import Settings
    from tautnet.tables.sample import encode
    from tautnet.validation.chains import Candidate
    from tautnet.validation.folds import fold_rows
    from tautnet.validation.nested import cross_validate

    X, y, real = make(np.random.default_rng([seed, 7]))
    target, sample, encoder = encode(X, pd.Series(y), None, "auto")
    settings = Settings("group", loss=loss_for(target.task, sample.y, sample.weight), seed=seed)
    fold = fold_rows(target, sample.weight, 5, nested=True, seed=seed)
    candidates = [Candidate("group", settings)]
    (nested,) = cross_validate(sample, candidates, [fold], nested=True, n_jobs=jobs)
    networks = fold_networks(nested, np.arange(len(y)), n_jobs=jobs)
    conditionals = Conditionals(sample, encoder.column_predictor)
    tested = randomization_test(
        sample, networks, conditionals, most=1000, seed=seed, by_fold=True, n_jobs=jobs
    )
    null = ~np.isin(encoder.predictors, real)
    columns = [np.flatnonzero(sample.column_predictor == j) for j in range(len(null))]
    used = np.array([[network.uses(own) for network in networks] for own in columns])
    print(make.__name__, seed, int(used[null].sum()), "fold p-values", file=sys.stderr, flush=True)
    return tested.fold_p_values[null][used[null]]


def calibration(make, seeds, jobs):
    p_values = np.concatenate([fold_p_values(make, seed, jobs) for seed in range(seeds)])
    row = {"table": make.__name__, "seeds": seeds, "p-values of noise": len(p_values)}
    for level in (0.01, 0.05, 0.1, 0.5):
        row[f"P(p ≤ {level})"] = f"{(p_values <= level).mean():.3f}"
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--calibration-seeds", type=int, default=10)
    parser.add_argument("--only", default="", help="scenarios or groups of them, between commas")
    parser.add_argument(
        "--strict", action="store_true", help="twice the median of the folds' p-values"
    )
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    groups = grouped_scenarios(arguments)
    wanted = wanted_scenarios(groups, arguments.only)
    for title, scenarios in groups.items():
        rows = [run() for name, run in scenarios.items() if name in wanted]
        if len(rows) == len(scenarios) and not arguments.strict:
            write_section(f"selection-{title}", f"{markdown(rows)}\n\n{machine()}")
        elif rows:
            print(markdown(rows), flush=True)


def grouped_scenarios(arguments):
    """Name of a group -> name of a scenario -> a function that makes its row."""
    seeds = arguments.seeds
    jobs = arguments.jobs
    groups = {"tests": {}, "stability": {}, "calibration": {}, "others": {}}
    for make in TABLES:
        name = make.__name__
        groups["tests"][name] = partial(by_randomization, make, seeds, jobs, arguments.strict)
        groups["stability"][f"stability-{name}"] = partial(by_stability, make, seeds, jobs)
        groups["others"][f"others-{name}"] = partial(by_others, make, seeds)
    for make in CALIBRATED:
        run = partial(calibration, make, arguments.calibration_seeds, jobs)
        groups["calibration"][f"calibration-{make.__name__}"] = run
    return groups


def wanted_scenarios(groups, only):
    """Names of the scenarios that are asked for, by their own names or by those of groups."""
    known = [name for scenarios in groups.values() for name in scenarios]
    asked = [name for name in only.split(",") if name] or list(groups)
    wanted = set()
    for name in asked:
        if name in groups:
            wanted.update(groups[name])
        elif name in known:
            wanted.add(name)
        else:
            raise SystemExit(f"no scenario {name!r}: use some of {', '.join([*groups, *known])}")
    return wanted


if __name__ == "__main__":
    main()
