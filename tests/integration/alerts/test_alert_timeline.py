"""Acceptance: what people get, and when, declared as a timeline.

Real bus, store, runner, stage and sender in one file on disk; the clock is ours, a step is a
minute, and the notifiers are told when to be broken. A restart makes everything anew from the file.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts.lookups import archived_until, silences_at
from alerts.notification import Notification
from alerts.outbox import Sender
from alerts.stage import AlertStage
from foreshock.archive import ArchiveStage
from foreshock.bus.sqlite_bus import SqliteBus
from foreshock.channels import CHANNELS, ITEMS, SCORED, SPIKES
from foreshock.clock import ManualClock
from foreshock.errors import NotifierError, StoreUnavailable
from foreshock.records import Alert, Heartbeat, Score, ScoredItem, Spike, StoryItem
from foreshock.runner import StageRunner
from foreshock.stage import to_message
from foreshock.store.schema import silences
from foreshock.store.sql_store import open_store

MINUTE_MS = 60_000
STEP = 1
START_MS = 1_700_000_000_000 - 1_700_000_000_000 % MINUTE_MS


@dataclass(frozen=True, order=True)
class At:
    """A moment, in minutes from the start."""

    minute: float


@dataclass(frozen=True)
class Between:
    """A stretch of time, in minutes, both ends in it."""

    first: float
    last: float

    def holds(self, minute: float) -> bool:
        return self.first <= minute <= self.last


@dataclass
class Phone:
    """A notifier that writes down when it got what, and is broken when told."""

    name: str
    minute: Callable[[], float]
    broken: list[Between] = field(default_factory=list)
    got: list[tuple[float, str, str]] = field(default_factory=list)

    def send(self, message: Notification) -> None:
        if any(stretch.holds(self.minute()) for stretch in self.broken):
            raise NotifierError(f"{self.name} answered 500")
        assert message.alert.evidence
        self.got.append((self.minute(), message.name, message.alert.keys[0]))


class Timeline:
    """Declare what happens and what is wanted, then `run`."""

    def __init__(self, file: Path, *phones: str) -> None:
        self._file = file
        self._clock = ManualClock(START_MS)
        self._events: list[tuple[At, Callable[[], None]]] = []
        self._wants: list[tuple[Between, str, str, str]] = []
        self.phones = {name: Phone(name, self._minute) for name in phones}
        self._spikes: dict[str, Spike] = {}
        self._late_archive: list[Between] = []
        self._open()

    def news(self, at: At, *stories: str) -> None:
        self._on(at, lambda: self._publish_news(stories))

    def spike(self, at: At, key: str, spike_id: str, *stories: str) -> None:
        spike = Spike(
            spike_id=spike_id,
            watch="main",
            key=key,
            pane_end_ms=_ms(at.minute),
            window_ms=60 * MINUTE_MS,
            detector_version="d",
            theta_hash="t",
            theta=4.5,
            surprise=6.0,
            observed=len(stories),
            usual=1.0,
            stories=9,
            usual_negative_share=0.2,
            publishers=("a", "b"),
            terms=(),
            story_ids=stories,
            reason=f"{key}: many negative stories.",
        )
        self._spikes[spike_id] = spike
        self._on(at, lambda: self._publish(SPIKES, spike))

    def ends(self, at: At, spike_id: str) -> None:
        over = msgspec.structs.replace(self._spikes[spike_id], ended_at_ms=_ms(at.minute))
        self._on(at, lambda: self._publish(SPIKES, over))

    def silence(self, at: At, pattern: str, until: At) -> None:
        row = {
            "silence_id": pattern,
            "key_pattern": pattern,
            "until_ms": _ms(until.minute),
            "comment": "",
        }
        self._on(at, lambda: self._store.upsert(silences, [row]))

    def breaks(self, stretch: Between, phone: str) -> None:
        self.phones[phone].broken.append(stretch)

    def archive_stands_still(self, stretch: Between) -> None:
        self._late_archive.append(stretch)

    def restart(self, at: At) -> None:
        self._on(at, self._reopen)

    def want(self, stretch: Between, phone: str, change: str, key: str) -> None:
        self._wants.append((stretch, phone, change, key))

    def run(self, until: At) -> list[Alert]:
        """Let time pass, check what people got, and return the alerts in the store."""
        pending = sorted(self._events, key=lambda event: event[0])
        while self._minute() <= until.minute:
            while pending and pending[0][0].minute <= self._minute():
                pending.pop(0)[1]()
            self._step()
            self._clock.advance(round(STEP * MINUTE_MS))
        self._check()
        alerts = list(self._store.export(Alert))
        self.close()
        return alerts

    def close(self) -> None:
        self._store.close()
        self._bus.close()

    def _check(self) -> None:
        for name, phone in self.phones.items():
            wanted = [(change, key) for _, to, change, key in self._wants if to == name]
            assert [(change, key) for _, change, key in phone.got] == wanted
            stretches = [stretch for stretch, to, *_ in self._wants if to == name]
            for (minute, *_), stretch in zip(phone.got, stretches, strict=True):
                assert stretch.holds(minute), (name, minute, stretch)

    def _on(self, at: At, action: Callable[[], None]) -> None:
        self._events.append((at, action))

    def _minute(self) -> float:
        return (self._clock.now_ms() - START_MS) / MINUTE_MS

    def _open(self) -> None:
        self._bus = SqliteBus(self._file)
        self._bus.create({channel.name: 1 for channel in CHANNELS})
        self._store = open_store(self._file)
        stage = AlertStage(
            evidence_of=self._store.evidence,
            archived_until=archived_until(self._store),
            silences_at=silences_at(self._store),
            notifiers=tuple(self.phones),
        )
        self._archive = StageRunner(ArchiveStage(), self._bus, self._store)
        self._alert = StageRunner(stage, self._bus, self._store)
        self._sender = Sender(self._store, self.phones, self._clock)

    def _reopen(self) -> None:
        self.close()
        self._open()

    def _step(self) -> None:
        now_ms = self._clock.now_ms()
        for channel in (ITEMS, SCORED):
            self._publish(channel, Heartbeat(watch="main", at_ms=now_ms), partition=0)
        if not any(stretch.holds(self._minute()) for stretch in self._late_archive):
            self._archive.step()
        with suppress(StoreUnavailable):  # the stage waits
            self._alert.step()
        self._sender.send_due()

    def _publish_news(self, stories: tuple[str, ...]) -> None:
        for story in stories:
            item = StoryItem(
                item_id=story,
                entry_id=story,
                watch="main",
                source="wire",
                publisher="Wire",
                title=f"Bad news {story}",
                url=f"https://news.example/{story}",
                seen_at_ms=self._clock.now_ms(),
                at_ms=self._clock.now_ms(),
                story_id=story,
                lead=True,
            )
            score = Score(
                model_version="m",
                input_hash="h",
                negative_micro=900_000,
                neutral_micro=50_000,
                positive_micro=50_000,
                negative=True,
            )
            fields: dict[str, Any] = {n: getattr(item, n) for n in item.__struct_fields__}
            self._publish(ITEMS, item)
            self._publish(SCORED, ScoredItem(**fields, score=score, keys=("all",)))

    def _publish(self, channel: str, record: Any, partition: int | None = None) -> None:
        with self._bus.transaction() as transaction:
            transaction.publish(channel, [to_message(channel, record, partition)])


def _ms(minute: float) -> int:
    return START_MS + round(minute * MINUTE_MS)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.db"


def test_a_lasting_spike_alerts_once_and_resolves(file: Path) -> None:
    t = Timeline(file, "slack", "smtp")
    t.news(At(1), "n1", "n2", "n3")
    t.spike(At(5), "ticker:YES", "s1", "n1", "n2", "n3")
    t.ends(At(15), "s1")
    for phone in ("slack", "smtp"):
        t.want(Between(5, 5.5), phone, "firing", "ticker:YES")
        t.want(Between(15, 15.5), phone, "resolved", "ticker:YES")
    (alert,) = t.run(At(17))
    assert alert.state == "resolved"
    assert (alert.started_at_ms, alert.resolved_at_ms) == (_ms(5), _ms(15))
    assert [e.title for e in alert.evidence] == ["Bad news n1", "Bad news n2", "Bad news n3"]


def test_an_outage_delays_and_loses_nothing_and_holds_up_no_other(file: Path) -> None:
    t = Timeline(file, "slack", "smtp")
    t.news(At(1), "n1", "n2")
    t.breaks(Between(0, 14), "slack")
    t.spike(At(5), "ticker:YES", "s1", "n1", "n2")
    t.restart(At(10))
    t.ends(At(12), "s1")
    t.want(Between(14.5, 25), "slack", "firing", "ticker:YES")
    t.want(Between(14.5, 25), "slack", "resolved", "ticker:YES")
    t.want(Between(5, 5.5), "smtp", "firing", "ticker:YES")
    t.want(Between(12, 12.5), "smtp", "resolved", "ticker:YES")
    t.run(At(26))


def test_an_alert_waits_for_an_archive_that_stands_still(file: Path) -> None:
    t = Timeline(file, "slack")
    t.archive_stands_still(Between(0.5, 10))
    t.news(At(1), "n1", "n2")
    t.spike(At(5), "ticker:YES", "s1", "n1", "n2")
    t.restart(At(7))
    t.want(Between(11, 11), "slack", "firing", "ticker:YES")
    (alert,) = t.run(At(12))
    assert alert.started_at_ms == _ms(5)
    assert [e.id for e in alert.evidence] == ["n1", "n2"]


def test_spikes_of_one_matter_are_one_alert(file: Path) -> None:
    t = Timeline(file, "slack")
    t.news(At(1), "n1", "n2", "n3", "n4", "z")
    t.spike(At(5), "topic:banks", "s1", "n1", "n2", "n3", "n4")
    t.spike(At(5), "ticker:YES", "s2", "n1", "n2", "n3")
    t.spike(At(9), "term:rescue", "s3", "n3", "n4", "n1")
    t.spike(At(10), "ticker:OTHER", "s4", "z")
    t.ends(At(12), "s1")
    t.ends(At(13), "s2")
    t.ends(At(14), "s4")
    t.ends(At(15), "s3")
    t.want(Between(5, 5.5), "slack", "firing", "ticker:YES")
    t.want(Between(9, 9.5), "slack", "update", "ticker:YES")
    t.want(Between(10, 10.5), "slack", "firing", "ticker:OTHER")
    t.want(Between(14, 14.5), "slack", "resolved", "ticker:OTHER")
    t.want(Between(15, 15.5), "slack", "resolved", "ticker:YES")
    assert {alert.keys for alert in t.run(At(16))} == {
        ("ticker:YES", "term:rescue", "topic:banks"),
        ("ticker:OTHER",),
    }


def test_a_silence_holds_and_ends(file: Path) -> None:
    t = Timeline(file, "slack")
    t.news(At(1), "n1", "n2", "n3")
    t.silence(At(2), "ticker:*", until=At(15))
    t.spike(At(5), "ticker:YES", "s1", "n1", "n2")
    t.spike(At(6), "topic:war", "s2", "n3")
    t.ends(At(10), "s2")
    t.ends(At(12), "s1")
    t.spike(At(16), "ticker:YES", "s3", "n1", "n2")
    t.want(Between(6, 6.5), "slack", "firing", "topic:war")
    t.want(Between(10, 10.5), "slack", "resolved", "topic:war")
    t.want(Between(16, 16.5), "slack", "firing", "ticker:YES")
    t.run(At(18))


def test_a_restart_at_any_moment_changes_nothing(file: Path, tmp_path: Path) -> None:
    def story(t: Timeline) -> list[Alert]:
        t.news(At(1), "n1", "n2", "n3")
        t.spike(At(5), "ticker:YES", "s1", "n1", "n2", "n3")
        t.spike(At(8), "topic:banks", "s2", "n2", "n3")
        t.ends(At(9), "s1")
        t.ends(At(12), "s2")
        t.want(Between(5, 5.5), "slack", "firing", "ticker:YES")
        t.want(Between(8, 8.5), "slack", "update", "ticker:YES")
        t.want(Between(12, 12.5), "slack", "resolved", "ticker:YES")
        return t.run(At(14))

    calm = story(Timeline(file, "slack"))
    restless = Timeline(tmp_path / "again.db", "slack")
    for minute in range(14):
        restless.restart(At(minute))
    assert story(restless) == calm
