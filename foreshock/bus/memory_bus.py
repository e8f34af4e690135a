"""A bus that lives in one process and forgets everything with it: for tests and short replays."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from foreshock.bus.base import Consumer, Delivery, Message
from foreshock.bus.partitioning import by_partition, no_such_channel
from foreshock.bus.waiting import Sleep, wait_until
from foreshock.errors import BusError, CommitConflict

Place = tuple[str, int]
"""A channel and one of its partitions."""


@dataclass(slots=True)
class _Log:
    """One partition; `first` is the offset of messages[0]."""

    first: int = 0
    messages: list[Delivery] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.first + len(self.messages)

    def read(self, offset: int, limit: int) -> list[Delivery]:
        start = max(offset - self.first, 0)
        return self.messages[start : start + limit]


class MemoryBus:
    """A Bus in memory, safe from several threads. `sleep` is how a poll waits (tests inject it)."""

    def __init__(self, *, sleep: Sleep = time.sleep) -> None:
        self._sleep = sleep
        self._lock = threading.RLock()
        self._writing = False
        self._channels: dict[str, list[_Log]] = {}
        self._committed: dict[str, dict[Place, int]] = {}
        self._state: dict[str, dict[str, bytes]] = {}

    def create(self, partitions: Mapping[str, int]) -> None:
        with self._lock:
            for channel, count in partitions.items():
                logs = self._channels.setdefault(channel, [_Log() for _ in range(count)])
                if len(logs) != count or count < 1:
                    raise BusError(
                        f"expected {len(logs)} partitions of {channel}, found {count} asked for"
                    )

    def partitions(self, channel: str) -> int:
        return len(self._logs(channel))

    def consumer(self, group: str, channels: Sequence[str]) -> Consumer:
        places = [
            (channel, partition)
            for channel in channels
            for partition in range(self.partitions(channel))
        ]
        with self._lock:
            offsets = self._committed.setdefault(group, {})
            for channel, partition in places:
                offsets.setdefault((channel, partition), self._channels[channel][partition].first)
        return _MemoryConsumer(self, group, places)

    @contextmanager
    def transaction(self) -> Iterator[_MemoryTransaction]:
        with self._lock:
            if self._writing:
                raise BusError("expected one transaction at a time in a thread, found a second")
            self._writing = True
            try:
                transaction = _MemoryTransaction(self)
                yield transaction
                self._apply(transaction)
            finally:
                self._writing = False

    def load_state(self, owner: str) -> dict[str, bytes]:
        with self._lock:
            return dict(self._state.get(owner, {}))

    def lag(self, group: str, channels: Sequence[str]) -> dict[str, int]:
        with self._lock:
            offsets = self._committed.get(group, {})
            return {
                channel: sum(
                    log.end - offsets.get((channel, partition), log.first)
                    for partition, log in enumerate(self._logs(channel))
                )
                for channel in channels
            }

    def trim(self, channel: str, before_ms: int) -> int:
        with self._lock:
            return sum(
                self._trim((channel, partition), log, before_ms)
                for partition, log in enumerate(self._logs(channel))
            )

    def close(self) -> None:
        """Nothing to give back."""

    def _logs(self, channel: str) -> list[_Log]:
        logs = self._channels.get(channel)
        if logs is None:
            raise no_such_channel(channel)
        return logs

    def _trim(self, place: Place, log: _Log, before_ms: int) -> int:
        handled = min(
            (offsets[place] for offsets in self._committed.values() if place in offsets),
            default=log.end,
        )
        count = 0
        for message in log.messages:
            if message.at_ms >= before_ms or message.offset >= handled:
                break
            count += 1
        del log.messages[:count]
        log.first += count
        return count

    def _apply(self, transaction: _MemoryTransaction) -> None:
        for consumer in transaction.consumers:
            consumer.check()
        for channel, messages in transaction.published:
            logs = self._logs(channel)
            for partition, placed in by_partition(channel, messages, len(logs)).items():
                log = logs[partition]
                log.messages.extend(
                    Delivery(channel, partition, offset, m.key, m.value, m.at_ms)
                    for offset, m in enumerate(placed, log.end)
                )
        for owner, entries in transaction.states:
            state = self._state.setdefault(owner, {})
            state.update({name: value for name, value in entries.items() if value is not None})
            for name in [name for name, value in entries.items() if value is None]:
                state.pop(name, None)
        for consumer in transaction.consumers:
            consumer.settle()


class _MemoryTransaction:
    """Gathers what happens and leaves it to the bus to apply all of it."""

    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus
        self.published: list[tuple[str, Sequence[Message]]] = []
        self.states: list[tuple[str, dict[str, bytes | None]]] = []
        self.consumers: list[_MemoryConsumer] = []

    def publish(self, channel: str, messages: Sequence[Message]) -> None:
        by_partition(channel, messages, self._bus.partitions(channel))
        self.published.append((channel, tuple(messages)))

    def commit(self, consumer: Consumer) -> None:
        if not isinstance(consumer, _MemoryConsumer):
            raise BusError(f"expected a consumer of this bus, found {type(consumer).__name__}")
        consumer.check()
        self.consumers.append(consumer)

    def put_state(self, owner: str, entries: Mapping[str, bytes | None]) -> None:
        self.states.append((owner, dict(entries)))


class _MemoryConsumer:
    def __init__(self, bus: MemoryBus, group: str, places: list[Place]) -> None:
        self._bus = bus
        self._group = group
        self._places = places
        self._turn = 0
        self._committed: dict[Place, int] = {}
        self._position: dict[Place, int] = {}
        self.rewind()

    def poll(self, max_records: int, deadline_s: float) -> list[Delivery]:
        found = self._take(max_records)
        if not found and wait_until(self._has_more, deadline_s, self._bus._sleep):
            found = self._take(max_records)
        return found

    def seek_to_time(self, channel: str, at_ms: int) -> None:
        with self._bus._lock:
            for place in self._places:
                if place[0] == channel:
                    log = self._bus._channels[channel][place[1]]
                    self._position[place] = next(
                        (m.offset for m in log.messages if m.at_ms >= at_ms), log.end
                    )

    def rewind(self) -> None:
        with self._bus._lock:
            offsets = self._bus._committed[self._group]
            self._committed = {place: offsets[place] for place in self._places}
            self._position = dict(self._committed)

    def close(self) -> None:
        """Nothing to give back; the group keeps its offsets."""

    def check(self) -> None:
        """Raise CommitConflict if the group has moved since this consumer last knew."""
        offsets = self._bus._committed[self._group]
        for place in self._moved():
            known = self._committed[place]
            if offsets[place] != known:
                raise CommitConflict(
                    f"expected group {self._group} at offset {known} of {place[0]}/{place[1]}, "
                    f"found it at {offsets[place]}: another member has moved it"
                )

    def settle(self) -> None:
        """Make the position the group's committed offset."""
        self._bus._committed[self._group].update(self._moved())
        self._committed = dict(self._position)

    def _moved(self) -> dict[Place, int]:
        return {
            place: position
            for place, position in self._position.items()
            if position != self._committed[place]
        }

    def _take(self, max_records: int) -> list[Delivery]:
        found: list[Delivery] = []
        with self._bus._lock:
            for step in range(len(self._places)):
                place = self._places[(self._turn + step) % len(self._places)]
                log = self._bus._channels[place[0]][place[1]]
                taken = log.read(self._position[place], max_records - len(found))
                if taken:
                    self._position[place] = taken[-1].offset + 1
                    found += taken
            self._turn += 1
        return found

    def _has_more(self) -> bool:
        with self._bus._lock:
            return any(
                self._bus._channels[channel][partition].end > self._position[channel, partition]
                for channel, partition in self._places
            )
