"""Fit a table larger than memory by the command, predict it, and print what that takes.

    python tools/large.py [--rows 20] [--small 1] [--memory 2] [--directory DIR]

A table of so many million rows and 30 predictors is written as Parquet, then fitted under l2 with
three folds; `--memory` makes it larger than memory. A smaller table is fitted beside, in memory, so
that seconds a million rows can be compared.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow
import pyarrow.parquet

N_PREDICTORS = 30
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
    parser.add_argument("--memory", default="2", help="gigabytes that a table may take")
    parser.add_argument("--directory", help="where the tables are written; a temporary one")
    asked = parser.parse_args()
    with TemporaryDirectory(dir=asked.directory) as directory:
        held = True
        seconds = {}
        for millions in filter(None, (asked.small, asked.rows)):
            table = Path(directory) / f"{millions:g}.parquet"
            write(table, int(millions * MILLION))
            is_small = millions == asked.small
            memory = [] if is_small else ["--memory", asked.memory]
            fit = ["fit", table, "--target", "y", "--model", Path(directory) / "m.tautnet"]
            fit += ["--network", "plain", "--cv", "3", "--scratch", directory, *memory]
            seconds[millions], peak = watched(fit, directory)
            print(f"fit, {millions:g} million rows: {seconds[millions]:.0f} s, {peak:.0f} MB")
            held &= is_small or peak <= MOST_FIT
        predicted = ["predict", Path(directory) / "m.tautnet", table, "--out", f"{directory}/p.csv"]
        took, peak = watched(predicted, directory)
        print(f"predict, {asked.rows:g} million rows: {took:.0f} s, {peak:.0f} MB")
        held &= peak <= MOST_PREDICT
        if asked.small:
            small = seconds[asked.small] / asked.small
            ratio = seconds[asked.rows] / asked.rows / small
            print(f"seconds a million rows, over those of the small table: {ratio:.2f}")
            held &= ratio <= MOST_RATIO
    return 0 if held else 1


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


def watched(arguments, directory):
    """Run the command; return its seconds and the megabytes of its own that it took at most."""
    command = [sys.executable, "-m", "tautnet", *map(str, arguments)]
    start = time.perf_counter()
    most = 0.0
    with subprocess.Popen(command, cwd=directory) as process:
        while process.poll() is None:
            most = max(most, anonymous(process.pid))
            time.sleep(0.1)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
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
