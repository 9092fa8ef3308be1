"""What the benchmarks share: tables, splits, timing, the machine, and sections of README.md."""

import os
import platform
import re
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
BUNDLED = {"breast_cancer": "classification", "digits": "classification", "diabetes": "regression"}
ON_DISK = {
    "german_credit": ("class", "classification"),
    "satimage": ("class", "classification"),
    "sonar": ("Class", "classification"),
    "mice_protein": ("class", "classification"),
    "waveform5000": ("class", "classification"),
    "isolet": ("y", "classification"),
    "concrete": ("y", "regression"),
    "energy": ("y", "regression"),
    "ames": ("Sale_Price", "regression"),
    "adult": ("income", "classification"),
    "abalone": ("Class_number_of_rings", "regression"),
    "kin8nm": ("y", "regression"),
    "qsar_biodeg": ("Class", "classification"),
    "titanic": ("Survived", "classification"),
    "spambase": ("class", "classification"),
    "telco_churn": ("Churn", "classification"),
    "california": ("median_house_value", "regression"),
    "madelon": ("y", "classification"),
}


def load(name, data=None):
    """Frame, target and task of a table.

    Those that scikit-learn does not bundle lie in the directory ``data``.
    """
    if name in BUNDLED:
        from sklearn import datasets

        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(X.shape[1])])
        return frame, np.asarray(y), BUNDLED[name]
    target, task = ON_DISK[name]
    frame = pd.read_csv(Path(data) / f"{name}.csv.gz")
    y = frame.pop(target)
    if task == "classification":
        y = y.astype(str)
    return frame, y.to_numpy(), task


def split(y, task, seed):
    """Rows of a training part of 70 % and of the rest."""
    from sklearn.model_selection import train_test_split

    labels = y if task == "classification" else None
    return train_test_split(np.arange(len(y)), test_size=0.3, random_state=seed, stratify=labels)


def numbers(frame, train, test):
    """Both parts as standardised numbers: categories one-hot, missing cells the median."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    is_number = make_column_selector(dtype_include="number")
    is_other = make_column_selector(dtype_exclude="number")
    scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    transformer = make_column_transformer((scaled, is_number), (one_hot, is_other))
    return transformer.fit_transform(frame.iloc[train]), transformer.transform(frame.iloc[test])


def parts(name, data, seed):
    """Training and test parts of a table as numbers.

    Returns
    -------
    X_train, X_test, y_train, y_test : arrays
        Classes are whole numbers, other targets are standardised.
    task : str
    """
    frame, y, task = load(name, data)
    train, test = split(y, task, seed)
    X_train, X_test = numbers(frame, train, test)
    if task == "classification":
        _, y = np.unique(y, return_inverse=True)
    else:
        y = (y - y[train].mean()) / y[train].std()
    return X_train, X_test, y[train], y[test], task


def timed(call):
    """What a call returns, and its seconds."""
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start


def median(values, digits=3):
    """The median, as printed."""
    return f"{np.median(values):.{digits}g}"


def paired(own, others, form=".3f"):
    """Mean of own minus others with its standard error over splits, as printed.

    One split has no error.
    """
    difference = np.subtract(own, others)
    mean = f"{difference.mean():+{form}}"
    if len(difference) == 1:
        return mean
    return f"{mean} ± {difference.std(ddof=1) / np.sqrt(len(difference)):{form}}"


def sgemm_peak():
    """GFLOP/s of NumPy's float32 product of two 2048 x 2048 matrices, all cores, best of ten."""
    a = np.ones((2048, 2048), np.float32)
    return max(2 * 2048**3 / timed(lambda: a @ a)[1] / 1e9 for _ in range(10))


def commit():
    """The commit that is run."""
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True
    )
    return found.stdout.strip() or "unknown"


def machine():
    """One line about where and with what a benchmark ran."""
    processor = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        found = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
        processor = found.group(1) if found else processor
    names = ("tautnet", "jax", "scikit-learn", "numpy")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    load = os.getloadavg()[0]
    return (
        f"{processor}, {os.cpu_count()} cores, sgemm peak {sgemm_peak():.0f} GFLOP/s, load"
        f" {load:.1f} at the end; Python {platform.python_version()}, {packages}; commit"
        f" {commit()}."
    )


def markdown(rows):
    """A Markdown table of dicts."""
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([str(row[name]) for name in names] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write_section(name, text):
    """Print a section and put it into README.md between its two marks."""
    print(text, flush=True)
    before, _, after = _parted(name)
    first, last = _marks(name)
    page = f"{before}{first}\n{text.strip()}\n{last}{after}"
    (HERE / "README.md").write_text(page, encoding="utf-8")


def write_rows(name, rows, n_keys):
    """Put rows, and the commit that made them, into a section that is one table.

    Rows there that begin with the same ``n_keys`` cells are replaced, all others kept, so that a
    run may be cut off and need not make every row.
    """
    new = markdown([row | {"commit": commit()} for row in rows]).split("\n")
    old = _parted(name)[1].strip().split("\n")
    made = {_cells(line)[:n_keys] for line in new}
    kept = []
    if old[0] == new[0]:
        kept = [line for line in old[2:] if _cells(line)[:n_keys] not in made]
    write_section(name, "\n".join([*new[:2], *kept, *new[2:]]))


def _cells(line):
    return tuple(cell.strip() for cell in line.strip("|").split("|"))


def _marks(name):
    return f"<!-- {name} -->", f"<!-- end of {name} -->"


def _parted(name):
    """README.md before a section, the section, and what is behind it."""
    page = (HERE / "README.md").read_text(encoding="utf-8")
    first, last = _marks(name)
    if first not in page:
        raise SystemExit(f"README.md has no marks for {name}")
    before, rest = page.split(first)
    return before, *rest.split(last)
