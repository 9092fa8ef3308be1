"""Damage the kept model files in a thousand ways, and see that each is refused or of use.

    python tools/fuzz_models.py [--mutations 1000] [--first 0] [--workers 2]

Every mutation changes one to three values of a manifest or of its arrays and gets a digest that is
right, as a file from a stranger would have. It is loaded, asked for predictions, shown, written as
an equation and as ONNX, and turned back into an estimator, in a process that may take 2 GB of
memory more than it begins with and 20 seconds of the processor for each. A file may raise
`ModelFileError`; where it is loaded, a table that does not fit it or a model that is too large for
an equation may raise `TableError`. Everything else is a fault: it is printed, and the exit code
is 1.
"""

import argparse
import contextlib
import io
import json
import re
import resource
import signal
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

KEPT = Path(__file__).resolve().parents[1] / "tests" / "files" / "kept"
SEAL = re.compile(',"sha256":"[0-9a-f]{64}"}$')
MEMORY = 2 * 10**9
SECONDS = 20
# What stands in the place of a value: of its type or another, of other sizes, and what a parser, a
# terminal or a page might obey.
NUMBERS = [0, 1, -1, 2**31, 2**63, 10**30, 10**400, -(10**400), 1e308, -1e308, 5e-324, 0.5]
TEXTS = [
    "",
    "x",
    "nan",
    "\x1b]0;title\x07",
    "\ud800",
    "a\x00b",
    "a\nb",
    "'; DROP TABLE t; --",
    "\\",
    "x" * 100_000,
]
OTHERS = [
    None,
    True,
    False,
    [],
    [1],
    [[]],
    {},
    {"a": 1},
    {"array": "0"},
    {"array": "none"},
    {"tuple": [8]},
    {"tuple": [0]},
    {"tuple": [10**9]},
    {"dict": []},
    {"dict": [["record", "Settings"]]},
    {"float": "nan"},
    {"float": "inf"},
    {"number": "float64", "value": {"float": "nan"}},
    {"number": "uint8", "value": 300},
    {"texts": ["a", "a"], "shape": [2]},
    {"objects": [None, [1]], "shape": [2]},
    {"text": "q"},
]
EXTREMES = [0.0, -0.0, 1e308, -1e308, 5e-324, np.nan, np.inf, -np.inf, -1.0, 1e30]
TYPES = ["float32", "float16", "int64", "int8", "uint64", "bool", "float64"]


def main():
    """Run the mutations in several processes, and print what they came to."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--mutations", type=int, default=1000)
    asked.add_argument("--first", type=int, default=0, help="number of the first mutation")
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = asked.parse_args()
    numbers = range(given.first, given.first + given.mutations)
    if given.worker:
        work(numbers[:: given.workers])
        return 0
    parts = [numbers[i :: given.workers] for i in range(given.workers)]
    with ThreadPoolExecutor(given.workers) as pool:
        outcomes = [one for part in pool.map(supervise, parts) for one in part]
    faults = sorted(one for one in outcomes if one[2] == "fault")
    for number, step, _, what in faults:
        print(f"mutation {number}, {step}: {what}")
    counts = Counter((step, kind, what) for _, step, kind, what in outcomes if kind != "fault")
    for (step, kind, what), n in sorted(counts.items()):
        print(f"{n:6}  {step:13} {kind:8} {what}")
    print(f"{len(numbers)} mutations, {len(faults)} faults")
    return 1 if faults else 0


def supervise(numbers):
    """Have a process work on some mutations; where it ends, another goes on behind the fault."""
    outcomes = []
    at = 0
    while at < len(numbers):
        left = numbers[at:]
        command = [sys.executable, __file__, "--worker", "--first", str(left.start)]
        command += ["--mutations", str(left.stop - left.start), "--workers", str(left.step)]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace"
        )
        out, err = process.communicate()
        lines = [json.loads(line) for line in out.splitlines()]
        done = [line["done"] for line in lines if "done" in line]
        outcomes += [tuple(line["outcome"]) for line in lines if "outcome" in line]
        at += len(done)
        if process.returncode and at < len(numbers):
            step = next((line["step"] for line in reversed(lines) if "step" in line), "start")
            how = f"ended with {process.returncode}: {' '.join(err.split())[-300:]}"
            outcomes.append((numbers[at], step, "fault", how))
            at += 1
    return outcomes


def work(numbers):
    """Work on mutations, and say of each step how it ended, a JSON object a line."""
    import pandas as pd

    import tautnet
    from tautnet.estimators import conversion  # noqa: F401

    warnings.simplefilter("ignore")
    with contextlib.suppress(ImportError):
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    files = sorted(KEPT.glob("format-1-*.taut"))
    assert len(files) == 3, f"{len(files)} kept files"
    rows = pd.read_csv(KEPT / "rows.csv")
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    with tempfile.TemporaryDirectory() as directory:
        for number in numbers:
            path = Path(directory, "model.taut")
            path.write_bytes(mutated(files[number % len(files)].read_bytes(), number))
            # Seconds of the processor; it ends the process.
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            for step, how, what in steps(tautnet, path, rows):
                tell(outcome=[number, step, how, what])
            signal.setitimer(signal.ITIMER_PROF, 0)
            tell(done=number)


def tell(**said):
    """Print a JSON object on a line."""
    print(json.dumps(said), flush=True)


def steps(tautnet, path, rows):
    """Do all that can be done with a file, and yield how each step ended."""
    models = []
    uses = {
        "load": lambda: models.append(tautnet.load(path)),
        "predict": lambda: models[0].table(rows).to_csv(),
        "show": lambda: show(models[0]),
        "python": lambda: models[0].equation("python"),
        "sql": lambda: models[0].equation("sql"),
        "export": lambda: models[0].to_onnx(path.with_suffix(".onnx")),
        "to_estimator": lambda: models[0].to_estimator() if models[0].unit else None,
    }
    for step, use in uses.items():
        tell(step=step)
        is_strict = step in ("load", "to_estimator")
        expected = tautnet.ModelFileError if is_strict else tautnet.TableError
        try:
            use()
            yield step, "done", ""
        except expected as error:
            if "\n" in str(error) or len(str(error)) > 1000:
                yield step, "fault", f"no line: {str(error)[:200]!r}"
            yield step, "refused", type(error).__name__
        except Exception as error:
            place = error.__traceback__
            while place.tb_next is not None:
                place = place.tb_next
            at = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}"
            yield step, "fault", f"{type(error).__name__} at {at}: {str(error)[:200]!r}"
        if not models:
            return


def show(model):
    """Print what is in a model, in words and as JSON, without a character that is obeyed."""
    from tautnet.files.summary import facts

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        model.show()
    if "\x1b" in printed.getvalue():
        raise AssertionError("an escape is printed as it is")
    printed.getvalue().encode()
    json.dumps(facts(model), allow_nan=False)


def mutated(data, number):
    """Return a file with one to three values changed, and a digest that is right."""
    from safetensors.numpy import load, save

    from tautnet.files.sealed import sealed

    rng = np.random.default_rng(number)
    length = int.from_bytes(data[:8], "little")
    text = json.loads(data[8 : 8 + length])["__metadata__"]["tautnet"]
    manifest = json.loads(SEAL.sub("}", text))
    arrays = dict(load(data))
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        if rng.random() < 0.25:
            damage_array(arrays, rng)
        else:
            damage_manifest(manifest, rng)
    text = json.dumps(manifest, separators=(",", ":"))
    try:
        return save(arrays, {"tautnet": sealed(text, arrays)})
    except UnicodeEncodeError as error:
        raise AssertionError("json.dumps writes ASCII") from error


def damage_array(arrays, rng):
    """Change a number, the type or the shape of one array."""
    name = sorted(arrays)[rng.integers(len(arrays))]
    array = arrays[name].copy()
    way = rng.integers(4)
    with np.errstate(all="ignore"):
        if way == 0 and array.size and array.dtype.kind == "f":
            array.ravel()[rng.integers(array.size)] = EXTREMES[rng.integers(len(EXTREMES))]
        elif way == 1:
            array = array.astype(TYPES[rng.integers(len(TYPES))])
        elif way == 2:
            array = array.ravel()[: rng.integers(array.size + 1)].copy()
        else:
            array = np.resize(array, tuple(rng.integers(0, 5, rng.integers(0, 4))))
    arrays[name] = np.ascontiguousarray(array) if array.ndim else array.copy()


def damage_manifest(manifest, rng):
    """Replace, remove, double, exchange or rename one value."""
    holder, last = some_place(manifest, rng)
    way = rng.integers(8)
    if way == 0:
        del holder[last]
    elif way == 1 and isinstance(holder, list):
        holder.insert(last, copied(holder[last]))
    elif way == 1:
        holder[f"{last}x"] = holder.pop(last)
    elif way == 2:
        other, key = some_place(manifest, rng)
        holder[last] = copied(other[key])
    else:
        holder[last] = odd_value(holder[last], rng)


def some_place(manifest, rng):
    """Return a dict or list of the manifest and a key of it, near the root as often as deep."""
    holder = manifest
    while True:
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        key = keys[rng.integers(len(keys))]
        inner = holder[key]
        if not isinstance(inner, dict | list) or not inner or rng.random() < 0.2:
            return holder, key
        holder = inner


def odd_value(value, rng):
    """Return what does not belong in the place of a value: of its own type as often as not."""
    odd = [*NUMBERS, *TEXTS, *OTHERS]
    if rng.random() < 0.6 and isinstance(value, int | float):
        odd = NUMBERS
    elif rng.random() < 0.6 and isinstance(value, str):
        odd = TEXTS
    return copied(odd[rng.integers(len(odd))])


def copied(value):
    """Return a copy that shares nothing."""
    return json.loads(json.dumps(value))


if __name__ == "__main__":
    sys.exit(main())
