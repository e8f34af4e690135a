"""Choose the headlines behind an alert, and decide whether there are enough to go on.

Pure; called by `alerts.stage`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from foreshock.records import Evidence


class Readiness(StrEnum):
    """Whether an alert can be sent with the evidence that is in the store."""

    COMPLETE = "every story is in the store"
    ENOUGH = "waited long enough; some stories are in the store"
    WAITING = "stories are not in the store yet"
    NOTHING = "waited long; none of the stories is in the store"

    @property
    def ready(self) -> bool:
        """Return whether to go on. Without one headline an alert is never sent."""
        return self in {Readiness.COMPLETE, Readiness.ENOUGH}


def readiness(
    wanted: Sequence[str], found: Mapping[str, Evidence], tries: int, max_tries: int
) -> Readiness:
    """Return whether the evidence `found` for the stories `wanted` is enough at the `tries`-th try.

    >>> [readiness(["a"], {}, tries=tries, max_tries=3).name for tries in (1, 3)]
    ['WAITING', 'NOTHING']
    """
    present = sum(story in found for story in wanted)
    if present == len(wanted) and present > 0:
        return Readiness.COMPLETE
    if tries < max_tries:
        return Readiness.WAITING
    return Readiness.ENOUGH if present else Readiness.NOTHING


def choose_evidence(found: Mapping[str, Evidence], limit: int) -> tuple[Evidence, ...]:
    """Return at most `limit` headlines, the most negative first, then the newest, then by id."""
    ranked = sorted(found.values(), key=lambda e: (e.polarity_micro, -e.at_ms, e.id))
    return tuple(ranked[:limit])
