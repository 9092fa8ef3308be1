"""Solvers: one compilation a shape, calls of any length, exact zeros, exact solutions."""

import threading
import time
from dataclasses import replace

import jax
import numpy as np
import pytest
from cases import make_case, make_predictors
from numpy.testing import assert_allclose, assert_array_equal

from tautnet.engine import adam, evaluate, fista
from tautnet.engine import program as compiling
from tautnet.objective.classification import BinaryLogLoss
from tautnet.objective.networks import Network
from tautnet.objective.penalties import ElasticNet, Group
from tautnet.objective.problem import Data, Problem
from tautnet.objective.regression import SquaredError

LINEAR = Network((), skip=False)


@pytest.fixture(scope="module", autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


def as_arrays(tree):
    """Every number as an array of JAX, as a fit hands them over."""
    return jax.tree.map(lambda number: jax.numpy.asarray(number, np.asarray(number).dtype), tree)


def case(penalty, network="silu"):
    return as_arrays(make_case("binary log-loss", penalty, network))


def numbers(tree):
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)])


def walk(problem, data, walked, first, last, *, alphas=None, length=20, rate=0.03, batches=None):
    """Steps first to last of one cosine a strength; by default there is one, the problem's own."""
    alphas = np.array([float(problem.penalty.alpha)] if alphas is None else alphas)
    cycles = adam.Cycles(
        alphas, np.float64(rate), *(np.asarray(n, np.int32) for n in (length, first, last))
    )
    if batches is None:
        return adam.adam_full(problem, data, cycles, walked)
    return adam.adam_batches(problem, *batches, cycles, walked)


def adam_steps(problem, data, state, first, last, **options):
    """The state after steps first to last of one cosine."""
    return walk(problem, data, adam.walked_start(state, 1), first, last, **options).state


def fista_steps(problem, data, state, iterations):
    return fista.fista(problem, data, np.asarray(iterations, np.int32), state)


def certificate(problem, data, parameters):
    return float(evaluate.measure(problem, data, np.float64(1e-9), parameters)[1])


def objective(problem, data, parameters):
    return float(evaluate.measure(problem, data, np.float64(1e-9), parameters)[0])


def test_a_program_is_compiled_once_for_each_shape_and_dtype():
    program = compiling.Program(lambda x: 2 * x)
    for x in (np.ones(2), np.zeros(2), np.ones(3), np.ones(2, np.float32), np.ones(3)):
        assert_array_equal(program(x), 2 * x)
    assert len(program.compiled) == 3


def test_a_program_is_compiled_anew_where_jax_is_told_to_compile_otherwise(monkeypatch):
    """JAX itself would take what it compiled before, unless the options say so."""
    jit, asked = jax.jit, []

    def watched(function, compiler_options):
        asked.append("xla_backend_optimization_level" in compiler_options)
        return jit(function, compiler_options=compiler_options)

    monkeypatch.setattr(jax, "jit", watched)
    program, x = compiling.Program(lambda x: 2 * x), np.ones(2)
    told = jax.config.read("jax_disable_most_optimizations")
    try:
        for without in (told, not told, told):
            jax.config.update("jax_disable_most_optimizations", without)
            program(x)
    finally:
        jax.config.update("jax_disable_most_optimizations", told)
    assert len(program.compiled) == 2 and sorted(asked) == [False, True]


def test_a_process_that_holds_too_many_programs_lets_them_go(monkeypatch, tmp_path):
    monkeypatch.setattr(compiling.Program, "every", [])
    monkeypatch.setattr(jax, "clear_caches", lambda: cleared.append(True))
    cleared, programs = [], [compiling.Program(lambda x: 3 * x), compiling.Program(lambda x: x)]
    for program, n in zip(programs, (2, 1), strict=True):
        for size in range(n):
            program(np.ones(size + 1, np.float32))
    monkeypatch.setattr(compiling.Program, "n_counted", 0)
    for name, held in (("MAPS", "a\nb\nc\n"), ("MOST_MAPS", "6\n")):
        monkeypatch.setattr(compiling, name, tmp_path / name)
        (tmp_path / name).write_text(held)
    compiling.forget_programs(most=3)
    assert not cleared and [len(program.compiled) for program in programs] == [2, 1]
    compiling.forget_programs(most=2)
    assert cleared and [len(program.compiled) for program in programs] == [0, 0]
    assert programs[0](np.ones(1, np.float32)) == 3
    # Few programs, but more than half of the memory maps that the system allows.
    (tmp_path / "MAPS").write_text("a\nb\nc\nd\n")
    compiling.forget_programs(most=3)
    assert len(cleared) == 2 and not programs[0].compiled


def test_threads_that_ask_at_once_share_one_compilation():
    traced = []

    def slow(x):
        traced.append(threading.get_ident())
        time.sleep(0.2)
        return x + 1

    program, results = compiling.Program(slow), []

    def ask(x):
        with jax.enable_x64(True):
            results.append(float(program(np.float64(x))))

    threads = [threading.Thread(target=ask, args=(x,)) for x in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [1, 2, 3, 4] and len(traced) == len(program.compiled) == 1


def test_a_compilation_that_failed_is_tried_again():
    answers = [ValueError("out of memory"), 1.0]

    def unlucky(x):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return x + answer

    program = compiling.Program(unlucky)
    with pytest.raises(ValueError, match="out of memory"):
        program(np.ones(2))
    assert_array_equal(program(np.ones(2)), [2, 2])


def test_beside_a_large_table_what_compiling_has_freed_goes_back(monkeypatch):
    """Once a program, not at every call; and the call to the system does no harm."""
    given_back, give_back = [], compiling._trim_heap
    monkeypatch.setattr(compiling, "TRIM_ABOVE", 100)
    monkeypatch.setattr(compiling, "_trim_heap", lambda: given_back.append(give_back()))
    program = compiling.Program(lambda x: x.sum())
    for size in (12, 12, 13, 13):
        assert program(np.ones(size)) == size
    assert given_back == [None]


def test_a_path_of_strengths_and_lengths_shares_one_program():
    problem, parameters, data = case("l1")
    state = as_arrays(adam.adam_start(problem, parameters))
    adam_steps(problem, data, state, 0, 1)
    compiled = len(adam.adam_full.compiled)
    for alpha, ratio, last in [(1.0, 1.0, 3), (0.0, 0.0, 4), (0.2, 0.5, 5)]:
        other = replace(problem, penalty=ElasticNet(*as_arrays((alpha, ratio))))
        state = adam_steps(other, data, state, 0, last)
    assert len(adam.adam_full.compiled) == compiled


@pytest.mark.parametrize("penalty", ["elasticnet", "group"])
def test_the_length_of_calls_changes_no_bit_of_adam(penalty):
    problem, parameters, data = case(penalty)
    start = as_arrays(adam.adam_start(problem, parameters))
    whole = adam_steps(problem, data, start, 0, 20)
    pieces = start
    for first, last in [(0, 1), (1, 8), (8, 20)]:
        pieces = adam_steps(problem, data, pieces, first, last)
    assert_array_equal(numbers(pieces), numbers(whole))
    assert np.any(numbers(whole.parameters) != numbers(start.parameters)) and whole.step == 20


def test_strengths_walked_in_one_call_are_those_walked_one_by_one():
    problem, parameters, data = case("group")
    start = as_arrays(adam.adam_start(problem, parameters))
    alphas, length = [0.001, 0.01, 0.1], 8
    together = walk(problem, data, adam.walked_start(start, 3), 0, 5, alphas=alphas, length=length)
    together = walk(problem, data, together, 5, 24, alphas=alphas, length=length)
    state = start
    for i, alpha in enumerate(alphas):
        other = replace(problem, penalty=Group(*as_arrays((alpha,))))
        late = adam_steps(other, data, state, 0, 6, length=length)
        state = adam_steps(other, data, late, 6, 8, length=length)
        assert_array_equal(
            numbers(jax.tree.map(lambda leaf, i=i: leaf[i], together.late)),
            numbers(late.parameters),
        )
        assert_array_equal(
            numbers(jax.tree.map(lambda leaf, i=i: leaf[i], together.ends)),
            numbers(state.parameters),
        )
    assert_array_equal(numbers(together.state), numbers(state))


def test_the_length_of_calls_changes_no_bit_of_fista():
    problem, parameters, data = case("group")
    start = fista.fista_start(parameters)
    whole = fista_steps(problem, data, start, 30)
    assert_array_equal(
        numbers(fista_steps(problem, data, fista_steps(problem, data, start, 11), 19)),
        numbers(whole),
    )


def test_minibatches_walk_through_the_rows_in_blocks():
    problem, parameters, data = case("l1")
    order, size = np.array([*range(12), *range(5)]), 5
    batches = (
        Data(data.columns[:, order], *(a[order] for a in data[1:])),
        np.asarray(12, np.int32),
        np.zeros(size),
    )
    state = start = as_arrays(adam.adam_start(problem, parameters))
    by_hand = start
    for step, block in enumerate([range(5), range(5, 10), [10, 11, 0, 1, 2], range(3, 8)]):
        rows = np.array(block)
        # A block stands for all rows: each of its rows counts as many times as it has to.
        part = Data(data.columns[:, rows], data.y[rows], data.weight[rows] * 12 / 5)
        by_hand = adam_steps(problem, part, by_hand, step, step + 1)
        state = adam_steps(problem, None, state, step, step + 1, batches=batches)
        assert_allclose(numbers(state.parameters), numbers(by_hand.parameters), rtol=1e-12)


def test_the_first_step_of_adam_has_the_size_of_its_rate():
    problem, parameters, data = case("none")
    moved = adam_steps(
        problem, data, as_arrays(adam.adam_start(problem, parameters)), 0, 1, rate=0.01
    ).parameters
    assert_allclose(np.abs(numbers(moved) - numbers(parameters)), 0.01, rtol=1e-5)


@pytest.mark.parametrize("factors", [1.0, 10.0])
@pytest.mark.parametrize("penalty", ["l1", "group"])
def test_where_the_loss_is_flat_the_prox_takes_no_more_than_the_rate_at_once(penalty, factors):
    problem, parameters, data = case(penalty)
    layers = as_arrays(np.array([factors, factors, 1.0]))
    factors = factors * problem.predictors.factors
    predictors = problem.predictors._replace(factors=factors, layers=layers)
    problem = replace(problem, predictors=predictors)
    flat = data._replace(weight=0 * data.weight)
    before = numbers(parameters.weights)
    after = adam_steps(
        problem, flat, as_arrays(adam.adam_start(problem, parameters)), 0, 1, rate=0.01
    ).parameters.weights
    fall = np.abs(before) - np.abs(numbers(after))
    assert 0.001 < fall.max() < 0.03 and numbers(after).all()


@pytest.mark.parametrize("penalty", ["elasticnet", "group"])
def test_adam_lowers_the_objective_and_ends_on_exact_zeros(penalty):
    problem, parameters, data = case(penalty)
    state = as_arrays(adam.adam_start(problem, parameters))
    before = objective(problem, data, parameters)
    state = adam_steps(problem, data, state, 0, 400, length=400)
    assert objective(problem, data, state.parameters) < 0.8 * before
    first, skip, _ = state.parameters.weights
    columns = np.hstack([first, skip])
    assert np.any(columns == 0.0)
    if penalty == "group":
        assert_array_equal((columns == 0).all(axis=1), (columns == 0).any(axis=1))


def linear_case(penalty, loss=None, n_rows=32, seed=0):
    """A linear problem with correlated columns of very different size."""
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(n_rows, 4)) + rng.normal(size=(n_rows, 1))) * [1.0, 1.0, 3.0, 0.3]
    y = X @ rng.normal(size=(4, 1)) + rng.normal(size=(n_rows, 1))
    y = (y > np.median(y)).astype(float) if loss == BinaryLogLoss() else y
    weight = rng.uniform(0.5, 2, size=n_rows)
    data = Data(X.T, y, weight / weight.sum())
    problem = Problem(
        penalty, make_predictors(LINEAR, 1, np.array([0, 1, 1, 2])), loss or SquaredError(), LINEAR
    )
    return as_arrays((problem, LINEAR.initial(X, np.zeros(1), 0), data))


@pytest.mark.parametrize("alpha", [1e-4, 0.1, 10.0])
def test_fista_reaches_ridge_in_closed_form(alpha):
    problem, parameters, data = linear_case(ElasticNet(alpha, 0.0))
    solved = fista_steps(problem, data, fista.fista_start(parameters), 600).parameters
    columns, y, weight = (np.asarray(a) for a in data)
    X, y = columns.T - columns @ weight, y - weight @ y
    exact = np.linalg.solve((X.T * weight) @ X + alpha * np.eye(4), (X.T * weight) @ y)
    assert_allclose(solved.weights.input, exact, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("loss", [SquaredError(), BinaryLogLoss()])
@pytest.mark.parametrize("penalty", [ElasticNet(0.05, 1.0), ElasticNet(0.01, 0.5), Group(0.05)])
def test_fista_solves_to_the_last_digit_and_stays_there(penalty, loss):
    problem, parameters, data = linear_case(penalty, loss)
    state = fista_steps(problem, data, fista.fista_start(parameters), 600)
    residuals = []
    for _ in range(10):
        state = fista_steps(problem, data, state, 50)
        residuals.append(certificate(problem, data, state.parameters))
    assert max(residuals) < 1e-11


def test_fista_never_rises_far_above_what_it_had_reached():
    problem, parameters, data = linear_case(ElasticNet(0.02, 0.5))
    state, reached = fista.fista_start(parameters), []
    for _ in range(100):
        reached.append(objective(problem, data, state.parameters))
        state = fista_steps(problem, data, state, 2)
    fall = reached[0] - reached[-1]
    assert fall > 0.1 and np.max(np.diff(reached)) < 1e-3 * fall
    assert np.max(np.diff(reached[50:])) <= 1e-14 * reached[0]


@pytest.mark.parametrize("penalty", ["l2", "elasticnet", "group"])
def test_fista_solves_a_smooth_network_under_every_penalty(penalty):
    problem, parameters, data = case(penalty)
    before = objective(problem, data, parameters)
    state = fista_steps(problem, data, fista.fista_start(parameters), 2000)
    assert certificate(problem, data, state.parameters) < 1e-3
    assert objective(problem, data, state.parameters) < before
