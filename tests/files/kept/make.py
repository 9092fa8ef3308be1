"""Writes the kept model files of a format.

It is run once, when a format is released; the files then stay as they are, and what is kept in one
format is not written again in the next.
"""

from pathlib import Path

import numpy as np
import pandas as pd

import tautnet as tn
from tautnet.files.model_file import FORMAT_VERSION

HERE = Path(__file__).parent
HOSTILE = ['say "no"', "two\nlines", "🎈", "a,b", "3.50"]


def rows(n_rows=60):
    rng = np.random.default_rng(0)
    size, town = (
        rng.normal(50, 20, n_rows).round(2),
        np.array(HOSTILE, dtype=object)[np.arange(n_rows) % 5],
    )
    day = (np.datetime64("2024-02-29") + np.arange(n_rows)).astype(str)
    table = pd.DataFrame(
        {"size": size, "town": town, "day": day, "owner": rng.integers(0, 2, n_rows).astype(bool)}
    )
    table.loc[::9, "size"], table.loc[4::7, "town"] = np.nan, np.nan
    return table, size / 20 + (np.arange(n_rows) % 5 == 2) + 0.1 * rng.normal(size=n_rows)


def main():
    table, y = rows()
    small = dict(hidden_layer_sizes=(8,), random_state=0, alphas=[0.01, 0.1], cv=2)
    times = np.column_stack([np.exp(-y), np.arange(len(y)) % 4 > 0])
    models = {
        "classifier": tn.TautNetClassifierCV("group", **small).fit(
            table, np.where(y > 3, HOSTILE[1], HOSTILE[0])
        ),
        "ensemble": tn.TautNetRegressorCV("l1", ensemble=True, loss="huber", **small).fit(table, y),
        "survival": tn.TautNetSurvivalCV("l1", **small).fit(table, times),
        # What it has not seen lies beyond its limits.
        "clamped": tn.TautNetRegressorCV("l2", ensemble=True, **small).fit(table[y < 2], y[y < 2]),
        "splines": tn.TautNetRegressorCV("group", inputs="splines", **small).fit(table, y),
    }
    table.to_csv(HERE / "rows.csv", index=False)
    for name, model in models.items():
        if list(HERE.glob(f"format-*-{name}.taut")):
            continue
        path = model.save(HERE / f"format-{FORMAT_VERSION}-{name}.taut")
        model.to_fitted().table(table).to_csv(path.with_suffix(".csv"), index=False)


if __name__ == "__main__":
    main()
