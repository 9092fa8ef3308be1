"""How well each point is solved, and what solving it further does to the loss.

    python benchmarks/certificates.py --data DIR [--tables sonar] [--activations silu]

For each penalty, table and activation: stationarity at the strength that 5-fold cross-validation chooses and its median
from there up, on the path as it is; then the same with ``finish=True``, ``tol=0.005`` and up to 2,000 iterations;
and the losses on outer folds of both, with their paired difference (positive where finishing is worse).
"""

import argparse

import numpy as np
from common import load, machine, markdown, write_section

TABLES = ("breast_cancer", "digits", "diabetes", "german_credit", "sonar", "concrete", "energy")
PENALTIES = ("l2", "l1", "elasticnet", "group")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", help="directory of the tables that scikit-learn does not bundle")
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--activations", default="relu,silu")
    arguments = parser.parse_args()
    rows = []
    for name in arguments.tables.split(","):
        for activation in arguments.activations.split(","):
            rows.extend(measure(name, arguments.data, activation))
            print(markdown(rows[-len(PENALTIES) :]), flush=True)
    write_section("certificates", "\n\n".join([markdown(rows), machine()]))


def measure(name, data, activation):
    """A row for each penalty."""
    from tautnet.fitting.crossval import fold_rows
    from tautnet.fitting.nested import Candidate, cross_validate
    from tautnet.fitting.path import nearest
    from tautnet.fitting.sample import encode
    from tautnet.fitting.settings import Settings
    from tautnet.objective.networks import Network
    from tautnet.objective.tasks import loss_for

    frame, y, task = load(name, data)
    target, sample, _ = encode(frame, y, None, task)
    fold = fold_rows(target, sample.weight, 5, nested=True)
    common = {"loss": loss_for(task, sample.y, sample.weight), "network": Network(activation=activation), "tol": 0.005}
    candidates = [
        Candidate(f"{penalty}{finish}", Settings(penalty, finish=finish, **common))
        for penalty in PENALTIES for finish in (False, True)
    ]  # fmt: skip
    all_nested = cross_validate(sample, candidates, [fold], nested=True, n_jobs=2)
    nested = {one.candidate.name: one for one in all_nested}
    rows = []
    for penalty in PENALTIES:
        walked, finished = nested[f"{penalty}False"], nested[f"{penalty}True"]
        path, done = walked.whole, finished.whole
        at = nearest(path.alphas, walked.curve().alpha("min"))
        solved = nearest(done.alphas, finished.curve().alpha("min"))
        own, other = walked.outer("min"), finished.outer("min")
        difference = other.losses - own.losses
        rows.append({
            "table": name, "activation": activation, "penalty": penalty,
            "stationarity": f"{path.stationarity[at]:.3f}",
            "median from there up": f"{np.median(path.stationarity[at:]):.3f}",
            "ends null": "yes" if path.n_features[-1] == 0 else "no",
            "alphas": len(path.alphas),
            "finished": f"{done.stationarity[solved]:.4f}",
            "iterations": int(done.steps[solved] - path.steps[nearest(path.alphas, done.alphas[solved])]),
            "outer loss": f"{own.losses.mean():.4g}",
            "outer loss, finished": f"{other.losses.mean():.4g}",
            "difference": f"{difference.mean():+.2g} ± {difference.std(ddof=1) / np.sqrt(len(difference)):.2g}",
        })  # fmt: skip
    return rows


if __name__ == "__main__":
    main()
