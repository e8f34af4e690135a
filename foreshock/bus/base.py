"""The bus protocol: what every stage may ask of the channels between them.

A channel is an append-only log of messages in one or more partitions. A consumer group remembers,
per partition, the next offset it has not handled. `Transaction` makes publishing, state and commit
one step: after a crash either all of it stands or none of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """What is published. `partition` None: chosen by a stable hash of `key`."""

    key: str
    value: bytes
    at_ms: int
    partition: int | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is polled: a message and where it stands in the log."""

    channel: str
    partition: int
    offset: int
    key: str
    value: bytes
    at_ms: int


class Consumer(Protocol):
    """One member of a consumer group, reading one or more channels."""

    def poll(self, max_records: int, deadline_s: float) -> list[Delivery]:
        """Return the next messages, in order within each partition, at most `max_records`.

        Waits up to `deadline_s` seconds while there is nothing; an empty list means that there was
        nothing. Polling advances the position, not the committed offset. Raises BusUnavailable.
        """
        ...

    def seek_to_time(self, channel: str, at_ms: int) -> None:
        """Go to the first message of each partition whose at_ms is >= `at_ms` (its end if none)."""
        ...

    def rewind(self) -> None:
        """Go back to the committed offsets: what was polled and not committed comes again."""
        ...

    def close(self) -> None: ...


class Transaction(Protocol):
    """What happens as one: all of it at the end of the `with` block, nothing after an exception."""

    def publish(self, channel: str, messages: Sequence[Message]) -> None:
        """Append `messages` to `channel`. Raises BusError for an unknown channel or partition."""
        ...

    def commit(self, consumer: Consumer) -> None:
        """Commit all that `consumer` has polled so far.

        Raises CommitConflict if another member of its group has committed meanwhile: two members
        may read the same messages, only one of them can handle them.
        """
        ...

    def put_state(self, owner: str, entries: Mapping[str, bytes | None]) -> None:
        """Write entries of `owner`'s state; None deletes one."""
        ...


class Bus(Protocol):
    """A set of channels."""

    def create(self, partitions: Mapping[str, int]) -> None:
        """Create channels that do not exist yet, with that many partitions each. Idempotent; a
        different number of partitions for an existing channel raises BusError.
        """
        ...

    def partitions(self, channel: str) -> int:
        """Return the channel's number of partitions. Raises BusError for an unknown channel."""
        ...

    def consumer(self, group: str, channels: Sequence[str]) -> Consumer:
        """Join `group`; a new group starts at the oldest retained message of each channel."""
        ...

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Open a transaction; see `Transaction`."""
        ...

    def load_state(self, owner: str) -> dict[str, bytes]:
        """Return all state of `owner` as committed."""
        ...

    def lag(self, group: str, channels: Sequence[str]) -> dict[str, int]:
        """Return, by channel, how many messages `group` has not yet committed."""
        ...

    def trim(self, channel: str, before_ms: int) -> int:
        """Drop messages from the head of each partition, up to the first that has at_ms >=
        `before_ms` or that a group has yet to commit; return how many.
        """
        ...

    def close(self) -> None: ...
