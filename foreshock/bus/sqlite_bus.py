"""The embedded bus: every channel, offset and state entry of a run in one SQLite file.

`foreshock.app` opens it on <run dir>/foreshock.db, which the store shares, so that what a stage
publishes, remembers, stores and commits is one transaction of one file. Safe from several threads
(a connection each) and several processes (SQLite's own locks). docs/bus-and-store.md has the why.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from foreshock.bus.base import Consumer, Delivery, Message
from foreshock.bus.partitioning import by_partition, no_such_channel
from foreshock.bus.sqlite_file import Synchronous, ThreadConnections, diagnose
from foreshock.bus.sqlite_tables import (
    SCHEMA,
    offset_at,
    roll_back_if_open,
    streams_of,
    trimmable,
)
from foreshock.bus.waiting import Sleep, wait_until
from foreshock.errors import BusError, BusUnavailable, CommitConflict

BUSY_TIMEOUT_S: Final = 10.0
TRIM_ROWS: Final = 5_000

Changes = tuple[int, int]


class SqliteBus:
    """A Bus in one SQLite file.

    `busy_timeout_s`: how long a writer waits for another before it raises BusUnavailable.
    `synchronous`: NORMAL survives the death of any process and keeps the file consistent through a
    power cut (which may take back the last moments); FULL keeps those too, at one disk flush per
    transaction. Raises BusUnavailable if the file cannot be opened.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        sleep: Sleep = time.sleep,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        synchronous: Synchronous = "NORMAL",
    ) -> None:
        self.path = Path(path)
        self._sleep = sleep
        self._connections = ThreadConnections(self.path, busy_timeout_s, synchronous)
        # writers of this process queue here, in order, instead of racing for SQLite's lock
        self._write_lock = threading.RLock()
        self._commits = 0
        self._streams: dict[str, tuple[int, ...]] = {}
        with self._mapped() as connection:
            connection.executescript(SCHEMA)

    def create(self, partitions: Mapping[str, int]) -> None:
        with self._write() as connection:
            for channel, count in partitions.items():
                found = len(streams_of(connection, channel))
                if count < 1 or found not in (0, count):
                    raise BusError(f"expected {found or 1} partitions of {channel}, found {count}")
                if found == 0:
                    connection.executemany(
                        "INSERT INTO bus_streams (channel, partition) VALUES (?, ?)",
                        [(channel, partition) for partition in range(count)],
                    )

    def partitions(self, channel: str) -> int:
        return len(self.streams(channel))

    def consumer(self, group: str, channels: Sequence[str]) -> Consumer:
        places = {
            stream: (channel, partition)
            for channel in channels
            for partition, stream in enumerate(self.streams(channel))
        }
        with self._write() as connection:
            connection.executemany(
                "INSERT INTO bus_groups SELECT ?, stream, first_offset FROM bus_streams"
                " WHERE stream = ? ON CONFLICT DO NOTHING",
                [(group, stream) for stream in places],
            )
        return SqliteConsumer(self, group, places)

    @contextmanager
    def transaction(self) -> Iterator[SqliteTransaction]:
        with self._write() as connection:
            transaction = SqliteTransaction(self, connection)
            yield transaction
            transaction.finish()
        transaction.settle()

    def load_state(self, owner: str) -> dict[str, bytes]:
        with self._mapped() as connection:
            rows = connection.execute(
                "SELECT name, value FROM bus_state WHERE owner = ?", (owner,)
            ).fetchall()
        return dict(rows)

    def lag(self, group: str, channels: Sequence[str]) -> dict[str, int]:
        for channel in channels:
            self.streams(channel)
        with self._mapped() as connection:
            rows = connection.execute(
                "SELECT channel, SUM(next_offset - COALESCE(committed, first_offset))"
                " FROM bus_streams LEFT JOIN bus_groups"
                " ON bus_groups.stream = bus_streams.stream AND bus_groups.name = ?"
                " GROUP BY channel",
                (group,),
            ).fetchall()
        lags: dict[str, int] = dict(rows)
        return {channel: lags[channel] for channel in channels}

    def trim(self, channel: str, before_ms: int) -> int:
        return sum(self._trim(stream, before_ms) for stream in self.streams(channel))

    def close(self) -> None:
        self._connections.close()

    def streams(self, channel: str) -> tuple[int, ...]:
        """Return the stream number of each partition. Raises BusError for an unknown channel."""
        known = self._streams.get(channel)
        if known is None:
            with self._mapped() as connection:
                known = streams_of(connection, channel)
            if not known:
                raise no_such_channel(channel)
            self._streams[channel] = known
        return known

    def _trim(self, stream: int, before_ms: int) -> int:
        count = 0
        while True:  # in pieces, so that no writer waits long
            with self._write() as connection:
                first, end = trimmable(connection, stream, before_ms, TRIM_ROWS)
                if first >= end:
                    return count
                connection.execute(
                    "DELETE FROM bus_log WHERE stream = ? AND offset < ?", (stream, end)
                )
                connection.execute(
                    "UPDATE bus_streams SET first_offset = ? WHERE stream = ?", (end, stream)
                )
                count += end - first

    @contextmanager
    def _mapped(self) -> Iterator[sqlite3.Connection]:
        """Give this thread's connection; what SQLite raises becomes a BusError."""
        try:
            yield self._connections.get()
        except sqlite3.Error as error:
            found = diagnose(error, self.path)
            kind = BusUnavailable if found.outside else BusError
            raise kind(found.message, hint=found.hint) from error

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._write_lock, self._mapped() as connection:
            if connection.in_transaction:
                raise BusError("expected one transaction at a time in a thread, found a second")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                roll_back_if_open(connection)
            self._commits += 1

    def wait(self, seen: Changes, ready: Callable[[], bool], deadline_s: float) -> bool:
        """Wait until `ready()`, which is asked only when the file is not as it was at `seen`."""

        def changed() -> bool:
            nonlocal seen
            now = self.changes()
            if now == seen:
                return False
            seen = now
            return ready()

        return wait_until(changed, deadline_s, self._sleep)

    def changes(self) -> Changes:
        """Return what differs as soon as anybody has committed something to the file."""
        # data_version tells of other connections only; our own commits are counted here
        with self._mapped() as connection:
            version: int = connection.execute("PRAGMA data_version").fetchone()[0]
        return version, self._commits


class SqliteTransaction:
    """One transaction of the file. `connection` is open in it: the store writes through it too."""

    def __init__(self, bus: SqliteBus, connection: sqlite3.Connection) -> None:
        self.path = bus.path
        self.connection = connection
        self._bus = bus
        self._next: dict[int, int] = {}
        self._consumers: list[SqliteConsumer] = []

    def publish(self, channel: str, messages: Sequence[Message]) -> None:
        streams = self._bus.streams(channel)
        for partition, placed in by_partition(channel, messages, len(streams)).items():
            self._append(streams[partition], placed)

    def commit(self, consumer: Consumer) -> None:
        if not isinstance(consumer, SqliteConsumer):
            raise BusError(f"expected a consumer of this bus, found {type(consumer).__name__}")
        for stream, known, position in consumer.moves():
            changed = self.connection.execute(
                "UPDATE bus_groups SET committed = ?"
                " WHERE name = ? AND stream = ? AND committed = ?",
                (position, consumer.group, stream, known),
            )
            if changed.rowcount != 1:
                raise CommitConflict(
                    f"expected group {consumer.group} at offset {known} of stream {stream},"
                    " found it elsewhere: another member of the group has moved it"
                )
        self._consumers.append(consumer)

    def put_state(self, owner: str, entries: Mapping[str, bytes | None]) -> None:
        kept = [(owner, name, value) for name, value in entries.items() if value is not None]
        dropped = [(owner, name) for name, value in entries.items() if value is None]
        self.connection.executemany("INSERT OR REPLACE INTO bus_state VALUES (?, ?, ?)", kept)
        self.connection.executemany("DELETE FROM bus_state WHERE owner = ? AND name = ?", dropped)

    def finish(self) -> None:
        """Write what is written once per transaction: the ends of the streams."""
        self.connection.executemany(
            "UPDATE bus_streams SET next_offset = ? WHERE stream = ?",
            [(end, stream) for stream, end in self._next.items()],
        )

    def settle(self) -> None:
        """Tell the consumers that their positions are committed."""
        for consumer in self._consumers:
            consumer.settle()

    def _append(self, stream: int, messages: Sequence[Message]) -> None:
        first = self._next_offset(stream)
        rows = [
            (stream, offset, m.at_ms, m.key, m.value) for offset, m in enumerate(messages, first)
        ]
        try:
            self.connection.executemany("INSERT INTO bus_log VALUES (?, ?, ?, ?, ?)", rows)
        except (OverflowError, UnicodeEncodeError) as error:
            raise BusError(
                f"expected a message that SQLite can hold, found one with {error}"
            ) from error
        self._next[stream] = first + len(messages)

    def _next_offset(self, stream: int) -> int:
        if stream not in self._next:
            row = self.connection.execute(
                "SELECT next_offset FROM bus_streams WHERE stream = ?", (stream,)
            ).fetchone()
            self._next[stream] = row[0]
        return self._next[stream]


class SqliteConsumer:
    """One member of a group. Two members read the same; only one of them can commit it."""

    def __init__(self, bus: SqliteBus, group: str, places: dict[int, tuple[str, int]]) -> None:
        self.group = group
        self._bus = bus
        self._places = places
        self._order = list(places)
        self._turn = 0
        self._committed: dict[int, int] = {}
        self._position: dict[int, int] = {}
        self.rewind()

    def poll(self, max_records: int, deadline_s: float) -> list[Delivery]:
        seen = self._bus.changes()
        found = self._take(max_records)
        if not found and self._bus.wait(seen, self._has_more, deadline_s):
            found = self._take(max_records)
        return found

    def seek_to_time(self, channel: str, at_ms: int) -> None:
        with self._bus._mapped() as connection:
            for stream, (name, _) in self._places.items():
                if name == channel:
                    self._position[stream] = offset_at(connection, stream, at_ms)

    def rewind(self) -> None:
        with self._bus._mapped() as connection:
            rows = connection.execute(
                "SELECT stream, committed FROM bus_groups WHERE name = ?", (self.group,)
            ).fetchall()
        self._committed = {stream: at for stream, at in rows if stream in self._places}
        self._position = dict(self._committed)

    def close(self) -> None:
        """Nothing to give back; the group keeps its offsets."""

    def moves(self) -> list[tuple[int, int, int]]:
        """Return (stream, committed offset as last known, position) where the two differ."""
        return [
            (stream, known, self._position[stream])
            for stream, known in self._committed.items()
            if self._position[stream] != known
        ]

    def settle(self) -> None:
        """Remember that the position is now the committed offset."""
        self._committed = dict(self._position)

    def _take(self, max_records: int) -> list[Delivery]:
        found: list[Delivery] = []
        first = self._turn % len(self._order)
        with self._bus._mapped() as connection:
            if connection.in_transaction:
                raise BusError("expected a poll outside of a transaction, found one inside")
            for stream in self._order[first:] + self._order[:first]:
                found += self._read(connection, stream, max_records - len(found))
        self._turn += 1
        return found

    def _read(self, connection: sqlite3.Connection, stream: int, limit: int) -> list[Delivery]:
        channel, partition = self._places[stream]
        rows = connection.execute(
            "SELECT offset, key, value, at_ms FROM bus_log"
            " WHERE stream = ? AND offset >= ? ORDER BY offset LIMIT ?",
            (stream, self._position[stream], limit),
        ).fetchall()
        if rows:
            self._position[stream] = rows[-1][0] + 1
        return [Delivery(channel, partition, *row) for row in rows]

    def _has_more(self) -> bool:
        with self._bus._mapped() as connection:
            rows = connection.execute("SELECT stream, next_offset FROM bus_streams").fetchall()
        return any(end > self._position[stream] for stream, end in rows if stream in self._places)
