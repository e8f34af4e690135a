"""Spikes, headlines and messages for the tests of alerts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from alerts.notification import Notification
from alerts.rules import Change
from foreshock.records import Alert, AlertState, Evidence, Spike

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
START_MS = 1_700_000_000_000 - 1_700_000_000_000 % HOUR_MS


@pytest.fixture
def make_spike() -> Callable[..., Spike]:
    def make(spike_id: str = "s1", **fields: Any) -> Spike:
        defaults: dict[str, Any] = {
            "spike_id": spike_id,
            "watch": "main",
            "key": "ticker:YES",
            "pane_end_ms": START_MS,
            "window_ms": HOUR_MS,
            "detector_version": "d1",
            "theta_hash": "t1",
            "theta": 4.5,
            "surprise": 6.0,
            "observed": 14,
            "usual": 3.1,
            "stories": 20,
            "usual_negative_share": 0.28,
            "publishers": ("a", "b"),
            "terms": (),
            "story_ids": ("n1", "n2", "n3", "n4"),
            "reason": "YES: 14 negative stories in the last hour; 3.1 is usual.",
        }
        return Spike(**{**defaults, **fields})

    return make


@pytest.fixture
def make_evidence() -> Callable[..., Evidence]:
    def make(story_id: str, **fields: Any) -> Evidence:
        defaults: dict[str, Any] = {
            "id": story_id,
            "title": f"Headline {story_id}",
            "publisher": "Wire",
            "url": f"https://news.example/{story_id}",
            "at_ms": START_MS,
            "polarity_micro": -800_000,
        }
        return Evidence(**{**defaults, **fields})

    return make


@pytest.fixture
def make_message(make_evidence: Callable[..., Evidence]) -> Callable[..., Notification]:
    def make(change: Change = Change.FIRING, **fields: Any) -> Notification:
        outer = {name: fields.pop(name) for name in ("simulated", "name") if name in fields}
        defaults: dict[str, Any] = {
            "alert_id": "a" * 32,
            "watch": "main",
            "state": AlertState.RESOLVED if change is Change.RESOLVED else AlertState.FIRING,
            "title": "Yes Bank: 14 negative stories in an hour",
            "reason": "Yes Bank: 14 negative stories in the last hour; 3.1 is usual.",
            "keys": ("ticker:YES", "topic:banks"),
            "spike_ids": ("s1",),
            "evidence": (make_evidence("n1", copies=2), make_evidence("n2")),
            "surprise": 6.0,
            "started_at_ms": START_MS,
            "updated_at_ms": START_MS,
            "resolved_at_ms": START_MS + HOUR_MS if change is Change.RESOLVED else None,
        }
        alert = Alert(**{**defaults, **fields})
        return Notification(
            **{"alert": alert, "change": change, "name": change.value, "sequence": 1, **outer}
        )

    return make
