"""The training that penalties are measured by: a fixed number of steps, nothing on the weights."""

import numpy as np

from tautnet.engine.loop import Ticker
from tautnet.objective.networks import Parameters, pick, stacked
from tautnet.solving.finishing import finish_point
from tautnet.solving.prepared import Prepared
from tautnet.solving.recorder import NO_CERTIFICATE, Recorder
from tautnet.solving.start import start_adam, wide_space

# Points that are recorded.
CHECKPOINTS = 40


def train_unpenalised(
    prepared: Prepared, recorder: Recorder, ticker: Ticker, *, keep_all: bool
) -> None:
    """Train a fixed number of steps, recorded on the way.

    Strength 0 has no minimum on separable rows, so it is no problem to be solved.
    """
    if prepared.settings.network.is_linear:
        data = prepared.data(np.float64)
        done = finish_point(prepared, 0.0, prepared.start(np.float64), data, ticker)
        certificate = (done.stationarity, done.gap)
        recorder.add([0.0], stacked(done.parameters), [done.n_iter], [True], [certificate])
        return
    schedule = prepared.settings.schedule
    length = schedule.unpenalised_steps
    # Slopes of the loss are sums of rows: what no row sees stays as it was drawn.
    space = wide_space(prepared, np.ones(prepared.X.shape[1]))
    adam = start_adam(prepared, 0.0, ticker, space)
    start = prepared.start(np.float64)

    def on_columns(several: Parameters) -> Parameters:
        if space is None:
            return several
        return space.beside(start, several, prepared.padded_shape[1])

    done_steps = 0
    for step in np.unique(np.geomspace(10, length, CHECKPOINTS).round().astype(int)):
        late, _ = adam.run([0.0], schedule.rate, length, done_steps, step, batched=prepared.batched)
        done_steps = step
        is_last = step == length
        point = on_columns(adam.parameters)
        certificate = NO_CERTIFICATE
        if is_last:
            certificate = recorder.certificate(0, 0.0, pick(point, 0), pick(on_columns(late), 0))
        recorder.add([0.0], point, [step], [is_last or keep_all], [certificate])
        ticker.tick(step / length)
