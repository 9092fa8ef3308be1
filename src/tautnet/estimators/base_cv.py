"""Estimators that choose their strength by cross-validation along the whole path."""

from dataclasses import replace
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from tautnet.engine.jobs import Report, run_jobs, stages
from tautnet.estimators.base import Net, predictor_names
from tautnet.estimators.inputs import Table
from tautnet.estimators.splits import folds_of
from tautnet.estimators.warned import end_of_path, warn_of_end, warn_of_jump
from tautnet.inference.constant import null_loss
from tautnet.inference.curves import penalty_curves, training_curve
from tautnet.inference.exits import order_of_exit
from tautnet.inference.raced import told
from tautnet.inference.tried import compared_with_first, surest, try_others
from tautnet.objective.choices import AUTO
from tautnet.objective.networks import NETWORKS, Network, candidates
from tautnet.objective.registry import penalty_kind, tried_names
from tautnet.objective.strengths import as_strengths, nearest
from tautnet.refitting.counts import choice
from tautnet.refitting.elimination import relax_to
from tautnet.refitting.relaxed import Relaxed, relax
from tautnet.solving.path import Path
from tautnet.solving.settings import Request, Settings
from tautnet.tables.arrays import Floats
from tautnet.tables.sample import Sample
from tautnet.validation.chain import ChainJob
from tautnet.validation.chains import Candidate, Chains, Choice
from tautnet.validation.nested import cross_validate

# What is left open where a network is chosen.
OPEN = ("activation", "skip")


class CrossValidated(Net):
    """Fit with the strength chosen by cross-validation."""

    alphas: str | ArrayLike
    cv: Any
    selection: str | int
    relax: bool
    ensemble: bool
    n_jobs: int | None
    # Fitted before networks were chosen, an estimator of a pickle has its own.
    network: str = AUTO

    penalty_: str
    adaptive_: bool
    penalties_: dict[str, dict[str, float]]
    network_: dict[str, Any]
    networks_: dict[str, dict[str, Any]]
    alpha_: float
    alpha_min_: float
    alpha_1se_: float
    alpha_end_: str | None
    alphas_: Floats
    cv_loss_: float
    cv_results_: dict[str, NDArray[Any]]
    null_loss_: float
    path_: Path
    path_predictors_: list[str]
    training_curve_: dict[str, NDArray[Any]]
    relaxed_alpha_: float | None
    relaxed_order_: str | None
    relaxed_results_: dict[str, NDArray[Any]]
    exit_alphas_: NDArray[np.float64]
    exit_spread_: NDArray[np.float64]
    exit_ranks_: NDArray[np.float64]
    exit_returns_: NDArray[np.int_]

    def fit(
        self,
        X: Table,
        y: Table,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Walk a path in every fold, choose a strength, and refit on all rows.

        Parameters
        ----------
        X : DataFrame or array (n_rows, n_predictors)
        y : array (n_rows,)
        sample_weight : array (n_rows,), optional
        groups : array (n_rows,), optional
            Rows of one group are never split between folds.

        Returns
        -------
        self

        Warns
        -----
        UserWarning
            Where arguments do nothing: it names them, and the fit leaves them at their defaults.
        """
        return self._fit_checked(X, y, sample_weight, groups, self._reporter())

    def _fit(
        self,
        X: Table,
        y: Table,
        sample_weight: ArrayLike | None,
        groups: ArrayLike | None,
        on_progress: Report | None,
    ) -> None:
        sample, settings, target = self._prepare(X, y, sample_weight, groups)
        self._check_count()
        alphas = as_strengths(self.alphas)
        needing = [f"{name}=True" for name in ("adaptive", "relax") if getattr(self, name)]
        if self.penalty == AUTO:
            needing.append(f"penalty={AUTO!r}")
        folds = folds_of(self.cv, sample, target, settings.seed, needing)
        keep = "all" if self.ensemble else ()
        parts = stages(1 + (self.penalty == AUTO) + self.relax, on_progress)
        first, *others = self._candidates(sample, settings)
        nested = cross_validate(
            sample,
            [first],
            folds,
            nested=False,
            alphas=alphas,
            keep=keep,
            networks=self._networks(),
            n_jobs=self.n_jobs,
            on_progress=next(parts),
        )[0]
        # An earlier fit may have had a choice.
        if hasattr(self, "penalties_"):
            del self.penalties_
        if others:
            fits = try_others(
                nested,
                others,
                alphas=alphas,
                keep=keep,
                n_jobs=self.n_jobs,
                on_progress=next(parts),
            )
            tried = compared_with_first(fits)
            self.penalties_ = {name: one._asdict() for name, one in tried.items()}
            nested = fits[surest(tried)]
        relaxed = Relaxed.of_path(nested)
        if self.relax:
            refit = (
                relax
                if isinstance(self.selection, str)
                else partial(relax_to, at_most=self.selection)
            )
            relaxed = refit(nested, keep=keep, n_jobs=self.n_jobs, on_progress=next(parts))
        self._take_chains(sample, relaxed, alphas)

    def _candidates(self, sample: Sample, settings: Settings) -> list[Candidate]:
        """The penalty, or those that one is chosen of, the simplest first."""
        if self.penalty != AUTO:
            return [Candidate(self.penalty, settings)]
        is_wide = sample.X.shape[1] > len(sample.y)
        return [
            Candidate(name, replace(settings, **penalty_kind(name).arguments))
            for name in tried_names(is_wide=is_wide)
        ]

    def _networks(self) -> dict[str, Network]:
        """The networks that one is chosen of, by name."""
        # Factors of layers presuppose their number.
        hidden = self.hidden_layer_sizes
        if hidden is None and self.layer_factors is not None:
            hidden = NETWORKS.get(self.network, Network()).hidden_layer_sizes
        return candidates(self.network, hidden, self.activation, self.skip, self.inputs)

    def _default(self, name: str) -> Any:
        return None if name in OPEN else super()._default(name)

    def _network(self) -> Network:
        """The network of the arguments; of several the cheapest."""
        return next(iter(self._networks().values()))

    def _take_chains(self, sample: Sample, relaxed: Relaxed, alphas: str | Floats) -> None:
        """Choose among chains that are fitted, and take the model of the choice."""
        chains = relaxed.shrunken
        curve = chains.curve()
        self.penalty_ = relaxed.candidate.settings.penalty
        self.adaptive_ = relaxed.candidate.settings.adaptive
        taken = self._choose(relaxed)
        path, at = self._path(sample, relaxed, taken, alphas)
        reached = float(path.alphas[at])
        is_refit = taken.order is not None
        self.alphas_ = curve.alphas
        self.alpha_min_ = curve.alpha("min")
        self.alpha_1se_ = curve.alpha("1se")
        self.alpha_ = self.alpha_min_ if is_refit else reached
        self.alpha_end_ = None
        self.relaxed_alpha_ = reached if is_refit else None
        self.relaxed_order_ = taken.order
        self.cv_loss_ = float(taken.mean)
        self.cv_results_ = penalty_curves(chains, curve, chains.path)
        self._store(sample, path, at)
        self.network_ = path.settings.network.arguments
        # An earlier fit may have had a choice.
        if hasattr(self, "networks_"):
            del self.networks_
        if chains.race is not None:
            self.networks_ = told(chains.race)
        if self.relax:
            self.relaxed_results_ = relaxed.results()
        self._keep_factors(chains.path)
        self._store_exits(chains)
        self._store_curves(chains)
        if not is_refit:
            self.alpha_end_ = end_of_path(chains, reached, self.cv_loss_, self.null_loss_)
        warn_of_end(self.alpha_end_, self.penalty_, stacklevel=5)
        if not self.relax and not isinstance(self.selection, str):
            warn_of_jump(chains.path, self.alpha_min_, self.selection, stacklevel=5)
        if self.ensemble:
            models = relaxed.fold_models(taken)
            self._members += [scaling.predictor(parameters) for scaling, parameters in models]
            self._keep_baseline(sample)

    def _choose(self, relaxed: Relaxed) -> Choice:
        """The model that ``selection`` chooses, among those of the path, or among refits too."""
        options = list(relaxed.options())
        if not self.relax and isinstance(self.selection, str):
            return options[relaxed.shrunken.curve().index(self.selection)]
        taken = choice(options, self.selection)
        if taken is None:
            raise ValueError(
                f"selection={self.selection}: no strength under {self.penalty_!r} keeps so few"
                " predictors"
            )
        return taken

    def _path(
        self, sample: Sample, relaxed: Relaxed, taken: Choice, alphas: str | Floats
    ) -> tuple[Path, int]:
        """A path of all rows that holds the chosen model, and its place on that path."""
        path = relaxed.path_of(taken)
        at = nearest(path.alphas, taken.alpha)
        if at not in path.parameters:
            # On a wide table the walk does not keep every model: it is made again for this one.
            request = Request(alphas, keep=[path.alphas[at]], certify="kept")
            again = replace(path.settings, finish=relaxed.candidate.settings.finish)
            [chain] = run_jobs(sample, [ChainJob(again, request)])
            path = chain.path
        return path, at

    def _check_count(self) -> None:
        """Raise where more predictors are asked for than there are."""
        n_predictors = len(self.penalty_factors_)
        if not isinstance(self.selection, str) and self.selection > n_predictors:
            raise ValueError(
                f"selection={self.selection}: there are {n_predictors} predictors, so give a number"
                f" from 1 to {n_predictors}, 'min' or '1se'"
            )

    def _store_curves(self, chains: Chains) -> None:
        """Keep what can be drawn of a fit beside ``cv_results_``."""
        self.path_predictors_ = predictor_names(self)
        self.null_loss_ = null_loss(chains)
        self.path_ = replace(chains.path, parameters={})
        if penalty_kind(self.penalty_).is_baseline:
            self.training_curve_ = training_curve(chains)

    def _store_exits(self, chains: Chains) -> None:
        """Keep where each predictor leaves the path.

        A constant predictor is no part of the path: it has left at 0.
        """
        exits = order_of_exit(chains.path, [chain.path for chain, _ in chains.singles])
        n_predictors = len(self.penalty_factors_)
        self.exit_alphas_ = np.zeros(n_predictors)
        self.exit_spread_ = np.full(n_predictors, np.nan)
        self.exit_returns_ = np.zeros(n_predictors, int)
        self.exit_alphas_[self._predictors] = exits.alphas
        self.exit_spread_[self._predictors] = exits.spread
        self.exit_returns_[self._predictors] = exits.returns
        self.exit_ranks_ = rankdata(self.exit_alphas_)


def take_chains(estimator: CrossValidated, sample: Sample, relaxed: Relaxed) -> None:
    """Let an estimator choose among chains that are fitted, and take the model of its choice."""
    estimator._take_chains(sample, relaxed, "auto")
