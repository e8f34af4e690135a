"""The statements that write, compiled once per dialect from the tables of `schema`.

All of them take rows as positional parameters, so that one text serves SQLAlchemy's connections and
the bus's own connection alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ClauseElement, Dialect, Table, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite

from foreshock.errors import StoreError
from foreshock.store import schema

#: What to do with a row whose primary key is known, by table; elsewhere the known row stays. A row
#: replaces the known one where this is true of the two: (known, new) -> condition.
_Condition = Callable[[Any, Any], Any]
_REPLACE_WHERE: Mapping[Table, _Condition] = {
    # a spike comes when it starts and when it ends; the start never undoes the end
    schema.spikes: lambda _, new: new.ended_at_ms.is_not(None),
    schema.alerts: lambda known, new: new.updated_at_ms >= known.updated_at_ms,
}


class Statements:
    """SQL text for one dialect. Raises StoreError for a dialect that has no upsert."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._insert = _insert_of(dialect)
        self._texts: dict[tuple[str, Table], str] = {}

    def write(self, table: Table) -> str:
        """Return the insert of a record's row: idempotent, a later state replaces an earlier."""
        return self._text("write", table, lambda: self._write(table))

    def replace(self, table: Table) -> str:
        """Return the insert that replaces a row with a known primary key."""
        return self._text("replace", table, lambda: self._upsert(table, None))

    def mark_outbox(self) -> str:
        """Return the update of (state, attempts, next_try_ms, error) of one message.

        Its key (alert_id, change, notifier) follows the values.
        """
        return self._text(
            "mark",
            schema.outbox,
            lambda: _update(
                schema.outbox,
                ("state", "attempts", "next_try_ms", "error"),
                ("alert_id", "change", "notifier"),
            ),
        )

    def mark_deadletter(self) -> str:
        """Return the update of (state) of (dead_id), unless it is in that state (named again)."""
        letters = schema.deadletters
        return self._text(
            "mark",
            letters,
            lambda: _update(letters, ("state",), ("dead_id",)).where(
                letters.c.state != bindparam("not_state")
            ),
        )

    def _write(self, table: Table) -> ClauseElement:
        where = _REPLACE_WHERE.get(table)
        if where is not None:
            return self._upsert(table, where)
        statement: ClauseElement = self._insert(table).on_conflict_do_nothing()
        return statement

    def _upsert(self, table: Table, where: _Condition | None) -> ClauseElement:
        insert = self._insert(table)
        keys = {column.name for column in table.primary_key}
        new = {name: insert.excluded[name] for name in table.columns.keys() if name not in keys}  # noqa: SIM118
        statement: ClauseElement = insert.on_conflict_do_update(
            index_elements=sorted(keys),
            set_=new,
            where=None if where is None else where(table.c, insert.excluded),
        )
        return statement

    def _text(self, use: str, table: Table, make: Callable[[], ClauseElement]) -> str:
        key = (use, table)
        if key not in self._texts:
            self._texts[key] = str(make().compile(dialect=self._dialect))
        return self._texts[key]


def _insert_of(dialect: Dialect) -> Callable[[Table], Any]:
    if dialect.name == "sqlite":
        return sqlite.insert
    if dialect.name == "postgresql":
        return postgresql.insert
    raise StoreError(f"expected SQLite or PostgreSQL, found {dialect.name}")


def _update(table: Table, changed: tuple[str, ...], keys: tuple[str, ...]) -> Any:
    statement = update(table).values({name: bindparam(f"new_{name}") for name in changed})
    for name in keys:
        statement = statement.where(table.c[name] == bindparam(f"of_{name}"))
    return statement
