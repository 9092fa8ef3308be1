"""How well each point is solved, and what solving it further does to the loss.

    python benchmarks/certificates.py --data DIR [--tables sonar] [--penalties l1] [--activations
    silu] [--only WHAT]

For each penalty, table and activation: stationarity at the strength that 5-fold cross-validation
chooses and its median from there up, on the path as it is; then the same with ``finish=True``,
``tol=0.005`` and up to 2,000 iterations; and the losses on outer folds of both, with their paired
difference (positive where finishing is worse). A row is put into README.md as soon as it is there,
in the place of an older one.

With ``--only quality``: objective and stationarity at the chosen strength of the path's point, of
the finished one, and of a reference from the same start: under l2 SciPy's L-BFGS until no slope is
above 1e-8, else 20,000 iterations of accelerated proximal gradient. With ``--only finishers``: from
the path's point to a stationarity of 0.01 by two solvers, accelerated proximal gradient, and L-BFGS
on the weights that are not 0 between tens of proximal steps, which find the zeros. With ``--only
starts``: losses on held-out folds around that strength, unfinished and finished from three starts,
the path's own point there and the finished neighbours below and above, and the objectives they
reach.
"""

import argparse
import time

import numpy as np
from common import load, paired, write_rows

TABLES = (
    "breast_cancer",
    "digits",
    "diabetes",
    "german_credit",
    "sonar",
    "concrete",
    "energy",
    "abalone",
    "kin8nm",
)
PENALTIES = ("l2", "l1", "elasticnet", "group")
# Stationarity to which the finishers are compared.
SOLVED = 0.01
# Iterations of a finisher at most.
MOST = 2000
# ``tol`` of the finished fits.
TOLERANCE = 0.005
# Compiled objectives of flat arrays, by their length.
PROGRAMS = {}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", help="directory of the tables that scikit-learn does not bundle")
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--penalties", default=",".join(PENALTIES))
    parser.add_argument("--activations", default="silu")
    parser.add_argument("--only", choices=list(MEASURES), default="certificates")
    arguments = parser.parse_args()
    for name in arguments.tables.split(","):
        for activation in arguments.activations.split(","):
            for penalty in arguments.penalties.split(","):
                measure, n_keys = MEASURES[arguments.only]
                rows = list(measure(name, arguments.data, activation, penalty))
                write_rows(arguments.only, rows, n_keys)


def walk(name, data, activation, penalty, *, finish, nested, keep=()):
    """The sample of a table, and the chains of a penalty, unfinished or finished as asked."""
    from tautnet.objective.networks import Network
    from tautnet.objective.tasks import loss_for
    from tautnet.solving.settings import Settings
    from tautnet.tables.sample import encode
    from tautnet.validation.chains import Candidate
    from tautnet.validation.folds import fold_rows
    from tautnet.validation.nested import cross_validate

    frame, y, task = load(name, data)
    target, sample, _ = encode(frame, y, None, task)
    fold = fold_rows(target, sample.weight, 5, nested=True)
    network = Network(activation=activation)
    loss = loss_for(task, sample.y, sample.weight)
    settings = [
        Settings(penalty, network=network, loss=loss, tol=TOLERANCE, finish=one) for one in finish
    ]
    candidates = [Candidate(penalty, one) for one in settings]
    return sample, cross_validate(sample, candidates, [fold], nested=nested, keep=keep, n_jobs=2)


def losses(name, data, activation, penalty):
    """How well the points of a penalty are solved, and its losses: a row."""
    from tautnet.objective.strengths import nearest

    _, (walked, finished) = walk(name, data, activation, penalty, finish=(False, True), nested=True)
    path = walked.whole
    done = finished.whole
    at = nearest(path.alphas, walked.curve().alpha("min"))
    solved = nearest(done.alphas, finished.curve().alpha("min"))
    own = walked.outer("min")
    other = finished.outer("min")
    began = path.steps[nearest(path.alphas, done.alphas[solved])]
    yield {
        "table": name,
        "activation": activation,
        "penalty": penalty,
        "stationarity": f"{path.stationarity[at]:.3f}",
        "median from there up": f"{np.median(path.stationarity[at:]):.3f}",
        "ends null": "yes" if path.n_features[-1] == 0 else "no",
        "alphas": len(path.alphas),
        "finished": f"{done.stationarity[solved]:.4f}",
        "iterations": int(done.steps[solved] - began),
        "outer loss": f"{own.losses.mean():.4g}",
        "outer loss, finished": f"{other.losses.mean():.4g}",
        "difference": paired(other.losses, own.losses, ".2g"),
    }


def chosen_point(name, data, activation, penalty):
    """The prepared rows of a whole table, and the problem at the strength that folds choose.

    Returns
    -------
    prepared, problem, rows, point
        The point is that of the path.
    """
    from tautnet.objective.networks import pad
    from tautnet.objective.strengths import nearest
    from tautnet.solving.prepared import prepare
    from tautnet.solving.recorder import as_float64

    sample, (walked,) = walk(name, data, activation, penalty, finish=(False,), nested=False)
    prepared = prepare(sample, np.arange(len(sample.y)), walked.candidate.settings)
    path = walked.whole
    at = nearest(path.alphas, walked.curve().alpha("min"))
    start = pad(
        path.parameters[at], *prepared.padded_shape[1:], prepared.settings.loss.padding_bias
    )
    problem = prepared.problem(path.alphas[at], np.float64)
    return prepared, problem, prepared.data(np.float64), as_float64(start)


def quality(name, data, activation, penalty):
    """How far the path's point and the finished one are from a reference: a row."""
    import jax

    from tautnet.engine.evaluate import measure

    to_the_end = lbfgs_to_the_end if penalty == "l2" else many_iterations
    with jax.enable_x64(True):
        prepared, problem, rows, start = chosen_point(name, data, activation, penalty)
        finished, n_iter = proximal_gradient(problem, rows, start, prepared, TOLERANCE)
        far, n_far = to_the_end(problem, rows, start)
        floor = np.float64(prepared.null_model.floor)
        objectives = {}
        stationarities = {}
        for key, point in {"path": start, "finished": finished, "reference": far}.items():
            point = jax.tree.map(np.asarray, point)
            objective, stationarity = measure(problem, rows, floor, point)
            objectives[f"objective, {key}"] = f"{objective:.7g}"
            stationarities[f"stationarity, {key}"] = f"{stationarity:.2g}"
    yield {
        "table": name,
        "activation": activation,
        "penalty": penalty,
        **objectives,
        **stationarities,
        "iterations, finished": n_iter,
        "iterations, reference": n_far,
    }


def lbfgs_to_the_end(problem, rows, point):
    """Parameters and number of iterations of SciPy's L-BFGS on a smooth objective.

    Byrd et al. (1995).
    """
    from scipy.optimize import minimize

    objective, flat, shaped = of_flat(problem, rows, point)
    options = {"maxiter": 20_000, "maxfun": 40_000, "maxcor": 20, "ftol": 0.0, "gtol": 1e-8}
    found = minimize(objective, flat, jac=True, method="L-BFGS-B", options=options)
    return shaped(found.x), found.nit


def many_iterations(problem, rows, point, n_iter=20_000):
    """Parameters and number of iterations of accelerated proximal gradient."""
    from tautnet.engine.fista import fista, fista_start

    state = fista(problem, rows, np.asarray(n_iter, np.int32), fista_start(point))
    return state.parameters, n_iter


def of_flat(problem, rows, point):
    """A problem as one of flat arrays.

    Returns
    -------
    objective : callable
        Of a flat array: the value and its gradient.
    flat : array
        The point.
    shaped : callable
        Makes parameters of a flat array.
    """
    import jax
    from jax.flatten_util import ravel_pytree

    from tautnet.engine.program import Program

    flat, shaped = ravel_pytree(point)
    whole = jax.value_and_grad(lambda flat, problem, rows: problem.objective(shaped(flat), rows))
    program = PROGRAMS.setdefault(len(flat), Program(whole))

    def objective(flat):
        value, gradient = program(flat, problem, rows)
        # At a group that is 0 the norm has no gradient; its weights are held at 0.
        return float(value), np.nan_to_num(np.asarray(gradient))

    return objective, np.array(flat), shaped


def costs(name, data, activation, penalty):
    """What two solvers cost from the path's point to the same stationarity: a row each."""
    import jax

    from tautnet.engine.evaluate import measure

    with jax.enable_x64(True):
        prepared, problem, rows, start = chosen_point(name, data, activation, penalty)
        for solver, solve in {"proximal gradient": proximal_gradient, "L-BFGS": lbfgs}.items():
            # The first run compiles.
            solve(problem, rows, start, prepared)
            begin = time.process_time()
            point, n_iter = solve(problem, rows, start, prepared)
            seconds = time.process_time() - begin
            objective, stationarity = measure(
                problem, rows, np.float64(prepared.null_model.floor), point
            )
            yield {
                "table": name,
                "activation": activation,
                "penalty": penalty,
                "solver": solver,
                "iterations": n_iter,
                "CPU seconds": f"{seconds:.2f}",
                "stationarity": f"{stationarity:.4f}",
                "objective": f"{objective:.6g}",
            }


def proximal_gradient(problem, rows, point, prepared, tol=5 * SOLVED):
    """Parameters and number of iterations; it ends at a fifth of ``tol``."""
    from tautnet.engine.evaluate import measure
    from tautnet.engine.finishing import Finishing, finish
    from tautnet.engine.fista import fista
    from tautnet.engine.loop import Ticker

    how = Finishing(fista, 25, measure, tol, MOST, False)
    floor = np.float64(prepared.null_model.floor)
    own = {"floor": floor, "null_loss": prepared.null_model.loss, "ticker": Ticker()}
    return finish(problem, rows, point, how, **own)[:2]


def lbfgs(problem, rows, point, prepared):
    """Parameters and number of iterations of L-BFGS (Byrd et al. 1995) between proximal steps.

    A weight keeps its sign until the next proximal step.
    """
    import jax
    from jax.flatten_util import ravel_pytree
    from scipy.optimize import Bounds, minimize

    from tautnet.engine.evaluate import measure
    from tautnet.engine.fista import fista, fista_start

    objective, flat, shaped = of_flat(problem, rows, point)
    marks = jax.tree.map(np.zeros_like, point)
    marks = marks._replace(biases=jax.tree.map(np.ones_like, point.biases))
    is_bias = np.array(ravel_pytree(marks)[0], bool)

    def as_point(flat):
        return jax.tree.map(np.asarray, shaped(flat))

    def stationarity(flat):
        return float(
            measure(problem, rows, np.float64(prepared.null_model.floor), as_point(flat))[1]
        )

    def look(flat):
        looks.append(len(looks))
        if len(looks) % 25 == 0 and stationarity(flat) <= SOLVED:
            raise StopIteration

    n_iter = 0
    while stationarity(flat) > SOLVED and n_iter < MOST:
        state = fista(problem, rows, np.asarray(10, np.int32), fista_start(as_point(flat)))
        flat = np.array(ravel_pytree(state.parameters)[0])
        looks = []
        least = np.where(is_bias | (flat < 0), -np.inf, 0.0)
        most = np.where(is_bias | (flat > 0), np.inf, 0.0)
        flat = minimize(
            objective,
            flat,
            jac=True,
            method="L-BFGS-B",
            bounds=Bounds(least, most),
            options={"maxiter": 200, "maxcor": 20, "ftol": 1e-12, "gtol": 1e-8},
            callback=look,
        ).x
        n_iter += 10 + len(looks)
    return as_point(flat), n_iter


def starts(name, data, activation, penalty):
    """Losses and objectives around the choice, finished from several starts: a row a strength."""
    import jax

    from tautnet.validation.curve import finishing_grid

    sample, (walked,) = walk(
        name, data, activation, penalty, finish=(False,), nested=False, keep="all"
    )
    curve = walked.curve()
    near = curve.restricted(finishing_grid(curve))
    with jax.enable_x64(True):
        # (fold, start, strength, loss or objective)
        found = np.array(
            [finished_around(sample, walked, chain, near.alphas) for chain in walked.chains[0]]
        )
    means = np.average(found, axis=0, weights=curve.fold_weights)
    for i, alpha in enumerate(near.alphas):
        losses = {}
        objectives = {}
        for j, start in enumerate(STARTS):
            losses[f"finished from {start}"] = f"{means[j, i, 0]:.4g}"
            objectives[f"objective from {start}"] = f"{means[j, i, 1]:.5g}"
        yield {
            "table": name,
            "activation": activation,
            "penalty": penalty,
            "strength / choice": f"{alpha / curve.alpha('min'):.2f}",
            "unfinished": f"{near.mean[i]:.4g}",
            **losses,
            **objectives,
        }


def finished_around(sample, walked, chain, alphas):
    """Loss on the fold that a chain leaves out, and objective, for each start and strength."""
    import jax

    from tautnet.engine.evaluate import objective
    from tautnet.objective.networks import pad
    from tautnet.solving.prepared import prepare
    from tautnet.solving.recorder import as_float64

    settings = walked.candidate.settings
    held_out = np.flatnonzero(walked.folds[0] == chain.left_out[0])
    prepared = prepare(sample, np.flatnonzero(walked.folds[0] != chain.left_out[0]), settings)
    rows = prepared.data(np.float64)
    found = np.zeros((len(STARTS), len(alphas), 2))
    for j, start in enumerate(STARTS):
        point = None
        for i in np.arange(len(alphas))[:: -1 if start == "above" else 1]:
            problem = prepared.problem(alphas[i], np.float64)
            if point is None or start == "its own point":
                own = chain.path.parameters[chain.at(alphas[i])]
                point = pad(own, *prepared.padded_shape[1:], settings.loss.padding_bias)
            point, _ = proximal_gradient(problem, rows, as_float64(point), prepared, TOLERANCE)
            point = jax.tree.map(np.asarray, point)
            loss = held_out_loss(sample, prepared, held_out, point)
            found[j, i] = loss, objective(problem, rows, point)
    return found


def held_out_loss(sample, prepared, held_out, point):
    """Mean loss of a padded point on rows that are held out."""
    import jax

    from tautnet.validation.chain import held_out_losses

    stacked = prepared.cropped(jax.tree.map(lambda leaf: leaf[None], point))
    alone = jax.tree.map(lambda leaf: leaf[0], stacked)
    outputs = prepared.scaling.outputs(alone, sample.X[held_out])
    losses = held_out_losses(
        sample, prepared.settings.loss, held_out, held_out[:0], outputs, outputs[:0]
    )
    return np.average(losses, weights=sample.weight[held_out])


STARTS = ("its own point", "below", "above")
# What is measured, and how many cells name a row.
MEASURES = {
    "certificates": (losses, 3),
    "quality": (quality, 3),
    "finishers": (costs, 4),
    "starts": (starts, 4),
}


if __name__ == "__main__":
    main()
