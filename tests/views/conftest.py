"""Small finished comparisons and their reports, made once for all tests of the views."""

from typing import NamedTuple

import pytest

import tautnet
from tautnet.tables.datasets import linear_two, pure_noise, xor
from tautnet.views.report import render_report

REGRESSION, CLASSES = linear_two(n_rows=60, n_predictors=3, seed=1), xor(n_rows=60, n_noise=1, seed=1)
ONE, THREE = linear_two(n_rows=60, n_predictors=2, seed=2), pure_noise(n_rows=60, n_predictors=3, classes=3, seed=3)

# A table, its predictors, and arguments of `compare`.
CASES = {
    "regression": (REGRESSION, ["x1", "x2", "x3"], {}),
    "classification": (CLASSES, ["x1", "x2", "x3"], {}),
    "three classes": (THREE, ["x1", "x2", "x3"], {"penalties": ("l1",)}),
    "without none": (REGRESSION, ["x1", "x2", "x3"], {"penalties": ("l2", "group")}),
    "only none": (REGRESSION, ["x1", "x2", "x3"], {"penalties": ("none",)}),
    "linear": (REGRESSION, ["x1", "x2", "x3"], {"hidden_layer_sizes": (), "penalties": ("l2",)}),
    "one predictor": (ONE, ["x1"], {"penalties": ("none", "group")}),
}


class Finished(NamedTuple):
    """What the command hands to the views: the result with its detail, and the verdict."""

    result: dict
    sentences: list


def finish(case):
    table, predictors, arguments = CASES[case]
    arguments = {"penalties": ("none", "l2", "group"), "hidden_layer_sizes": (4,), "cv": 3} | arguments
    comparison = tautnet.compare(table.frame[predictors], table.frame[table.target], **arguments)
    return Finished(comparison.result | {"detail": comparison.detail}, comparison.sentences)


class Cases(dict):
    """Made when first asked for."""

    def __init__(self, make):
        super().__init__()
        self.make = make

    def __missing__(self, case):
        self[case] = self.make(case)
        return self[case]


@pytest.fixture(scope="session")
def finished(cache_programs):
    """Finished comparisons by the name of their case."""
    return Cases(finish)


@pytest.fixture(scope="session")
def pages(finished):
    """Reports by the name of their case."""
    return Cases(lambda case: render_report(*finished[case], command=f"tautnet compare {case}"))
