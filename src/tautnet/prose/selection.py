"""A selection of predictors in sentences, computed from its numbers and nothing else."""

from tautnet.prose.words import join, number

NAMED = 20


def randomization_in_words(names, n_predictors, n_unused, fdr):
    """What the randomization test says, sentence by sentence.

    Parameters
    ----------
    names : list of str
        The predictors selected.
    n_predictors, n_unused : int
        Of all, and of those that are zero in every network.
    fdr : float

    Examples
    --------
    >>> randomization_in_words(["x1"], 10, 8, 0.1)[0]
    '1 of 10 predictors matters beyond the others at a false discovery rate of 0.1: x1.'
    """
    level = f"at a false discovery rate of {fdr:g}"
    if not names:
        sentences = [
            f"None of {n_predictors} predictors can be shown to matter beyond the others {level}.",
            (
                "Predictors that stand in for each other are all missed, since each is tested given"
                " the others."
            ),
        ]
    else:
        verb = "matters" if len(names) == 1 else "matter"
        sentences = [
            f"{len(names)} of {n_predictors} predictors {verb} beyond the others {level}:"
            f" {_named(names)}."
        ]
        if len(names) * fdr < 1:
            sentences.append(
                "Fewer are selected than the level can support: it holds on average over many"
                " tables, and here a single false predictor would be a share of"
                f" {number(1 / len(names))}."
            )
    if n_unused:
        verb = (
            "is zero in every network and has"
            if n_unused == 1
            else "are zero in every network and have"
        )
        sentences.append(f"{n_unused} of {n_predictors} predictors {verb} the p-value 1.")
    sentences.append(
        "The control is approximate: what a predictor could have been, given the others, is"
        " estimated."
    )
    return sentences


def stability_in_words(names, n_predictors, n_counted, n_halves, threshold, bound, alpha):
    """What stability selection says, sentence by sentence.

    Parameters
    ----------
    names : list of str
        The predictors selected.
    n_predictors, n_counted, n_halves : int
        Of all, of those that are counted in each half of the rows, and of halves.
    threshold, bound : float
        Share of the halves that is needed; expected number of false selections at most.
    alpha : float
        Strength at which norms were compared.

    Examples
    --------
    >>> stability_in_words(["x1", "x2"], 100, 8, 60, 0.6, 3.2, 0.0178)[1]
    'At most 3.2 false ones are expected among those selected: all of them may be false.'
    """
    among = (
        f"among the {n_counted} largest in at least {100 * threshold:g} % of {n_halves} halves of"
        " the rows"
    )
    if not names:
        sentences = [f"None of {n_predictors} predictors is {among}."]
    else:
        verb = "is" if len(names) == 1 else "are"
        sentences = [f"{len(names)} of {n_predictors} predictors {verb} {among}: {_named(names)}."]
        doubt = ": all of them may be false" if len(names) <= bound else ""
        sentences.append(
            f"At most {number(bound)} false ones are expected among those selected{doubt}."
        )
    sentences.append(
        f"Norms of weights were compared at alpha {number(alpha)}, the one-SE choice on all rows"
        " (group penalty)."
    )
    return sentences


def _named(names):
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    return join([*names[:NAMED], *more])
