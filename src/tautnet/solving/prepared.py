"""Rows ready to be fitted: standardised by their own statistics, padded, with a start."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import jax
import numpy as np

from tautnet.engine import evaluate
from tautnet.objective.choices import STANDARDISED
from tautnet.objective.networks import Parameters, on_any_columns, pad, padded_size, unpad
from tautnet.objective.prediction import limits_of
from tautnet.objective.predictors import Predictors
from tautnet.objective.problem import (
    ROWS_AT_ONCE,
    Data,
    LossAlone,
    Problem,
    Rows,
    TableInPlace,
    TableRows,
)
from tautnet.objective.registry import make_penalty
from tautnet.solving.fitted_scaling import FittedScaling
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Booleans, Floats, Integers
from tautnet.tables.disk import beside
from tautnet.tables.errors import TableError
from tautnet.tables.sample import Sample
from tautnet.tables.scaling import (
    StandardisedRows,
    expand,
    fit_scaling,
    is_large,
    standardise,
    standardised,
)

LEAST_ROWS = 64
# Tables of more columns let those that have left leave the arithmetic, for good.
WIDE = 1000
# a₀ where no penalised column varies.
LEAST_SCALE = 1e-30


class NullModel(NamedTuple):
    """The constant prediction, and what its gradient says of strengths.

    Attributes
    ----------
    outputs : array (n_outputs,)
        As the fit sees the target.
    loss : float
        Its mean loss on the rows, as minimised.
    alpha_scale : float
        a₀, the largest norm of a predictor's gradient, over the factor of its strength.
    floor : float
        The norm of a gradient that counts as nothing in a certificate.
    """

    outputs: Floats
    loss: float
    alpha_scale: float
    floor: float


@dataclass(frozen=True)
class Prepared:
    """Rows ready to be fitted.

    Attributes
    ----------
    scaling : FittedScaling
        Learned from these rows alone.
    X, y, weight : arrays
        Standardised rows, float64, not padded; weights sum to 1.
    source : tuple, optional
        Of a table too large to be copied: the encoded table and the rows of it that were chosen.
        They are standardised whenever they are read; ``X`` is then a `StandardisedRows`.
    groups : int array, optional
        Rows that belong together.
    """

    scaling: FittedScaling
    X: Floats | StandardisedRows
    y: Floats
    weight: Floats
    source: tuple[Floats, Integers] | None = None
    groups: Integers | None = None

    @property
    def settings(self) -> Settings:
        """How they are to be fitted."""
        return self.scaling.settings

    @property
    def column_predictor(self) -> Integers:
        """The predictor that each column encodes."""
        return self.scaling.column_predictor

    @property
    def batched(self) -> bool:
        """Whether these rows are walked in minibatches."""
        return len(self.X) > self.settings.schedule.batch_rows and self.settings.loss.is_separable

    @property
    def padded_shape(self) -> tuple[int, int, int]:
        """Padded numbers of rows, columns and outputs; a large table is read as it is."""
        n_rows, n_columns = np.shape(self.X)
        n_outputs = padded_size(self.y.shape[1])
        if self.source is not None:
            return n_rows, n_columns, n_outputs
        if self.batched:
            # The first block stands again behind the last.
            n_rows += self.settings.schedule.batch_size
        return (
            padded_size(max(n_rows, LEAST_ROWS)),
            padded_size(max(n_columns, self.settings.least_columns)),
            n_outputs,
        )

    @cached_property
    def null_model(self) -> NullModel:
        """The constant prediction on these rows."""
        settings = self.settings
        n_outputs = self.y.shape[1]
        constant = settings.loss.null_outputs(self.y, self.weight)
        if self.source is None:
            loss, slopes = self.slopes(np.broadcast_to(constant, self.y.shape))
            gradient = np.asarray(self.X).T @ slopes
        else:
            more = self.padded_shape[2] - n_outputs
            outputs = np.pad(constant, (0, more), constant_values=settings.loss.padding_bias)
            with jax.enable_x64(True):
                alone = LossAlone(settings.loss)
                value, padded = evaluate.null(alone, self.data(np.float64), outputs)
            loss = float(value)
            gradient = np.asarray(padded)[: self.X.shape[1], :n_outputs]
        squares = np.square(gradient).sum(axis=1)
        norms = np.sqrt(np.bincount(self.column_predictor, squares))
        first_factor = 1.0 if settings.layer_factors is None else settings.layer_factors[0]
        factors = first_factor * predictor_factors(settings, len(norms))
        # Where no predictor varies over these rows the path is null from its start on.
        largest = (norms[factors > 0] / factors[factors > 0]).max(initial=0.0)
        floor = 1e-6 * float(np.linalg.norm(gradient))
        return NullModel(constant, loss, max(float(largest), LEAST_SCALE), floor)

    def slopes(self, outputs: Floats) -> tuple[float, Floats]:
        """Mean loss of some outputs of the rows, and its gradient in them, as y is shaped."""
        y, weight = self._padded_targets
        padded = np.full(y.shape, self.settings.loss.padding_bias, np.float64)
        padded[: len(outputs), : outputs.shape[1]] = outputs
        with jax.enable_x64(True):
            loss, slopes = evaluate.slopes(LossAlone(self.settings.loss), y, weight, padded)
        return float(loss), np.asarray(slopes)[: len(self.y), : self.y.shape[1]]

    @cached_property
    def _padded_targets(self) -> tuple[Floats, Floats]:
        """Targets and weights of the rows, padded; made once, not for every network."""
        n_rows, _, n_outputs = self.padded_shape
        more = ((0, n_rows - len(self.y)), (0, n_outputs - self.y.shape[1]))
        return np.pad(self.y, more), np.pad(self.weight, more[0])

    def problem(self, alpha: float, dtype: type[np.floating]) -> Problem:
        """The problem at a strength, with its numbers in a dtype."""
        settings = self.settings
        columns = self.padded_shape[1]
        n_columns = len(self.column_predictor)
        # Columns that only pad belong to a predictor behind the last one, which weighs nothing.
        index = np.full(columns, min(self.column_predictor.max() + 1, columns - 1), np.int32)
        index[:n_columns] = self.column_predictor
        counts = np.bincount(self.column_predictor) * self._weights_per_column
        roots = np.zeros(columns, dtype)
        roots[:n_columns] = np.sqrt(counts)[self.column_predictor]
        factors = np.ones(columns, dtype)
        factors[:n_columns] = self.column_factors
        given = settings.layer_factors
        layers = None if given is None else np.asarray(given, dtype)
        penalty = make_penalty(settings.penalty, float(alpha), settings.l1_ratio)
        return Problem(
            jax.tree.map(dtype, penalty),
            Predictors(index, roots, factors, layers),
            settings.loss,
            on_any_columns(settings.network),
        )

    @property
    def _weights_per_column(self) -> int:
        """Number of first-layer and skip weights of one column."""
        network = self.settings.network
        n_outputs = self.y.shape[1]
        if network.is_linear:
            return n_outputs
        return network.hidden_layer_sizes[0] + n_outputs * network.skip

    @property
    def penalised(self) -> Booleans:
        """Which columns have weights that the penalty can take out; those that pad count too."""
        is_penalised = self.column_factors > 0
        more = self.padded_shape[1] - len(is_penalised)
        return np.pad(is_penalised, (0, more), constant_values=True)

    @property
    def column_factors(self) -> Floats:
        """The factor of the strength for each column's predictor, shape (n_columns,)."""
        n_predictors = int(self.column_predictor.max()) + 1
        return predictor_factors(self.settings, n_predictors)[self.column_predictor]

    def data(self, dtype: type[np.floating]) -> Rows:
        """All rows, padded: each counts once."""
        if self.source is not None:
            return self._in_table(self.source, dtype)
        return self._padded(dtype, np.arange(len(self.X)), 0)

    def batches(self, data: Rows) -> tuple[Rows, Integers, Floats] | None:
        """Arguments of minibatches: shuffled rows, their number, a block; or None.

        Rows that were copied have their first block again behind the last; those of a table are
        ``data`` themselves.
        """
        if not self.batched:
            return None
        size = self.settings.schedule.batch_size
        dtype = np.dtype(data.weight.dtype).type
        rows = data if self.source is not None else self._padded(dtype, self._shuffled(), size)
        return rows, np.asarray(len(self.X), np.int32), np.zeros(size, dtype)

    def _shuffled(self) -> Integers:
        return np.random.default_rng([self.settings.seed, 1]).permutation(len(self.X))

    def _in_table(self, source: tuple[Floats, Integers], dtype: type[np.floating]) -> TableRows:
        """All rows, shuffled, as `TableRows`."""
        X, rows = source
        table = TableInPlace.of(X)
        order = self._shuffled()
        more = -len(rows) % ROWS_AT_ONCE
        index = np.pad(rows[order].astype(table.begin.dtype), (0, more))
        more_outputs = self.padded_shape[2] - self.y.shape[1]
        y = np.pad(self.y[order].astype(dtype), ((0, more), (0, more_outputs)))
        weight = np.pad(self.weight[order].astype(dtype), (0, more))
        # Programs read these where they lie, too.
        arrays = (jax.device_put(beside(X, array)) for array in (index, y, weight))
        return TableRows(table, self.scaling.inputs, *arrays)

    def _padded(self, dtype: type[np.floating], order: Integers, again: int) -> Data:
        """Rows in an order, the first ``again`` of them once more at the end."""
        n_rows, n_columns, n_outputs = self.padded_shape
        order = np.concatenate([order, order[:again]])
        columns = np.zeros((n_columns, n_rows), dtype)
        columns[: self.X.shape[1], : len(order)] = self.X[order].T
        y = np.zeros((n_rows, n_outputs), dtype)
        y[: len(order), : self.y.shape[1]] = self.y[order]
        weight = np.zeros(n_rows, dtype)
        weight[: len(order)] = self.weight[order]
        return Data(*(jax.device_put(array) for array in (columns, y, weight)))

    def start(self, dtype: type[np.floating]) -> Parameters:
        """Initial parameters, padded."""
        settings = self.settings
        initial = settings.network.initial(self.X, self.null_model.outputs, settings.seed)
        padded = pad(initial, *self.padded_shape[1:], settings.loss.padding_bias)
        return jax.tree.map(lambda leaf: np.asarray(leaf, dtype), padded)

    def null(self, dtype: type[np.floating]) -> Parameters:
        """Parameters of the constant prediction, padded: every weight 0, the best of a penalty."""
        start = self.start(dtype)
        zeros = jax.tree.map(np.zeros_like, start)
        return zeros._replace(biases=(*zeros.biases[:-1], start.biases[-1]))

    @property
    def is_wide(self) -> bool:
        """Whether columns that have left are worth leaving out of the arithmetic."""
        return not is_large(*np.shape(self.X)) and self.X.shape[1] > WIDE

    def cropped(self, parameters: Parameters) -> Parameters:
        """Parameters as float64 NumPy arrays without padding."""
        return unpad(parameters, self.X.shape[1], self.y.shape[1])


def predictor_factors(settings: Settings, n_predictors: int) -> Floats:
    """The factor of the strength for each predictor, shape (n_predictors,)."""
    if settings.penalty_factors is None:
        return np.ones(n_predictors)
    return np.array(settings.penalty_factors)


def prepare(sample: Sample, rows: Integers, settings: Settings) -> Prepared:
    """Standardise rows by their own weighted statistics.

    Parameters
    ----------
    sample : Sample
    rows : int array
        The training rows: nothing is learned from any other.
    settings : Settings

    Returns
    -------
    Prepared

    Raises
    ------
    TableError
        Where the target of these rows cannot be fitted under the loss.
    """
    rows = rows[sample.weight[rows] > 0]
    rows = beside(sample.X, rows[settings.loss.order(sample.y[rows])])
    complaint = settings.loss.complaint(sample.y[rows])
    if complaint:
        raise TableError(complaint)
    weight = sample.weight[rows]
    weight = beside(sample.X, weight / weight.sum())
    inputs = fit_scaling(sample.X, weight, rows, sample.rounding)
    if settings.network.inputs != STANDARDISED:
        inputs = expand(inputs, sample.X, weight, rows, settings.network.inputs)
    column_predictor = sample.column_predictor[inputs.source]
    target = settings.loss.target_scaling(sample.y[rows], weight)
    limits = limits_of(sample.y[rows]) if settings.clamps else None
    X = standardised(sample.X, rows, inputs)
    is_read = is_large(*X.shape) and settings.loss.is_separable
    return Prepared(
        FittedScaling(settings, column_predictor, inputs, target, limits=limits),
        X,
        beside(sample.X, standardise(sample.y[rows], target)),
        weight,
        source=(sample.X, rows) if is_read else None,
        groups=None if sample.groups is None else sample.groups[rows],
    )
