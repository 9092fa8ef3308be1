"""Models of real tables as ONNX: how far the predictions of the file are from those of the model.

    python benchmarks/exports.py --data DIR [--tables titanic,german_credit,ames,concrete,metabric]
    [--jobs N]

DIR holds titanic.csv.gz and the like. 70 % of the rows fit a network under the group penalty, its
strength chosen by five-fold cross-validation for the least loss. In the other rows a tenth of the
cells of every predictor is blanked out, and a tenth of those of each category holds a text that no
row of the fit has. Differences are the largest of any prediction: of probabilities and risks as
they are, of quantities in standard deviations of the target.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from common import machine, markdown, write_section
from sklearn.model_selection import train_test_split

import tautnet as tn
from tautnet.files.onnx_export import feeds, run

TABLES = {
    "titanic": (tn.TautNetClassifierCV, ["Survived"]),
    "german_credit": (tn.TautNetClassifierCV, ["class"]),
    "ames": (tn.TautNetRegressorCV, ["Sale_Price"]),
    "concrete": (tn.TautNetRegressorCV, ["y"]),
    "metabric": (tn.TautNetSurvivalCV, ["time", "event"]),
}


def with_odd_cells(frame, kinds, rng):
    """Rows with missing cells in every predictor, and with unknown levels in every category."""
    odd = {}
    for name, cells in frame.items():
        cells = cells.astype(object)
        if kinds.get(name) == "category":
            cells = cells.where(rng.random(len(frame)) > 0.1, "in no row of the fit")
        odd[name] = cells.where(rng.random(len(frame)) > 0.1, None)
    return pd.DataFrame(odd)


def predictions(model, rows):
    """Probabilities where there are classes, else predictions; two-dimensional."""
    found = model.predict(rows) if model.classes is None else model.predict_proba(rows)
    return found.reshape(len(rows), -1)


def measure(name, data, jobs):
    """One row of the table."""
    kind, target = TABLES[name]
    frame = pd.read_csv(data / f"{name}.csv.gz")
    if len(target) == 2:
        frame = frame[frame[target[0]] > 0]
    train, test = train_test_split(frame, test_size=0.3, random_state=0)
    y = train[target[0]] if len(target) == 1 else train[target]
    estimator = kind("group", random_state=0, n_jobs=jobs)
    model = estimator.fit(train.drop(columns=target), y).to_fitted()
    small = model.prune()
    rows = with_odd_cells(test.drop(columns=target), model.encoder.kinds, np.random.default_rng(0))
    scale = y.std() if model.task == "regression" else 1.0
    expected = predictions(model, rows)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place, "model.onnx")
        model.to_onnx(file)
        content = file.read_bytes()
    found = run(content, feeds(small, rows))[0]
    pruned_difference = np.abs(predictions(small, rows) - expected).max() / scale
    onnx_difference = np.abs(found - expected).max() / scale
    return {
        "table": name,
        "predictors needed": f"{len(small.encoder.predictors)} of {model.encoder.n_features_in_}",
        "hidden units left": sum(map(len, small.members[0].biases[:-1])),
        "rows": len(rows),
        "pruned, difference": f"{pruned_difference:.1e}",
        "ONNX, difference": f"{onnx_difference:.1e}",
        "file, kB": f"{len(content) / 1000:.1f}",
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--jobs", type=int, default=-1)
    arguments = parser.parse_args()
    rows = [measure(name, arguments.data, arguments.jobs) for name in arguments.tables.split(",")]
    write_section("exports", f"{markdown(rows)}\n\n{machine()}")


if __name__ == "__main__":
    main()
