"""How an SQLite file of Foreshock is opened, shared by threads, and what its errors mean.

Used by the bus, the store (through its engines) and the score cache.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

Synchronous = Literal["NORMAL", "FULL"]

PAGE_BYTES: Final = 8192
WAL_BYTES_KEPT: Final = 64 * 1024 * 1024

# what the world did, not what we asked: SQLite's primary result codes
# Source: https://www.sqlite.org/rescode.html
_BUSY, _LOCKED, _READONLY, _IOERR, _FULL, _CANTOPEN, _PROTOCOL, _NOTADB = (
    5,
    6,
    8,
    10,
    13,
    14,
    15,
    26,
)
_HINTS: Final = {
    _BUSY: "another process holds it: is a second Foreshock, or a database tool, writing there?",
    _LOCKED: "another process holds it: is a second Foreshock, or a database tool, writing there?",
    _READONLY: "the file, or its folder, cannot be written by this user",
    _IOERR: "the disk answers with errors",
    _FULL: "the disk is full: free some space, nothing committed is lost",
    _CANTOPEN: "does its folder exist, and may this user write there?",
    _PROTOCOL: "is the file on a network drive? it has to be on a local disk",
    _NOTADB: "this file is not an SQLite database: move it away, or choose another data_dir",
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What an SQLite error means. `outside`: the same request may succeed in a better world."""

    message: str
    hint: str
    outside: bool


def diagnose(error: sqlite3.Error, path: Path | str) -> Diagnosis:
    """Explain `error`, which came from the database at `path`."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return Diagnosis(f"database {path}: {error}", _HINTS.get(code, ""), code in _HINTS)


def uri_of(path: Path, mode: Literal["rwc", "rw", "ro"] = "rwc") -> str:
    """Return the file: URI that opens `path` in `mode`."""
    return f"file:{quote(str(path))}?mode={mode}"


def prepare(connection: sqlite3.Connection, synchronous: Synchronous) -> None:
    """Set what every writing connection has: a write-ahead log, and how hard commits are kept."""
    connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.execute(f"PRAGMA journal_size_limit={WAL_BYTES_KEPT}")


class ThreadConnections:
    """One connection per thread to one file, in autocommit: transactions are begun by hand.

    Errors are sqlite3's own; the caller maps them.
    """

    def __init__(self, path: Path, busy_timeout_s: float, synchronous: Synchronous) -> None:
        self.path = path
        self._busy_timeout_s = busy_timeout_s
        self._synchronous = synchronous
        self._local = threading.local()
        self._lock = threading.Lock()
        self._all: dict[threading.Thread, sqlite3.Connection] = {}

    def get(self) -> sqlite3.Connection:
        """Return this thread's connection, opened at first use."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._open()
            self._local.connection = connection
        return connection

    def close(self) -> None:
        """Close the connections of all threads; a later `get` opens a new one."""
        with self._lock:
            connections = list(self._all.values())
            self._all.clear()
            self._local = threading.local()
        for connection in connections:
            connection.close()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri_of(self.path),
            uri=True,
            timeout=self._busy_timeout_s,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            prepare(connection, self._synchronous)
        except sqlite3.Error:
            connection.close()
            raise
        with self._lock:
            gone = [thread for thread in self._all if not thread.is_alive()]
            stale = [self._all.pop(thread) for thread in gone]
            self._all[threading.current_thread()] = connection
        for old in stale:
            old.close()
        return connection
