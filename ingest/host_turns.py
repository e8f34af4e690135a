"""Politeness: one request per host at a time, a gap between them, Retry-After kept.

Called by fetch.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from foreshock.clock import Clock
from foreshock.errors import FetchError

MAX_WAIT_S = 15.0
MAX_RETRY_AFTER_S = 86_400.0
_BUSY_S = 60.0
_MAX_HOSTS = 2_000


class _Host:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.not_before_ms = 0


class HostTurns:
    """Gives out turns at hosts. Safe from several threads."""

    def __init__(self, clock: Clock, gap_s: float, busy_s: float = _BUSY_S) -> None:
        self._clock = clock
        self._gap_s = gap_s
        self._busy_s = busy_s
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, host: str, gap_s: float = 0.0) -> Iterator[None]:
        """Hold the turn at `host`; the next one comes `gap_s` (or the usual gap) after this one.

        Waits for a short while. Raises FetchError (retryable, with retry_after_s) if the host is
        not to be asked for longer than that, or another request there does not end.
        """
        state = self._state(host)
        if not state.lock.acquire(timeout=self._busy_s):
            raise FetchError(
                f"another request to {host} is still under way",
                retryable=True,
                retry_after_s=self._busy_s,
            )
        try:
            self._wait(host, state)
            yield
        finally:
            gap_ms = round(max(self._gap_s, min(gap_s, MAX_WAIT_S)) * 1000)
            state.not_before_ms = max(state.not_before_ms, self._clock.now_ms() + gap_ms)
            state.lock.release()

    def hold_off(self, host: str, seconds: float) -> None:
        """Leave `host` alone for so many seconds (a day at most): it said Retry-After."""
        seconds = min(max(seconds, 0.0), MAX_RETRY_AFTER_S)
        self._state(host).not_before_ms = self._clock.now_ms() + round(seconds * 1000)

    def _wait(self, host: str, state: _Host) -> None:
        wait_s = (state.not_before_ms - self._clock.now_ms()) / 1000
        if wait_s > MAX_WAIT_S:
            raise FetchError(
                f"{host} asked to be left alone for {wait_s:.0f} s more",
                retryable=True,
                retry_after_s=wait_s,
            )
        if wait_s > 0:
            self._clock.sleep(wait_s)

    def _state(self, host: str) -> _Host:
        with self._lock:
            if host not in self._hosts and len(self._hosts) >= _MAX_HOSTS:
                self._forget()
            return self._hosts.setdefault(host, _Host())

    def _forget(self) -> None:
        now_ms = self._clock.now_ms()
        for host, state in list(self._hosts.items()):
            if state.not_before_ms < now_ms and not state.lock.locked():
                del self._hosts[host]
