"""Run the command on tables, and write what it says to docs/verdicts.md.

    python benchmarks/verdicts.py --data DIR [--only titanic,concrete]

Tables are real ones and two with a known answer. DIR holds ``titanic.csv.gz`` and so on, and
``messy/mpg.csv.gz``, tables as people find them. What was
printed is kept in ``build/verdicts``, so that one table can be run again without the others. For
adult, scikit-learn's logistic regression is fitted on the same folds, with its strength chosen on
the same inner folds.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "build" / "verdicts"
TABLES = {
    "titanic": (
        "Survived",
        "Passengers of the Titanic: numbers, categories, missing ages and cabins.",
    ),
    "german_credit": ("class", "Good and bad credit risks: 13 categorical predictors of 20."),
    "concrete": ("y", "Strength of concrete from its recipe and its age."),
    "energy": ("y", "Heating load of simulated buildings: nearly without noise."),
    "ames": ("Sale_Price", "House prices: 40 categorical predictors of 73."),
    "colon": ("y", "Tumour or not, from 2,000 genes of 62 samples of tissue."),
    "waveform5000": (
        "class",
        "Three waves, simulated: 19 of the 40 predictors, x22 to x40, are pure noise.",
    ),
    "adult": ("income", "Income above 50,000 or not, from a census."),
}
# Tables as people find them, in the folder messy: target, further options, what they are.
MESSY = {
    "mpg": ("mpg", (), "Miles per gallon of cars: names, missing horsepower."),
    "coffee_ratings": (
        "total_cup_points",
        ("--encoding", "latin-1"),
        "Ratings of coffee: nine of the ten scores that are added up to the target, and one row of"
        " 0 points.",
    ),
    "recent-grads": ("Median", (), "Pay after college majors: quantiles of it among 19 columns."),
    "movies": ("binary", (), "Do films pass a test: three columns are the target in other words."),
    "seattle-weather": ("weather", (), "Daily weather, three of five kinds rare."),
    "candy-data": ("winpercent", (), "Which candy wins: 85 rows."),
}
# Tables that scikit-learn brings.
BUILT_IN = {
    "diabetes": ("progression", "Diabetes a year on: ten measurements of 442 people."),
    "wine": ("cultivar", "Three kinds of wine from 13 measurements of 178 bottles."),
}
SIMULATED = {
    "pure_noise": (
        "Simulated: 200 rows, ten predictors and two classes that have nothing to do with each"
        " other."
    ),
    "linear_two": (
        "Simulated: 200 rows, y = 2 x1 - 1.5 x2 + noise; eight more predictors are noise."
    ),
}
HEAD = """# Verdicts

What `tautnet compare` says of real and of simulated tables, some of them messy, printed by

    make verdicts DATA=directory-of-the-tables

with tautnet {version}, Python {python}, jax {jax}, {cores} cores; the times are of that
machine. Nothing in the boxes was edited. [How to read them](reading-verdicts.md) is beside this
page.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="directory of the tables")
    parser.add_argument(
        "--only", default="", help="names of the tables to run, with commas; the others stay"
    )
    parser.add_argument("--write", type=Path, default=ROOT / "docs" / "verdicts.md")
    arguments = parser.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    everything = [*TABLES, *MESSY, *BUILT_IN, *SIMULATED]
    names = arguments.only.split(",") if arguments.only else everything
    for name in names:
        print(f"{name} ...", flush=True)
        file, target, options = place(name, arguments.data)
        text = run(name, file, target, options)
        if name == "adult":
            text += f"\n{logistic_regression(file, target)}\n"
        (KEPT / f"{name}.txt").write_text(text, encoding="utf-8")
    arguments.write.write_text(page(), encoding="utf-8")
    print(f"written: {arguments.write}")


def place(name, data):
    """File, target and options of a table; a simulated one is written first."""
    if name in TABLES:
        return data / f"{name}.csv.gz", TABLES[name][0], ()
    if name in MESSY:
        target, options, _ = MESSY[name]
        return data / "messy" / f"{name}.csv.gz", target, options
    if name in BUILT_IN:
        return Path(name), BUILT_IN[name][0], ()
    from tautnet.tables import datasets

    table = getattr(datasets, name)(n_rows=200, n_predictors=10, seed=0)
    file = KEPT / f"{name}.csv"
    table.frame.to_csv(file, index=False)
    return file, table.target, ()


def run(name, file, target, options):
    """What the command prints, and how long it took."""
    out = ["--out", str(KEPT / name), "--force"]
    command = ["compare", str(file), "--target", target, *options, *out]
    start = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-m", "tautnet", *command], capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if ended.returncode:
        raise SystemExit(f"{name}: {ended.stderr}")
    # Where files lie is a matter of this machine.
    said = ended.stderr.splitlines()
    notes = [line for line in said if not line.startswith(("report: ", "model: "))]
    shown = " ".join(["$ tautnet compare", file.name, "--target", target, *options])
    lines = [shown, *notes, "", ended.stdout.rstrip(), "", f"{seconds:.0f} seconds"]
    return "\n".join(lines) + "\n"


def logistic_regression(file, target):
    """Nested log-loss of scikit-learn's logistic regression on the command's own folds."""
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.model_selection import PredefinedSplit

    from tautnet.tables.reader import read_table
    from tautnet.tables.sample import encode
    from tautnet.tables.scaling import fit_scaling, standardise
    from tautnet.tables.target_columns import split_target
    from tautnet.validation.folds import make_folds

    X, y, _ = split_target(read_table(str(file)).frame, target)
    classes, sample, _ = encode(X, y, None, "classification")
    fold = make_folds(len(sample.y), 5, labels=classes.labels, seed=0)
    losses = np.full(len(fold), np.nan)
    for k in range(5):
        inside = fold != k
        scaling = fit_scaling(sample.X[inside])
        model = LogisticRegressionCV(
            Cs=np.logspace(-3, 2, 6),
            cv=PredefinedSplit(fold[inside]),
            scoring="neg_log_loss",
            max_iter=2000,
            use_legacy_attributes=False,
            l1_ratios=(0.0,),
            n_jobs=2,
        ).fit(standardise(sample.X[inside], scaling), classes.labels[inside])
        probabilities = model.predict_proba(standardise(sample.X[~inside], scaling))
        rows = np.arange(len(probabilities))
        losses[~inside] = -np.log(probabilities[rows, classes.labels[~inside]])
    return (
        "For comparison with the row linear, scikit-learn's LogisticRegression, same folds,"
        f" C chosen inside: log-loss {losses.mean():.4f}"
    )


def page():
    """The page, from what is kept."""
    from importlib.metadata import version

    sections = []
    named = [*TABLES.items(), *MESSY.items(), *BUILT_IN.items()]
    notes = {name: about[-1] for name, about in named} | SIMULATED
    for name, note in notes.items():
        file = KEPT / f"{name}.txt"
        if file.exists():
            text = file.read_text(encoding="utf-8").rstrip()
            sections.append(f"## {name}\n\n{note}\n\n```text\n{text}\n```\n")
    head = HEAD.format(
        version=version("tautnet"),
        python=platform.python_version(),
        jax=version("jax"),
        cores=os.cpu_count(),
    )
    return "\n".join([head, *sections])


if __name__ == "__main__":
    main()
