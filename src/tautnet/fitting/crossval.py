"""Cross-validation: folds, curves over strengths, the rules min and 1se, and nested chains."""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    check_cv,
)

from tautnet.fitting.path import nearest
from tautnet.fitting.trainings import run_chain
from tautnet.tables.errors import TableError

# Codes beside the folds 0, 1, ...: rows that no chain leaves out, and rows that none sees.
ALWAYS_SEEN, NEVER_SEEN = -1, -2


def make_folds(n_rows, cv, *, labels=None, groups=None, ordered=False, seed=0):
    """The fold of each row.

    Parameters
    ----------
    n_rows, cv : int
        Number of rows and of folds.
    labels : int array, optional
        Classes, spread evenly over the folds.
    groups : array, optional
        Rows of one group stay in one fold.
    ordered : bool
        Contiguous blocks instead of shuffled rows.
    seed : int

    Returns
    -------
    int array (n_rows,)

    Raises
    ------
    TableError
        With fewer rows, rows of a class, or groups than folds.

    Examples
    --------
    >>> make_folds(6, 3, ordered=True).tolist()
    [0, 0, 1, 1, 2, 2]
    """
    if n_rows < cv:
        raise TableError(f"{n_rows} rows are fewer than {cv} folds: use a smaller cv (--cv)")
    n_groups = cv if groups is None else len(np.unique(groups))
    if n_groups == 1 < cv:
        raise TableError(
            "all rows are of one group, which cannot be split between folds: name other groups, or"
            " none"
        )
    if n_groups < cv:
        raise TableError(f"{n_groups} groups are fewer than {cv} folds: use a smaller cv (--cv)")
    if ordered:
        splitter, stratify = KFold(cv), None
    elif groups is not None:
        kind = GroupKFold if labels is None else StratifiedGroupKFold
        splitter, stratify = kind(cv, shuffle=True, random_state=seed), labels
    else:
        kind = KFold if labels is None else StratifiedKFold
        splitter, stratify = kind(cv, shuffle=True, random_state=seed), labels
    fold = np.empty(n_rows, int)
    for k, (_, test) in enumerate(splitter.split(np.zeros((n_rows, 1)), stratify, groups)):
        fold[test] = k
    return fold


def fold_rows(target, weight, cv, *, nested=False, groups=None, ordered=False, seed=0):
    """The fold of each row of a target, found good for training: every class and some weight in
    enough folds.

    Parameters
    ----------
    target : Target
    weight : array (n_rows,)
    cv : int
    nested : bool
        Whether chains will leave two folds out, not one.
    groups, ordered, seed
        As in `make_folds`.

    Returns
    -------
    int array (n_rows,)

    Raises
    ------
    TableError
    """
    n_rows, free = len(target.y), groups is None and not ordered
    if target.labels is not None and free and n_rows >= cv:
        counts = np.bincount(target.labels)
        if counts.min() < cv:
            rows = "1 row" if counts.min() == 1 else f"{counts.min()} rows"
            raise TableError(
                f"class {_class(target, counts.argmin())} of {target.name!r} has {rows}, fewer than"
                f" {cv} folds: use a smaller cv (--cv), or leave the class out"
            )
    fold = make_folds(n_rows, cv, labels=target.labels, groups=groups, ordered=ordered, seed=seed)
    _check_folds(target, weight, fold, 3 if nested else 2)
    return fold


def _check_folds(target, weight, fold, needed):
    """Raise where a fold has no weight, or a class is found in fewer folds than needed."""
    n_folds = fold.max() + 1
    if not np.bincount(fold, weight, n_folds).all():
        raise TableError(
            f"all rows of one of {n_folds} folds weigh 0: use a smaller cv (--cv), or leave such"
            " rows out"
        )
    for code in range(0 if target.labels is None else len(target.classes)):
        found = len(np.unique(fold[(target.labels == code) & (weight > 0)]))
        if found < needed:
            raise TableError(
                f"class {_class(target, code)} of {target.name!r} is found in {found} of {n_folds}"
                f" folds, too few for models that leave {needed - 1} out: use other folds (--cv,"
                " --group-col, --ordered), or leave the class out"
            )


def partition_rows(target, weight, cv, *, groups=None):
    """The fold of each row by a splitter or an iterable of splits, for chains that leave two folds
    out.

    Parameters
    ----------
    target : Target
    weight : array (n_rows,)
    cv : splitter or iterable
        Of (training rows, test rows): every row is a test row once, and a training row of all other
        splits.
    groups : array, optional
        Rows of one group stay in one fold.

    Returns
    -------
    int array (n_rows,)

    Raises
    ------
    TableError
        Where the splits are no such partition of at least three folds, or a fold cannot be used.
    """
    codes = np.array(split_rows(target, weight, cv, groups=groups))
    is_test = codes == 0
    if len(codes) < 3 or (is_test.sum(axis=0) != 1).any() or (codes == NEVER_SEEN).any():
        raise TableError(
            "the splits of cv are no partition of the rows in at least 3 folds (each row in one"
            " test set, and in the training set of every other split): give such splits, or a"
            " number of folds"
        )
    fold = is_test.argmax(axis=0)
    if groups is not None and len(np.unique(np.column_stack([groups, fold]), axis=0)) > len(
        np.unique(groups)
    ):
        raise TableError(
            "the splits of cv part rows of one group: use a splitter that keeps groups, as"
            " GroupKFold"
        )
    _check_folds(target, weight, fold, 3)
    return fold


def tolerant_folds(target, weight, cv, *, groups=None, seed=0):
    """The fold of each row, as `fold_rows`, but a class may be missing outside a fold: scikit-learn
    warns.
    """
    fold = make_folds(len(target.y), cv, labels=target.labels, groups=groups, seed=seed)
    if not np.bincount(fold, weight, cv).all():
        raise TableError(
            f"all rows of one of {cv} folds weigh 0: use a smaller cv (--cv), or leave such"
            " rows out"
        )
    return fold


def split_rows(target, weight, cv, *, groups=None):
    """The splits of a splitter, or of an iterable of (training rows, test rows), as codes of rows.

    Returns
    -------
    list of int arrays (n_rows,)
        One a split: 0 for test rows, `ALWAYS_SEEN` for training rows, `NEVER_SEEN` for the others.

    Raises
    ------
    TableError
        Where a side of a split has no row that counts.
    """
    n_rows = len(target.y)
    y = target.y[:, 0] if target.labels is None else target.labels
    codes = []
    for train, test in check_cv(cv, y).split(np.zeros((n_rows, 1)), y, groups):
        code = np.full(n_rows, NEVER_SEEN)
        code[train] = ALWAYS_SEEN
        code[test] = 0
        if not weight[code == 0].any() or not weight[code == ALWAYS_SEEN].any():
            raise TableError(
                f"split {len(codes)} of cv={cv!r} has no training row or no test row that counts"
            )
        codes.append(code)
    if not codes:
        raise TableError(f"cv={cv!r} gives no split")
    return codes


def _class(target, code):
    return repr(str(target.classes[code]))


@dataclass(frozen=True)
class Curve:
    """Cross-validated loss against strength.

    Attributes
    ----------
    alphas : array (n_alphas,)
        Strengths, ascending, at which every fold has a model.
    fold_losses : array (n_alphas, n_folds)
        Mean loss on each fold of the model that did not see it.
    fold_weights : array (n_folds,)
        Weight of the rows of each fold.
    ceiling : float
        The largest strength that "min" may choose.
    """

    alphas: object
    fold_losses: object
    fold_weights: object
    ceiling: float = np.inf

    @property
    def mean(self):
        """Weighted mean over folds, shape (n_alphas,)."""
        return np.average(self.fold_losses, axis=1, weights=self.fold_weights)

    @property
    def standard_error(self):
        """Standard error of the mean over folds, shape (n_alphas,)."""
        squares = np.square(self.fold_losses - self.mean[:, None])
        n_folds = self.fold_losses.shape[1]
        return np.sqrt(np.average(squares, axis=1, weights=self.fold_weights) / max(n_folds - 1, 1))

    def index(self, selection):
        """Index of the strength that a rule chooses.

        Parameters
        ----------
        selection : {"min", "1se"}
            The least mean loss up to ``ceiling`` (of equals the most regularised), or the most
            regularised model within one standard error of it (Breiman et al. 1984).
        """
        allowed = self.mean[self.alphas <= self.ceiling * (1 + 1e-9)]
        best = len(allowed) - 1 - int(allowed[::-1].argmin())
        if selection == "min":
            return best
        return int(np.flatnonzero(self.mean <= self.mean[best] + self.standard_error[best]).max())

    def alpha(self, selection):
        """The strength that a rule chooses."""
        return float(self.alphas[self.index(selection)])

    def restricted(self, ladder):
        """The curve at the strengths of a `Ladder`."""
        keep = np.array(
            [np.isclose(alpha, ladder.alphas, rtol=1e-9).any() for alpha in self.alphas]
        )
        return Curve(self.alphas[keep], self.fold_losses[keep], self.fold_weights, ladder.ceiling)


def _keys(alphas):
    return np.round(np.log(np.maximum(alphas, 1e-300)), 6)


def make_curve(chains, folds_held_out, fold_weights):
    """Line the chains of several folds up.

    A chain that has ended null stays null at larger strengths; below its first strength it has
    no model.
    """
    keys = np.unique(np.concatenate([_keys(chain.path.alphas) for chain in chains]))
    paths = [chain.path for chain in chains]
    alphas = {
        key: alpha
        for path in paths
        for key, alpha in zip(_keys(path.alphas), path.alphas, strict=True)
    }
    columns = []
    for chain, fold in zip(chains, folds_held_out, strict=True):
        own, losses = _keys(chain.path.alphas), chain.losses[fold]
        column = np.full(len(keys), np.nan)
        column[np.searchsorted(keys, own)] = losses
        if chain.path.n_features[-1] == 0:
            column[keys > own[-1]] = losses[-1]
        columns.append(column)
    table = np.column_stack(columns)
    complete = np.isfinite(table).all(axis=1)
    kept = np.array([alphas[key] for key in keys])[complete]
    return Curve(kept, table[complete], np.asarray(fold_weights, float))


@dataclass(frozen=True)
class Chain:
    """A path fitted without some folds, and its loss on each of them.

    Attributes
    ----------
    left_out : tuple of int
        The folds it did not see.
    path : Path
        Its outputs are those for the fold left out; empty where two were.
    losses : dict
        Fold -> array (n_alphas,) of mean losses.
    beside : int array
        Fitted rows whose outputs stand behind those of the fold left out, because its score needs
        them.
    serves : tuple of int, optional
        Of two folds left out, those as whose inner model it may choose; None is both.
    """

    left_out: tuple
    path: object
    losses: dict
    beside: object = ()
    serves: tuple | None = None

    def is_inner(self, outer):
        """Whether it is the model of an inner fold of an outer fold."""
        return len(self.left_out) == 2 and outer in (
            self.left_out if self.serves is None else self.serves
        )

    def at(self, alpha):
        """Index of a strength, or of the nearest where the chain does not have it."""
        return nearest(self.path.alphas, alpha)

    def nearest_kept(self, alpha):
        """Index of the nearest strength whose parameters were kept."""
        kept = np.array(sorted(self.path.parameters))
        return int(kept[nearest(self.path.alphas[kept], alpha)])


def fit_chain(
    sample,
    fold,
    left_out,
    settings,
    *,
    serves=None,
    alphas="auto",
    keep=(),
    certify="none",
    ticker=None,
):
    """Walk the rows outside some folds and score each of those folds."""
    inside = np.flatnonzero(~np.isin(fold, [*left_out, NEVER_SEEN]))
    blocks = [np.flatnonzero(fold == k) for k in left_out]
    # Where new rows are scored beside those that were fitted, the chain keeps the outputs of both.
    beside = inside[:0] if settings.loss.is_separable or not left_out else inside
    held_out = np.concatenate([inside[:0], *blocks, beside])
    path = run_chain(
        sample, inside, held_out, settings, alphas=alphas, keep=keep, certify=certify, ticker=ticker
    )
    losses, start = {}, 0
    for k, rows in zip(left_out, blocks, strict=True):
        outputs = (
            path.outputs[:, start : start + len(rows)],
            path.outputs[:, len(held_out) - len(beside) :],
        )
        start += len(rows)
        weight = sample.weight[rows]
        losses[k] = np.array(
            [
                np.average(
                    held_out_losses(sample, settings.loss, rows, beside, *pair), weights=weight
                )
                for pair in zip(*outputs, strict=True)
            ]
        )
    if len(left_out) > 1:
        path = replace(path, outputs=path.outputs[:, :0], parameters={})
    return Chain(tuple(left_out), path, losses, beside, serves)


def held_out_losses(sample, loss, rows, beside, outputs, outputs_beside):
    """Metric of each row that was held out, scored beside those that were fitted where the loss
    needs them.
    """
    fitted = sample.y[beside], outputs_beside.astype(np.float64), sample.weight[beside]
    return loss.new_metric(sample.y[rows], outputs.astype(np.float64), sample.weight[rows], fitted)


def chain_sets(n_folds, nested):
    """The folds that each chain leaves out: one each, and two each where the choice is nested.

    The inner folds of outer fold k are the other outer folds, so a chain without j and k serves
    both: with five folds ten chains and five do what nested cross-validation does in twenty-five.
    The refit, a chain that leaves nothing out, is not among them: it serves every repeat.

    Examples
    --------
    >>> len(chain_sets(5, nested=True))
    15
    """
    single = [(k,) for k in range(n_folds)]
    return single + (list(combinations(range(n_folds), 2)) if nested else [])


def fold_weights(sample, fold):
    """Weight of the rows of each fold."""
    return np.bincount(fold[fold >= 0], sample.weight[fold >= 0])


def outer_curve(chains, weights, without=None):
    """The ordinary cross-validation curve, from the chains that leave one fold out.

    Parameters
    ----------
    chains : list of lists of Chain
        One a repeat.
    weights : list of arrays (n_folds,)
        Weights of the folds of each repeat.
    without : tuple (repeat, fold), optional
        A chain that has no say.
    """
    single = [
        (chain, chain.left_out[0], weights[r][chain.left_out[0]])
        for r, repeat in enumerate(chains)
        for chain in repeat
        if len(chain.left_out) == 1 and (r, chain.left_out[0]) != without
    ]
    return make_curve(*zip(*single, strict=True))


def inner_curve(chains, outer, weights, without=None):
    """The curve that may choose for an outer fold: chains without it and one more fold, scored on
    that fold.

    ``without`` is an inner fold that has no say.
    """
    pairs = [
        (chain, next(k for k in chain.left_out if k != outer))
        for chain in chains
        if chain.is_inner(outer)
    ]
    pairs = [(chain, held_out) for chain, held_out in pairs if held_out != without]
    return make_curve(
        [chain for chain, _ in pairs], [k for _, k in pairs], [weights[k] for _, k in pairs]
    )
