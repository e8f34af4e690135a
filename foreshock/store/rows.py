"""Records to table rows and back. Rows have every column of their table, in its order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Table

from foreshock.codec import decode, encode
from foreshock.errors import StoreError
from foreshock.records import (
    Alert,
    AnyRecord,
    DeadLetter,
    LateItem,
    OutboxRow,
    OutboxState,
    Pane,
    Record,
    Score,
    ScoredItem,
    Spike,
    StoryItem,
    Uncounted,
)
from foreshock.store import schema

Row = tuple[Any, ...]

#: An item stands in item_keys under keys that begin so; terms are found through panes.
LISTED_KEYS = ("topic:", "ticker:")
WAITING = "waiting"

_encoder = msgspec.json.Encoder()
_texts = msgspec.json.Decoder(tuple[str, ...])
_topics = msgspec.json.Decoder(tuple[tuple[str, int], ...])


def records_to_rows(records: Iterable[AnyRecord]) -> dict[Table, list[Row]]:
    """Return the rows of `records` by table. Raises StoreError for a kind that has no table."""
    rows: dict[Table, list[Row]] = {}
    for record in records:
        try:
            to_rows = _TO_ROWS[type(record)]
        except KeyError:
            raise StoreError(
                f"expected a record that the store keeps, found a {type(record).__name__}"
            ) from None
        for table, row in to_rows(record):
            rows.setdefault(table, []).append(row)
    return rows


def item_to_row(item: StoryItem) -> Row:
    """Return the `items` row of a story item."""
    return (
        item.item_id,
        item.entry_id,
        item.watch,
        item.source,
        item.publisher,
        item.title,
        item.text,
        item.url,
        item.language,
        _json(item.tickers),
        item.published_at_ms,
        item.seen_at_ms,
        item.at_ms,
        item.story_id,
        item.lead,
        item.uncounted.value,
    )


def row_to_item(row: Sequence[Any]) -> StoryItem:
    """Return the story item of an `items` row."""
    return StoryItem(**_item_fields(row))


def row_to_scored_item(row: Sequence[Any]) -> ScoredItem:
    """Return the scored item of an `items` row that is followed by its `scores` row (or NULLs)."""
    fields = _item_fields(row)
    _, version, _, digest, negative, neutral, positive, _, verdict, topics, tokens, cut, keys = row[
        len(schema.items.columns) :
    ]
    if version is None:
        return ScoredItem(**fields, score=None)
    score = Score(
        model_version=version,
        input_hash=digest,
        negative_micro=negative,
        neutral_micro=neutral,
        positive_micro=positive,
        negative=bool(verdict),
        topics=_topics.decode(topics),
        tokens=tokens,
        truncated=bool(cut),
    )
    return ScoredItem(**fields, score=score, keys=_texts.decode(keys))


def row_to_pane(row: Sequence[Any]) -> Pane:
    """Return the pane of a `panes` row."""
    fields = dict(zip(schema.panes.columns.keys(), row, strict=True))
    fields["publishers"] = _texts.decode(fields["publishers"])
    fields["negative_leads"] = _texts.decode(fields["negative_leads"])
    return Pane(**fields)


def row_to_body(row: Sequence[Any]) -> AnyRecord:
    """Return the record that a row keeps whole, in its only column."""
    return decode(bytes(row[0]))


def outbox_to_row(message: OutboxRow) -> Row:
    """Return the `outbox` row of a message that is new."""
    key = (message.alert_id, message.change, message.notifier)
    return (*key, OutboxState.PENDING.value, 0, 0, "", message.body)


def mapping_to_row(table: Table, row: Mapping[str, Any]) -> Row:
    """Return `row` in the order of the table's columns. Raises StoreError if one is missing."""
    names = table.columns.keys()
    if row.keys() != set(names):
        raise StoreError(
            f"expected the columns {', '.join(names)} of {table.name}, found {', '.join(row)}"
        )
    return tuple(row[name] for name in names)


def _item_fields(row: Sequence[Any]) -> dict[str, Any]:
    fields = dict(zip(schema.items.columns.keys(), row, strict=False))
    fields["tickers"] = _texts.decode(fields["tickers"])
    fields["lead"] = bool(fields["lead"])
    fields["uncounted"] = Uncounted(fields["uncounted"])
    return fields


def _item_rows(item: StoryItem) -> Iterator[tuple[Table, Row]]:
    yield schema.items, item_to_row(item)


def _scored_rows(item: ScoredItem) -> Iterator[tuple[Table, Row]]:
    score = item.score
    if score is None:
        yield schema.unscored, (item.item_id,)
        return
    yield (
        schema.scores,
        (
            item.item_id,
            score.model_version,
            item.at_ms,
            score.input_hash,
            score.negative_micro,
            score.neutral_micro,
            score.positive_micro,
            score.polarity_micro,
            score.negative,
            _json(score.topics),
            score.tokens,
            score.truncated,
            _json(item.keys),
        ),
    )
    for key in item.keys:
        if key == "all" or key.startswith(LISTED_KEYS):
            yield schema.item_keys, (key, item.at_ms, item.item_id)


def _pane_rows(pane: Pane) -> Iterator[tuple[Table, Row]]:
    yield (
        schema.panes,
        (
            pane.watch,
            pane.key,
            pane.pane_end_ms,
            pane.width_ms,
            pane.stories,
            pane.negative_stories,
            pane.items,
            pane.polarity_sum,
            pane.polarity_sq_sum,
            _json(pane.publishers),
            _json(pane.negative_leads),
        ),
    )


def _spike_rows(spike: Spike) -> Iterator[tuple[Table, Row]]:
    place = (spike.spike_id, spike.watch, spike.key, spike.pane_end_ms, spike.ended_at_ms)
    yield schema.spikes, (*place, spike.surprise, encode(spike))


def _alert_rows(alert: Alert) -> Iterator[tuple[Table, Row]]:
    times = (alert.started_at_ms, alert.updated_at_ms, alert.resolved_at_ms)
    place = (alert.alert_id, alert.watch, alert.state.value)
    yield schema.alerts, (*place, *times, alert.surprise, encode(alert))


def _late_rows(late: LateItem) -> Iterator[tuple[Table, Row]]:
    place = (late.item.item_id, late.watch, late.item.at_ms, late.watermark_ms)
    yield schema.late, (*place, encode(late))


def _dead_rows(letter: DeadLetter) -> Iterator[tuple[Table, Row]]:
    place = (letter.dead_id, letter.stage, letter.channel, letter.reason, letter.error)
    yield schema.deadletters, (*place, WAITING, encode(letter))


def _json(values: tuple[Any, ...]) -> str:
    return _encoder.encode(values).decode() if values else "[]"


_TO_ROWS: Mapping[type[Record], Callable[[Any], Iterator[tuple[Table, Row]]]] = {
    StoryItem: _item_rows,
    ScoredItem: _scored_rows,
    Pane: _pane_rows,
    Spike: _spike_rows,
    Alert: _alert_rows,
    LateItem: _late_rows,
    DeadLetter: _dead_rows,
}
