"""A few threads that poll sources, so that a slow one holds nobody up. Called by the worker."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
Outcome = tuple[str, T | Exception]
Job = tuple[str, Callable[[], T]]


class PollPool(Protocol[T]):
    """Runs jobs and gives back what became of them, under the name that they were given."""

    def submit(self, name: str, job: Callable[[], T]) -> None: ...
    def arrived(self, wait_s: float = 0.0) -> list[Outcome[T]]:
        """Return all outcomes since the last call; waits up to `wait_s` for the first."""
        ...


class PollThreads(Generic[T]):
    """A `PollPool` of daemon threads: a poll under way does not hold up the program's end."""

    def __init__(self, threads: int) -> None:
        self._jobs: queue.SimpleQueue[Job[T]] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[Outcome[T]] = queue.SimpleQueue()
        for number in range(threads):
            threading.Thread(target=self._work, name=f"poll-{number}", daemon=True).start()

    def submit(self, name: str, job: Callable[[], T]) -> None:
        self._jobs.put((name, job))

    def arrived(self, wait_s: float = 0.0) -> list[Outcome[T]]:
        """Return all outcomes since the last call; waits up to `wait_s` for the first."""
        found: list[Outcome[T]] = []
        try:
            found.append(self._outcomes.get(timeout=wait_s) if wait_s > 0 else self._next())
            while True:
                found.append(self._next())
        except queue.Empty:
            return found

    def _next(self) -> Outcome[T]:
        return self._outcomes.get_nowait()

    def _work(self) -> None:
        while True:
            name, job = self._jobs.get()
            try:
                self._outcomes.put((name, job()))
            except Exception as error:  # noqa: BLE001 (handed to the worker, which reports it)
                self._outcomes.put((name, error))
