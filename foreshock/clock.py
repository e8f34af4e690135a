"""Where stages get the time from: the system, a replayed feed, or a test.

All times are Unix milliseconds, UTC.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

from foreshock.errors import ForeshockError

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000


class Clock(Protocol):
    """What a stage may ask of time."""

    def now_ms(self) -> int:
        """Return the present moment in milliseconds since 1970-01-01 UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait for about `seconds` of real time."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class ManualClock:
    """A clock that only a test moves; `sleep` moves it too."""

    def __init__(self, now_ms: int = 0) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms

    def sleep(self, seconds: float) -> None:
        self.advance(round(seconds * SECOND_MS))

    def advance(self, ms: int) -> None:
        """Move forward by `ms` milliseconds; a negative step raises ForeshockError."""
        if ms < 0:
            raise ForeshockError(f"expected a step forward in time, found {ms} ms")
        self._now_ms += ms


class SimulatedClock:
    """Time that starts at `start_ms` and runs `speed` times as fast as the machine's own clock."""

    def __init__(self, start_ms: int, speed: float) -> None:
        if speed <= 0:
            raise ForeshockError(f"expected a speed above 0, found {speed}")
        self._start_ms = start_ms
        self._speed = speed
        self._origin = time.monotonic()

    def now_ms(self) -> int:
        return self._start_ms + round((time.monotonic() - self._origin) * self._speed * SECOND_MS)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def ms_to_iso(at_ms: int) -> str:
    """Convert to ISO 8601 with a trailing Z, milliseconds only where there are any.

    >>> ms_to_iso(1_222_711_200_000)
    '2008-09-29T18:00:00Z'
    """
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    unit = "milliseconds" if at_ms % 1000 else "seconds"
    return moment.isoformat(timespec=unit).replace("+00:00", "Z")


def iso_to_ms(text: str) -> int:
    """Convert ISO 8601 (a bare date or a time without zone is UTC) to Unix milliseconds.

    Raises ForeshockError on anything else.

    >>> iso_to_ms("2008-09-29T18:00Z")
    1222711200000
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ForeshockError(
            f"expected a time such as 2008-09-29T18:00Z, found {text[:40]!r}"
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)
