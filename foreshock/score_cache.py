"""Scores that were computed once: shared by live run, demo and replays, in any process.

A score is a function of (model version, model input), so nothing in here is ever out of date. Bytes
in, bytes out: what a score looks like is the classifier's business.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from foreshock.bus.sqlite_file import ThreadConnections, diagnose
from foreshock.errors import StoreError, StoreUnavailable

BUSY_TIMEOUT_S: Final = 30.0
CHUNK: Final = 500

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS models (model INTEGER PRIMARY KEY, version TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS scores (
    model INTEGER NOT NULL,
    input_hash BLOB NOT NULL,
    score BLOB NOT NULL,
    PRIMARY KEY (model, input_hash)
) WITHOUT ROWID;
"""


class ScoreCache:
    """Encoded scores by model version and hash of the model's input (hex digits).

    Its folder is made if it is not there. Safe from several threads and processes. Raises
    StoreUnavailable if the file cannot be opened, read or written.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._connections = ThreadConnections(self.path, BUSY_TIMEOUT_S, "NORMAL")
        with self._mapped() as connection:
            connection.executescript(_SCHEMA)

    def get_many(self, model_version: str, hashes: Sequence[str]) -> dict[str, bytes]:
        """Return the known scores by hash; what is not known is not in it."""
        known: dict[str, bytes] = {}
        with self._mapped() as connection:
            model = _model(connection, model_version)
            if model is None:
                return known
            for start in range(0, len(hashes), CHUNK):
                chunk = [bytes.fromhex(digest) for digest in hashes[start : start + CHUNK]]
                marks = ",".join("?" * len(chunk))
                rows = connection.execute(
                    "SELECT input_hash, score FROM scores"
                    f" WHERE model = ? AND input_hash IN ({marks})",
                    (model, *chunk),
                )
                known.update((digest.hex(), score) for digest, score in rows)
        return known

    def put_many(self, model_version: str, scores: Mapping[str, bytes]) -> None:
        """Keep scores by hash. One that is known already stays as it is."""
        rows = sorted((bytes.fromhex(digest), score) for digest, score in scores.items())
        if not rows:
            return
        with self._mapped() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.execute(
                    "INSERT INTO models (version) VALUES (?) ON CONFLICT DO NOTHING",
                    (model_version,),
                )
                connection.executemany(
                    "INSERT INTO scores SELECT model, ?, ? FROM models WHERE version = ?"
                    " ON CONFLICT DO NOTHING",
                    [(*row, model_version) for row in rows],
                )
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        self._connections.close()

    @contextmanager
    def _mapped(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            yield self._connections.get()
        except sqlite3.Error as error:
            found = diagnose(error, self.path)
            kind = StoreUnavailable if found.outside else StoreError
            raise kind(found.message, hint=found.hint) from error
        except OSError as error:
            raise StoreUnavailable(f"score cache {self.path}: {error}") from error


def _model(connection: sqlite3.Connection, version: str) -> int | None:
    row = connection.execute("SELECT model FROM models WHERE version = ?", (version,)).fetchone()
    return None if row is None else int(row[0])
