"""What the alert stage asks of the store: how far it is, what is silenced, who has taken what on.

The program hands these to `alerts.stage`; the stage itself knows no store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select

from alerts.silences import Silence
from foreshock.archive import ARCHIVED_META
from foreshock.store.schema import silences

if TYPE_CHECKING:
    from foreshock.store.base import Store


def archived_until(store: Store) -> Callable[[str], int | None]:
    """Return a function from a watch to the event time up to which `store` holds all its items,
    -1 while it holds none. It raises StoreUnavailable.
    """

    def look(watch: str) -> int:
        return int(store.get_meta().get(ARCHIVED_META + watch, "-1"))

    return look


def silences_at(store: Store) -> Callable[[int], Sequence[Silence]]:
    """Return a function from an event time to the silences that are in force then, by id.

    It raises StoreUnavailable.
    """

    def look(at_ms: int) -> list[Silence]:
        columns = (
            silences.c.silence_id,
            silences.c.key_pattern,
            silences.c.until_ms,
            silences.c.comment,
        )
        query = select(*columns).where(silences.c.until_ms > at_ms).order_by(silences.c.silence_id)
        with store.connect() as connection:
            return [Silence(*row) for row in connection.execute(query)]

    return look
