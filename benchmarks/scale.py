"""How seconds and memory grow with rows and with predictors, and two large tables.

    python benchmarks/scale.py [--only rows,columns,million,wide]

Simulated tables; every figure comes from a process of its own, whose peak of memory during the call is measured against
what it held, the table among it, just before.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from common import machine, markdown, timed, write_section

ROWS = [(n, 20) for n in (1_000, 3_000, 10_000, 30_000, 100_000, 300_000)]
COLUMNS = [(500, p) for p in (10, 30, 100, 300, 1_000, 3_000)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="rows,columns,million,wide")
    parser.add_argument("--once", nargs=5, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.once:
        penalty, *numbers = arguments.once
        print(json.dumps(once(penalty, *(int(number) for number in numbers))))
        return
    parts = arguments.only.split(",")
    text = []
    if "rows" in parts:
        text.append(growth("rows", [fit("l2", *shape, 3, 50) for shape in ROWS]))
    if "columns" in parts:
        text.append(growth("predictors", [fit("group", *shape, 3, 50) for shape in COLUMNS]))
    if "million" in parts:
        million = shown(fit("l2", 1_000_000, 100, 3, 20))
        text.append(f"A million rows, L2, 20 strengths, 3 folds:\n\n{markdown([million])}")
    if "wide" in parts:
        wide = shown(fit("group", 200, 20_000, 5, 0))
        text.append(f"200 rows, 20,000 predictors, group, 5 folds:\n\n{markdown([wide])}")
    write_section("scale", "\n\n".join([*text, machine()]))


def once(penalty, n_rows, n_columns, cv, n_alphas):
    """Seconds and memory of one fit; with 0 strengths the automatic grid."""
    import tautnet as tn

    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, n_columns), dtype=np.float32)
    y = (X[:, 0] + np.square(X[:, 1]) + X[:, 2] * X[:, 3] + rng.normal(size=n_rows)).astype(np.float32)
    alphas = np.geomspace(1e-4, 1, n_alphas) if n_alphas else "auto"
    model = tn.TautNetRegressorCV(penalty, alphas=alphas, cv=cv, n_jobs=2, random_state=0)
    # Linux: the peak is counted anew from here.
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    _, seconds = timed(lambda: model.fit(X, y))
    peak = memory("VmHWM")
    return {
        "rows": n_rows, "predictors": n_columns, "seconds": seconds, "table": X.nbytes, "more": peak - before,
        "loss": float(model.cv_results_["mean_test_loss"].min() / y.var()),
        "kept": int(model.selected_features_.sum()),
    }  # fmt: skip


def memory(name):
    """Bytes that this process holds (VmRSS), or has held at most (VmHWM)."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


def fit(*numbers):
    """What a process of its own measures; the second of two, so that programs are compiled."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, __file__, "--once", *map(str, numbers)]
        environment = os.environ | {"TAUTNET_CACHE": cache}
        large = int(numbers[1]) * int(numbers[2]) > 10_000_000
        for _ in range(1 if large else 2):
            ended = subprocess.run(command, env=environment, capture_output=True, text=True)
            if ended.returncode:
                raise SystemExit(ended.stderr)
        result = json.loads(ended.stdout)
    print(shown(result), flush=True)
    return result


def shown(result):
    """A result as a row of a table."""
    return {
        "rows": f"{result['rows']:,}", "predictors": f"{result['predictors']:,}", "seconds": f"{result['seconds']:.3g}",
        "table, MB": f"{result['table'] / 1e6:.3g}", "memory beyond, MB": f"{result['more'] / 1e6:.3g}",
        "least CV loss, share of the null's": f"{result['loss']:.3f}", "predictors kept": result["kept"],
    }  # fmt: skip


def growth(axis, results):
    """A table, and the exponent of a power law fitted to its larger half."""
    later = results[len(results) // 2 :]
    logs = [np.log([result[key] for result in later]) for key in (axis, "seconds")]
    exponent = np.polyfit(*logs, 1)[0]
    return f"{markdown([shown(r) for r in results])}\n\nThe larger half grows as {axis}^{exponent:.2f}."


if __name__ == "__main__":
    main()
