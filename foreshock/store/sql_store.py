"""The store on SQLite (PostgreSQL by the same statements): what `foreshock.store.base` promises.

`foreshock.app` opens it with `open_store` on the file of the bus; the dashboard, `status` and
exports open the same file read-only, in their own processes if they like.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, func, select

from foreshock.bus.base import Transaction
from foreshock.bus.sqlite_bus import SqliteTransaction
from foreshock.errors import StoreError, StoreUnavailable
from foreshock.records import (
    AnyRecord,
    DeadLetter,
    DueOutbox,
    Evidence,
    OutboxRow,
    OutboxState,
    Record,
)
from foreshock.store import schema
from foreshock.store.base import StoredDeadLetter
from foreshock.store.engines import mapped, path_of, server_engine, sqlite_engine
from foreshock.store.queries import EXPORTS, count_all, find_evidence
from foreshock.store.rows import (
    Row,
    mapping_to_row,
    outbox_to_row,
    records_to_rows,
    row_to_body,
)
from foreshock.store.statements import Statements

_Run = Callable[[str, list[Row]], int]

EXPORT_ROWS: Final = 1_000
IN_LIST: Final = 500
_VERSION: Final = "schema_version"


def open_store(place: str | Path, read_only: bool = False) -> SqlStore:
    """Open the store at `place`: the path of an SQLite file, or a database URL.

    Without `read_only` missing tables are made. Raises StoreUnavailable if it cannot be opened,
    StoreError if a newer Foreshock made it, or if it is to be read and holds no store.
    """
    path = path_of(place)

    def engine(writing: bool) -> Engine:
        if path is None:
            return server_engine(str(place), writing=writing)
        return sqlite_engine(path, writing=writing)

    store = SqlStore(engine(False), None if read_only else engine(True), path)
    try:
        store.prepare()
    except BaseException:
        store.close()
        raise
    return store


class SqlStore:
    """A Store in an SQL database; open it with `open_store`. Safe from several threads."""

    def __init__(self, reader: Engine, writer: Engine | None, path: Path | None) -> None:
        self.path = path
        self._reader = reader
        self._writer = writer
        self._where = path if path is not None else reader.url.render_as_string()
        self._statements = Statements(reader.dialect)

    def prepare(self) -> None:
        """Make the tables that are missing and check the schema's version; see `open_store`."""
        if self._writer is not None:
            with mapped(self._where), self._writer.begin() as connection:
                schema.metadata.create_all(connection)
            self._run(
                None,
                lambda run: run(
                    self._statements.write(schema.meta), [(_VERSION, str(schema.SCHEMA_VERSION))]
                ),
            )
        found = self._version()
        if found > schema.SCHEMA_VERSION:
            raise StoreError(
                f"database {self._where}: expected schema version {schema.SCHEMA_VERSION} or older,"
                f" found {found}",
                hint="a newer Foreshock made it: upgrade this one, or choose another data_dir",
            )

    def joins(self, transaction: Transaction) -> bool:
        return self._joined(transaction) is not None

    def write(self, records: Sequence[AnyRecord], transaction: Transaction | None = None) -> None:
        tables = records_to_rows(records)
        if tables:
            self._run(
                transaction,
                lambda run: sum(
                    run(self._statements.write(table), rows) for table, rows in tables.items()
                ),
            )

    def put_meta(self, entries: Mapping[str, str], transaction: Transaction | None = None) -> None:
        if entries:
            text = self._statements.replace(schema.meta)
            self._run(transaction, lambda run: run(text, list(entries.items())))

    def write_outbox(
        self, rows: Sequence[OutboxRow], transaction: Transaction | None = None
    ) -> None:
        if rows:
            text = self._statements.write(schema.outbox)
            self._run(transaction, lambda run: run(text, [outbox_to_row(row) for row in rows]))

    def mark_outbox(
        self, row: OutboxRow, state: str, attempts: int, next_try_ms: int, error: str
    ) -> None:
        values = (OutboxState(state).value, attempts, next_try_ms, error)
        keys = (row.alert_id, row.change, row.notifier)
        text = self._statements.mark_outbox()
        if self._run(None, lambda run: run(text, [(*values, *keys)])) == 0:
            raise StoreError(f"expected a message {keys} in the outbox, found none")

    def mark_deadletter(
        self, dead_id: str, state: str, transaction: Transaction | None = None
    ) -> bool:
        text = self._statements.mark_deadletter()
        return self._run(transaction, lambda run: run(text, [(state, dead_id, state)])) == 1

    def upsert(
        self,
        table: Table,
        rows: Sequence[Mapping[str, Any]],
        transaction: Transaction | None = None,
    ) -> None:
        if rows:
            ordered = [mapping_to_row(table, row) for row in rows]
            self._run(transaction, lambda run: run(self._statements.replace(table), ordered))

    def counts(self) -> dict[str, int]:
        with self.connect() as connection:
            return count_all(connection)

    def evidence(
        self, story_ids: Sequence[str], before_ms: int | None = None
    ) -> dict[str, Evidence]:
        found: dict[str, Evidence] = {}
        with self.connect() as connection:
            for start in range(0, len(story_ids), IN_LIST):
                some = story_ids[start : start + IN_LIST]
                found.update(find_evidence(connection, some, before_ms))
        return {story_id: found[story_id] for story_id in story_ids if story_id in found}

    def export(self, kind: type[Record]) -> Iterator[Record]:
        if kind is DeadLetter:  # its order is inside of the body
            yield from (stored.letter for stored in self.deadletters())
            return
        try:
            statement, to_record = EXPORTS[kind]
        except KeyError:
            raise StoreError(
                f"expected a kind of record that the store keeps, found {kind.__name__}"
            ) from None
        with self.connect() as connection:
            rows = connection.execution_options(yield_per=EXPORT_ROWS).execute(statement)
            for row in rows:
                yield to_record(row)

    def get_meta(self) -> dict[str, str]:
        with self.connect() as connection:
            rows = connection.execute(select(schema.meta).order_by(schema.meta.c.name)).all()
        return {row.name: row.value for row in rows}

    def due_outbox(self, now_ms: int, limit: int) -> list[DueOutbox]:
        table = schema.outbox
        keys = (table.c.alert_id, table.c.change, table.c.notifier)
        statement = (
            select(*keys, table.c.body, table.c.attempts)
            .where(table.c.state == OutboxState.PENDING.value, table.c.next_try_ms <= now_ms)
            .order_by(table.c.next_try_ms, *keys)
            .limit(limit)
        )
        with self.connect() as connection:
            rows = connection.execute(statement).all()
        return [
            DueOutbox(
                row=OutboxRow(alert_id=alert, change=change, notifier=to, body=bytes(body)),
                attempts=attempts,
            )
            for alert, change, to, body, attempts in rows
        ]

    def outbox_counts(self) -> dict[str, int]:
        state = schema.outbox.c.state
        with self.connect() as connection:
            rows = connection.execute(select(state, func.count()).group_by(state)).all()
        counts = {known.value: 0 for known in OutboxState}
        return counts | {row[0]: row[1] for row in rows}

    def deadletters(self, state: str | None = None) -> list[StoredDeadLetter]:
        table = schema.deadletters
        statement = select(table.c.body, table.c.state)
        if state is not None:
            statement = statement.where(table.c.state == state)
        with self.connect() as connection:
            rows = connection.execute(statement).all()
        found = [StoredDeadLetter(_dead_letter(row), row.state) for row in rows]
        return sorted(found, key=lambda stored: _dead_order(stored.letter))

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with mapped(self._where), self._reader.connect() as connection:
            yield connection

    def close(self) -> None:
        self._reader.dispose()
        if self._writer is not None:
            self._writer.dispose()

    def _run(self, transaction: Transaction | None, work: Callable[[_Run], int]) -> int:
        """Do `work` in the bus's transaction where it is of this file, else in one of our own."""
        with mapped(self._where):
            joined = self._joined(transaction)
            if joined is not None:
                return work(lambda text, rows: joined.executemany(text, rows).rowcount)
            if self._writer is None:
                raise StoreError(f"database {self._where}: opened to be read, asked to write")
            with self._writer.begin() as own:
                return work(lambda text, rows: own.exec_driver_sql(text, rows).rowcount)

    def _joined(self, transaction: Transaction | None) -> sqlite3.Connection | None:
        if (
            self.path is not None
            and isinstance(transaction, SqliteTransaction)
            and _same_file(self.path, transaction.path)
        ):
            return transaction.connection
        return None

    def _version(self) -> int:
        try:
            return int(self.get_meta()[_VERSION])
        except (StoreError, KeyError, ValueError) as error:
            if isinstance(error, StoreUnavailable):
                raise
            raise StoreError(f"database {self._where}: holds no Foreshock store") from error


def _dead_letter(row: Any) -> DeadLetter:
    letter = row_to_body(row)
    if not isinstance(letter, DeadLetter):
        raise StoreError(f"expected a dead letter, found a {type(letter).__name__}")
    return letter


def _dead_order(letter: DeadLetter) -> tuple[str, str, int, int]:
    return letter.stage, letter.channel, letter.partition, letter.offset


def _same_file(one: Path, other: Path) -> bool:
    return one == other or one.resolve() == other.resolve()
