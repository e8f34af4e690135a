"""What a stage is, and the loop that every stage runs in: poll, handle, publish, commit.

A stage never sees bytes, offsets or connections: it is given records and returns an `Output`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from foreshock.bus.base import Message
from foreshock.channels import CHANNELS
from foreshock.codec import encode
from foreshock.errors import BusError
from foreshock.records import AnyRecord, Heartbeat, OutboxRow, Record

_KEYED_BY = {channel.name: channel.keyed_by for channel in CHANNELS}
_TIME_FIELDS = ("at_ms", "seen_at_ms", "pane_end_ms", "updated_at_ms", "watermark_ms")


@dataclass(frozen=True, slots=True)
class Received:
    """A record and where it came from."""

    record: AnyRecord
    channel: str
    partition: int = 0
    offset: int = 0


@dataclass(slots=True)
class Output:
    """What handling a batch brought; the runner makes all of it stand in one transaction.

    `publish`: messages in order, `state`: entries to keep (None deletes), `rows`: records for the
    store, `outbox`: messages to people (at most once per alert, change and notifier), `meta`: facts
    about the run (later values replace earlier ones).
    """

    publish: list[tuple[str, Message]] = field(default_factory=list)
    state: dict[str, bytes | None] = field(default_factory=dict)
    rows: list[AnyRecord] = field(default_factory=list)
    outbox: list[OutboxRow] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)


class Stage(Protocol):
    """One step on the way of an item. Deterministic: same state and records, same output."""

    @property
    def name(self) -> str:
        """The stage's consumer group, and the owner of its state."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """The channels that it reads."""
        ...

    def restore(self, state: Mapping[str, bytes]) -> None:
        """Forget everything and take up the committed state (empty at the first start)."""
        ...

    def handle(self, received: Sequence[Received]) -> Output:
        """Handle a batch in order. An exception means that nothing of the batch is handled."""
        ...


def to_message(channel: str, record: Record, partition: int | None = None) -> Message:
    """Return the message that carries `record` on `channel`, keyed as the channel says.

    A heartbeat has no story: on a channel that is not keyed by watch, name its `partition`.
    Raises BusError for an unknown channel.
    """
    field_name = _KEYED_BY.get(channel)
    if field_name is None:
        raise BusError(f"expected one of the channels {sorted(_KEYED_BY)}, found {channel!r}")
    if isinstance(record, Heartbeat):
        field_name = "watch"
    at_ms = next(
        (value for name in _TIME_FIELDS if (value := getattr(record, name, None)) is not None), 0
    )
    return Message(
        key=getattr(record, field_name), value=encode(record), at_ms=at_ms, partition=partition
    )
