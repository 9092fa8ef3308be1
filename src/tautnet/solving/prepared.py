"""Rows ready to be fitted: standardised by their own statistics, padded, with a start."""

from dataclasses import dataclass, replace

import jax
import numpy as np

from tautnet.objective.networks import pad, padded_size, unpad
from tautnet.objective.penalties import make_penalty
from tautnet.objective.prediction import Predictor
from tautnet.objective.predictors import Predictors
from tautnet.objective.problem import ROWS_AT_ONCE, Data, Problem, TableInPlace, TableRows
from tautnet.solving import evaluate
from tautnet.tables.errors import TableError
from tautnet.tables.scaling import Scaling, StandardisedRows, fit_scaling, restore, standardise

# Numbers beyond which the rows of a unit are not copied but read from the table: steps then take
# a tenth more time, and outputs, for which rows are standardised anew at every strength, up to
# half more.
LARGE = 2**22


def _filled_up(n_rows, n_columns, settings):
    """Padded numbers of rows and columns."""
    return padded_size(max(n_rows, 64)), padded_size(max(n_columns, settings.least_columns))


@dataclass(frozen=True)
class Unit:
    """Rows ready to be fitted.

    Attributes
    ----------
    scaling, target_scaling : Scaling
        Learned from these rows alone.
    X, y, weight : arrays
        Standardised rows, float64, not padded; weights sum to 1.
    null_outputs : array (n_outputs,)
        The constant prediction, as the fit sees the target.
    null_loss : float
        Its mean loss on these rows, as minimised.
    alpha_scale : float
        a₀, the largest group norm of the null gradient over the factor of the strength.
    floor : float
        Gradient norm that counts as nothing in a certificate.
    table : tuple, optional
        Of a table too large to be copied the encoded table itself and the rows in it that were
        chosen: they are standardised whenever they are read, ``X`` being a `StandardisedRows`.
    columns : int array, optional
        Of a fit on few predictors their columns in the sample that they were taken from.
    """

    settings: object
    column_predictor: object
    scaling: Scaling
    target_scaling: Scaling
    X: object
    y: object
    weight: object
    null_outputs: object
    null_loss: float = np.nan
    alpha_scale: float = np.nan
    floor: float = np.nan
    table: object = None
    columns: object = None

    @property
    def batched(self):
        """Whether these rows are walked in minibatches."""
        return len(self.X) > self.settings.schedule.batch_rows and self.settings.loss.is_separable

    @property
    def padded_shape(self):
        """Padded numbers of rows, columns and outputs; a large table is read as it is."""
        if self.table is not None:
            return *np.shape(self.X), padded_size(self.y.shape[1])
        more = self.settings.schedule.batch_size if self.batched else 0
        return *_filled_up(len(self.X) + more, self.X.shape[1], self.settings), padded_size(
            self.y.shape[1]
        )

    def problem(self, alpha, dtype):
        """The problem at a strength, with its numbers in a dtype."""
        settings, columns = self.settings, self.padded_shape[1]
        # Columns that only fill up belong to a predictor behind the last one, which weighs
        # nothing.
        index = np.full(columns, min(self.column_predictor.max() + 1, columns - 1), np.int32)
        index[: len(self.column_predictor)] = self.column_predictor
        n_outputs = self.y.shape[1]
        width = sum(settings.network.hidden_layer_sizes[:1]) + n_outputs * settings.network.skip
        per_column = n_outputs if settings.network.is_linear else width
        counts = np.bincount(self.column_predictor) * per_column
        roots, factors = np.zeros(columns, dtype), np.ones(columns, dtype)
        roots[: len(self.column_predictor)] = np.sqrt(counts)[self.column_predictor]
        factors[: len(self.column_predictor)] = predictor_factors(settings, len(counts))[
            self.column_predictor
        ]
        layers = (
            None if settings.layer_factors is None else np.asarray(settings.layer_factors, dtype)
        )
        penalty = jax.tree.map(
            dtype, make_penalty(settings.penalty, float(alpha), settings.l1_ratio)
        )
        return Problem(
            penalty, Predictors(index, roots, factors, layers), settings.loss, settings.network
        )

    @property
    def penalised(self):
        """Which columns, those that fill up among them, have weights that the penalty can take
        out.
        """
        factors = predictor_factors(self.settings, int(self.column_predictor.max()) + 1)[
            self.column_predictor
        ]
        return np.pad(factors > 0, (0, self.padded_shape[1] - len(factors)), constant_values=True)

    def data(self, dtype):
        """All rows, padded: each counts once."""
        if self.table is not None:
            return self._in_table(dtype)
        return self._padded(dtype, np.arange(len(self.X)), 0)

    def batches(self, data):
        """Arguments of minibatches: shuffled rows, their number, a block; or None.

        Rows that were copied have their first block again behind the last; those of a table are
        ``data`` themselves.
        """
        if not self.batched:
            return None
        size, dtype = self.settings.schedule.batch_size, data.weight.dtype
        rows = self._padded(dtype, self._shuffled(), size) if self.table is None else data
        return rows, np.asarray(len(self.X), np.int32), np.zeros(size, dtype)

    def _shuffled(self):
        return np.random.default_rng([self.settings.seed, 1]).permutation(len(self.X))

    def _in_table(self, dtype):
        """All rows, shuffled, as `TableRows`."""
        table, rows = in_place(self.table[0]), self.table[1]
        more, order = -len(rows) % ROWS_AT_ONCE, self._shuffled()
        index = np.pad(rows[order].astype(table.begin.dtype), (0, more))
        y = np.pad(
            self.y[order].astype(dtype), ((0, more), (0, self.padded_shape[2] - self.y.shape[1]))
        )
        weight = np.pad(self.weight[order].astype(dtype), (0, more))
        return TableRows(table, self.scaling, *(jax.device_put(a) for a in (index, y, weight)))

    def _padded(self, dtype, order, again):
        n_rows, n_columns, n_outputs = self.padded_shape
        order = np.concatenate([order, order[:again]])
        columns = np.zeros((n_columns, n_rows), dtype)
        y, weight = np.zeros((n_rows, n_outputs), dtype), np.zeros(n_rows, dtype)
        columns[: self.X.shape[1], : len(order)] = self.X[order].T
        y[: len(order), : self.y.shape[1]] = self.y[order]
        weight[: len(order)] = self.weight[order]
        return Data(*(jax.device_put(a) for a in (columns, y, weight)))

    def start(self, dtype):
        """Initial parameters, padded."""
        loss = self.settings.loss
        initial = self.settings.network.initial(self.X, self.null_outputs, self.settings.seed)
        padded = pad(initial, *self.padded_shape[1:], loss.padding_bias)
        return jax.tree.map(lambda leaf: np.asarray(leaf, dtype), padded)

    def null(self, dtype):
        """Parameters of the constant prediction, padded: every weight 0, which no penalty can
        better.
        """
        start = self.start(dtype)
        zeros = jax.tree.map(np.zeros_like, start)
        return zeros._replace(biases=(*zeros.biases[:-1], start.biases[-1]))

    def cropped(self, parameters):
        """Parameters as float64 NumPy arrays without padding."""
        return unpad(parameters, self.X.shape[1], self.y.shape[1])

    def predictor(self, parameters):
        """What prediction needs of these parameters, as arrays of their own: of equal layout,
        equal
        rounding.
        """
        (first, skip, later), biases = jax.tree.map(
            lambda leaf: np.array(leaf, np.float64, order="C"), parameters
        )
        return Predictor(
            self.scaling,
            (first, *later),
            biases,
            skip,
            self.settings.network.activation,
            self.target_scaling,
            self.settings.loss.mean_name,
        )

    def outputs(self, parameters, X):
        """Outputs for raw rows, in the target's units."""
        return self.predictor(parameters).outputs(X)

    def in_units(self, outputs):
        """Outputs as the network gives them, in the target's units."""
        return restore(outputs, self.target_scaling)


def in_place(X):
    """A table as compiled programs read it: not copied where its rows stand one behind the
    other.
    """
    numbers = X.reshape(-1)
    begin = -numbers.ctypes.data % 64 // numbers.itemsize
    head = X[: begin // X.shape[1] + 1].copy()
    # The type of what counts numbers, and with it rows.
    begin = np.asarray(begin, np.int32 if numbers.size < 2**31 else np.int64)
    return TableInPlace(head, jax.device_put(numbers[begin:]), begin)


def predictor_factors(settings, n_predictors):
    """The factor of the strength for each predictor, shape (n_predictors,)."""
    return (
        np.ones(n_predictors)
        if settings.penalty_factors is None
        else np.array(settings.penalty_factors)
    )


def standardised(X, rows, scaling):
    """Some rows of a table, standardised: at once, or where they are many when they are read."""
    return (
        StandardisedRows(X, rows, scaling)
        if _is_large(len(rows), X.shape[1])
        else standardise(X[rows], scaling)
    )


def _is_large(n_rows, n_columns):
    """Whether rows are better read than copied; of a wide table columns that have left can leave
    the copy.
    """
    return n_rows * n_columns > LARGE and n_rows > n_columns


def make_unit(sample, rows, settings):
    """Standardise the rows of a unit by their own weighted statistics.

    Parameters
    ----------
    sample : Sample
    rows : int array
        The training rows: nothing is learned from any other.
    settings : Settings

    Returns
    -------
    Unit
    """
    rows = rows[sample.weight[rows] > 0]
    rows = rows[settings.loss.order(sample.y[rows])]
    weight = sample.weight[rows] / sample.weight[rows].sum()
    scaling = fit_scaling(sample.X, weight, rows)
    y, complaint = sample.y[rows], settings.loss.complaint(sample.y[rows])
    if complaint:
        raise TableError(complaint)
    target_scaling = settings.loss.target_scaling(y, weight)
    y = standardise(y, target_scaling)
    X = standardised(sample.X, rows, scaling)
    large = _is_large(*X.shape) and settings.loss.is_separable
    unit = Unit(
        settings,
        sample.column_predictor,
        scaling,
        target_scaling,
        X,
        y,
        weight,
        settings.loss.null_outputs(y, weight),
        table=(sample.X, rows) if large else None,
    )
    problem, n_columns, n_outputs = (
        Problem(None, None, settings.loss, settings.network),
        X.shape[1],
        y.shape[1],
    )
    with jax.enable_x64(True):
        more = unit.padded_shape[2] - n_outputs
        outputs = np.pad(unit.null_outputs, (0, more), constant_values=settings.loss.padding_bias)
        null_loss, gradient = (
            np.asarray(a) for a in evaluate.null(problem, unit.data(np.float64), outputs)
        )
    gradient = gradient[:n_columns, :n_outputs]
    group_norms = np.sqrt(np.bincount(sample.column_predictor, np.square(gradient).sum(axis=1)))
    floor = 1e-6 * np.linalg.norm(gradient)
    # Where no predictor varies over these rows the path is null from its start on, at any
    # strength.
    first_factor = 1.0 if settings.layer_factors is None else settings.layer_factors[0]
    factors = first_factor * predictor_factors(settings, len(group_norms))
    alpha_scale = max((group_norms[factors > 0] / factors[factors > 0]).max(initial=0.0), 1e-30)
    return replace(
        unit, null_loss=float(null_loss), alpha_scale=float(alpha_scale), floor=float(floor)
    )
