"""Decide whether a change of a case is told, and as what. Pure; called by `alerts.stage`.

The answer is a reason, also where nothing is sent, so that every silence can be explained.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from alerts.cases import Case, Told
from alerts.silences import Silence
from foreshock.records import AlertState

MAX_UPDATES = 10  # an alert that gathers more keys says so when it resolves


class Change(StrEnum):
    """What a message says."""

    FIRING = "firing"
    UPDATE = "update"
    RESOLVED = "resolved"


class Reason(StrEnum):
    """Why something is told or not."""

    FIRST = "it fires and nobody was told"
    AGAIN = "it fires again"
    NEW_KEY = "a new key joined"
    ALL_ENDED = "all its spikes ended"
    NOTHING_NEW = "nothing that people do not know"
    SILENCED = "a silence covers all its keys"
    ACKNOWLEDGED = "someone has taken it on"
    NEVER_TOLD = "it ended before anyone was told"
    ENOUGH_UPDATES = "it was updated often enough"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to tell (None: nothing), why, and the state that the alert is in."""

    change: Change | None
    reason: Reason
    state: AlertState


def decide(case: Case, *, silence: Silence | None = None, acknowledged: bool = False) -> Decision:
    """Return what to tell about `case` as it stands now.

    People who were told that it fires are told that it is over, silenced or not; people who were
    not, are not. An acknowledged alert sends no updates.
    """
    told = case.told
    if case.ended:
        if told.open:
            return Decision(Change.RESOLVED, Reason.ALL_ENDED, AlertState.RESOLVED)
        return Decision(None, Reason.NEVER_TOLD, AlertState.RESOLVED)
    if silence is not None:
        return Decision(None, Reason.SILENCED, AlertState.SILENCED)
    if not told.open:
        first = Reason.AGAIN if told.firing else Reason.FIRST
        return Decision(Change.FIRING, first, AlertState.FIRING)
    state = AlertState.ACKNOWLEDGED if acknowledged else AlertState.FIRING
    held = _why_no_update(case, acknowledged=acknowledged)
    if held is not None:
        return Decision(None, held, state)
    return Decision(Change.UPDATE, Reason.NEW_KEY, state)


def _why_no_update(case: Case, *, acknowledged: bool) -> Reason | None:
    if set(case.alert.keys) <= set(case.told.keys):
        return Reason.NOTHING_NEW
    if acknowledged:
        return Reason.ACKNOWLEDGED
    return Reason.ENOUGH_UPDATES if case.told.update >= MAX_UPDATES else None


def tell(case: Case, change: Change) -> Case:
    """Return `case` after people were told `change`."""
    told = case.told
    match change:
        case Change.FIRING:
            told = msgspec.structs.replace(told, firing=told.firing + 1, keys=case.alert.keys)
        case Change.UPDATE:
            told = msgspec.structs.replace(told, update=told.update + 1, keys=case.alert.keys)
        case Change.RESOLVED:
            told = msgspec.structs.replace(told, resolved=told.resolved + 1)
    return msgspec.structs.replace(case, told=told)


def change_name(change: Change, told: Told) -> str:
    """Return the name of the latest message of a kind, given what was told with it: the first is
    called by its kind, the next `update-2`, and so on, so that a name comes once in an alert.

    >>> change_name(Change.FIRING, Told(firing=1)), change_name(Change.UPDATE, Told(update=3))
    ('firing', 'update-3')
    """
    count: int = getattr(told, change.value)
    return change.value if count == 1 else f"{change.value}-{count}"
