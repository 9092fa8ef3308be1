"""Plain estimators: one penalty, one strength.

They check their input, call `fitting`, and store NumPy arrays; there is no mathematics here.
"""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from tautnet.fitting.path import walk
from tautnet.fitting.sample import encode
from tautnet.fitting.settings import Settings
from tautnet.fitting.units import run_units
from tautnet.objective.losses import loss_for
from tautnet.objective.networks import ACTIVATIONS, Network
from tautnet.objective.penalties import PENALTIES
from tautnet.tables.encoder import as_frame

GAP_WORTH_A_WARNING = 1e-3


class Net(BaseEstimator):
    """What all estimators share: settings from parameters, fitted attributes from a path, predictions."""

    def _settings(self, loss):
        self._check_parameters()
        hidden = self.hidden_layer_sizes
        sizes = (hidden,) if np.isscalar(hidden) else tuple(hidden)
        return Settings(
            penalty=self.penalty, l1_ratio=self.l1_ratio, loss=loss,
            network=Network(sizes, self.activation, self.skip and bool(sizes)),
            alpha_min_ratio=self.alpha_min_ratio, finish=self.finish, tol=self.tol, max_iter=self.max_iter,
            precision=self.precision, seed=self._seed(),
        )  # fmt: skip

    def _seed(self):
        if self.random_state is None:
            return int(np.random.default_rng().integers(2**31))
        if isinstance(self.random_state, np.random.RandomState):
            return int(self.random_state.randint(2**31))
        return int(self.random_state)

    def _check_parameters(self):
        linear = not np.isscalar(self.hidden_layer_sizes) and len(self.hidden_layer_sizes) == 0
        for name, allowed in (
            ("penalty", PENALTIES), ("activation", ACTIVATIONS), ("precision", ("float32", "float64")),
        ):  # fmt: skip
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name}={getattr(self, name)!r} is not one of {', '.join(allowed)}")
        if not 0 <= self.l1_ratio <= 1:
            raise ValueError(f"l1_ratio={self.l1_ratio} is not between 0 and 1")
        if self.alpha_min_ratio != "auto" and not 0 < self.alpha_min_ratio <= 1:
            raise ValueError(f"alpha_min_ratio={self.alpha_min_ratio!r} is neither 'auto' nor between 0 and 1")
        for name, applies, why in self._conditions(linear):
            if not applies and not np.array_equal(getattr(self, name), type(self)().get_params()[name]):
                raise ValueError(f"{name}={getattr(self, name)!r} changes nothing here: it needs {why}")

    def _conditions(self, linear):
        """Parameters that do something only under a condition: one that would do nothing should be seen."""
        finishes = self.finish or linear
        return [
            ("l1_ratio", self.penalty == "elasticnet", "penalty='elasticnet'"),
            ("activation", not linear, "a hidden layer"),
            ("skip", not linear, "a hidden layer"),
            ("finish", not linear, "a hidden layer: linear maps always are finished"),
            ("tol", finishes, "finish=True or hidden_layer_sizes=()"),
            ("max_iter", finishes, "finish=True or hidden_layer_sizes=()"),
            ("precision", not linear, "a hidden layer: linear maps are always fitted in float64"),
            ("alpha_min_ratio", self.penalty != "none", "a penalty"),
        ]

    def _encode(self, X, y, sample_weight, task):
        """Encode a table and keep what prediction needs of it."""
        target, sample, encoder = encode(X, y, sample_weight, task)
        self.encoder_, self.n_features_in_ = encoder, encoder.n_features_in_
        if hasattr(X, "columns"):
            self.feature_names_in_ = np.asarray(encoder.feature_names_in_, dtype=object)
        if target.classes is not None:
            self.classes_ = target.classes
        return sample, loss_for(task, sample.y.shape[1]), target

    def _store(self, path, i):
        """Take point i of a path as the fitted model."""
        weights, biases = path.parameters[i]
        self.coefs_, self.intercepts_ = [weights.input, *weights.later], list(biases)
        self.skip_coef_ = weights.skip
        self.n_iter_, self.n_outputs_ = int(path.steps[i]), len(biases[-1])
        self.stationarity_, self.objective_gap_ = float(path.stationarity[i]), float(path.objective_gap[i])
        self.unit_ = path.unit
        kept = dict(zip(self.encoder_.predictors, path.norms[i] > 0, strict=True))
        self.selected_features_ = np.array([bool(kept.get(name)) for name in self.encoder_.feature_names_in_])
        if self.finish and self.stationarity_ > self.tol and self.objective_gap_ > GAP_WORTH_A_WARNING:
            warnings.warn(
                f"stationarity {self.stationarity_:.2g} is above tol={self.tol:g} after {self.max_iter} iterations: "
                "raise max_iter, or read the fit as stopped early",
                ConvergenceWarning,
                stacklevel=3,
            )
        self._parameters = path.parameters[i]
        return self

    def _outputs(self, X):
        check_is_fitted(self)
        frame = as_frame(X)
        if frame.shape[1] < self.n_features_in_:
            raise ValueError(
                f"X has {frame.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input"
            )
        return self.unit_.outputs(self._parameters, self.encoder_.transform(frame))


class ClassifierNet(ClassifierMixin, Net):
    """Predictions of a classifier."""

    task = "classification"

    def predict_proba(self, X):
        """Probability of each class, shape (n_rows, n_classes), columns in the order of ``classes_``."""
        outputs = self._outputs(X)
        return self.unit_.settings.loss.mean(outputs)

    def predict(self, X):
        """The class with the largest probability, shape (n_rows,)."""
        winners = self.predict_proba(X).argmax(axis=1)
        return self.classes_[winners]


class RegressorNet(RegressorMixin, Net):
    """Predictions of a regressor."""

    task = "regression"

    def predict(self, X):
        """Mean of the target in its own units, shape (n_rows,)."""
        return self._outputs(X)[:, 0]


class _Plain:
    def _conditions(self, linear):
        return [*super()._conditions(linear), ("alpha", self.penalty != "none", "a penalty")]

    def fit(self, X, y, sample_weight=None):
        """Walk the automatic grid up to ``alpha``, then ``alpha`` itself.

        Parameters
        ----------
        X : DataFrame or array (n_rows, n_predictors)
            Numbers, categories, dates, missing cells.
        y : array (n_rows,)
        sample_weight : array (n_rows,), optional

        Returns
        -------
        self
        """
        if not self.alpha > 0:
            raise ValueError(f"alpha={self.alpha} is not above 0: for no penalty use penalty='none'")
        sample, loss, _ = self._encode(X, y, sample_weight, self.task)
        settings = self._settings(loss)
        rows = np.arange(len(sample.y))

        def unit(ticker):
            return walk(sample, rows, rows[:0], settings, until=self.alpha, certify="kept", ticker=ticker)

        path = run_units([unit])[0]
        return self._store(path, len(path.alphas) - 1)


class TautNetClassifier(_Plain, ClassifierNet):
    """A classifier: a feed-forward network under a penalty of one strength.

    Parameters
    ----------
    penalty : {"l2", "l1", "elasticnet", "group", "none"}
        "group" takes whole predictors out; "none" is 2,000 steps without a penalty.
    alpha : float
        Strength; it means the same whatever the number of rows.
    l1_ratio : float
        Share of l1 in the elastic net, in [0, 1].
    hidden_layer_sizes : tuple of int
        ``()`` is one linear map.
    activation : {"relu", "tanh", "silu", "identity"}
    skip : bool
        Whether a linear map runs beside the hidden layers.
    finish : bool
        Solve the point in float64 after the walk. It may predict worse: where early stopping is
        part of the cure, solving undoes it.
    alpha_min_ratio : "auto" or float
        Where the walk starts, as a share of a₀; "auto" is 1e-6, or 1e-2 with more columns than rows.
    max_iter, tol : int, float
        Most iterations of finishing, and the stationarity aimed at.
    precision : {"float32", "float64"}
        Of the walk; certificates and predictions are float64.
    random_state : int, RandomState or None

    Attributes
    ----------
    coefs_ : list of arrays (n_in, n_out)
        Weights of each layer, on the standardised scale kept in ``unit_.scaling``.
    intercepts_ : list of arrays (n_out,)
    skip_coef_ : array (n_columns, n_outputs) or None
    classes_ : array (n_classes,)
    selected_features_ : bool array (n_features_in_,)
        Predictors with a weight that is not zero.
    stationarity_, objective_gap_ : float
        The certificate: how far from solved the point is, in [0, 1], and what the last quarter of the
        steps still gained, relative to the null model's loss.

    References
    ----------
    Yuan and Lin (2006), Model selection and estimation in regression with grouped variables.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = TautNetClassifier("group", alpha=0.01, hidden_layer_sizes=(8,), random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.9, model.coefs_[0].shape
    (True, (4, 8))
    """

    def __init__(
        self,
        penalty="l2",
        alpha=1e-2,
        *,
        l1_ratio=0.5,
        hidden_layer_sizes=(100,),
        activation="relu",
        skip=True,
        finish=False,
        alpha_min_ratio="auto",
        max_iter=2000,
        tol=0.05,
        precision="float32",
        random_state=None,
    ):
        self.penalty = penalty
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.skip = skip
        self.finish = finish
        self.alpha_min_ratio = alpha_min_ratio
        self.max_iter = max_iter
        self.tol = tol
        self.precision = precision
        self.random_state = random_state


class TautNetRegressor(_Plain, RegressorNet):
    """A regressor under squared error: a feed-forward network under a penalty of one strength.

    Parameters and attributes are those of `TautNetClassifier`, without classes; the target is
    standardised inside and predictions come in its own units.

    Examples
    --------
    >>> from tautnet.tables.datasets import linear_two
    >>> table = linear_two(n_rows=60, n_predictors=4, seed=0)
    >>> X, y = table.frame.drop(columns="y"), table.frame["y"]
    >>> model = TautNetRegressor("l1", alpha=0.1, hidden_layer_sizes=()).fit(X, y)
    >>> model.selected_features_.tolist()
    [True, True, False, False]
    """

    __init__ = TautNetClassifier.__init__
