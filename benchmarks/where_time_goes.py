"""Where the seconds of a cross-validated path go, and how near its steps come to the peak.

    python benchmarks/where_time_goes.py --data DIR [--tables breast_cancer,digits,satimage]
    [--penalties l2,group]

One job at a time, programs compiled, median of three fits; what is compiling is the first
fit of a process without a cache less that. A program may use every core, so the peak is that of
NumPy's float32 product on all of them.
"""

import argparse
import os
import time
from contextlib import contextmanager

import numpy as np
from common import machine, markdown, parts, sgemm_peak, timed, write_section

# Before tautnet is imported: compiling is to be seen.
os.environ["TAUTNET_CACHE"] = "off"
REPEATS = 3
LOOP = 200


class Watch:
    """Seconds by kind of work; what is inside another kind counts as itself alone."""

    def __init__(self):
        self.seconds = {}
        self.stack = []
        self.flops = 0.0
        self.steps = 0

    @contextmanager
    def __call__(self, kind):
        start = time.perf_counter()
        self.stack.append(0.0)
        yield
        whole = time.perf_counter() - start
        self.seconds[kind] = self.seconds.get(kind, 0.0) + whole - self.stack.pop()
        if self.stack:
            self.stack[-1] += whole


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", help="directory of the tables that scikit-learn does not bundle")
    parser.add_argument("--tables", default="breast_cancer,digits,satimage")
    parser.add_argument("--penalties", default="l2,group")
    arguments = parser.parse_args()
    rows = []
    for name in arguments.tables.split(","):
        for penalty in arguments.penalties.split(","):
            rows.append(measure(name, penalty, arguments.data))
            print(markdown(rows), flush=True)
    write_section("time", f"{markdown(rows)}\n\n{machine()}")


def measure(name, penalty, data):
    """A row of the table."""
    import jax

    import tautnet as tn
    from tautnet.engine import program

    X, _, y, _, _ = parts(name, data, 0)

    def fit():
        return tn.TautNetClassifierCV(penalty, cv=5, network="plain", random_state=0).fit(X, y)

    program.forget_programs(most=0)
    jax.clear_caches()
    _, first = timed(fit)
    watches = []
    for _ in range(REPEATS):
        watch = Watch()
        with watched(watch):
            _, whole = timed(fit)
        watches.append((whole, watch))
    whole, watch = sorted(watches, key=lambda pair: pair[0])[REPEATS // 2]
    steps = watch.seconds["steps"]
    gradient = watch.gradient_seconds() * watch.steps
    # Beside every fit: what the cores can do changes with what else they do.
    peak = sgemm_peak()

    def share(seconds):
        return f"{100 * seconds / whole:.0f} %"

    return {
        "table": name,
        "penalty": penalty,
        "seconds": f"{whole:.3g}",
        "compiling": f"{max(first - whole, 0):.2g}",
        "steps": share(steps),
        "of them gradients": f"{100 * min(gradient / steps, 1):.0f} %",
        "certificates": share(watch.seconds.get("certificates", 0.0)),
        "held-out losses, norms, zeros": share(watch.seconds["recording"]),
        "standardising, padding": share(watch.seconds["preparing"]),
        "other Python": share(whole - sum(watch.seconds.values())),
        "GFLOP/s of steps": f"{watch.flops / steps / 1e9:.0f}",
        "of gradients": f"{watch.flops / gradient / 1e9:.0f}",
        "sgemm's peak": f"{peak:.0f}",
    }


@contextmanager
def watched(watch):
    """While it lasts the parts of a fit report to a watch."""
    from tautnet.engine import adam, program
    from tautnet.solving import walk
    from tautnet.solving.prepared import Prepared

    run_program = program.Program.__call__
    prepare = walk.prepare
    add = walk.Recorder.add
    data = Prepared.data
    batches = Prepared.batches

    def call(program, *arguments):
        import jax

        walks = program in (adam.adam_full, adam.adam_batches)
        if walks:
            count(watch, program, arguments)
        with watch("steps" if walks else "certificates"):
            return jax.block_until_ready(run_program(program, *arguments))

    def timed_as(kind, function):
        def replaced(*arguments, **named):
            with watch(kind):
                return function(*arguments, **named)

        return replaced

    program.Program.__call__ = call
    walk.prepare = timed_as("preparing", prepare)
    walk.Recorder.add = timed_as("recording", add)
    Prepared.data = timed_as("preparing", data)
    Prepared.batches = timed_as("preparing", batches)
    try:
        yield
    finally:
        program.Program.__call__ = run_program
        walk.prepare = prepare
        walk.Recorder.add = add
        Prepared.data = data
        Prepared.batches = batches


def count(watch, program, arguments):
    """Add the products of some steps up, and remember on what a gradient can be timed."""
    problem, data, *_, cycles, walked = arguments
    first, skip, later = walked.state.parameters.weights
    rows = arguments[3].shape[0] if len(arguments) > 4 else data.weight.shape[0]
    n_later = sum(weights.size for weights in later)
    n_skip = 0 if skip is None else skip.size
    steps = int(cycles.last - cycles.first)
    # Forward, and back to the weights, through every layer; back to the signals through all but the
    # first.
    products = 2 * (first.size + n_skip + n_later) + n_later
    watch.flops += steps * 2.0 * rows * products
    watch.steps += steps
    watch.gradient_seconds = lambda: gradient_seconds(problem, data, walked.state.parameters, rows)


def gradient_seconds(problem, data, parameters, rows):
    """Seconds of one gradient, compiled as the solver's programs are."""
    import jax

    from tautnet.engine.program import Program

    def loop(problem, data, parameters, count):
        data = data._replace(
            columns=data.columns[:, :rows], y=data.y[:rows], weight=data.weight[:rows]
        )

        def one(_, parameters):
            slope = jax.grad(problem.smooth)(parameters, data)
            return jax.tree.map(lambda p, g: p - 1e-9 * g, parameters, slope)

        return jax.lax.fori_loop(0, count, one, parameters)

    program = Program(loop)
    several = np.asarray(LOOP, np.int32)
    with jax.enable_x64(True):
        jax.block_until_ready(program(problem, data, parameters, several))
        runs = [
            timed(lambda: jax.block_until_ready(program(problem, data, parameters, several)))[1]
            for _ in range(3)
        ]
    return np.median(runs) / LOOP


if __name__ == "__main__":
    main()
