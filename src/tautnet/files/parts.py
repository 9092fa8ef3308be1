"""The parts of a fitted model that the files of this room read."""

from typing import Any, Protocol

from tautnet.objective.prediction import Predictor
from tautnet.tables.arrays import Cells, Floats
from tautnet.tables.cells import TableLike
from tautnet.tables.encoder import TableEncoder

__all__ = ["Model"]


class Model(Protocol):
    """A fitted model; `tautnet.files.fitted.FittedModel` is the one there is, and explains all."""

    @property
    def estimator(self) -> str: ...

    @property
    def parameters(self) -> dict[str, Any]: ...

    @property
    def task(self) -> str: ...

    @property
    def target(self) -> str: ...

    @property
    def metric(self) -> str: ...

    @property
    def encoder(self) -> TableEncoder: ...

    @property
    def members(self) -> tuple[Predictor, ...]: ...

    @property
    def attributes(self) -> dict[str, Any]: ...

    @property
    def versions(self) -> dict[str, str]: ...

    @property
    def left_out(self) -> dict[str, str]: ...

    @property
    def selector(self) -> dict[str, Any] | None: ...

    @property
    def classes(self) -> Cells | None: ...

    @property
    def feature_names(self) -> list[str]: ...

    def predict(self, X: TableLike) -> Cells: ...

    def predict_proba(self, X: TableLike) -> Floats: ...

    def prune(self) -> "Model": ...
