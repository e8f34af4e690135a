"""The detector on history: known events are found in time, and quiet weeks stay quiet."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

MINUTE_MS = 60_000
DAY_MS = 86_400_000


def speaks_of(spike: dict[str, Any], words: frozenset[str]) -> bool:
    """Return whether a whole word of `words` stands in the spike's key, terms or titles."""
    texts = [spike["key"], *spike["terms"], *(story["title"] for story in spike["stories"])]
    return any(
        re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text.lower())
        for word in words
        for text in texts
    )


@pytest.mark.parametrize(
    ("window", "event_id"),
    [("lehman_tarp_2008", "tarp_2008"), ("fukushima_2011", "fukushima_2011")],
)
def test_event_is_found_within_an_hour(
    window: str, event_id: str, play_window: Callable[[str], Any], events: dict[str, Any]
) -> None:
    event = events[event_id]
    spikes = play_window(window).rows("spikes.jsonl")
    minutes = [
        (spike["pane_end_ms"] - event.event_ms) / MINUTE_MS
        for spike in spikes
        if speaks_of(spike, event.words)
    ]
    assert any(0 <= minute <= 60 for minute in minutes), sorted(minutes, key=abs)[:5]


def test_quiet_weeks_stay_quiet(play_window: Callable[[str], Any]) -> None:
    played = play_window("control_2012")
    panes = [pane["pane_end_ms"] for pane in played.rows("panes.jsonl") if pane["key"] == "all"]
    days = (max(panes) - min(panes)) / DAY_MS
    alarms = len(played.rows("spikes.jsonl"))
    assert alarms / days <= 2, f"{alarms} alarms in {days:.1f} days"


def test_a_window_goes_through_every_stage_whole(play_window: Callable[[str], Any]) -> None:
    played = play_window("fukushima_2011")
    report = played.report
    items = played.rows("items.jsonl")
    panes = [pane for pane in played.rows("panes.jsonl") if pane["key"] == "all"]
    assert report["items"] == len(items) == len({item["item_id"] for item in items})
    assert report["items"] == report["played"]
    assert report["items"] + report["rejected_by_reason"].get("repeated", 0) == report["selected"]
    readable = [item for item in items if item["uncounted"] != "language"]
    assert report["scores"] == len(readable)
    counted = [item for item in items if item["uncounted"] == ""]
    assert sum(pane["items"] for pane in panes) + report["late"] == len(counted)
    assert sum(pane["stories"] for pane in panes) == sum(item["lead"] for item in counted)
