"""What a race of networks tells."""

from typing import Any

from tautnet.inference.intervals import Observations, paired_difference
from tautnet.inference.study import Study
from tautnet.objective.networks import Network
from tautnet.validation.chains import Race


def told(race: Race) -> dict[str, dict[str, Any]]:
    """For each network its losses for all rows, the chains walked, and the time they took."""
    return {
        name: {
            "loss": race.losses.get(name),
            "early_loss": race.early_losses.get(name),
            "chains": race.chains[name],
            "seconds": race.seconds[name],
        }
        for name in race.networks
    }


def raced(study: Study, observations: Observations) -> list[dict[str, Any]] | None:
    """What a comparison says of its networks, one entry each; None where there was no choice.

    Beside what `told` gives: what makes the network, in how many outer folds it was chosen, whether
    all rows choose it, and by how much its loss exceeds that of the network that they choose, with
    its 95 % interval over rows.
    """
    race = study.race
    if race is None:
        return None
    outer = [name for key, name in race.chosen.items() if key is not None]
    return [
        {
            "name": name,
            **_as_json(race.networks[name]),
            "is_chosen": name == race.chosen[None],
            "outer_folds": outer.count(name),
            **facts,
            "vs_chosen": _against_chosen(study, race, name, observations),
        }
        for name, facts in told(race).items()
    ]


def _as_json(network: Network) -> dict[str, Any]:
    own = network.arguments
    return own | {"hidden_layer_sizes": list(own["hidden_layer_sizes"])}


def _against_chosen(
    study: Study, race: Race, name: str, observations: Observations
) -> dict[str, float] | None:
    """By how much the loss of a network exceeds that of the network chosen."""
    chosen = race.chosen[None]
    if name == chosen or name not in race.row_losses:
        return None
    found = paired_difference(
        race.row_losses[name], race.row_losses[chosen], study.sample.weight, observations
    )
    return {"diff": found.diff, "ci_low": found.ci_low, "ci_high": found.ci_high}
