"""Write recorded items onto news.fetched in the order they were seen in, with their heartbeats.

Called by replay and demo, in one of two paces: all at once (`step(None)`), or as far as a simulated
clock has come (`step(now_ms)`). The position is kept in the bus with what was published, so that a
playback that was killed goes on without losing or doubling an item.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from foreshock.bus.base import Bus, Message
from foreshock.channels import FETCHED
from foreshock.errors import ReplayError
from foreshock.records import Heartbeat, Item
from foreshock.stage import to_message

OWNER = "playback"
_STATE = "position"


class _Position(msgspec.Struct, frozen=True):
    published: int = 0
    heartbeat_ms: int = 0
    closed: bool = False


class Playback:
    """Plays `items` (in order of seen_at_ms, one watch) onto `bus`, `batch` items a transaction.

    A heartbeat stands at pane ends (`pane_ms`): played at once, at the last one before an item that
    lies in a later pane; on a clock, at every one. A final one closes the pane of the last item.
    Raises ReplayError if there is nothing to play, or if the bus holds more than `items`.
    """

    def __init__(self, bus: Bus, items: Sequence[Item], *, pane_ms: int, batch: int = 500) -> None:
        if not items:
            raise ReplayError("expected items to play, found none")
        self._bus = bus
        self._items = items
        self._pane_ms = pane_ms
        self._batch = batch
        self._end_ms = self._pane_end(items[-1].seen_at_ms)
        state = bus.load_state(OWNER).get(_STATE)
        if state is None:
            self._position = _Position(heartbeat_ms=items[0].seen_at_ms // pane_ms * pane_ms)
        else:
            self._position = msgspec.msgpack.decode(state, type=_Position)
        if self._position.published > len(items):
            raise ReplayError(
                f"expected at most {len(items)} items played, found {self._position.published}",
                hint="the feed has changed: play it --fresh",
            )

    @property
    def published(self) -> int:
        """Return how many items are on the bus."""
        return self._position.published

    @property
    def done(self) -> bool:
        """Return whether everything is on the bus, the closing heartbeat included."""
        return self._position.closed

    @property
    def position_ms(self) -> int:
        """Return the event time that playing has come to."""
        return self._position.heartbeat_ms

    def step(self, now_ms: int | None = None) -> int:
        """Publish what is due by `now_ms` (None: everything), one batch at most.

        Returns the number of messages, heartbeats included; 0 when nothing is due.
        """
        messages: list[Message] = []
        position = self._items_due(now_ms, messages)
        if position.published == len(self._items) or now_ms is not None:
            position = self._clock_due(now_ms, position, messages)
        if messages:
            with self._bus.transaction() as transaction:
                transaction.publish(FETCHED, messages)
                transaction.put_state(OWNER, {_STATE: msgspec.msgpack.encode(position)})
            self._position = position
        return len(messages)

    def _items_due(self, now_ms: int | None, messages: list[Message]) -> _Position:
        published, heartbeat_ms = self._position.published, self._position.heartbeat_ms
        for item in self._items[published : published + self._batch]:
            if now_ms is not None and item.seen_at_ms >= now_ms:
                break
            pane_start_ms = item.seen_at_ms // self._pane_ms * self._pane_ms
            if pane_start_ms > heartbeat_ms:
                heartbeat_ms = pane_start_ms
                messages.append(self._heartbeat(heartbeat_ms))
            messages.append(to_message(FETCHED, item))
            published += 1
        return _Position(published, heartbeat_ms, self._position.closed)

    def _clock_due(
        self, now_ms: int | None, position: _Position, messages: list[Message]
    ) -> _Position:
        """Let time go on to `now_ms`, as far as no unpublished item lies before it."""
        all_published = position.published == len(self._items)
        if now_ms is None or (all_published and now_ms >= self._end_ms):
            if not position.closed:
                messages.append(self._heartbeat(self._end_ms, final=True))
            return _Position(position.published, self._end_ms, closed=True)
        limit_ms = now_ms
        if not all_published:
            limit_ms = min(now_ms, self._items[position.published].seen_at_ms)
        last_ms = limit_ms // self._pane_ms * self._pane_ms
        if last_ms > position.heartbeat_ms:
            messages.append(self._heartbeat(last_ms))
            return _Position(position.published, last_ms, position.closed)
        return position

    def _heartbeat(self, at_ms: int, *, final: bool = False) -> Message:
        heartbeat = Heartbeat(watch=self._items[0].watch, at_ms=at_ms, final=final)
        return to_message(FETCHED, heartbeat)

    def _pane_end(self, at_ms: int) -> int:
        return (at_ms // self._pane_ms + 1) * self._pane_ms
