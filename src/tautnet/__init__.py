"""tautnet: glmnet for neural networks.

Names are loaded when they are first used, so that ``import tautnet`` costs nothing.
"""

from importlib import import_module
from typing import Any

_NAMES = {
    "resume": "tautnet.keeping.kept",
    "TautNetClassifier": "tautnet.estimators.models",
    "TautNetRegressor": "tautnet.estimators.models",
    "TautNetClassifierCV": "tautnet.estimators.cross_validated",
    "TautNetRegressorCV": "tautnet.estimators.cross_validated",
    "TautNetSurvival": "tautnet.estimators.survival",
    "TautNetSurvivalCV": "tautnet.estimators.survival",
    "TautNetSelector": "tautnet.estimators.selector",
    "article": "tautnet.replication.article",
    "compare": "tautnet.comparison",
    "Comparison": "tautnet.compared",
    "load_run": "tautnet.compared",
    "select_features": "tautnet.selection",
    "Selection": "tautnet.selection",
    "ComparisonDisplay": "tautnet.views.gains",
    "CVDisplay": "tautnet.views.cv_curve",
    "fit_path": "tautnet.paths",
    "Path": "tautnet.solving.path",
    "PathDisplay": "tautnet.views.norm_path",
    "PredictorsDisplay": "tautnet.views.counts",
    "SelectionDisplay": "tautnet.views.selected",
    "TrainingCurveDisplay": "tautnet.views.training_curve",
    "WeightHistogramDisplay": "tautnet.views.weights",
    "register_penalty": "tautnet.objective.registry",
    "PenaltyKind": "tautnet.objective.kinds",
    "TableError": "tautnet.tables.errors",
    "FittedModel": "tautnet.files.fitted",
    "load": "tautnet.files.model_file",
    "write_model": "tautnet.files.model_file",
    "ModelFileError": "tautnet.tables.errors",
    "datasets": "tautnet.tables",
}

__all__ = list(_NAMES)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("tautnet")
    if name == "datasets":
        return import_module("tautnet.tables.datasets")
    if name in _NAMES:
        return getattr(import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'tautnet' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
