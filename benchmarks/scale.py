"""How seconds and memory grow with rows and with predictors, and three large tables.

    python benchmarks/scale.py --data DIR [--only rows,columns,million,wide,adult]

Simulated tables, and `adult` of DIR; every figure comes from a process of its own, whose peak of
memory during the call is measured against what it held, the table among it, just before.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from common import load, machine, markdown, timed, write_section

ROWS = [(n, 20) for n in (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)]
COLUMNS = [(500, p) for p in (10, 30, 100, 300, 1_000, 3_000)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", help="directory of the tables that scikit-learn does not bundle")
    parser.add_argument("--only", default="rows,columns,million,wide,adult")
    parser.add_argument("--once", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.once:
        print(json.dumps(once(**json.loads(arguments.once))))
        return
    for name in arguments.only.split(","):
        write_section(f"scale-{name}", f"{PARTS[name](arguments.data)}\n\n{machine()}")


def by_rows(data):
    """How a path under L2 grows with rows."""
    return growth("rows", [fit(penalty="l2", shape=n, cv=3, alphas=strengths(50)) for n in ROWS])


def by_columns(data):
    """How a path under group grows with predictors."""
    results = [fit(penalty="group", shape=n, cv=3, alphas=strengths(50)) for n in COLUMNS]
    return growth("predictors", results)


def million(data):
    """A million rows of a hundred predictors."""
    result = fit(penalty="l2", shape=(1_000_000, 100), cv=3, alphas=strengths(20))
    return f"L2, 20 strengths, 3 folds:\n\n{table_of([result])}"


def wide(data):
    """Many more predictors than rows, on paths of two lengths."""
    how = {"penalty": "group", "shape": (200, 20_000), "cv": 5}
    results = [fit(**how), fit(**how, alpha_min_ratio=1e-5)]
    title = "Group, 5 folds, from 1e-2 a₀ (the default) and from 1e-5 a₀:"
    return f"{title}\n\n{table_of(results)}"


def adult(data):
    """A real table."""
    result = fit(penalty="l2", table="adult", data=data, cv=5)
    return f"`adult`, L2, 5 folds, the automatic path:\n\n{table_of([result])}"


PARTS = {"rows": by_rows, "columns": by_columns, "million": million, "wide": wide, "adult": adult}


def strengths(n):
    """Strengths from 1e-4 to 1, evenly spaced in their logarithms."""
    return np.geomspace(1e-4, 1, n).tolist()


def simulated(n_rows, n_columns):
    """Predictors and target, float32."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, n_columns), dtype=np.float32)
    y = X[:, 0] + np.square(X[:, 1]) + X[:, 2] * X[:, 3] + rng.normal(size=n_rows)
    return X, y.astype(np.float32)


def once(penalty, cv, shape=None, table=None, data=None, alphas="auto", alpha_min_ratio="auto"):
    """Seconds and memory of one fit."""
    import tautnet as tn

    if table:
        X, y, task = load(table, data)
    else:
        X, y = simulated(*shape)
        task = "regression"
    kind = tn.TautNetRegressorCV if task == "regression" else tn.TautNetClassifierCV
    model = kind(
        penalty,
        alphas=alphas,
        alpha_min_ratio=alpha_min_ratio,
        cv=cv,
        network="plain",
        n_jobs=2,
        random_state=0,
    )
    # Linux: the peak is counted anew from here.
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    _, seconds = timed(lambda: model.fit(X, y))
    peak = memory("VmHWM")
    return {
        "rows": X.shape[0],
        "predictors": X.shape[1],
        "seconds": seconds,
        "table": int(np.sum(memory_of(X))),
        "more": peak - before,
        "loss": float(model.cv_results_["mean_test_loss"].min() / model.null_loss_),
        "kept": int(model.selected_features_.sum()),
    }


def memory_of(X):
    """Bytes of an array or of the columns of a frame."""
    return X.nbytes if isinstance(X, np.ndarray) else X.memory_usage(deep=True)


def memory(name):
    """Bytes that this process holds (VmRSS), or has held at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith(name))
    return int(line.split()[1]) * 1024


def fit(**how):
    """What a process of its own measures.

    Of fits that do not take long it is the second one, so that programs are compiled.
    """
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, __file__, "--once", json.dumps(how)]
        environment = os.environ | {"TAUTNET_CACHE": cache}
        is_long = "table" in how or np.prod(how["shape"]) > 2_000_000
        for _ in range(1 if is_long else 2):
            ended = subprocess.run(command, env=environment, capture_output=True, text=True)
            if ended.returncode:
                raise SystemExit(ended.stderr)
        result = json.loads(ended.stdout)
    print(shown(result), file=sys.stderr, flush=True)
    return result


def shown(result):
    """A result as a row of a table."""
    return {
        "rows": f"{result['rows']:,}",
        "predictors": f"{result['predictors']:,}",
        "seconds": f"{result['seconds']:.3g}",
        "table, MB": f"{result['table'] / 1e6:.3g}",
        "memory beyond, MB": f"{result['more'] / 1e6:.3g}",
        "least CV loss, share of the null's": f"{result['loss']:.3f}",
        "predictors kept": result["kept"],
    }


def table_of(results):
    """Results as a Markdown table."""
    return markdown([shown(result) for result in results])


def growth(axis, results):
    """A table, and the exponent of a power law fitted to its larger half."""
    later = results[len(results) // 2 :]
    sizes = np.log([result[axis] for result in later])
    seconds = np.log([result["seconds"] for result in later])
    exponent = np.polyfit(sizes, seconds, 1)[0]
    return f"{table_of(results)}\n\nThe larger half grows as {axis}^{exponent:.2f}."


if __name__ == "__main__":
    main()
