"""The stage that writes every channel into the store, so that people can look at it.

Run like any other stage by `foreshock.runner`; its rows join the runner's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from foreshock.channels import ALERTS, DEADLETTER, ITEMS, LATE, PANES, SCORED, SPIKES
from foreshock.records import Heartbeat
from foreshock.stage import Output, Received

HEARTBEAT_META: Final = "heartbeat_ms:"
ARCHIVED_META: Final = "archived_ms:"
_SEPARATOR: Final = "\x1f"  # in the keys of state: a watch, or a watch and a place


class ArchiveStage:
    """Keep all records. Of the heartbeats, keep two times per watch as facts of the run.

    `heartbeat_ms:<watch>` is the newest of news.scored, so it stands still when any stage up to the
    classifier does: a reader sees that, and says that what it shows is old.
    `archived_ms:<watch>` is the oldest of the newest in every partition of news.items and
    news.scored: all items before it are in the store, with their scores. Alerts wait for it.
    """

    name = "archive"
    inputs: tuple[str, ...] = (ITEMS, SCORED, PANES, SPIKES, ALERTS, LATE, DEADLETTER)

    def __init__(self, partitions: int = 1) -> None:
        self._places = [f"{c}/{p}" for c in (ITEMS, SCORED) for p in range(partitions)]
        self._newest: dict[str, int] = {}

    def restore(self, state: Mapping[str, bytes]) -> None:
        self._newest = {name: int(value) for name, value in state.items()}

    def handle(self, received: Sequence[Received]) -> Output:
        output = Output()
        for one in received:
            if not isinstance(one.record, Heartbeat):
                output.rows.append(one.record)
                continue
            place = f"{one.channel}/{one.partition}"
            if place in self._places:
                self._advance(f"{one.record.watch}{_SEPARATOR}{place}", one.record, output)
            if one.channel == SCORED:
                self._advance(one.record.watch, one.record, output)
        return output

    def _advance(self, name: str, heartbeat: Heartbeat, output: Output) -> None:
        if heartbeat.at_ms <= self._newest.get(name, -1):
            return
        self._newest[name] = heartbeat.at_ms
        output.state[name] = str(heartbeat.at_ms).encode()
        if name == heartbeat.watch:
            output.meta[HEARTBEAT_META + name] = str(heartbeat.at_ms)
            return
        reached = [
            self._newest.get(f"{heartbeat.watch}{_SEPARATOR}{place}", -1) for place in self._places
        ]
        output.meta[ARCHIVED_META + heartbeat.watch] = str(min(reached))
