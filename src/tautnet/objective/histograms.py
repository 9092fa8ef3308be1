"""How many weights of a network are how large."""

from collections.abc import Iterable

import numpy as np

from tautnet.tables.arrays import Floats, Integers

HISTOGRAM_BINS = 40
# The bin that begins at 0.
BIN_OF_ZERO = HISTOGRAM_BINS // 2


def weight_histograms(flat: Iterable[Floats], limit: float) -> Integers:
    """Counts of the weights of each network in equal bins from -limit to limit.

    What lies beyond is in the outer bins.

    Parameters
    ----------
    flat : arrays (n_weights,)
        All weights of each network.
    limit : float

    Returns
    -------
    int array (n_networks, HISTOGRAM_BINS)
    """
    # One network at a time, in place: a wide one has millions of weights.
    counts = []
    for weights in flat:
        places = weights + limit
        places *= HISTOGRAM_BINS / (2 * limit)
        bins = places.astype(np.intp)
        np.clip(bins, 0, HISTOGRAM_BINS - 1, out=bins)
        counts.append(np.bincount(bins, minlength=HISTOGRAM_BINS))
    return np.array(counts)
