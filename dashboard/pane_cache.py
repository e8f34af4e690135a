"""Counts of every key in memory, brought up to date by reading only panes that are new.

`snapshot.Reader` owns one. Panes never change once written and come tick by tick within a watch, so
the only tick that can be incomplete is a watch's newest: reading starts there again each time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

from dashboard.baseline import DAYS
from dashboard.history import KeyHistory
from dashboard.names import key_kind
from dashboard.queries import (
    PaneRow,
    newest_pane,
    read_key_panes,
    read_panes,
    read_watches,
)
from foreshock.clock import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from sqlalchemy import Connection

HEARTBEAT: Final = "heartbeat_ms:"
KEPT_MS: Final = (DAYS + 1) * DAY_MS + HOUR_MS
_EMPTY: Final = KeyHistory()


class PaneCache:
    """Histories of all known keys and of the terms that are wanted.

    `newest_ms` is the end of the newest pane (None: no pane yet), `first_ms` the start of the
    oldest one held: nothing is known of what came before.
    """

    def __init__(self) -> None:
        self.newest_ms: int | None = None
        self.first_ms: int = 0
        self.watches: tuple[str, ...] = ()
        self._histories: dict[str, KeyHistory] = {}
        self._next_ms: dict[str, int] = {}
        self._terms: frozenset[str] = frozenset()
        self._forgotten_ms = 0

    @property
    def settled_ms(self) -> int:
        """No watch will bring a pane that ends before this."""
        return min((self._next_ms.get(watch, 0) for watch in self.watches), default=0) - 1

    def history(self, key: str) -> KeyHistory:
        """Return the history of a key; an empty one if nothing was counted under it."""
        return self._histories.get(key, _EMPTY)

    def known_keys(self) -> Collection[str]:
        """Return every key that is held."""
        return self._histories.keys()

    def refresh(
        self, connection: Connection, facts: Mapping[str, str], terms: Collection[str]
    ) -> None:
        """Read what is new. `facts`: the run's meta; `terms`: emerging keys to hold as well."""
        self.watches = _watches(facts) or tuple(self.watches or read_watches(connection))
        newest = newest_pane(connection) if self.newest_ms is None else self.newest_ms
        if newest is None:
            return
        since_ms = newest - KEPT_MS
        self._hold_terms(connection, frozenset(terms), since_ms)
        for watch in self.watches:
            start_ms = self._next_ms.get(watch, since_ms)
            for row in read_panes(connection, watch, start_ms, self._terms):
                self._add(row)
        if self.newest_ms is not None:
            self._forget(self.newest_ms - KEPT_MS)

    def _add(self, row: PaneRow) -> None:
        start_ms = row.end_ms - row.width_ms
        if self.newest_ms is None:
            self.newest_ms, self.first_ms = row.end_ms, start_ms
        self.newest_ms = max(self.newest_ms, row.end_ms)
        self.first_ms = min(self.first_ms, start_ms)
        self._next_ms[row.watch] = row.end_ms
        if row.counts.items or row.counts.stories:
            self._histories.setdefault(row.key, KeyHistory()).append(
                row.watch, row.end_ms, row.counts
            )

    def _hold_terms(self, connection: Connection, terms: frozenset[str], since_ms: int) -> None:
        for gone in self._terms - terms:
            self._histories.pop(gone, None)
        for key in sorted(terms - self._terms):
            held = self._histories.setdefault(key, KeyHistory())
            for watch in self.watches:
                for row in read_key_panes(connection, watch, key, since_ms):
                    held.append(watch, row.end_ms, row.counts)
        self._terms = terms

    def _forget(self, until_ms: int) -> None:
        if until_ms - self._forgotten_ms < HOUR_MS:
            return
        self._forgotten_ms = until_ms
        self.first_ms = max(self.first_ms, until_ms)
        for key, held in list(self._histories.items()):
            held.forget(until_ms)
            if held.empty and key_kind(key) != "term":
                del self._histories[key]


def _watches(facts: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        sorted(name.removeprefix(HEARTBEAT) for name in facts if name.startswith(HEARTBEAT))
    )
