"""Kill commands at random moments, type them again, and see that the result is the same.

    python tools/kill.py [--kills 40] [--seed 0]

SIGKILL, SIGTERM, SIGHUP and SIGINT in turn, over comparisons of six penalties, with refits,
selections and fits. Whatever two runs share must be equal byte for byte: all but times.
"""

import argparse
import json
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SIGNALS = ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT")
COMMON = ["--seed", "1", "--cv", "3", "--hidden", "20"]
COMMANDS = {
    "compare": ["compare", "table.csv", "--target", "y", "--out", "run", *COMMON]
    + ["--penalties", "none,l2,l1,elasticnet,group,adaptive_group"],
    "relax": ["compare", "table.csv", "--target", "y", "--out", "run", *COMMON]
    + ["--penalties", "l2,group", "--relax"],
    "select": ["select", "table.csv", "--target", "y", "--resume", "run", "--json", *COMMON],
    "fit": ["fit", "table.csv", "--target", "y", "--model", "run/model.taut", "--select", "4"]
    + ["--penalty", "group", "--relax", *COMMON],
}
# What a run says of times, in JSON and in words.
TIMES = re.compile(r'("\w*seconds": )[-+.\de]+|[\d.,]+ seconds|\b\d+ of \d+ jobs were taken.*')


def main():
    """Kill, and print what was seen; the exit code says whether all was well."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        write_table(place / "table.csv")
        known = {name: reference(place, name) for name in COMMANDS}
        equal = 0
        for i in range(arguments.kills):
            # Each signal meets each command.
            name = list(COMMANDS)[i // len(SIGNALS) % len(COMMANDS)]
            number = SIGNALS[i % len(SIGNALS)]
            outcome, seconds = known[name]
            moment = rng.uniform(0.2, 0.9) * seconds
            code = killed(place, name, getattr(signal, number), moment)
            kept = len(list(place.rglob("*.job")))
            same = finished(place, name) == outcome
            equal += same
            said = "equal" if same else "NOT EQUAL"
            print(f"{name}, {number} at {moment:.1f} s: code {code}, {kept} jobs kept, {said}")
    print(f"{equal} of {arguments.kills} equal byte for byte but for times")
    return 0 if equal == arguments.kills else 1


def write_table(path):
    """A table of which some predictors matter."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 8))
    y = X[:, 0] + np.abs(X[:, 1]) + 0.3 * rng.normal(size=240)
    names = ",".join([*(f"x{j}" for j in range(8)), "y"])
    np.savetxt(path, np.column_stack([X, y]), delimiter=",", header=names, comments="")


def started(place, name):
    """Start a command; signals are as a terminal leaves them."""
    (place / "run").mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "tautnet", *COMMANDS[name]],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=as_in_a_terminal,
    )


def as_in_a_terminal():
    """A process inherits that signals are ignored: behind a shell's ``&``, SIGINT is."""
    for name in SIGNALS[1:]:
        signal.signal(getattr(signal, name), signal.SIG_DFL)


def killed(place, name, number, moment):
    """Start a command, kill it at a moment, and return its exit code."""
    shutil.rmtree(place / "run", ignore_errors=True)
    process = started(place, name)
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
    process.communicate()
    return process.returncode


def finished(place, name):
    """Run a command to its end, and return all that it left, without times."""
    settle(place)
    if (place / "run/report.html").exists():
        # It ended before its signal came.
        return outcome(place, "", is_printed=False)
    process = started(place, name)
    out, err = process.communicate()
    if process.returncode:
        return f"exit code {process.returncode}: {err.decode()}"
    return outcome(place, out.decode(), is_printed=name == "select")


def settle(place):
    """Finish what was left, as the next command does."""
    from tautnet.files.journal import settled

    settled(place / "run")


def reference(place, name):
    """What a command leaves that nobody interrupts, and the seconds that it takes."""
    shutil.rmtree(place / "run", ignore_errors=True)
    # Programs are compiled once for all.
    finished(place, name)
    shutil.rmtree(place / "run", ignore_errors=True)
    start = time.perf_counter()
    return finished(place, name), time.perf_counter() - start


def outcome(place, printed, *, is_printed):
    """All files of a run, without times, by name."""
    files = {"stdout": TIMES.sub("", printed)} if is_printed else {}
    for path in sorted((place / "run").rglob("*") if (place / "run").exists() else ()):
        if path.suffix == ".taut":
            files[path.name] = model(path)
        elif path.name != "run.log" and path.is_file():
            files[str(path.relative_to(place))] = without_times(path.read_text(), place)
    return files


def without_times(text, place):
    """A text without times; those in the report's tables are known by those of the result."""
    result = place / "run/result.json"
    times = set(re.findall(r'"\w*seconds": ([-+.\de]+)', result.read_text()))
    for one in times:
        text = re.sub(f'<data value="{re.escape(one)}">[^<]*</data>', "", text)
    return TIMES.sub("", text)


def model(path):
    """What a model file holds, without times."""
    from tautnet.files import sealed

    text, arrays = sealed.contents(path)
    manifest = json.loads(text)
    manifest.pop("sha256")
    held = re.sub(r'\["seconds", [^\]]*\]', "", json.dumps(manifest))
    return held, {name: array.tobytes() for name, array in arrays.items()}


if __name__ == "__main__":
    sys.exit(main())
