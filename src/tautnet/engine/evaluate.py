"""Programs that evaluate a point: its objective, its certificate, the null model."""

from collections.abc import Callable
from typing import TypeAlias

from tautnet.engine.program import Program
from tautnet.objective.arrays import Array
from tautnet.objective.networks import Parameters
from tautnet.objective.problem import Data, LossAlone, Problem, TableRows, null_loss

# Rows as programs take them: copied, or read from a large table.
Rows: TypeAlias = Data | TableRows
# Objective and stationarity.
Measured: TypeAlias = tuple[Array, Array]
# What the objective has gained since an earlier point, and stationarity.
Certified: TypeAlias = tuple[Array, Array]


def _measure(problem: Problem, data: Rows, floor: Array, parameters: Parameters) -> Measured:
    return problem.objective(parameters, data), problem.stationarity(parameters, data, floor)


def _measure_unpenalised(
    problem: Problem, data: Rows, floor: Array, parameters: Parameters
) -> Measured:
    objective = problem.objective(parameters, data)
    return objective, problem.unpenalised_stationarity(parameters, data, floor)


def _certifying(measure: Callable[..., Measured]) -> Callable[..., Certified]:
    """A measure of a point that is also told an earlier one, to say what has been gained since."""

    def certify(
        problem: Problem, data: Rows, floor: Array, late: Parameters, parameters: Parameters
    ) -> Certified:
        objective, residual = measure(problem, data, floor, parameters)
        return problem.objective(late, data) - objective, residual

    return certify


def _null(alone: LossAlone, data: Rows, outputs: Array) -> tuple[Array, Array]:
    return null_loss(alone.loss, data, outputs)


def _slopes(alone: LossAlone, y: Array, weight: Array, outputs: Array) -> tuple[Array, Array]:
    return alone.slopes(y, weight, outputs)


null = Program(_null)
# Mean loss, and its gradient in the outputs, one number for each row and output.
slopes = Program(_slopes)
measure = Program(_measure)
measure_unpenalised = Program(_measure_unpenalised)
# One program and not two, since a first fit waits longer for programs than for what they do.
certify = Program(_certifying(_measure))
certify_unpenalised = Program(_certifying(_measure_unpenalised))
