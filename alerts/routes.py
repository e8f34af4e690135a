"""Decide through which notifiers a message goes. Pure; called by `alerts.stage`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from alerts.rules import Change
from foreshock.records import Alert

ALL_CHANGES = frozenset(Change)


@dataclass(frozen=True, slots=True)
class Route:
    """A notifier and what goes through it: alerts with a key that matches `key_pattern`, of a
    watch that matches `watch_pattern`, and of their changes those in `changes`.
    """

    notifier: str
    key_pattern: str = "*"
    watch_pattern: str = "*"
    changes: frozenset[Change] = ALL_CHANGES


def notifiers_for(alert: Alert, change: Change, routes: Sequence[Route]) -> tuple[str, ...]:
    """Return the notifiers that are told of `change`, each once, in the order of `routes`.

    An alert that gains a matching key later starts on that route with the update that says so.
    """
    found = (
        route.notifier
        for route in routes
        if change in route.changes
        and fnmatchcase(alert.watch, route.watch_pattern)
        and any(fnmatchcase(key, route.key_pattern) for key in alert.keys)
    )
    return tuple(dict.fromkeys(found))
