"""Reads from the store: every SQL statement of the dashboard. Called by `snapshot` and `detail`.

All of them run on an index and are bounded, so that a refresh each second costs next to nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from sqlalchemy import and_, func, not_, or_, select

from dashboard.history import Counts
from dashboard.names import ALL
from foreshock.codec import decode
from foreshock.records import Alert, Spike
from foreshock.store.schema import LEAD, alerts, item_keys, items, meta, panes, scores, spikes

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, FromClause, Select, Table

MAX_SPIKES: Final = 500
MAX_ALERTS: Final = 30
MAX_HEADLINES: Final = 25
MAX_TERM_STORIES: Final = 200
_CHUNK: Final = 400
R = TypeVar("R", Spike, Alert)


@dataclass(frozen=True, slots=True)
class PaneRow:
    """One pane as the dashboard needs it."""

    watch: str
    key: str
    end_ms: int
    width_ms: int
    counts: Counts


@dataclass(frozen=True, slots=True)
class Headline:
    """One lead item with its score; `copies` counts further items of its story."""

    item_id: str
    title: str
    publisher: str
    url: str
    at_ms: int
    negative: bool
    negative_micro: int
    neutral_micro: int
    positive_micro: int
    copies: int = 0


def read_meta(connection: Connection) -> dict[str, str]:
    """Return the facts of the run."""
    return {row.name: row.value for row in connection.execute(select(meta))}


def read_watches(connection: Connection) -> list[str]:
    """Return every watch that has panes. Scans an index: called once, where no heartbeat tells."""
    return list(connection.scalars(select(panes.c.watch).distinct().order_by(panes.c.watch)))


def newest_pane(connection: Connection) -> int | None:
    """Return the end of the newest pane; None where there is none."""
    newest: int | None = connection.scalar(select(func.max(panes.c.pane_end_ms)))
    return newest


def read_panes(
    connection: Connection, watch: str, since_ms: int, terms: Collection[str]
) -> Iterable[PaneRow]:
    """Yield panes of a watch with pane_end_ms >= `since_ms` in time order.

    Of the emerging keys only those in `terms`: there are thousands, and nobody looks at most.
    """
    known = not_(panes.c.key.startswith("term:"))
    wanted = or_(known, panes.c.key.in_(sorted(terms))) if terms else known
    # in a form that no index serves: by the primary key SQLite would read every pane of the watch
    of_watch = panes.c.watch.concat("") == watch
    return _panes(connection, watch, and_(panes.c.pane_end_ms >= since_ms, of_watch, wanted))


def read_key_panes(
    connection: Connection, watch: str, key: str, since_ms: int
) -> Iterable[PaneRow]:
    """Yield panes of one key of a watch with pane_end_ms >= `since_ms` in time order."""
    columns = panes.c
    condition = and_(columns.watch == watch, columns.key == key, columns.pane_end_ms >= since_ms)
    return _panes(connection, watch, condition)


def _panes(connection: Connection, watch: str, condition: ColumnElement[bool]) -> Iterable[PaneRow]:
    columns = panes.c
    statement = (
        select(
            columns.key,
            columns.pane_end_ms,
            columns.width_ms,
            columns.stories,
            columns.negative_stories,
            columns["items"],
        )
        .where(condition)
        .order_by(columns.pane_end_ms)
    )
    for key, end_ms, width_ms, stories, negative, copies in connection.execute(statement):
        yield PaneRow(watch, key, end_ms, width_ms, Counts(stories, negative, copies))


class _Decoded(Generic[R]):
    """Records by id and state, each decoded once. Owned by one reader; not for several threads."""

    def __init__(self, table: Table, id_name: str, kind: type[R]) -> None:
        self._table = table
        self._id = table.c[id_name]
        self._kind: type[R] = kind
        self._known: dict[tuple[Any, ...], R] = {}

    def read(self, connection: Connection, heads: Select[Any]) -> tuple[R, ...]:
        """Return the records that `heads` selects (id first, then what changes), in its order."""
        found = [tuple(row) for row in connection.execute(heads)]
        missing = {head[0]: head for head in found if head not in self._known}
        for chunk in _chunks(list(missing)):
            bodies = select(self._id, self._table.c.body).where(self._id.in_(chunk))
            for record_id, body in connection.execute(bodies):
                record = decode(body)
                if isinstance(record, self._kind):
                    self._known[missing[record_id]] = record
        self._known = {head: self._known[head] for head in found if head in self._known}
        return tuple(self._known.values())


class SpikeReader(_Decoded[Spike]):
    """Recent spikes."""

    def __init__(self) -> None:
        super().__init__(spikes, "spike_id", Spike)

    def read_since(self, connection: Connection, since_ms: int) -> tuple[Spike, ...]:
        """Return at most MAX_SPIKES spikes that fired at or after `since_ms`, newest first."""
        heads = (
            select(spikes.c.spike_id, spikes.c.ended_at_ms)
            .where(spikes.c.pane_end_ms >= since_ms)
            .order_by(spikes.c.pane_end_ms.desc(), spikes.c.key)
            .limit(MAX_SPIKES)
        )
        return self.read(connection, heads)


class AlertReader(_Decoded[Alert]):
    """The newest alerts, in whatever part of their life they are."""

    def __init__(self) -> None:
        super().__init__(alerts, "alert_id", Alert)

    def read_newest(self, connection: Connection) -> tuple[Alert, ...]:
        """Return the newest MAX_ALERTS alerts, newest first."""
        heads = (
            select(alerts.c.alert_id, alerts.c.state, alerts.c.updated_at_ms)
            .order_by(alerts.c.started_at_ms.desc(), alerts.c.alert_id)
            .limit(MAX_ALERTS)
        )
        return self.read(connection, heads)


def read_headlines(
    connection: Connection, watches: Collection[str], key: str, after_ms: int, until_ms: int
) -> list[Headline]:
    """Return lead items under a key with at_ms in [after_ms, until_ms), newest first.

    The newest MAX_HEADLINES negative ones and the newest MAX_HEADLINES of all. A term stands in
    panes alone, so its headlines are its negative leads.
    """
    source: FromClause = items
    condition: ColumnElement[bool]
    at_ms, item_id = items.c.at_ms, items.c.item_id
    if key.startswith("term:"):
        condition = items.c.item_id.in_(_term_stories(connection, watches, key, after_ms, until_ms))
    elif key == ALL:
        condition = and_(items.c.at_ms >= after_ms, items.c.at_ms < until_ms)
    else:
        condition = and_(
            item_keys.c.key == key, item_keys.c.at_ms >= after_ms, item_keys.c.at_ms < until_ms
        )
        source = item_keys.join(items, items.c.item_id == item_keys.c.item_id)
        at_ms, item_id = item_keys.c.at_ms, item_keys.c.item_id
    statement = (
        select(
            items.c.item_id,
            items.c.title,
            items.c.publisher,
            items.c.url,
            items.c.at_ms,
            scores.c.negative,
            scores.c.negative_micro,
            scores.c.neutral_micro,
            scores.c.positive_micro,
        )
        .select_from(source.join(scores, scores.c.item_id == items.c.item_id))
        .where(condition, LEAD, items.c.uncounted == "")
        # as the indexes are sorted: reading stops as soon as there are enough
        .order_by(at_ms.desc(), item_id.desc())
        .limit(MAX_HEADLINES)
    )
    found: dict[str, Headline] = {}
    for chosen in (statement, statement.where(scores.c.negative)):
        for row in connection.execute(chosen):
            found.setdefault(row.item_id, Headline(**row._mapping))
    newest = sorted(found.values(), key=lambda headline: (-headline.at_ms, headline.item_id))
    return _with_copies(connection, newest)


def _with_copies(connection: Connection, headlines: Sequence[Headline]) -> list[Headline]:
    counted = (
        select(items.c.story_id, func.count())
        .where(items.c.story_id.in_([headline.item_id for headline in headlines]))
        .group_by(items.c.story_id)
    )
    sizes: dict[str, int] = {row[0]: row[1] for row in connection.execute(counted)}
    return [
        replace(headline, copies=max(0, sizes.get(headline.item_id, 1) - 1))
        for headline in headlines
    ]


def _term_stories(
    connection: Connection, watches: Collection[str], key: str, after_ms: int, until_ms: int
) -> list[str]:
    statement = (
        select(panes.c.negative_leads)
        .where(
            panes.c.watch.in_(sorted(watches)),
            panes.c.key == key,
            panes.c.pane_end_ms > after_ms,
            panes.c.pane_end_ms <= until_ms,
            panes.c.negative_stories > 0,
        )
        .order_by(panes.c.pane_end_ms.desc())
        .limit(MAX_TERM_STORIES)
    )
    found: list[str] = []
    for text in connection.scalars(statement):
        found.extend(json.loads(text))
    return found[:MAX_TERM_STORIES]


def _chunks(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]
