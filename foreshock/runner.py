"""The loop that every stage runs in: poll, handle, publish, commit; poison to the dead letters.

`foreshock.app` makes one StageRunner per stage and calls `step`. All that a batch brings (messages,
state, rows, offsets) stands in one transaction of the bus or not at all.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from foreshock.bus.base import Bus, Delivery, Message
from foreshock.channels import DEADLETTER
from foreshock.codec import decode
from foreshock.errors import (
    BusUnavailable,
    CodecError,
    CommitConflict,
    StoreError,
    StoreUnavailable,
)
from foreshock.records import DeadLetter
from foreshock.stage import Output, Received, Stage, to_message
from foreshock.store.base import Store

MAX_RECORDS: Final = 500
ERROR_CHARS: Final = 500
UNDECODABLE: Final = "undecodable"

#: The world's fault, not a record's: the batch waits and comes again.
_WAITING: Final = (BusUnavailable, StoreUnavailable, MemoryError)


@dataclass(slots=True)
class Counters:
    """What a runner has done since it was made. `seconds`: the time that took, without waiting."""

    handled: int = 0
    published: int = 0
    deadlettered: int = 0
    seconds: float = 0.0


class StageRunner:
    """A stage on a bus, its committed state taken up.

    A batch that raises is handled again in halves, down to the record that it was; that one goes to
    news.deadletter with the reason, the others are handled in their order. What cannot be reached
    (BusUnavailable, StoreUnavailable) is raised to the caller: call `step` again later.
    `monotonic` is the clock of `counters.seconds`.
    """

    def __init__(
        self,
        stage: Stage,
        bus: Bus,
        store: Store | None = None,
        *,
        max_records: int = MAX_RECORDS,
        monotonic: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.stage = stage
        self.counters = Counters()
        self._bus = bus
        self._store = store
        self._max_records = max_records
        self._monotonic = monotonic
        self._consumer = bus.consumer(stage.name, stage.inputs)
        self._clean = False
        self._suspects = 0  # so many of the next records are known to hold one that raises
        self._limit = max_records
        self._recover()

    def step(self, deadline_s: float = 0.0) -> int:
        """Handle one batch; return how many records were handled (0: there were none in time).

        Raises BusUnavailable or StoreUnavailable; nothing is lost, the batch comes again.
        """
        while True:
            if not self._clean:
                self._recover()
            deliveries = self._consumer.poll(self._limit, deadline_s)
            if not deliveries:
                return 0
            started = self._monotonic()
            try:
                handled = self._try(deliveries)
            finally:
                self.counters.seconds += self._monotonic() - started
            if handled:
                return handled

    def lag(self) -> int:
        """Return how many messages of its inputs the stage has not yet committed."""
        return sum(self._bus.lag(self.stage.name, self.stage.inputs).values())

    def close(self) -> None:
        """Leave the consumer group; its offsets stay."""
        self._consumer.close()

    def _try(self, deliveries: Sequence[Delivery]) -> int:
        """Handle a batch; return how many records are done with (0: they come again)."""
        self._clean = False
        try:
            self._handle(deliveries)
        except _WAITING:
            raise
        except CommitConflict:
            return 0  # another member has handled these; go on from where it is
        except Exception as error:  # noqa: BLE001 - whatever a record does to a stage is its reason
            if len(deliveries) > 1:
                self._search_in(len(deliveries))
                return 0
            self._put_aside(deliveries[0], error)
        else:
            self._clean = True
        self._search_in(max(self._suspects - len(deliveries), 0))
        self.counters.handled += len(deliveries)
        return len(deliveries)

    def _search_in(self, suspects: int) -> None:
        """Among the next `suspects` records is one that cannot be handled: take half of them."""
        self._suspects = suspects
        self._limit = self._max_records if suspects == 0 else max(suspects // 2, 1)

    def _put_aside(self, poison: Delivery, error: Exception) -> None:
        if poison.channel == DEADLETTER:
            raise error  # a letter about a letter would go round for ever
        letter = self._letter(poison, type(error).__name__, str(error))
        with self._bus.transaction() as transaction:
            transaction.publish(DEADLETTER, [to_message(DEADLETTER, letter)])
            transaction.commit(self._consumer)
        self.counters.deadlettered += 1
        self._suspects = 0

    def _handle(self, deliveries: Sequence[Delivery]) -> None:
        received, letters = self._decode(deliveries)
        output = self.stage.handle(received) if received else Output()
        published = output.publish + [(DEADLETTER, to_message(DEADLETTER, x)) for x in letters]
        # the stage has finished thinking: the write lock is held for the writing alone
        with self._bus.transaction() as transaction:
            for channel, messages in _by_channel(published).items():
                transaction.publish(channel, messages)
            if output.state:
                transaction.put_state(self.stage.name, output.state)
            if self._store is not None:
                self._store.write(output.rows, transaction)
                self._store.write_outbox(output.outbox, transaction)
                self._store.put_meta(output.meta, transaction)
            elif output.rows or output.outbox or output.meta:
                raise StoreError(f"expected a store for stage {self.stage.name}, found none")
            transaction.commit(self._consumer)
        self.counters.published += len(published)
        self.counters.deadlettered += len(letters)

    def _decode(self, deliveries: Sequence[Delivery]) -> tuple[list[Received], list[DeadLetter]]:
        received: list[Received] = []
        letters: list[DeadLetter] = []
        for delivery in deliveries:
            try:
                record = decode(delivery.value)
            except CodecError as error:
                letters.append(self._letter(delivery, UNDECODABLE, str(error)))
                continue
            received.append(Received(record, delivery.channel, delivery.partition, delivery.offset))
        return received, letters

    def _letter(self, delivery: Delivery, reason: str, error: str) -> DeadLetter:
        place = (self.stage.name, delivery.channel, delivery.partition, delivery.offset)
        return DeadLetter(
            dead_id=dead_id(*place),
            stage=self.stage.name,
            channel=delivery.channel,
            key=delivery.key,
            partition=delivery.partition,
            offset=delivery.offset,
            reason=reason,
            error=error[:ERROR_CHARS].encode("utf-8", "replace").decode(),
            payload=base64.b64encode(delivery.value).decode("ascii"),
        )

    def _recover(self) -> None:
        """Forget what is not committed, in the stage and in the consumer."""
        self._consumer.rewind()
        self.stage.restore(self._bus.load_state(self.stage.name))
        self._clean = True


def dead_id(stage: str, channel: str, partition: int, offset: int) -> str:
    """Return the id of the dead letter about the message at that place: 32 hex digits.

    >>> dead_id("stories", "news.fetched", 0, 17)
    '8ca8d31e09cef9ef1a92fa9d2581ce1a'
    """
    place = "\n".join((stage, channel, str(partition), str(offset)))
    return hashlib.sha256(place.encode()).hexdigest()[:32]


def _by_channel(published: Sequence[tuple[str, Message]]) -> dict[str, list[Message]]:
    grouped: dict[str, list[Message]] = {}
    for channel, message in published:
        grouped.setdefault(channel, []).append(message)
    return grouped
