"""The tables of the embedded bus, and the questions asked of them. Used by `sqlite_bus` alone."""

from __future__ import annotations

import sqlite3
from typing import Final

# a stream is one partition of one channel
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS bus_streams (
    stream INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    partition INTEGER NOT NULL,
    first_offset INTEGER NOT NULL DEFAULT 0,
    next_offset INTEGER NOT NULL DEFAULT 0,
    UNIQUE (channel, partition)
);
CREATE TABLE IF NOT EXISTS bus_log (
    stream INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (stream, offset)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bus_groups (
    name TEXT NOT NULL,
    stream INTEGER NOT NULL,
    committed INTEGER NOT NULL,
    PRIMARY KEY (name, stream)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bus_state (
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (owner, name)
) WITHOUT ROWID;
"""


def roll_back_if_open(connection: sqlite3.Connection) -> None:
    """Roll back what is still open; SQLite has done so itself after a full disk."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def streams_of(connection: sqlite3.Connection, channel: str) -> tuple[int, ...]:
    """Return the streams of a channel by partition; none if there is no such channel."""
    rows = connection.execute(
        "SELECT stream FROM bus_streams WHERE channel = ? ORDER BY partition", (channel,)
    ).fetchall()
    return tuple(row[0] for row in rows)


def offset_at(connection: sqlite3.Connection, stream: int, at_ms: int) -> int:
    """Return the first offset with a time of at least `at_ms`, the end of the stream if none."""
    row = connection.execute(
        "SELECT offset FROM bus_log WHERE stream = ? AND at_ms >= ? ORDER BY offset LIMIT 1",
        (stream, at_ms),
    ).fetchone()
    if row is None:
        row = connection.execute(
            "SELECT next_offset FROM bus_streams WHERE stream = ?", (stream,)
        ).fetchone()
    offset: int = row[0]
    return offset


def trimmable(
    connection: sqlite3.Connection, stream: int, before_ms: int, limit: int
) -> tuple[int, int]:
    """Return the first offset that is there, and the first that has to stay or waits its turn.

    At most `limit` offsets lie between the two.
    """
    first, end = connection.execute(
        "SELECT first_offset, MIN(next_offset, first_offset + ?,"
        " COALESCE((SELECT MIN(committed) FROM bus_groups WHERE stream = ?), next_offset))"
        " FROM bus_streams WHERE stream = ?",
        (limit, stream, stream),
    ).fetchone()
    row = connection.execute(
        "SELECT offset FROM bus_log WHERE stream = ? AND offset < ? AND at_ms >= ?"
        " ORDER BY offset LIMIT 1",
        (stream, end, before_ms),
    ).fetchone()
    return first, end if row is None else row[0]
