"""A selection of predictors in sentences, computed from its numbers alone."""

from collections.abc import Sequence

from tautnet.prose.words import join, number

# Predictors that a sentence names before it says how many more there are.
NAMED = 20


def randomization_in_words(
    names: Sequence[str], n_predictors: int, n_unused: int, fdr: float
) -> list[str]:
    """What the randomization test found, as a list of sentences.

    Parameters
    ----------
    names : list of str
        The predictors selected.
    n_predictors, n_unused : int
        The number of all predictors, and of those whose weights are zero in every network.
    fdr : float
        The false discovery rate allowed.

    Returns
    -------
    list of str

    Examples
    --------
    >>> randomization_in_words(["x1"], 10, 8, 0.1)[0]
    '1 of 10 predictors matters beyond the others at a false discovery rate of 0.1: x1.'
    """
    sentences = [*_found(names, n_predictors, fdr)]
    if n_unused:
        verb = "has" if n_unused == 1 else "have"
        weights = "its p-value is 1" if n_unused == 1 else "their p-values are 1"
        sentences.append(
            f"{n_unused} of {n_predictors} predictors {verb} only zero weights in every network,"
            f" so {weights}."
        )
    sentences.append(
        "The control of the rate is approximate: the test estimates how each predictor is"
        " distributed given the others."
    )
    return sentences


def _found(names: Sequence[str], n_predictors: int, fdr: float) -> list[str]:
    """Which predictors matter, and what limits that finding."""
    level = f"at a false discovery rate of {fdr:g}"
    if not names:
        return [
            f"None of {n_predictors} predictors can be shown to matter beyond the others {level}.",
            (
                "The test looks at each predictor given all others, so it misses predictors that"
                " can stand in for each other."
            ),
        ]
    verb = "matters" if len(names) == 1 else "matter"
    finding = (
        f"{len(names)} of {n_predictors} predictors {verb} beyond the others {level}:"
        f" {_named(names)}."
    )
    if len(names) * fdr >= 1:
        return [finding]
    return [
        finding,
        (
            "The level cannot be met by so few predictors on one table: it holds on average over"
            " many tables, and one false predictor here would already be a share of"
            f" {number(1 / len(names))}."
        ),
    ]


def stability_in_words(
    names: Sequence[str],
    n_predictors: int,
    n_counted: int,
    n_halves: int,
    threshold: float,
    bound: float,
    alpha: float,
) -> list[str]:
    """What stability selection found, as a list of sentences.

    Parameters
    ----------
    names : list of str
        The predictors selected.
    n_predictors, n_counted, n_halves : int
        The number of all predictors, of those counted in each half of the rows, and of halves.
    threshold, bound : float
        The share of the halves that is needed, and the largest expected number of false
        selections.
    alpha : float
        The strength at which norms were compared.

    Returns
    -------
    list of str

    Examples
    --------
    >>> stability_in_words(["x1", "x2"], 100, 8, 60, 0.6, 3.2, 0.0178)[1]
    'At most 3.2 of those selected are expected to be false, so all of them may be false.'
    """
    share = f"in at least {100 * threshold:g} % of {n_halves} halves of the rows"
    if not names:
        sentences = [f"None of {n_predictors} predictors is among the {n_counted} largest {share}."]
    else:
        verb = "is" if len(names) == 1 else "are"
        doubt = ", so all of them may be false" if len(names) <= bound else ""
        sentences = [
            f"{len(names)} of {n_predictors} predictors {verb} among the {n_counted} largest"
            f" {share}: {_named(names)}.",
            f"At most {number(bound)} of those selected are expected to be false{doubt}.",
        ]
    sentences.append(
        "A predictor's size is the norm of its weights under the group penalty at alpha"
        f" {number(alpha)}, the one-SE choice on all rows."
    )
    return sentences


def _named(names: Sequence[str]) -> str:
    """The names as a list in a sentence, cut where there are many."""
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    return join([*names[:NAMED], *more])
