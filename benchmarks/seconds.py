"""Seconds that `compare` takes, and what it finds, of two versions of the code in pairs.

    python benchmarks/seconds.py --old OTHER_CHECKOUT/src --data DIR
    [--tables breast_cancer,concrete,FILE:COLUMN] [--repeats 3] [--cold]

Every version runs in processes of its own, one after the other, with default options. Programs are
compiled: the first run of each version is not counted; with ``--cold`` every run compiles its own.
Seconds are medians; losses are nested test losses, the new version's over the old one's, a
geometric mean over penalties, with its standard error.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from common import load, machine, markdown, write_section

NEW = Path(__file__).parents[1] / "src"
TABLES = "breast_cancer,titanic,concrete,energy,sonar"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--old", help="the src of another checkout")
    parser.add_argument("--data", help="directory of the tables that scikit-learn does not bundle")
    parser.add_argument("--tables", default=TABLES)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cold", action="store_true", help="compile everything in every run")
    parser.add_argument("--one", help="compare one table, and print what was found")
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(compared(arguments.one, arguments.data)))
        return
    rows = []
    for name in arguments.tables.split(","):
        rows.append(pair(name, arguments))
        print(markdown(rows), flush=True)
    write_section("seconds", f"{markdown(rows)}\n\n{machine()}")


def pair(name, arguments):
    """A row of the table: both versions on one table, in turn."""
    found = {"old": [], "new": []}
    n_uncounted = 0 if arguments.cold else 1
    for _ in range(arguments.repeats + n_uncounted):
        for version, source in (("old", arguments.old), ("new", NEW)):
            found[version].append(run(name, source, arguments))
    counted = {version: runs[n_uncounted:] for version, runs in found.items()}
    seconds = {
        version: np.median([one["seconds"] for one in runs]) for version, runs in counted.items()
    }
    busy = np.median([one["cpu"] / one["seconds"] for one in counted["new"]])
    old, new = (found[version][-1]["losses"] for version in ("old", "new"))
    ratios = [np.log(new[row] / old[row]) for row in old]
    error = np.std(ratios, ddof=1) / np.sqrt(len(ratios))
    return {
        "table": Path(name.split(":")[0]).stem + (" (cold)" if arguments.cold else ""),
        "old, s": f"{seconds['old']:.1f}",
        "new, s": f"{seconds['new']:.1f}",
        "new / old": f"{seconds['new'] / seconds['old']:.2f}",
        "CPU / wall": f"{busy:.2f}",
        "loss, new / old": f"{np.exp(np.mean(ratios)):.3f} ± {error:.3f}",
    }


def run(name, source, arguments):
    """Compare a table in a process of its own."""
    data = ["--data", arguments.data] if arguments.data else []
    command = [sys.executable, __file__, "--one", name, *data]
    environment = os.environ | {"PYTHONPATH": str(source), "PYTHONWARNINGS": "ignore"}
    with tempfile.TemporaryDirectory() as cache:
        if arguments.cold:
            environment["TAUTNET_CACHE"] = cache
        ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(ended.stdout)


def compared(name, data):
    """Seconds and losses of the version that stands on the path."""
    import tautnet as tn

    if ":" in name:
        frame = pd.read_csv(name.split(":")[0])
        y = frame.pop(name.split(":")[1])
    else:
        frame, y, _ = load(name, data)
    start = time.perf_counter()
    cpu = time.process_time()
    losses = tn.compare(frame, y, n_jobs=-1).frame()["test_loss"]
    return {
        "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - cpu,
        "losses": losses.to_dict(),
    }


if __name__ == "__main__":
    main()
