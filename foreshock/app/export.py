"""Write what a run found as JSON lines that two runs can be compared by with cmp.

Files: items.jsonl, scores.jsonl, panes.jsonl, spikes.jsonl, alerts.jsonl, each even if empty, in
canonical order. Called by `foreshock replay --export`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from foreshock.records import Alert, Pane, Record, ScoredItem, Spike, StoryItem
from foreshock.store.base import Store

FILES = ("items.jsonl", "scores.jsonl", "panes.jsonl", "spikes.jsonl", "alerts.jsonl")
_SCORE_CONTEXT = ("item_id", "story_id", "watch", "at_ms", "lead", "uncounted", "keys")


def export(store: Store, directory: Path) -> dict[str, int]:
    """Write the five files into `directory` (made if missing) and return their numbers of rows."""
    directory.mkdir(parents=True, exist_ok=True)
    rows: tuple[tuple[str, type[Record], Callable[[Any], dict[str, Any]]], ...] = (
        ("items.jsonl", StoryItem, _plain),
        ("scores.jsonl", ScoredItem, _score_row),
        ("panes.jsonl", Pane, _plain),
        ("spikes.jsonl", Spike, lambda spike: _spike_row(spike, store)),
        ("alerts.jsonl", Alert, _plain),
    )
    return {
        name: _write(directory / name, map(to_row, store.export(kind)))
        for name, kind, to_row in rows
    }


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    encoder = msgspec.json.Encoder()
    count = 0
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        for row in rows:
            file.write(encoder.encode(row) + b"\n")
            count += 1
    partial.replace(path)
    return count


def _plain(record: Record) -> dict[str, Any]:
    return {
        name: getattr(record, name)
        for name in record.__struct_fields__
        if name not in ("v", "type")
    }


def _score_row(item: ScoredItem) -> dict[str, Any]:
    row = {name: getattr(item, name) for name in _SCORE_CONTEXT}
    if item.score is not None:
        row |= {name: getattr(item.score, name) for name in item.score.__struct_fields__}
        row["polarity_micro"] = item.score.polarity_micro
    return row


def _spike_row(spike: Spike, store: Store) -> dict[str, Any]:
    found = store.evidence(spike.story_ids)
    row = _plain(spike)
    row["stories_in_window"] = row.pop("stories")
    row["stories"] = [
        {
            "id": story.id,
            "title": story.title,
            "publisher": story.publisher,
            "url": story.url,
        }
        for story_id in spike.story_ids
        if (story := found.get(story_id)) is not None
    ]
    del row["story_ids"]
    return row
