"""Names that arguments may take, and defaults of numbers: what all doors to a fit have in common.

It imports nothing, so that the command can read it before anything heavy is loaded.
"""

ACTIVATIONS = ("relu", "tanh", "silu", "identity")
# What a network is given: standardised columns, or a basis of them.
STANDARDISED = "standardised"
INPUTS = (STANDARDISED, "smooth", "splines")
# Networks by name, the cheapest first, see `networks.NETWORKS`; and the choice among them.
NETWORKS = ("plain", "small", "deep")
AUTO = "auto"
LAYERS = {"deep": 2}
REGRESSION_LOSSES = ("squared_error", "poisson", "huber", "quantile")
TIES = ("breslow", "efron")
TASKS = ("auto", "classification", "regression", "survival")
# What predictors are selected for: survival times are not among it.
SELECTION_TASKS = ("auto", "classification", "regression")
PRECISIONS = ("float32", "float64")
# Rules that choose a strength: the least loss, or one standard error above it.
STRENGTH_RULES = ("min", "1se")
SELECTION_METHODS = ("randomization", "stability")
# That of the networks which say what predictors matter.
SELECTION_PENALTY = "group"

# The row of a comparison that is no network, and the name under which it can be asked for.
LINEAR = "linear"
# Losses that boosted trees have no counterpart of.
WITHOUT_BOOSTING = ("huber",)

ALPHA = 1e-2
L1_RATIO = 0.5
LOSS = "squared_error"
# Where Huber's loss becomes linear: it has then about 95 % of the efficiency of least squares
# under normal noise (Huber 1981, Robust Statistics).
DELTA = 1.35
QUANTILE = 0.5
MAX_ITER = 2000
TOL = 0.05
FDR = 0.1
EXPECTED_FALSE = 4.0


def implied_task(task: str, loss: str) -> str:
    """The task that a target is read for: naming a loss names a regression.

    Examples
    --------
    >>> implied_task("auto", "huber"), implied_task("auto", "squared_error")
    ('regression', 'auto')
    """
    return task if loss == LOSS else "regression"
