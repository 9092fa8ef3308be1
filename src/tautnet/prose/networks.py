"""Networks, and the choice among them, in words."""

from tautnet.objective.choices import STANDARDISED
from tautnet.prose.words import Result, Row, join, number, quoted


def layers_in_words(facts: Row) -> str:
    """What makes a network, in few words.

    Examples
    --------
    >>> layers_in_words({"hidden_layer_sizes": [64, 64], "activation": "silu", "inputs": "splines"})
    '64 and 64 silu units on splines'
    >>> layers_in_words(
    ...     {"hidden_layer_sizes": [100], "activation": "relu", "inputs": "standardised"})
    '100 relu units'
    """
    sizes = join(f"{size:,}" for size in facts["hidden_layer_sizes"])
    inputs = {STANDARDISED: "", "smooth": " on smooth columns"}
    on = inputs.get(facts["inputs"], f" on {facts['inputs']}")
    return f"{sizes} {facts['activation']} units{on}"


def networks_in_words(result: Result) -> str | None:
    """Which network was chosen, and how the others do; None where there was no choice.

    Examples
    --------
    >>> def one(name, sizes, **more):
    ...     return {"name": name, "hidden_layer_sizes": sizes, "activation": "relu",
    ...             "inputs": "standardised", "is_chosen": False, "outer_folds": 0,
    ...             "vs_chosen": None} | more
    >>> told = networks_in_words({"metric": "log-loss", "networks": [
    ...     one("plain", [100], is_chosen=True, outer_folds=5), one("deep", [64, 64])]})
    >>> first, second = told.split(". ")
    >>> first
    'Network: `plain` (100 relu units), chosen in 5 of 5 outer folds'
    >>> second
    '`deep` (64 and 64 relu units) was not ahead in a short race.'
    """
    networks = result.get("networks")
    if not networks:
        return None
    [chosen] = [one for one in networks if one["is_chosen"]]
    n_folds = sum(one["outer_folds"] for one in networks)
    said = [
        f"Network: {quoted(chosen['name'])} ({layers_in_words(chosen)}), chosen in"
        f" {chosen['outer_folds']} of {n_folds} outer folds."
    ]
    for one in networks:
        if one is not chosen:
            said.append(f"{quoted(one['name'])} ({layers_in_words(one)}) {_rival(one)}.")
    return " ".join(said)


def _rival(one: Row) -> str:
    """How a network does that was not chosen."""
    versus = one["vs_chosen"]
    if versus is None:
        return "was not ahead in a short race"
    low = versus["ci_low"]
    high = versus["ci_high"]
    if versus["diff"] < 0:
        ends = f"95 % interval {number(-high)} to {number(-low)}"
        return f"saves only {number(-versus['diff'])} ({ends}), too little for its time"
    ends = f"95 % interval {number(low)} to {number(high)}"
    return f"has a loss that is higher by {number(versus['diff'])} ({ends})"
