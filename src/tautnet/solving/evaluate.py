"""Programs that evaluate a point: its objective, its certificate, the null model."""

import jax

from tautnet.objective.problem import null_loss
from tautnet.solving.program import Program


def _measure(problem, data, floor, parameters):
    return problem.objective(parameters, data), problem.stationarity(parameters, data, floor)


def _measure_unpenalised(problem, data, floor, parameters):
    return (
        problem.objective(parameters, data),
        problem.unpenalised_stationarity(parameters, data, floor),
    )


def _null(problem, data, outputs):
    return null_loss(problem.loss, data, outputs)


def _pulls(problem, y, weight, outputs):
    return jax.grad(lambda outputs: problem.loss.mean_value(y, outputs, weight))(outputs)


def _objective(problem, data, parameters):
    return problem.objective(parameters, data)


null = Program(_null)
pulls = Program(_pulls)
objective = Program(_objective)
measure = Program(_measure)
measure_unpenalised = Program(_measure_unpenalised)
