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
    ENOUGH = "some stories are in the store and the others will not come"
    WAITING = "the store is not as far yet"
    NOTHING = "none of the stories is in the store"

    @property
    def ready(self) -> bool:
        """Return whether to go on. Without one headline an alert is never sent."""
        return self in {Readiness.COMPLETE, Readiness.ENOUGH}


def readiness(
    wanted: Sequence[str],
    found: Mapping[str, Evidence],
    *,
    archived: bool | None,
    last_try: bool,
) -> Readiness:
    """Return whether the evidence `found` for the stories `wanted` is all there will be.

    `archived`: whether the store holds everything up to the alert's time; what it lacks then will
    not come. None: nobody can say; then some evidence will do at the `last_try`.

    >>> readiness(["a"], {}, archived=False, last_try=True).name
    'WAITING'
    >>> readiness(["a"], {}, archived=None, last_try=True).name
    'NOTHING'
    """
    present = sum(story in found for story in wanted)
    if archived is False:
        return Readiness.WAITING
    if present == len(wanted) and present > 0:
        return Readiness.COMPLETE
    if archived is None and not last_try:
        return Readiness.WAITING
    return Readiness.ENOUGH if present > 0 else Readiness.NOTHING


def choose_evidence(found: Mapping[str, Evidence], limit: int) -> tuple[Evidence, ...]:
    """Return at most `limit` headlines, the most negative first, then the newest, then by id."""
    ranked = sorted(found.values(), key=lambda e: (e.polarity_micro, -e.at_ms, e.id))
    return tuple(ranked[:limit])
