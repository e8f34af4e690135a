"""Decide whether a silence covers an alert's keys at a moment. Pure; called by `alerts.stage`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing is sent about keys that match `key_pattern` (`*`, `?`: shell-like) before `until_ms`.

    >>> Silence("s1", "ticker:*", 1_000).covers("ticker:ACME", 999)
    True
    >>> Silence("s1", "ticker:*", 1_000).covers("ticker:ACME", 1_000)
    False
    """

    silence_id: str
    key_pattern: str
    until_ms: int
    comment: str = ""

    def covers(self, key: str, at_ms: int) -> bool:
        """Return whether `key` is silenced at the event time `at_ms`."""
        return at_ms < self.until_ms and fnmatchcase(key, self.key_pattern)


def silence_of(keys: Iterable[str], silences: Sequence[Silence], at_ms: int) -> Silence | None:
    """Return the silence that covers the first of `keys` if every key is covered, else None.

    One key that is not silenced is enough to be told. No keys: None.
    """
    first: Silence | None = None
    for key in keys:
        found = next((silence for silence in silences if silence.covers(key, at_ms)), None)
        if found is None:
            return None
        first = found if first is None else first
    return first
