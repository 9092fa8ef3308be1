"""Fit networks of many shapes in one process, and print what its memory does.

    python tools/memory.py [--fits 200]

Every fit has a shape that no other has, so each compiles programs of its own.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

import tautnet as tn

# Megabytes that the last fit may be above the twentieth.
MOST = 300


def main():
    """Fit, and print; the exit code says whether memory stayed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fits", type=int, default=200)
    n_fits = parser.parse_args().fits
    rng = np.random.default_rng(0)
    for i in range(1, n_fits + 1):
        # Padding makes shapes alike: units and rows differ from fit to fit.
        n_rows = 60 + 7 * i
        X = rng.normal(size=(n_rows, 3 + i % 5))
        model = tn.TautNetRegressorCV(
            alphas=[1e-3, 1e-2, 1e-1], cv=2, hidden_layer_sizes=(3 + i,), random_state=0
        )
        model.fit(X, X[:, 0] ** 2)
        if i == 20:
            early = anonymous()
        if i % 20 == 0:
            print(f"{i} fits: {anonymous():.0f} MB", flush=True)
    more = anonymous() - early
    print(f"{more:.0f} MB more after {n_fits} fits than after 20")
    return 0 if more <= MOST else 1


def anonymous():
    """Megabytes of memory of the process's own."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


if __name__ == "__main__":
    sys.exit(main())
