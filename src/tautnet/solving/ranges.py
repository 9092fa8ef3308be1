"""The strengths of a path: from where its rows are fitted to where nothing is learned any more."""

from tautnet.objective.strengths import grid, nearest
from tautnet.solving.prepared import LEAST_SCALE, Prepared
from tautnet.tables.arrays import Floats

# Shares of a₀ at which an automatic path may begin, the first that is weak enough.
STARTS = (1e-4, 1e-5, 1e-6)
# Shares of a₀ up to which strengths go, and up to which they go in any case.
STRONGEST = 2e3
STRONG = 10.0


def automatic_alphas(prepared: Prepared) -> Floats:
    """The grid of some rows: from 1e-6 a₀, or from the ratio that was asked for, to 2000 a₀."""
    settings = prepared.settings
    low = min(STARTS) if isinstance(settings.alpha_min_ratio, str) else settings.alpha_min_ratio
    scale = prepared.null_model.alpha_scale
    per_decade = settings.alphas_per_decade or settings.kind.alphas_per_decade
    return grid(low * scale, STRONGEST * scale, per_decade)


def starts(prepared: Prepared, alphas: Floats) -> list[int]:
    """Places on the automatic grid where a path may begin, from strong to weak.

    The ratio of an automatic path is 1e-4, or weaker where that helps: a path that begins weaker
    than it has to remembers noise when it comes to the strengths that matter.
    """
    if not isinstance(prepared.settings.alpha_min_ratio, str):
        return [0]
    scale = prepared.null_model.alpha_scale
    if scale <= LEAST_SCALE:
        # Nothing that is penalised varies: any strength is as good, and chains take the same.
        return [0]
    places = [nearest(alphas, share * scale) for share in STARTS]
    return sorted(set(places), reverse=True)
