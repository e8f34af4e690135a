"""The channels between the stages: names, what travels on each, and how records are keyed."""

from __future__ import annotations

from dataclasses import dataclass

FETCHED = "news.fetched"
ITEMS = "news.items"
SCORED = "news.scored"
PANES = "sentiment.panes"
SPIKES = "sentiment.spikes"
ALERTS = "alerts"
LATE = "news.late"
DEADLETTER = "news.deadletter"


@dataclass(frozen=True)
class Channel:
    """One channel.

    `keyed_by` names the record field that decides the partition (order holds within a key);
    `scalable` channels may have several partitions, the others have one.
    """

    name: str
    keyed_by: str
    carries: str
    scalable: bool = False


CHANNELS: tuple[Channel, ...] = (
    Channel(FETCHED, "watch", "Item and Heartbeat, in the order of the world within a watch"),
    Channel(ITEMS, "story_id", "StoryItem; a Heartbeat goes to every partition", scalable=True),
    Channel(SCORED, "story_id", "ScoredItem and Heartbeat, partition by partition", scalable=True),
    Channel(PANES, "watch", "Pane, tick by tick in key order"),
    Channel(SPIKES, "watch", "Spike: once when it starts, once when it ends"),
    Channel(ALERTS, "alert_id", "Alert: each change of its life"),
    Channel(LATE, "watch", "LateItem"),
    Channel(DEADLETTER, "stage", "DeadLetter"),
)
NAMES: tuple[str, ...] = tuple(channel.name for channel in CHANNELS)
