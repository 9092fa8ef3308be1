"""Compiled programs: each once for each shape, kept on disk between processes."""

import ctypes
import os
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

import jax

# Each takes some memory maps, of which Linux allows a process 65,530; beyond them XLA ends the
# process.
MOST_PROGRAMS = 2000
# Bytes that a program works on beyond which memory is worth the hundredths of a second that
# returning it takes.
MUCH_MEMORY = 2**26


class Program:
    """A function compiled once for each shape, however many threads ask for it at once.

    XLA is told to use one thread inside a program, since units of work run side by side; for large
    products it may use more (seen in jaxlib 0.10.2). How many units run at once changes no bit of a
    fit.

    Attributes
    ----------
    compiled : dict
        Signature of the arguments -> future of the compiled program; its length counts
        compilations.
    """

    every = []

    def __init__(self, function):
        self.function = function
        self.compiled = {}
        self.lock = threading.Lock()
        self.every.append(self)

    def __call__(self, *arguments):
        leaves, structure = jax.tree.flatten(arguments)
        key = structure, tuple((leaf.shape, leaf.dtype) for leaf in leaves)
        with self.lock:
            mine = key not in self.compiled
            future = self.compiled.setdefault(key, Future())
        if mine:
            try:
                options = (
                    {"xla_cpu_multi_thread_eigen": False}
                    if jax.default_backend() == "cpu"
                    else None
                )
                future.set_result(
                    jax.jit(self.function, compiler_options=options).lower(*arguments).compile()
                )
            except BaseException as error:
                self.compiled.pop(key, None)
                future.set_exception(error)
                raise
            if sum(leaf.nbytes for leaf in leaves) > MUCH_MEMORY:
                _return_memory()
        return future.result()(*arguments)


def _return_memory():
    """Give the system back what compiling has freed: glibc would keep some 140 MB of it for the
    process.
    """
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim"):
        ctypes.CDLL(None).malloc_trim(0)


def forget_programs(most=MOST_PROGRAMS):
    """Let all compiled programs go where a process holds more of them than it should: they are
    compiled again.
    """
    if sum(len(program.compiled) for program in Program.every) > most:
        for program in Program.every:
            program.compiled.clear()
        # JAX holds them too.
        jax.clear_caches()


CACHE_VARIABLE = "TAUTNET_CACHE"


def use_compilation_cache():
    """Keep compiled programs on disk between processes, in a directory of this jax version.

    Does nothing where the user has set a directory for jax already, or where the environment
    variable TAUTNET_CACHE is "off"; any other value of it is the directory.
    """
    place = os.environ.get(CACHE_VARIABLE)
    if place == "off" or jax.config.jax_compilation_cache_dir is not None:
        return
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    directory = Path(place) if place else Path(home) / "tautnet" / f"jax-{jax.__version__}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    jax.config.update("jax_compilation_cache_dir", str(directory))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
