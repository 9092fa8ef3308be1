"""The adaptive group path beside the plain one where the truth is known.

    python benchmarks/adaptive.py [--seeds 5]

Friedman #1 with 95 noise predictors. 500 rows to fit and 2,000 fresh ones; five-fold
cross-validation chooses the strength. The loss is the squared error of the mean on the fresh rows,
as a share of its variance; the loss of the adaptive path over that of the plain one is a ratio of
the means.
"""

import argparse
import os

import numpy as np
from common import machine, markdown, timed, write_section


def friedman(n_rows, rng, n_predictors=100):
    """Predictors and mean; the standard deviation of the noise is 1."""
    X = rng.uniform(size=(n_rows, n_predictors))
    bent = 10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2
    return X, bent + 10 * X[:, 3] + 5 * X[:, 4]


def measured(seed, adaptive):
    """Loss, true predictors and all predictors kept, seconds."""
    import tautnet as tn

    rng = np.random.default_rng(seed)
    X, mean = friedman(500, rng)
    X_new, mean_new = friedman(2000, rng)
    y = mean + rng.normal(size=500)
    model = tn.TautNetRegressorCV(
        "group", adaptive=adaptive, network="plain", random_state=seed, n_jobs=os.cpu_count()
    )
    _, seconds = timed(lambda: model.fit(X, y))
    loss = np.mean((model.predict(X_new) - mean_new) ** 2) / mean_new.var()
    return loss, model.selected_features_[:5].sum(), model.selected_features_.sum(), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    seeds = range(parser.parse_args().seeds)
    # The first fit of each compiles.
    measured(0, False)
    measured(0, True)
    found = {
        name: np.array([measured(s, name == "adaptive") for s in seeds])
        for name in ("plain", "adaptive")
    }
    plain = found["plain"][:, 0].mean()
    rows = []
    for name, one in found.items():
        loss, true, kept, seconds = one.T
        rows.append(
            {
                "path": name,
                "seeds": len(one),
                "loss": f"{loss.mean():.4f}",
                "over the plain path's": f"{loss.mean() / plain:.2f}",
                "true kept, mean (least) of 5": f"{true.mean():.2f} ({true.min():.0f})",
                "kept, mean (most) of 100": f"{kept.mean():.1f} ({kept.max():.0f})",
                "seconds, median": f"{np.median(seconds):.2f}",
            }
        )
    write_section("adaptive", f"{markdown(rows)}\n\n{machine()}")


if __name__ == "__main__":
    main()
