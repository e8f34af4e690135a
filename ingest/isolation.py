"""Runs parsers of foreign bytes in processes that are killed when they take too long.

Called by the sources: no page or feed, however made, can hang or exhaust the program. A call has a
limit of processor time (set in the child, so that a busy machine does not fail honest calls), of
real time, and of memory.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import queue
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from foreshock.errors import SourceError

_START_S = 120.0
_CALLS_PER_PROCESS = 500
_GIGABYTE = 1 << 30


class IsolatedCalls:
    """A few processes that call functions. Safe from several threads; `close` when done.

    Functions and arguments must be picklable: module-level functions and plain data. `cpu_s` is
    whole seconds of processor time; `wall_s` real time, the last resort.
    """

    def __init__(
        self, *, processes: int = 2, cpu_s: int = 10, wall_s: float = 60.0, memory_gb: int = 2
    ) -> None:
        self._cpu_s = cpu_s
        self._wall_s = wall_s
        self._memory_gb = memory_gb
        self._closed = False
        self._idle: queue.Queue[_Child | None] = queue.Queue()
        for _ in range(processes):
            self._idle.put(None)

    def __call__(self, function: Callable[..., Any], *args: Any) -> Any:
        """Return `function(*args)`, called in a child.

        Raises SourceError if it raised, took too long, or died.
        """
        child = self._idle.get()
        try:
            kept, child = child, None
            child = self._ready(kept)
            return child.call(function, args, self._wall_s)
        finally:
            if child is not None and (self._closed or child.is_spent()):
                child.kill()
                child = None
            self._idle.put(child)

    def close(self) -> None:
        """End the children; one with a call under way ends with that call, or with the program."""
        self._closed = True
        with contextlib.suppress(queue.Empty):
            while True:
                child = self._idle.get_nowait()
                if child is not None:
                    child.kill()

    def _ready(self, child: _Child | None) -> _Child:
        if self._closed:
            raise SourceError("the parsers have been closed")
        if child is not None:
            if child.is_alive():
                return child
            child.kill()
        return _Child(self._cpu_s, self._memory_gb)


class _Child:
    def __init__(self, cpu_s: int, memory_gb: int) -> None:
        # spawn: a fork of a program with threads may inherit a lock that nobody releases
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(
            target=_serve, args=(theirs, cpu_s, memory_gb), daemon=True, name="foreshock-parser"
        )
        self._calls = 0
        self._broken = False
        self._process.start()
        theirs.close()
        try:
            self._receive(_START_S, "the parser process")
        except SourceError:
            self.kill()
            raise

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], wall_s: float) -> Any:
        self._calls += 1
        name = function.__name__
        try:
            self._pipe.send((function, args))
        except OSError as error:
            self._broken = True
            raise SourceError(f"the process for {name} has died", retryable=True) from error
        succeeded, result = self._receive(wall_s, name)
        if not succeeded:
            raise SourceError(f"{name} failed: {result}")
        return result

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def is_spent(self) -> bool:
        return self._broken or self._calls >= _CALLS_PER_PROCESS

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()
        self._pipe.close()

    def _receive(self, wall_s: float, name: str) -> tuple[bool, Any]:
        self._broken = True  # until an answer is here
        try:
            if not self._pipe.poll(wall_s):
                raise SourceError(
                    f"expected {name} to end within {wall_s:g} s, found that it hangs"
                )
            answer: tuple[bool, Any] = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise SourceError(f"{name} took more time or memory than it may") from error
        self._broken = False
        return answer


def _serve(pipe: Connection, cpu_s: int, memory_gb: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    limit_cpu = _limits(memory_gb)
    pipe.send((True, None))
    # the parent's end closes: it has gone
    with contextlib.suppress(EOFError, OSError):
        while True:
            function, args = pipe.recv()
            limit_cpu(cpu_s)
            pipe.send(_outcome(function, args))


def _outcome(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[bool, Any]:
    try:
        return True, function(*args)
    except Exception as error:  # noqa: BLE001 (told to the caller, who raises it)
        return False, f"{type(error).__name__}: {str(error)[:300]}"


def _limits(memory_gb: int) -> Callable[[int], None]:
    """Limit memory, and return a function that gives the next call its processor time."""
    try:
        import resource
    except ImportError:  # Windows: the limit of real time is all there is
        return lambda _: None
    for kind, size in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, memory_gb * _GIGABYTE)):
        with contextlib.suppress(ValueError, OSError):  # a system that does not limit this
            resource.setrlimit(kind, (size, size))

    def limit_cpu(cpu_s: int) -> None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        used = int(usage.ru_utime + usage.ru_stime) + 1
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (used + cpu_s, hard))

    return limit_cpu
