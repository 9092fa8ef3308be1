"""Paths: from over-fitted to exactly null, and each point as good as its certificate says."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from tautnet.engine import adam
from tautnet.engine.adam import Adam
from tautnet.engine.loop import Ticker
from tautnet.objective.networks import Network, padded_size
from tautnet.objective.problem import TableInPlace
from tautnet.objective.strengths import grid, nearest
from tautnet.solving.prepared import prepare
from tautnet.solving.ranges import automatic_alphas, starts
from tautnet.solving.settings import Request
from tautnet.solving.walk import walk

PRUNING = ("l1", "elasticnet", "group")
ALL, NONE = np.arange(60), np.arange(0)


@pytest.fixture(scope="module")
def paths(regression, settings):
    """The path of every penalty on all rows, all parameters kept, certified."""
    names = ("none", "l2", *PRUNING)
    return {
        name: walk(regression, ALL, ALL[:5], settings(name), Request(keep="all", certify="all"))
        for name in names
    }


def test_grids_of_different_tables_line_up():
    shared = np.intersect1d(grid(1e-4, 1.0).round(12), grid(3e-3, 70.0).round(12))
    assert len(shared) == np.sum(grid(1e-4, 1.0) >= 3e-3)


def test_a_path_begins_where_its_rows_are_fitted(regression, settings):
    prepared = prepare(regression, ALL, settings("group"))
    alphas = automatic_alphas(prepared)
    scale = prepared.null_model.alpha_scale
    places = starts(prepared, alphas)
    assert np.allclose(np.log10(alphas[places] / scale), [-4, -5, -6], atol=1 / 8)

    def begins(**changed):
        # In minibatches nothing is tried first.
        schedule = replace(settings().schedule, batch_rows=10, batch_size=16, **changed)
        path = walk(regression, ALL, NONE, settings("group", schedule=schedule))
        return path.alphas[0], path.steps[0] / schedule.first_steps

    assert begins(remembered=1.0) == (alphas[places[0]], 1)
    assert begins(remembered=0.0, falling=np.inf, fitted=1.0) == (alphas[places[2]], 3)
    # A strength that fits the rows no better is the last that is tried.
    assert begins(remembered=0.0, falling=0.0) == (alphas[places[0]], 1)
    given = walk(regression, ALL, NONE, settings("group", alpha_min_ratio=1e-2))
    assert np.isclose(np.log10(given.alphas[0] / scale), -2, atol=1 / 8)


@pytest.mark.parametrize("hidden", [(), (8,)])
def test_l2_ends_where_it_is_hardly_more_than_null(regression, settings, hidden):
    chosen = settings("l2", network=Network(hidden))
    path = walk(regression, ALL, NONE, chosen)
    null = np.var(regression.y)
    assert path.train_loss[-1] >= 0.99 * null > path.train_loss[-9]
    assert (path.train_loss <= null).all()
    # Who gives strengths gets all of them.
    given = walk(regression, ALL, NONE, chosen, Request([1e3, 1e4, 1e5]))
    assert len(given.alphas) == 3


@pytest.mark.parametrize("n_columns", [59, 60, 61])
def test_nothing_jumps_where_columns_become_as_many_as_rows(regression, settings, n_columns):
    """The start and the end of a path are the same on either side."""
    X = np.random.default_rng(0).normal(size=(60, n_columns))
    sample = regression._replace(X=X, column_predictor=np.arange(n_columns))
    path = walk(sample, ALL, NONE, settings("l2"))
    scale = prepare(sample, ALL, settings("l2")).null_model.alpha_scale
    assert path.alphas[0] <= 1.4e-4 * scale and path.alphas[-1] >= 10 * scale
    assert path.train_loss[-1] >= 0.99 * np.var(regression.y)


@pytest.mark.parametrize("name", PRUNING)
def test_a_path_goes_from_over_fitted_to_exactly_null(paths, regression, name):
    path = paths[name]
    null = np.var(regression.y)
    assert (np.diff(path.alphas) > 0).all() and len(path.alphas) <= 70
    assert path.train_loss[0] < 0.05 * null
    assert path.n_features[0] == 5 and path.n_features[-1] == 0
    weights = path.parameters[len(path.alphas) - 1].weights
    assert not weights.input.any() and not weights.skip.any()
    assert path.train_loss[-1] == pytest.approx(null, rel=1e-12)


@pytest.mark.parametrize("name", ["l1", "group"])
def test_on_wide_tables_columns_that_have_left_leave_the_arithmetic_for_good(
    monkeypatch, paths, regression, name
):
    from tautnet.engine import adam
    from tautnet.solving import prepared as preparing

    kept = []
    keep = adam.Adam.keep
    monkeypatch.setattr(
        adam.Adam, "keep", lambda adam, left: (keep(adam, left), kept.append(len(adam.columns)))
    )
    monkeypatch.setattr(preparing, "WIDE", 3)
    narrow, whole = (
        walk(regression, ALL, ALL[:5], paths[name].settings, Request(certify="all")),
        paths[name],
    )
    # Eight columns, two of which only fill up, become four, and not again fewer.
    assert max(kept) == 8 and 0 < min(kept) <= 4
    shared = min(len(narrow.alphas), len(whole.alphas)) - 1
    assert shared > len(whole.alphas) - 4
    assert (narrow.n_features[:shared] <= whole.n_features[:shared] + 1).all()
    np.testing.assert_allclose(
        narrow.train_loss[:shared], whole.train_loss[:shared], rtol=0.05, atol=0.02
    )


def test_a_walk_of_fewer_columns_holds_no_more_networks_at_once(regression, settings, monkeypatch):
    """What a run returns has all columns again."""
    prepared = prepare(regression, ALL, settings("group"))
    start, data = prepared.start(np.float32), prepared.data(np.float32)
    n_parameters = sum(leaf.size for leaf in jax.tree.leaves(start))
    monkeypatch.setattr("tautnet.engine.adam.NUMBERS_BETWEEN_LOOKS", n_parameters)
    adam = Adam(prepared.problem(0.1, np.float32), data, start, Ticker())
    adam.keep([0])
    assert adam.capacity == 1 and len(adam.columns) == 1
    late, ends = adam.run([0.1], 0.01, 4, batched=False)
    assert late.weights.input.shape == ends.weights.input.shape == (1, *start.weights.input.shape)


def test_l2_never_reaches_zero(paths):
    assert (paths["l2"].zero_weights == 0).all() and paths["l2"].n_features[-1] == 5


def test_group_takes_whole_predictors_out(paths):
    path = paths["group"]
    for i, parameters in path.parameters.items():
        first, skip, _ = parameters.weights
        columns = (first != 0).any(axis=1) | (skip != 0).any(axis=1)
        np.testing.assert_array_equal(columns, path.norms[i][[0, 1, 2, 2, 3, 4]] > 0)
    assert len(set(path.n_features)) > 3


@pytest.mark.parametrize("name", ["l2", *PRUNING])
def test_certificates_lie_between_0_and_1_and_are_good_at_the_strong_end(paths, name):
    stationarity = paths[name].stationarity
    assert ((stationarity >= 0) & (stationarity <= 1)).all()
    assert np.median(stationarity[-8:]) < 0.1


def test_none_is_a_fixed_training_that_is_recorded(paths, settings):
    path = paths["none"]
    assert path.steps[-1] == settings("none").schedule.unpenalised_steps
    assert (path.alphas == 0).all() and (np.diff(path.steps) > 0).all()
    assert path.train_loss[-1] < 0.1 * path.train_loss[0]
    assert np.isfinite(path.stationarity[-1]) and np.isnan(path.stationarity[:-1]).all()


@pytest.mark.parametrize("name", ["l2", "group"])
def test_a_walk_up_to_a_strength_is_that_point_of_the_path(paths, regression, settings, name):
    i = 20
    alone = walk(
        regression,
        ALL,
        ALL[:5],
        settings(name),
        Request(until=paths[name].alphas[i], certify="kept"),
    )
    for a, b in zip(leaves(alone.parameters[i]), leaves(paths[name].parameters[i]), strict=True):
        np.testing.assert_array_equal(a, b)
    assert alone.stationarity[-1] == paths[name].stationarity[i]


def test_a_strength_between_two_of_the_grid_is_walked_to(regression, settings):
    path = walk(regression, ALL, NONE, settings("l2"), Request(until=0.0123))
    assert path.alphas[-1] == 0.0123 and path.alphas[-2] == pytest.approx(0.01)


@pytest.mark.parametrize(
    "task, table", [("two classes", "two_classes"), ("three classes", "three_classes")]
)
def test_classes_have_paths_too(request, settings, task, table):
    sample = request.getfixturevalue(table)
    path = walk(sample, ALL, ALL, settings("l1", task=task))
    shares = sample.y.mean(axis=0)
    shares = np.append(1 - shares, shares) if len(shares) == 1 else shares
    assert path.train_loss[0] < 0.05
    assert path.train_loss[-1] == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-12)
    assert path.outputs.shape == (len(path.alphas), 60, sample.y.shape[1])


@pytest.mark.parametrize("name", ["l2", *PRUNING])
def test_finishing_solves_a_smooth_network(regression, settings, name):
    options = dict(activation="silu", finish=True, tol=0.005, max_iter=3000)
    path = walk(
        regression, ALL, NONE, settings(name, **options), Request(until=0.1, certify="kept")
    )
    unfinished = walk(
        regression, ALL, NONE, settings(name, activation="silu"), Request(until=0.1, certify="kept")
    )
    assert path.stationarity[-1] <= 0.005 / 5 or path.objective_gap[-1] < 1e-4
    assert path.stationarity[-1] < unfinished.stationarity[-1]
    assert path.steps[-1] > unfinished.steps[-1]


def test_a_small_objective_that_still_falls_is_not_given_up(regression, settings):
    """A gain is measured against the objective.

    That lies far below the null loss where there is little noise.
    """
    target = np.tanh(regression.X[:, :1]) + 0.1 * regression.X[:, 1:2]
    smooth = replace(settings(hidden=(5,)).network, activation="silu")
    exact = settings(hidden=(5,), network=smooth, finish=True, tol=0.005, max_iter=5000)
    path = walk(
        regression._replace(y=target),
        ALL,
        NONE,
        exact,
        Request(alphas=[1e-3], keep="all", certify="all"),
    )
    assert path.train_loss[0] < 1e-2 * target.var() and path.stationarity[0] <= 0.005


@pytest.mark.parametrize("name", PRUNING)
def test_minibatches_keep_zeros_exact_and_end_null(regression, settings, name):
    batched = replace(settings(name).schedule, batch_rows=30, batch_size=16)
    path = walk(regression, ALL, NONE, settings(name, schedule=batched), Request(certify="all"))
    full = walk(regression, ALL, NONE, settings(name))
    assert path.n_features[-1] == 0 and (path.zero_weights > 0).sum() > 3
    half = nearest(path.alphas, 0.03)
    assert path.train_loss[half] == pytest.approx(
        full.train_loss[nearest(full.alphas, 0.03)], rel=0.3
    )


@pytest.mark.parametrize(
    "name, hidden, inputs",
    [
        ("group", (4,), "standardised"),
        ("none", (4,), "standardised"),
        ("l1", (), "standardised"),
        ("group", (4,), "splines"),
    ],
)
def test_a_table_that_is_read_in_place_is_fitted_as_a_copy_is(
    regression, settings, monkeypatch, name, hidden, inputs
):
    """Block by block, with cells missing; minibatches are the same rows in the same order."""
    X = regression.X.copy()
    X[::7, 2] = np.nan
    schedule = replace(
        settings(name).schedule, first_steps=20, unpenalised_steps=20, batch_rows=30, batch_size=16
    )
    exact = settings(name, hidden=hidden, inputs=inputs, schedule=schedule, precision="float64")
    # A block of rows, and what stands in the last minibatch of a walk through all rows.
    monkeypatch.setattr("tautnet.objective.problem.ROWS_AT_ONCE", 32)
    monkeypatch.setattr("tautnet.solving.prepared.ROWS_AT_ONCE", 32)
    sample = regression._replace(X=X)
    copied = walk(
        sample, ALL[5:], ALL[:5], exact, Request(alphas=[0.02, 0.05], keep="all", certify="all")
    )
    monkeypatch.setattr("tautnet.tables.scaling.LARGE", 0)
    read = walk(
        sample, ALL[5:], ALL[:5], exact, Request(alphas=[0.02, 0.05], keep="all", certify="all")
    )
    assert prepare(sample, ALL, exact).source is not None
    for field in ("outputs", "train_loss", "norms", "stationarity"):
        np.testing.assert_allclose(
            getattr(read, field), getattr(copied, field), rtol=1e-5, atol=1e-7
        )


@pytest.mark.parametrize("n_columns", [3, 16, 40])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("begin", [0, 8, 16, 56])
def test_a_table_is_read_where_it_lies(n_columns, dtype, begin):
    """Programs read the very numbers of a table, wherever in memory it begins.

    Only the first rows are copied.
    """
    memory = np.zeros(50 * n_columns * 8 + 128, np.uint8)
    start = -memory.ctypes.data % 64 + begin
    X = memory[start : start + 50 * n_columns * dtype().itemsize].view(dtype).reshape(50, n_columns)
    X[:] = np.random.default_rng(0).normal(size=X.shape)
    index = np.array([7, 0, 49, 1, 5, 2])
    with jax.enable_x64(True):
        table = TableInPlace.of(X)
        np.testing.assert_array_equal(jax.jit(lambda table: table.rows(index))(table), X[index])
        end = table.body.unsafe_buffer_pointer() + table.body.nbytes
    assert end == X.ctypes.data + X.nbytes and table.head.size + table.body.size >= X.size
    assert table.head.size <= 16 + n_columns


def test_a_table_that_is_far_from_fitted_gets_more_steps(regression, settings):
    """The first cycle is repeated while it pays, and then every strength has steps enough."""
    short = replace(
        settings().schedule, first_steps=20, first_cycles=4, thorough_steps=25, fitted=0.0
    )
    alphas = [1e-5, 1e-4, 1e-3]

    def steps(**changed):
        return walk(
            regression,
            ALL,
            NONE,
            settings(schedule=replace(short, **changed)),
            Request(alphas=alphas),
        ).steps

    lengths = np.diff(steps(falling=0.0))
    assert steps(falling=0.0)[0] == steps(fitted=1.0)[0] == 20
    assert steps(falling=np.inf).tolist() == [80, 105, 130]
    assert lengths[0] < 25 and 20 < steps()[0] <= 80


def test_one_program_serves_a_whole_path_and_its_family(regression, settings):
    schedule, program = settings("l1", hidden=(5,)), adam.adam_full
    before = set(program.compiled)
    walk(regression, ALL, NONE, schedule)
    walk(regression, ALL[:58], NONE, replace(schedule, seed=3))
    walk(regression, ALL, NONE, replace(schedule, penalty="l2"))
    assert len(set(program.compiled) - before) == 1


def test_padding_changes_nothing(regression, settings, monkeypatch):
    """Rows and columns that fill a shape up leave the answer as it is, to rounding.

    Many steps would magnify the rounding.
    """
    exact = settings(
        "group", precision="float64", schedule=replace(settings("l2").schedule, first_steps=20)
    )
    padded = walk(regression, ALL, ALL, exact, Request(alphas=[0.05]))
    monkeypatch.setattr("tautnet.objective.networks.padded_size", lambda size: size)
    bare = walk(regression, ALL, ALL, exact, Request(alphas=[0.05]))
    assert padded_size(60) > 60
    np.testing.assert_allclose(padded.outputs, bare.outputs, rtol=1e-6)


def test_rows_of_weight_0_are_not_there(regression, settings):
    weight = np.ones(60)
    weight[50:] = 0
    ignored = regression._replace(weight=weight, y=np.where(weight[:, None] > 0, regression.y, 1e6))
    a = walk(ignored, ALL, ALL[:5], settings("l2"), Request(until=0.01))
    b = walk(regression, ALL[:50], ALL[:5], settings("l2"), Request(until=0.01))
    np.testing.assert_array_equal(a.outputs[-1], b.outputs[-1])


def test_predictors_that_never_vary_give_a_null_path(regression, settings):
    flat = regression._replace(X=np.ones((60, 6)))
    path = walk(flat, ALL, ALL[:2], settings("l2"))
    assert path.n_features.tolist() == [0]
    np.testing.assert_allclose(path.outputs[0], regression.y.mean(), rtol=1e-6)


def leaves(parameters):
    first, skip, later = parameters.weights
    return [first, skip, *later, *parameters.biases]


@pytest.mark.parametrize(
    "name, task, table",
    [("l1", "regression", "regression"), ("group", "three classes", "three_classes")],
)
def test_proximal_newton_and_proximal_gradient_agree(
    request, settings, monkeypatch, name, task, table
):
    """Two ways to finish a linear map; Newton's model is used where it is the cheaper one."""
    sample = request.getfixturevalue(table)
    solved = settings(name, task=task, hidden=(), tol=1e-7, max_iter=20_000)
    newton = walk(sample, ALL, ALL, solved, Request(alphas=[0.01, 0.03]))
    monkeypatch.setattr("tautnet.solving.finishing.LARGEST_MODEL", 0)
    gradient = walk(sample, ALL, ALL, solved, Request(alphas=[0.01, 0.03]))
    np.testing.assert_allclose(newton.outputs, gradient.outputs, atol=1e-5)
    np.testing.assert_array_equal(newton.norms > 0, gradient.norms > 0)
    assert newton.steps[-1] < 20 < gradient.steps[-1]


def test_a_linear_map_without_a_penalty_is_certified_by_its_gradient(regression, settings):
    path = walk(regression, ALL, NONE, settings("none", hidden=()), Request(certify="all"))
    assert path.stationarity[-1] <= 0.01
