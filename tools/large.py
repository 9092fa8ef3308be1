"""Fit a table larger than memory, predict it by the command, and print what that takes.

    python tools/large.py [--rows 20] [--small 1] [--memory 2] [--directory DIR]

A table of so many million rows and 30 predictors is written as Parquet, then fitted as a dataset of
pyarrow under l2 with 20 strengths and three folds; `--memory` makes it larger than memory. A
smaller table is fitted beside, in memory, so that seconds a million rows can be compared.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow
import pyarrow.dataset
import pyarrow.parquet

import tautnet as tn
from tautnet.tables.disk import room

N_PREDICTORS = 30
ALPHAS = np.geomspace(1e-4, 1e-1, 20)
# Rows that are written at once.
ROWS = 2**19
MILLION = 10**6
# Megabytes of its own that a process may take, and seconds a million rows over the small table's.
MOST_FIT = 2000
MOST_PREDICT = 500
MOST_RATIO = 1.3


def main():
    """Print a line for each command; the exit code says whether the limits were kept."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=float, default=20.0, help="millions")
    parser.add_argument("--small", type=float, default=1.0, help="millions; 0 leaves it out")
    parser.add_argument("--memory", default="2", help="gigabytes that the large table may take")
    parser.add_argument("--directory", help="where the tables are written; a temporary one")
    parser.add_argument("--fit", nargs=3, metavar=("TABLE", "MEMORY", "MODEL"), help="fit alone")
    asked = parser.parse_args()
    if asked.fit:
        fit(*asked.fit)
        return 0
    with TemporaryDirectory(dir=asked.directory) as directory:
        return 0 if compare(asked, Path(directory)) else 1


def compare(asked, directory):
    """Fit both tables and predict the large one; return whether all limits were kept."""
    model = directory / "m.tautnet"
    seconds = {}
    held = True
    for millions, memory in ((asked.small, "1000"), (asked.rows, asked.memory)):
        if not millions:
            continue
        table = directory / f"{millions:g}.parquet"
        write(table, int(millions * MILLION))
        command = [sys.executable, str(Path(__file__).resolve()), "--fit", table, memory, model]
        seconds[millions], peak = watched(command, directory)
        took = f"{seconds[millions]:.0f} s, {peak:.0f} MB"
        print(f"fit, {millions:g} million rows: {took}", flush=True)
        held &= millions == asked.small or peak <= MOST_FIT
    command = [sys.executable, "-m", "tautnet", "predict", model, table, "--out", "p.csv"]
    took, peak = watched(command, directory)
    print(f"predict, {asked.rows:g} million rows: {took:.0f} s, {peak:.0f} MB", flush=True)
    held &= peak <= MOST_PREDICT
    if asked.small:
        ratio = seconds[asked.rows] / asked.rows / (seconds[asked.small] / asked.small)
        print(f"seconds a million rows, over those of the small table: {ratio:.2f}")
        held &= ratio <= MOST_RATIO
    return held


def fit(table, memory, model):
    """Fit a table by the Python interface, and keep the model."""
    dataset = pyarrow.dataset.dataset(table)
    predictors = [field for field in dataset.schema if field.name != "y"]
    y = dataset.to_table(columns=["y"])["y"].to_numpy()
    one = tn.TautNetRegressorCV(
        "l2", alphas=ALPHAS, cv=3, network="plain", n_jobs=-1, random_state=0
    )
    with room(Path(table).parent, float(memory)):
        one.fit(dataset.replace_schema(pyarrow.schema(predictors)), y)
    one.save(model)
    print(f"loss {one.cv_loss_:.4f} by cross-validation, {one.null_loss_:.4f} of a constant")


def write(path, n_rows):
    """Write a table whose target is no linear function, some rows at a time."""
    rng = np.random.default_rng(0)
    writer = None
    for start in range(0, n_rows, ROWS):
        X = rng.standard_normal((min(ROWS, n_rows - start), N_PREDICTORS), dtype=np.float32)
        y = X[:, 0] + np.abs(X[:, 1]) * X[:, 2] + 0.5 * rng.standard_normal(len(X))
        columns = {f"x{j}": X[:, j] for j in range(N_PREDICTORS)}
        table = pyarrow.table(columns | {"y": y.astype(np.float32)})
        if writer is None:
            writer = pyarrow.parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()


def watched(command, directory):
    """Run a command; return its seconds and the megabytes of its own that it took at most."""
    start = time.perf_counter()
    most = 0.0
    with subprocess.Popen(list(map(str, command)), cwd=directory) as process:
        while process.poll() is None:
            most = max(most, anonymous(process.pid))
            time.sleep(0.1)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}")
    return time.perf_counter() - start, most


def anonymous(process):
    """Megabytes of memory of a process's own."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    found = [int(line.split()[1]) for line in lines if line.startswith("RssAnon")]
    return found[0] / 1024 if found else 0.0


if __name__ == "__main__":
    sys.exit(main())
