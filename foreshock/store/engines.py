"""How the store's database is opened, and what its errors mean. Used by `sql_store` alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from foreshock.bus.sqlite_file import diagnose, prepare, uri_of
from foreshock.errors import StoreError, StoreUnavailable

BUSY_TIMEOUT_S: Final = 10.0
#: Connections that wait in the pool, and how many more may be open for a moment.
POOL, POOL_OVERFLOW = 4, 28


def path_of(place: str | Path) -> Path | None:
    """Return the file that `place` names (a path or an sqlite: URL), None for a server's URL.

    Raises StoreError for anything else.

    >>> path_of("sqlite:////var/run.db"), path_of("postgresql://db/foreshock")
    (PosixPath('/var/run.db'), None)
    """
    if isinstance(place, Path) or "://" not in place:
        return Path(place)
    try:
        url = make_url(place)
    except ArgumentError as error:
        raise StoreError("expected a path or a database URL, found neither") from error
    backend = url.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise StoreError(f"expected an SQLite file or a PostgreSQL URL, found one of {backend!r}")
    if backend == "postgresql":
        return None
    if not url.database:
        raise StoreError("expected an sqlite URL with a file, found one without")
    return Path(url.database)


def sqlite_engine(path: Path, *, writing: bool) -> Engine:
    """Return the engine of the file at `path`, that writes (and creates) it or only reads it.

    A writing transaction takes the lock when it begins, so that it never fails half-way; a reading
    one sees one snapshot. Own commits of the store are flushed to the disk: they are few, and "this
    message was sent" must not be taken back by a power cut.
    """

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri_of(path, "rwc" if writing else "rw"),
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            if writing:
                prepare(connection, "FULL")
            else:
                connection.execute("PRAGMA query_only=ON")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = create_engine(
        "sqlite+pysqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=POOL,
        max_overflow=POOL_OVERFLOW,
    )
    begin = "BEGIN IMMEDIATE" if writing else "BEGIN"

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "begin", on_begin)
    return engine


def server_engine(url: str, *, writing: bool) -> Engine:
    """Return the engine of a database server. Reading connections are read-only."""
    options: dict[str, Any] = {} if writing else {"postgresql_readonly": True}
    try:
        return create_engine(
            url,
            paramstyle="format",
            pool_size=POOL,
            max_overflow=POOL_OVERFLOW,
            execution_options=options,
        )
    except ModuleNotFoundError as error:
        raise StoreError(
            f"the database's driver is not installed: {error}",
            hint="install Foreshock with its extra: foreshock[postgres]",
        ) from error


@contextmanager
def mapped(where: object) -> Iterator[None]:
    """Turn what the driver raises into a StoreError; `where` is named, so it holds no password."""
    try:
        yield
    except sqlite3.Error as error:
        raise _from_sqlite(error, where) from error
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise _from_sqlite(error.orig, where) from error
        kind = StoreUnavailable if error.connection_invalidated else StoreError
        raise kind(f"database {where}: {error.orig}") from error
    except PoolTimeout as error:
        raise StoreUnavailable(f"database {where}: all connections are in use") from error
    except (SQLAlchemyError, OverflowError, UnicodeEncodeError) as error:
        raise StoreError(f"database {where}: {error}") from error


def _from_sqlite(error: sqlite3.Error, where: object) -> StoreError:
    found = diagnose(error, str(where))
    kind = StoreUnavailable if found.outside else StoreError
    return kind(found.message, hint=found.hint)
