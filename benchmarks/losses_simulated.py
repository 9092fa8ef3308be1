"""Claims and recommendations from simulated losses, whose truth is known.

    python benchmarks/losses_simulated.py [--draws 2000] [--tables 200]

First the share of draws in which a difference is claimed though there is none: losses of 60, 150
and 600 rows of which 0, 1 or 5 % are wild. Then how much worse the recommended model is in truth
than the best one in hindsight, over tables of 60 to 1,000 rows.
"""

import argparse
from typing import NamedTuple

import numpy as np

from tautnet.claims.claims import is_sure
from tautnet.inference.intervals import (
    Observations,
    blocks_of,
    paired_difference,
    standard_error,
)
from tautnet.inference.recommended import MATTERS, recommended_row
from tautnet.inference.table import as_dict

SIZES = (60, 150, 600)
WILD = (0.0, 0.01, 0.05)
# Wild rows have errors of so many times the others'.
WILDNESS = (10, 100)
PENALTIES = ("none", "l2", "l1", "elasticnet", "group")


class Losses(NamedTuple):
    """Losses of one model on rows."""

    losses: np.ndarray


def false_claims(rng, draws):
    """Lines of (rows, wild share, wildness, false claims, claims of a true difference)."""
    for n in SIZES:
        for share in WILD:
            for wildness in WILDNESS if share else (1,):
                differences = rng.normal(size=(draws, n))
                is_wild = rng.random((draws, n)) < share
                differences[is_wild] *= wildness
                false = np.mean([claimed(one) for one in differences])
                true = np.mean([claimed(one + 0.5) for one in differences])
                yield n, share, wildness, false, true


def claimed(differences, observations=None):
    """Whether a difference is claimed to be above zero."""
    ones = np.ones(len(differences))
    zeros = np.zeros(len(differences))
    observations = observations or Observations()
    return is_sure(as_dict(paired_difference(differences, zeros, ones, observations)))


def false_claims_in_time(rng, draws, n=150):
    """Share of claims about series that remember: autoregressive ones without a mean."""
    for memory in (0.0, 0.5, 0.9):
        false = 0
        for _ in range(draws):
            noise = rng.normal(size=n + 50)
            series = np.zeros(n + 50)
            for i in range(1, n + 50):
                series[i] = memory * series[i - 1] + noise[i]
            series = series[50:]
            blocks = blocks_of([series], np.ones(n))
            false += claimed(series, Observations(blocks, in_order=True))
        yield memory, false / draws


def regret(rng):
    """True loss of what is recommended over that of the best model, on one simulated table.

    A model's error on a row is noise that all share, and an error of its own that it partly shares
    with the other models. The network without a penalty and the linear map are often far worse.
    """
    n = int(np.exp(rng.uniform(np.log(60), np.log(1000))))
    names = [*PENALTIES, "linear", "boosting"]
    noise = rng.normal(size=n)
    worst = np.exp(rng.uniform(np.log(0.02), np.log(1.5)))
    extra = worst * np.exp(rng.uniform(-1.5, 0, size=len(names)))
    extra[names.index("none")] *= np.exp(rng.uniform(0, 2))
    extra[names.index("linear")] *= np.exp(rng.uniform(-0.5, 2))
    together = rng.normal(size=n)
    signal = np.exp(rng.uniform(np.log(0.3), np.log(20)))
    constant = 1 + signal
    true = dict(zip(names, 1 + extra, strict=True))
    outer = {}
    rows = []
    ones = np.ones(n)
    for name, size in zip(names, extra, strict=True):
        own = np.sqrt(size) * (np.sqrt(0.6) * together + np.sqrt(0.4) * rng.normal(size=n))
        losses = (noise + own) ** 2
        outer[name] = Losses(losses)
        kept = {"none": 20, "l2": 20, "linear": 20, "boosting": None}.get(
            name, int(rng.integers(5, 21))
        )
        rows.append(
            {
                "penalty": name,
                "test_loss": losses.mean(),
                "test_loss_se": standard_error(losses, ones),
                "predictors_kept": kept,
                "n_weights": 2000 if name != "linear" else 21,
                "zero_weights": 0,
            }
        )
    by_name = {row["penalty"]: row["test_loss"] for row in rows}
    bars = [by_name["none"], by_name["linear"], constant]
    bars = [loss + MATTERS * constant for loss in bars]
    ours = [row for row in rows if row["penalty"] != "boosting"]
    found = recommended_row(ours, outer, bars, ones)["penalty"]
    does_matter = MATTERS * constant
    is_lucky = chosen_loss(outer) > by_name["linear"] + does_matter
    lead = difference(outer["linear"], outer[found])
    is_needed = lead["diff"] >= does_matter or is_sure(lead)
    found = found if is_needed and not is_lucky else "linear"
    lead = difference(outer[found], outer["boosting"])
    if is_sure(lead) and lead["diff"] >= does_matter:
        found = "boosting"
    best_by_mean = min(rows, key=lambda row: row["test_loss"])["penalty"]
    least = min(true.values())
    return true[found] / least, true[best_by_mean] / least


def difference(own, other):
    """How much more one model loses than another, as a row has it."""
    return as_dict(paired_difference(own.losses, other.losses, np.ones(len(own.losses))))


def chosen_loss(outer, n_folds=5):
    """Mean loss where each fold takes the penalty that is best on the others."""
    losses = np.array([outer[name].losses for name in PENALTIES])
    folds = np.arange(losses.shape[1]) % n_folds
    total = 0.0
    for fold in range(n_folds):
        best = np.argmin(losses[:, folds != fold].mean(axis=1))
        total += losses[best, folds == fold].sum()
    return total / losses.shape[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--tables", type=int, default=200)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    print("| rows | wild rows | wildness | false claims | claims of half a standard deviation |")
    print("|---|---|---|---|---|")
    for n, share, wildness, false, true in false_claims(rng, arguments.draws):
        print(
            f"| {n} | {100 * share:.0f} % | {wildness} | {100 * false:.1f} % | {100 * true:.0f} % |"
        )
    print()
    for memory, false in false_claims_in_time(rng, arguments.draws):
        print(f"150 rows in order, memory {memory}: {100 * false:.1f} % false claims")
    regrets = np.array([regret(rng) for _ in range(arguments.tables)])
    for name, own in zip(("recommended", "least mean loss"), regrets.T, strict=True):
        print(
            f"{name}, {arguments.tables} tables: true loss over the best in hindsight, geometric"
            f" mean {np.exp(np.log(own).mean()):.3f}, 95th percentile {np.quantile(own, 0.95):.3f}"
        )


if __name__ == "__main__":
    main()
