"""What stages could not handle: find it, and send it again. Called by `foreshock deadletter`."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

from foreshock.bus.base import Bus, Message
from foreshock.codec import decode
from foreshock.errors import CodecError, StoreError
from foreshock.records import DeadLetter
from foreshock.stage import to_message
from foreshock.store.base import Store, StoredDeadLetter
from foreshock.store.rows import WAITING

REDRIVEN: Final = "redriven"


def list_letters(store: Store, *, waiting: bool = False) -> list[StoredDeadLetter]:
    """Return all dead letters, or those that were not sent again."""
    return store.deadletters(WAITING if waiting else None)


def find(store: Store, dead_id: str) -> StoredDeadLetter:
    """Return the dead letter with that id, or the only one whose id begins so.

    Raises StoreError if there is none, or more than one.
    """
    found = [one for one in store.deadletters() if one.letter.dead_id.startswith(dead_id)]
    if len(found) != 1 or not dead_id:
        raise StoreError(
            f"expected one dead letter with the id {dead_id!r}, found {len(found)}",
            hint="`foreshock deadletter list` shows their ids",
        )
    return found[0]


def redrive_letters(bus: Bus, store: Store, letters: Sequence[StoredDeadLetter]) -> int:
    """Send dead letters again, those that were not yet; return how many that was."""
    return sum(redrive(bus, store, stored) for stored in letters)


def redrive(bus: Bus, store: Store, stored: StoredDeadLetter) -> bool:
    """Publish the letter's payload on the channel it came from; return whether that was done.

    A letter is sent again once. Where bus and store are two databases, a crash between them can
    send it twice, never not at all. Raises BusError if the channel is no more.
    """
    letter = stored.letter
    if stored.state == REDRIVEN:
        return False
    message = _message(bus, letter)
    with bus.transaction() as transaction:
        joined = store.joins(transaction)
        if joined and not store.mark_deadletter(letter.dead_id, REDRIVEN, transaction):
            return False
        transaction.publish(letter.channel, [message])
    if not joined:
        store.mark_deadletter(letter.dead_id, REDRIVEN)
    return True


def _message(bus: Bus, letter: DeadLetter) -> Message:
    value = base64.b64decode(letter.payload)
    # back to the partition it came from, where the channel still has it
    partition = letter.partition if letter.partition < bus.partitions(letter.channel) else None
    return Message(letter.key, value, _time_of(letter.channel, value), partition)


def _time_of(channel: str, value: bytes) -> int:
    try:
        return to_message(channel, decode(value), partition=0).at_ms
    except (CodecError, AttributeError):
        return 0  # it has no time that can be read
