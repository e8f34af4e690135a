"""How a consumer waits for what is not there yet: short naps that grow, up to a deadline."""

from __future__ import annotations

from collections.abc import Callable

Sleep = Callable[[float], None]

FIRST_NAP_S = 0.001
LONGEST_NAP_S = 0.025


def wait_until(ready: Callable[[], bool], deadline_s: float, sleep: Sleep) -> bool:
    """Sleep until `ready()` or until `deadline_s` seconds are over; return whether it is ready.

    `ready` is asked once after each nap, not before the first.
    """
    left, nap = deadline_s, FIRST_NAP_S
    while left > 0:
        sleep(min(nap, left))
        if ready():
            return True
        left -= nap
        nap = min(2 * nap, LONGEST_NAP_S)
    return False
