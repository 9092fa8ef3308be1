"""Small finished comparisons and their reports, made once for all tests, and a browser."""

import gzip
import json
import os
import pickle
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from views.browser import found, launched

import tautnet
from tautnet.files.whole import write_bytes
from tautnet.tables.datasets import linear_two, pure_noise, xor
from tautnet.views.report import render_report

REGRESSION = linear_two(n_rows=60, n_predictors=3, seed=1)
CLASSES = xor(n_rows=60, n_noise=1, seed=1)
ONE = linear_two(n_rows=60, n_predictors=2, seed=2)
THREE = pure_noise(n_rows=60, n_predictors=3, classes=3, seed=3)
TIMES = {"time": np.exp(-REGRESSION.frame["y"]), "event": np.arange(60) % 4 > 0}
SURVIVAL = REGRESSION._replace(frame=REGRESSION.frame.assign(**TIMES), target=["time", "event"])
SIGNS = {"a": REGRESSION.frame["y"] > 0, "b": REGRESSION.frame["x2"] > 0}
LABELS = REGRESSION._replace(
    frame=REGRESSION.frame.assign(**SIGNS).astype(float), target=["a", "b"]
)

# A table, its predictors, and arguments of `compare`.
CASES = {
    "regression": (REGRESSION, ["x1", "x2", "x3"], {}),
    "classification": (CLASSES, ["x1", "x2", "x3"], {}),
    "three classes": (THREE, ["x1", "x2", "x3"], {"penalties": ("l1",)}),
    "without none": (REGRESSION, ["x1", "x2", "x3"], {"penalties": ("l2", "group")}),
    "only none": (REGRESSION, ["x1", "x2", "x3"], {"penalties": ("none",)}),
    "linear": (REGRESSION, ["x1", "x2", "x3"], {"hidden_layer_sizes": (), "penalties": ("l2",)}),
    "survival": (
        SURVIVAL,
        ["x1", "x2", "x3"],
        {"penalties": ("none", "group", "early_stopping", "dropout"), "task": "survival"},
    ),
    "labels": (LABELS, ["x1", "x2", "x3"], {"hidden_layer_sizes": (), "penalties": ("l2",)}),
    "relaxed": (REGRESSION, ["x1", "x2", "x3"], {"penalties": ("none", "group"), "relax": True}),
    "one predictor": (ONE, ["x1"], {"penalties": ("none", "group")}),
}


class Finished(NamedTuple):
    """What the command hands to the views: the result with its detail, and the verdict."""

    result: dict
    sentences: list


def finish(case):
    table, predictors, arguments = CASES[case]
    usual = {"penalties": ("none", "l2", "group"), "hidden_layer_sizes": (4,), "cv": 3}
    arguments = usual | arguments
    comparison = tautnet.compare(table.frame[predictors], table.frame[table.target], **arguments)
    return Finished(comparison.whole(f"tautnet compare {case}"), comparison.sentences)


class Cases(dict):
    """Made when first asked for."""

    def __init__(self, make):
        super().__init__()
        self.make = make

    def __missing__(self, case):
        self[case] = self.make(case)
        return self[case]


@pytest.fixture(scope="session")
def finished(cache_programs, tmp_path_factory, request):
    """Finished comparisons by the name of their case; processes of one run share them."""
    place = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        place = place.parent

    def found_or_made(case):
        file = place / f"{case}.pickle"
        if not file.exists():
            write_bytes(file, pickle.dumps(finish(case)))
        return pickle.loads(file.read_bytes())

    return Cases(found_or_made)


@pytest.fixture(scope="session")
def pages(finished):
    """Reports by the name of their case."""
    return Cases(lambda case: render_report(finished[case].result))


@pytest.fixture(scope="session")
def breast_cancer():
    """The result of a whole run on breast_cancer, made by docs/picture.py."""
    return kept("breast_cancer")


@pytest.fixture(scope="session")
def earlier():
    """The result of a run that an earlier version wrote, before results had a schema."""
    return kept("schema_1")


def kept(name):
    file = Path(__file__).parent / f"{name}.json.gz"
    return json.loads(gzip.decompress(file.read_bytes()))


@pytest.fixture(scope="module")
def browser():
    """A browser; without one the tests are skipped.

    They fail where TAUTNET_NEEDS_BROWSER says that there has to be one.
    """
    if found() is None:
        if os.environ.get("TAUTNET_NEEDS_BROWSER"):
            pytest.fail("a browser was asked for (TAUTNET_NEEDS_BROWSER), and there is none")
        pytest.skip("no Chromium or Chrome here")
    with launched() as running:
        yield running
