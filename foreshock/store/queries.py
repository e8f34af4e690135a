"""The selects behind counts, exports and evidence. Used by `sql_store` alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Table, func, or_, select

from foreshock.records import (
    Alert,
    Evidence,
    LateItem,
    Pane,
    Record,
    ScoredItem,
    Spike,
    StoryItem,
)
from foreshock.store import schema
from foreshock.store.rows import row_to_body, row_to_item, row_to_pane, row_to_scored_item

_COUNTED: Final = {
    "items": schema.items,
    "scores": schema.scores,
    "panes": schema.panes,
    "spikes": schema.spikes,
    "alerts": schema.alerts,
    "late": schema.late,
    "deadletters": schema.deadletters,
}


def count_all(connection: Connection) -> dict[str, int]:
    """Return the number of rows by what they are; `stories` are the leads among the items."""
    numbers = {
        name: select(func.count()).select_from(table).scalar_subquery().label(name)
        for name, table in _COUNTED.items()
    }
    leads = select(func.count()).select_from(schema.items).where(schema.LEAD)
    numbers["stories"] = leads.scalar_subquery().label("stories")
    row = connection.execute(select(*numbers.values())).one()
    return {name: row._mapping[name] for name in ("items", "stories", *list(_COUNTED)[1:])}


def _scored_items() -> Select[Any]:
    items, scores, unscored = schema.items, schema.scores, schema.unscored
    return (
        select(items, scores)
        .outerjoin(scores, scores.c.item_id == items.c.item_id)
        .outerjoin(unscored, unscored.c.item_id == items.c.item_id)
        .where(or_(scores.c.item_id.is_not(None), unscored.c.item_id.is_not(None)))
        .order_by(items.c.at_ms, items.c.item_id, scores.c.model_version)
    )


def _by_time(table: Table, *columns: str) -> Select[Any]:
    return select(table.c.body).order_by(*(table.c[name] for name in columns))


EXPORTS: Final[Mapping[type[Record], tuple[Select[Any], Callable[[Any], Record]]]] = {
    StoryItem: (
        select(schema.items).order_by(schema.items.c.at_ms, schema.items.c.item_id),
        row_to_item,
    ),
    ScoredItem: (_scored_items(), row_to_scored_item),
    Pane: (
        select(schema.panes).order_by(
            schema.panes.c.pane_end_ms, schema.panes.c.watch, schema.panes.c.key
        ),
        row_to_pane,
    ),
    Spike: (_by_time(schema.spikes, "pane_end_ms", "watch", "key", "spike_id"), row_to_body),
    Alert: (_by_time(schema.alerts, "started_at_ms", "alert_id"), row_to_body),
    LateItem: (_by_time(schema.late, "at_ms", "item_id"), row_to_body),
}


def find_evidence(
    connection: Connection, story_ids: Sequence[str], before_ms: int | None = None
) -> Iterator[tuple[str, Evidence]]:
    """Yield evidence by story id; a lead scored by several models has the last version's score.

    Copies count if their at_ms is before `before_ms` (None: all).
    """
    items, scores = schema.items, schema.scores
    copies: dict[str, int] = {
        story_id: count - 1
        for story_id, count in connection.execute(
            select(items.c.story_id, func.count())
            .where(items.c.story_id.in_(story_ids), *_before(before_ms))
            .group_by(items.c.story_id)
        )
    }
    columns = (items.c.title, items.c.publisher, items.c.url, items.c.at_ms)
    rows = connection.execute(
        select(items.c.item_id, *columns, scores.c.polarity_micro)
        .join(scores, scores.c.item_id == items.c.item_id)
        .where(items.c.item_id.in_(story_ids))
        .order_by(scores.c.model_version)
    )
    for story_id, title, publisher, url, at_ms, polarity in rows:
        yield (
            story_id,
            Evidence(
                id=story_id,
                title=title,
                publisher=publisher,
                url=url,
                at_ms=at_ms,
                polarity_micro=polarity,
                copies=copies.get(story_id, 0),
            ),
        )


def _before(before_ms: int | None) -> list[ColumnElement[bool]]:
    return [] if before_ms is None else [schema.items.c.at_ms < before_ms]
