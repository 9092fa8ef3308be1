"""Compiled programs: each once for each shape, kept on disk between processes."""

import ctypes
import os
import sys
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, ClassVar

import jax

# A program takes some 2 MB. It takes some 64 memory maps, too: Linux allows a process 65,530 of
# them unless it is told otherwise; beyond, XLA ends the process.
MOST_PROGRAMS = 160
MAPS = Path("/proc/self/maps")
MOST_MAPS = Path("/proc/sys/vm/max_map_count")
# Trim the heap after compiling when the arguments are larger than this many bytes; trimming takes
# about 10 ms.
TRIM_ABOVE = 2**26


# What JAX makes of being told to disable most optimizations.
UNOPTIMIZED = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


def told_to_jax() -> tuple[Any, ...]:
    """What a user may tell JAX between two fits that changes the bits of a program."""
    return (
        jax.config.read("jax_disable_most_optimizations"),
        jax.config.jax_default_matmul_precision,
    )


_lowering = threading.Lock()


class Program:
    """A program is a function compiled once for each shape, however many threads ask at once.

    XLA is told to use one thread inside a program, since jobs run side by side; for large products
    it may use more (seen in jaxlib 0.10.2). How many jobs run at once changes no bit of a fit.

    Attributes
    ----------
    compiled : dict
        Signature of the arguments and options -> future of the compiled program; its length
        counts compilations.
    """

    every: ClassVar[list["Program"]] = []
    # How many programs there were when memory maps were last counted.
    n_counted: ClassVar[int] = 0

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.compiled: dict[Hashable, Future[Callable[..., Any]]] = {}
        self.lock = threading.Lock()
        self.every.append(self)

    def __call__(self, *arguments: Any) -> Any:
        leaves, structure = jax.tree.flatten(arguments)
        shapes = tuple((leaf.shape, leaf.dtype) for leaf in leaves)
        key = structure, shapes, told_to_jax()
        with self.lock:
            is_first = key not in self.compiled
            future = self.compiled.setdefault(key, Future())
        if is_first:
            try:
                future.set_result(self._compile(arguments))
            except BaseException as error:
                self.compiled.pop(key, None)
                future.set_exception(error)
                raise
            if sum(leaf.nbytes for leaf in leaves) > TRIM_ABOVE:
                _trim_heap()
        return future.result()(*arguments)

    def _compile(self, arguments: tuple[Any, ...]) -> Callable[..., Any]:
        on_cpu = jax.default_backend() == "cpu"
        options: dict[str, Any] = {"xla_cpu_multi_thread_eigen": False} if on_cpu else {}
        if on_cpu and jax.config.read("jax_disable_most_optimizations"):
            # JAX remembers what it compiled by these options, not by what it was told.
            options |= UNOPTIMIZED
        # Threads that lower their first programs at the same time have crashed jaxlib 0.10.2.
        with _lowering:
            lowered = jax.jit(self.function, compiler_options=options).lower(*arguments)
        return lowered.compile()


def _trim_heap() -> None:
    """Give what compiling has freed back to the system: glibc would keep some 140 MB of it."""
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim"):
        ctypes.CDLL(None).malloc_trim(0)


def forget_programs(most: int = MOST_PROGRAMS) -> None:
    """Drop all compiled programs where a process holds too many; they are compiled again.

    That are more than ``most``, or those whose memory maps, together with all others of the
    process, are more than half of what the system allows: the rest is for the next run.
    """
    n_programs = sum(len(program.compiled) for program in Program.every)
    # Counting takes milliseconds, so it is done where there is something new.
    has_more = n_programs > Program.n_counted
    if n_programs > most or (has_more and _has_many_maps()):
        for program in Program.every:
            program.compiled.clear()
        # JAX holds them too.
        jax.clear_caches()
        _trim_heap()
        n_programs = 0
    Program.n_counted = n_programs


def _has_many_maps() -> bool:
    """Tell whether half of the memory maps are taken that the system allows this process."""
    try:
        most = int(MOST_MAPS.read_text())
        return MAPS.read_bytes().count(b"\n") > most / 2
    except (OSError, ValueError):
        # Not Linux.
        return False


_owners: list[int] = []


def check_process() -> None:
    """Raise in a process that was forked from one that has fitted.

    JAX's threads stay with the first process, and the other would wait for them for ever.

    Raises
    ------
    RuntimeError
    """
    if not _owners:
        _owners.append(os.getpid())
    if _owners[0] != os.getpid():
        raise RuntimeError(
            "cannot fit in a process that was forked from one that has fitted already: start"
            " workers by 'spawn' or 'forkserver', or fork before the first fit"
        )


CACHE_VARIABLE = "TAUTNET_CACHE"


def use_compilation_cache() -> None:
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
