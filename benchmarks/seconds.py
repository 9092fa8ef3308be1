"""Seconds that `compare` takes, and what it finds, of two versions of the code in pairs.

    python benchmarks/seconds.py --old OTHER_CHECKOUT/src --data DIR
    [--tables breast_cancer,concrete] [--repeats 3]

Every version runs in processes of its own, one after the other, with default options and compiled
programs: the first run of each is not counted. Seconds are medians; losses are nested test losses,
the new version's over the old one's, a geometric mean over penalties.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from common import load, machine, markdown, write_section

NEW = Path(__file__).parents[1] / "src"
TABLES = "breast_cancer,titanic,concrete,energy,sonar"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--old", help="the src of another checkout")
    parser.add_argument("--data", help="directory of the tables that scikit-learn does not bundle")
    parser.add_argument("--tables", default=TABLES)
    parser.add_argument("--repeats", type=int, default=3)
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
    for _ in range(arguments.repeats + 1):
        for version, source in (("old", arguments.old), ("new", NEW)):
            found[version].append(run(name, source, arguments.data))
    seconds = {
        version: np.median([one["seconds"] for one in runs[1:]]) for version, runs in found.items()
    }
    old, new = (found[version][-1]["losses"] for version in ("old", "new"))
    ratios = [np.log(new[row] / old[row]) for row in old]
    return {
        "table": name,
        "old, s": f"{seconds['old']:.1f}",
        "new, s": f"{seconds['new']:.1f}",
        "new / old": f"{seconds['new'] / seconds['old']:.2f}",
        "loss, new / old": f"{np.exp(np.mean(ratios)):.3f}",
    }


def run(name, source, data):
    """Compare a table in a process of its own."""
    command = [sys.executable, __file__, "--one", name, *(["--data", data] if data else [])]
    environment = os.environ | {"PYTHONPATH": str(source), "PYTHONWARNINGS": "ignore"}
    ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(ended.stdout)


def compared(name, data):
    """Seconds and losses of the version that stands on the path."""
    import tautnet as tn

    X, y, _ = load(name, data)
    start = time.perf_counter()
    frame = tn.compare(X, y, n_jobs=-1).frame()
    return {"seconds": time.perf_counter() - start, "losses": frame["test_loss"].to_dict()}


if __name__ == "__main__":
    main()
