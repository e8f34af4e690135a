"""Whether what the page shows is alive: stale must never look live. Pure; `snapshot` asks it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How much the numbers can be trusted to be of now."""

    EMPTY = "empty"
    CHECKING = "checking"
    LIVE = "live"
    STALE = "stale"
    FINISHED = "finished"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Liveness:
    """A state, since when (wall clock, ms) and why, in a sentence."""

    state: State
    since_ms: int
    reason: str = ""


class Pulse:
    """Watches the newest heartbeat and tells when it stops.

    A heartbeat is believed to be alive only after it was seen to move. Where nobody looked for
    longer than `stale_after_ms`, it has to be seen moving again.
    """

    def __init__(self, stale_after_ms: int) -> None:
        self._stale_after_ms = stale_after_ms
        self._beat: int | None = None
        self._changed_ms = 0
        self._looked_ms = 0
        self._moving = False

    def observe(
        self, beat_ms: int | None, now_ms: int, *, finished: bool, real_time: bool
    ) -> Liveness:
        """Return the state at `now_ms` (wall clock), given the newest heartbeat (event time).

        `real_time`: event time is wall-clock time, so an old heartbeat is known to be old at once.
        """
        unseen_ms = now_ms - self._looked_ms
        first_look = self._beat is None
        self._looked_ms = now_ms
        if beat_ms is None:
            self._beat = None
            return Liveness(State.EMPTY, now_ms, "nothing has come in yet")
        if beat_ms != self._beat:
            self._moving = not first_look and unseen_ms <= self._stale_after_ms
            self._beat, self._changed_ms = beat_ms, now_ms
            if not self._moving and real_time:
                self._moving = now_ms - beat_ms <= self._stale_after_ms
                self._changed_ms = min(now_ms, beat_ms)
        if finished:
            return Liveness(State.FINISHED, self._changed_ms, "the recording has been played")
        if now_ms - self._changed_ms > self._stale_after_ms:
            return Liveness(State.STALE, self._changed_ms, "no heartbeat has come since")
        if self._moving:
            return Liveness(State.LIVE, self._changed_ms)
        return Liveness(State.CHECKING, self._changed_ms, "waiting to see the clock move")
