"""How many weights of a network are how large."""

import numpy as np

HISTOGRAM_BINS = 40


def weight_histograms(flat, limit):
    """Numbers of each row in equal bins from -limit to limit; what lies beyond is in the outer
    ones.
    """
    # One network at a time, in place: a wide one has millions of weights.
    counts = []
    for weights in flat:
        places = weights + limit
        places *= HISTOGRAM_BINS / (2 * limit)
        bins = places.astype(np.intp)
        counts.append(
            np.bincount(np.clip(bins, 0, HISTOGRAM_BINS - 1, out=bins), minlength=HISTOGRAM_BINS)
        )
    return np.array(counts)
