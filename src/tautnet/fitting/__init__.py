"""How it is minimised: solvers, the loop, paths, cross-validation, comparisons, the verdict."""
