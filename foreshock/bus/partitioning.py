"""Which partition a key belongs to: the same in every process, on every machine, for ever."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from foreshock.bus.base import Message
from foreshock.errors import BusError


def partition_of(key: str, partitions: int) -> int:
    """Return the partition of `key` in [0, partitions).

    Source: CRC-32 as in RFC 1952, section 8.

    >>> [partition_of(key, 4) for key in ("main", "rates", "asia")]
    [0, 0, 3]
    """
    if partitions == 1:
        return 0
    return zlib.crc32(key.encode("utf-8", "surrogatepass")) % partitions


def by_partition(
    channel: str, messages: Sequence[Message], partitions: int
) -> dict[int, list[Message]]:
    """Return `messages` by the partition that each goes to, in order.

    Raises BusError where a message names a partition that the channel does not have.
    """
    placed: dict[int, list[Message]] = {}
    for message in messages:
        partition = message.partition
        if partition is None:
            partition = partition_of(message.key, partitions)
        elif not 0 <= partition < partitions:
            raise BusError(
                f"expected a partition of {channel} in [0, {partitions}), found {partition}"
            )
        placed.setdefault(partition, []).append(message)
    return placed


def no_such_channel(channel: str) -> BusError:
    """Return the error for a channel that was never created."""
    return BusError(
        f"expected a channel that exists, found {channel!r}", hint="create it with Bus.create first"
    )
