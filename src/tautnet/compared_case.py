"""What a comparison fits, and how: of the arguments of a call."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tautnet.compared_rows import ComparedRows, Drawn, take_rows
from tautnet.estimators.inputs import take_predictors
from tautnet.objective.choices import implied_task
from tautnet.objective.networks import Network, candidates
from tautnet.objective.registry import penalty_kind
from tautnet.peers.boosting import reason_against
from tautnet.planning.scope import Estimate
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Integers
from tautnet.tables.sample import Sample


def rows_in_folds(given: Mapping[str, Any]) -> ComparedRows:
    """The rows of a call, in folds."""
    drawn = Drawn(given["cv"], given["repeats"], given["ordered"], given["random_state"])
    task = implied_task(given["task"], given["loss"])
    return take_rows(given["X"], given["y"], given["sample_weight"], given["groups"], task, drawn)


@dataclass(frozen=True)
class Case:
    """What is fitted, and how.

    Attributes
    ----------
    sample : Sample
    predictors : int array
        As those of `Taken`.
    networks : dict
        Name -> Network, the cheapest first.
    settings : Settings
        Of the first network, under any penalty.
    """

    sample: Sample
    predictors: Integers
    networks: dict[str, Network]
    settings: Settings

    @classmethod
    def of(cls, rows: ComparedRows, given: Mapping[str, Any]) -> "Case":
        """That of the arguments of a call."""
        taken = take_predictors(
            rows.sample, rows.encoder, given["feature_groups"], given["penalty_factors"]
        )
        asked = (given[name] for name in ("hidden_layer_sizes", "activation", "skip", "inputs"))
        networks = candidates(given["network"], *asked)
        settings = Settings(
            l1_ratio=given["l1_ratio"],
            loss=rows.loss(given["loss"], given["delta"], given["quantile"], given["ties"]),
            network=next(iter(networks.values())),
            alpha_min_ratio=given["alpha_min_ratio"],
            finish=given["finish"],
            tol=given["tol"],
            max_iter=given["max_iter"],
            clamp_output=given["clamp_output"],
            precision=given["precision"],
            seed=given["random_state"],
            penalty_factors=taken.factors,
        )
        return cls(taken.sample, taken.predictors, networks, settings)

    def settings_for(self, penalty: str, linear: bool) -> Settings:
        """The settings of a penalty, of the first network or of the linear map."""
        network = Network.of(()) if linear else self.settings.network
        return replace(self.settings, **penalty_kind(penalty).arguments, network=network)

    def estimate(self, given: Mapping[str, Any]) -> Estimate:
        """What comparisons take, by a few steps that are timed."""
        return Estimate.of(
            self.sample,
            self.settings_for,
            self.networks,
            repeats=given["repeats"],
            n_jobs=given["n_jobs"],
        )

    @property
    def reason_against_boosting(self) -> str | None:
        """Why there are no boosted trees for this, or None."""
        return reason_against(self.settings.loss, self.sample.y.shape[1])
