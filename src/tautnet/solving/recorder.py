"""How the points of a chain become a path."""

from collections.abc import Callable, Container, Iterator, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from tautnet.engine import evaluate
from tautnet.objective.networks import Parameters, as_float64, heard, pick, with_columns
from tautnet.objective.problem import Rows
from tautnet.objective.weight_sizes import hidden_unit_norms, largest_magnitude, weight_sizes
from tautnet.solving.bends import Bends
from tautnet.solving.path import Path
from tautnet.solving.prepared import Prepared
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.sample import Sample
from tautnet.tables.scaling import StandardisedRows, is_large, restore, standardised

# Stationarity and objective gap.
Certificate = tuple[float, float]
NO_CERTIFICATE: Certificate = (np.nan, np.nan)
# Outputs are kept in single precision where the target is at most so many times its own spread: of
# times in seconds since 1970 that would leave minutes. Its range ends far beyond the second number.
FINE = 1e4
LARGE = 1e30
# Rows whose outputs are held at once, where none of them is wanted later.
ROWS_AT_ONCE = 2**16


class Recorder:
    """Turns points of a chain into the rows of a `Path`.

    Parameters
    ----------
    prepared : Prepared
        The rows that are fitted.
    sample : Sample
    held_out : int array
        Rows of the sample whose outputs are wanted.
    certified : container of int
        Indices of the strengths that get a certificate.
    """

    def __init__(
        self,
        prepared: Prepared,
        sample: Sample,
        held_out: Integers,
        certified: Container[int] = (),
    ) -> None:
        self.prepared = prepared
        self.held_out = standardised(sample.X, held_out, prepared.scaling.inputs)
        self.certified = certified
        self.blocks: list[dict[str, Any]] = []
        self.parameters: dict[int, Parameters] = {}
        self.limit: float | None = None
        self.count = 0

    @cached_property
    def data(self) -> Rows:
        """All rows in float64: certificates are measured on them."""
        return self.prepared.data(np.float64)

    def certificate(
        self, i: int, alpha: float, parameters: Parameters, late: Parameters
    ) -> Certificate:
        """The certificate of a point, where one is wanted for strength number ``i``.

        Its second part is what the objective has gained since ``late``, over the null model's
        loss.
        """
        if i not in self.certified:
            return NO_CERTIFICATE
        prepared = self.prepared
        is_penalised = prepared.settings.kind.is_on_weights
        certify = evaluate.certify if is_penalised else evaluate.certify_unpenalised
        problem = prepared.problem(alpha, np.float64)
        floor = np.float64(prepared.null_model.floor)
        points = as_float64(late), as_float64(parameters)
        gain, residual = certify(problem, self.data, floor, *points)
        return float(residual), float(gain) / prepared.null_model.loss

    @cached_property
    def kept_in(self) -> type[np.floating[Any]]:
        """The precision in which outputs of rows held out are kept."""
        target = self.prepared.scaling.target
        magnitude = np.abs(target.centre) + target.scale
        is_fine = (magnitude <= FINE * target.scale) & (magnitude < LARGE)
        is_fine &= target.scale > 1 / LARGE
        return np.float32 if is_fine.all() else np.float64

    @cached_property
    def bends(self) -> Bends | None:
        """What looks for bends in residuals, where the penalty can take a predictor out."""
        settings = self.prepared.settings
        can_lose = settings.kind.selects and not settings.network.is_linear
        return Bends(self.prepared) if can_lose else None

    def train_loss(self, parameters: Parameters) -> Floats:
        """Mean metric of several networks on the rows that were fitted, as they were trained.

        Nothing is clamped here, so that clamping changes no step of a walk.
        """
        in_units = partial(restore, scaling=self.prepared.scaling.target)
        parts = self._fitted(self.prepared.cropped(parameters), None, in_units)
        return np.sum([losses for _, losses in parts], axis=0, dtype=np.float64)

    def _fitted(
        self, parameters: Parameters, columns: Integers | None, in_units: Callable[[Floats], Floats]
    ) -> Iterator[tuple[Floats, list[Floats]]]:
        """Outputs of several networks of some columns, and what their rows add to mean metrics.

        Rows that were fitted come some at a time, where the loss allows.
        """
        prepared = self.prepared
        loss = prepared.settings.loss
        size = ROWS_AT_ONCE if loss.is_separable else len(prepared.X)
        for start in range(0, len(prepared.X), size):
            rows = slice(start, start + size)
            fitted = self._outputs(parameters, prepared.X[rows], columns)
            target = restore(prepared.y[rows], prepared.scaling.target)
            weight = prepared.weight[rows]
            outputs = in_units(fitted)
            yield fitted, [weight @ loss.fitted_metric(target, one, weight) for one in outputs]

    def add(
        self,
        alphas: Sequence[float] | Floats,
        parameters: Parameters,
        steps: Sequence[int] | Integers,
        keep: Sequence[bool],
        certificates: Sequence[Certificate],
    ) -> None:
        """Record several points, stacked."""
        prepared = self.prepared
        for i in np.flatnonzero(keep).tolist():
            self.parameters[self.count + i] = prepared.cropped(pick(parameters, i))
        self.count += len(alphas)
        columns = self._heard(parameters)
        if columns is not None:
            parameters = with_columns(lambda weights: weights[:, columns], parameters)
        parameters = prepared.cropped(parameters)
        in_units = prepared.scaling.in_target_scale
        outputs = in_units(self._outputs(parameters, self.held_out, columns))
        train_loss = np.zeros(len(alphas))
        kept = []
        for fitted, losses in self._fitted(parameters, columns, in_units):
            train_loss += losses
            if self.bends is not None:
                kept.append(fitted)
        more = {} if self.bends is None else {"bends": self.bends.of(np.concatenate(kept, axis=1))}
        self.blocks.append(
            {
                "alphas": np.array(alphas, float),
                "steps": np.array(steps),
                "train_loss": train_loss,
                "outputs": outputs.astype(self.kept_in),
                "norms": self._predictor_norms(parameters, columns),
                "unit_norms": hidden_unit_norms(parameters),
                "stationarity": np.array([stationarity for stationarity, _ in certificates]),
                "objective_gap": np.array([gap for _, gap in certificates]),
            }
            | more
            | self._weight_sizes(parameters)
        )

    def _weight_sizes(self, parameters: Parameters) -> dict[str, Any]:
        """How large the weights of several networks are, of some columns or all."""
        if self.limit is None:
            self.limit = largest_magnitude(parameters)
        return weight_sizes(parameters, self.limit, self.prepared.X.shape[1])

    def _heard(self, parameters: Parameters) -> Integers | None:
        """Columns of wide tables that one of several networks hears; None is all of them."""
        if not self.prepared.is_wide or is_large(*np.shape(self.held_out)):
            return None
        columns = np.flatnonzero(heard(parameters).any(axis=0))
        # A network of no column at all is no network.
        return columns if len(columns) else np.arange(1)

    def _outputs(
        self, parameters: Parameters, X: Floats | StandardisedRows, columns: Integers | None
    ) -> Floats:
        """Outputs of several networks of some columns."""
        if columns is not None:
            X = np.asarray(X)[:, columns]
        return self.prepared.settings.network.outputs(parameters, X)

    def _predictor_norms(self, parameters: Parameters, columns: Integers | None) -> Floats:
        """Norm of all first-layer and skip weights of each predictor, for several networks."""
        first, skip, _ = parameters.weights
        squares = np.square(first).sum(axis=2)
        if skip is not None:
            squares = squares + np.square(skip).sum(axis=2)
        predictor = self.prepared.column_predictor
        n_predictors = predictor.max() + 1
        if columns is not None:
            predictor = predictor[columns]
        return np.sqrt([np.bincount(predictor, row, n_predictors) for row in squares])

    @property
    def last_loss(self) -> float:
        """Mean metric of the last point on the rows that were fitted."""
        return float(self.blocks[-1]["train_loss"][-1])

    def path(self, seconds: float) -> Path:
        """The path of all points; the rows themselves are no part of it."""
        arrays: dict[str, Any] = {
            name: np.concatenate([block[name] for block in self.blocks]) for name in self.blocks[0]
        }
        return Path(
            **arrays,
            histogram_limit=self.limit or 1.0,
            parameters=self.parameters,
            scaling=self.prepared.scaling,
            seconds=seconds,
        )
