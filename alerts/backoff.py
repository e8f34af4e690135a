"""When to try a message again. Pure; called by `alerts.outbox`."""

from __future__ import annotations

import hashlib

FIRST_MS = 10_000
CAP_MS = 2 * 3_600_000
SPREAD = 0.2


def backoff_ms(attempts: int, token: str) -> int:
    """Return how long to wait after the `attempts`-th failed try (1 = the first), in milliseconds.

    It doubles from 10 s up to 2 h, give or take a fifth that depends on `token` (the message and
    its notifier), so that messages that failed together do not come back together, and a restart
    computes the same. Twelve tries span about five hours.

    >>> backoff_ms(50, "a") <= CAP_MS * 1.2
    True
    """
    base = min(FIRST_MS << min(attempts - 1, 20), CAP_MS)
    digest = hashlib.sha256(f"{token}\x1f{attempts}".encode()).digest()
    position = int.from_bytes(digest[:4], "big") / 0xFFFFFFFF  # 0 to 1
    return round(base * (1 - SPREAD + 2 * SPREAD * position))
