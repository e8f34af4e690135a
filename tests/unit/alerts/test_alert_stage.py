"""The alert stage: records in, alerts and outbox rows out."""

from __future__ import annotations

import msgspec
import pytest

from alerts.notification import decode_notification
from alerts.routes import Route
from alerts.silences import Silence
from alerts.stage import GIVE_UP_AFTER_MS, AlertStage
from foreshock.channels import ALERTS, SPIKES
from foreshock.codec import decode
from foreshock.errors import CodecError, ForeshockError, StoreUnavailable
from foreshock.records import AlertState, Heartbeat
from foreshock.stage import Output, Received

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


class Archive:
    """A store that holds what it is given; remembers what it was asked."""

    def __init__(self, make_evidence):
        self.make = make_evidence
        self.missing: set[str] = set()
        self.until_ms: int | None = None
        self.asked: list[tuple[tuple[str, ...], int]] = []

    def evidence(self, story_ids, before_ms):
        self.asked.append((tuple(story_ids), before_ms))
        return {s: self.make(s) for s in story_ids if s not in self.missing}

    def archived_until(self, watch):
        return self.until_ms


@pytest.fixture
def archive(make_evidence) -> Archive:
    return Archive(make_evidence)


@pytest.fixture
def make_stage(archive):
    def make(**options):
        stage = AlertStage(
            **{"evidence_of": archive.evidence, "notifiers": ("console", "slack"), **options}
        )
        stage.restore({})
        return stage

    return make


def received(*spikes):
    return [Received(spike, SPIKES, 0, n) for n, spike in enumerate(spikes)]


def ended(spike, minutes: int):
    return msgspec.structs.replace(spike, ended_at_ms=spike.pane_end_ms + minutes * MINUTE_MS)


def published(output: Output):
    assert all(channel == ALERTS for channel, _ in output.publish)
    return [decode(message.value) for _, message in output.publish]


def rows(output: Output):
    return [(row.change, row.notifier) for row in output.outbox]


def test_a_spike_becomes_an_alert_and_a_message_per_notifier(make_stage, make_spike, archive):
    spike = make_spike()
    output = make_stage().handle(received(spike))
    (alert,) = published(output)
    assert (alert.state, alert.title) == (
        AlertState.FIRING,
        "YES: 14 negative stories in an hour",
    )
    assert alert.reason == spike.reason
    assert [e.id for e in alert.evidence] == ["n1", "n2", "n3", "n4"]
    assert archive.asked == [(spike.story_ids, spike.pane_end_ms)]
    assert rows(output) == [("firing", "console"), ("firing", "slack")]
    assert decode_notification(output.outbox[0].body).alert == alert
    assert output.publish[0][1].at_ms == spike.pane_end_ms
    assert set(output.state) == {alert.alert_id}


def test_a_lasting_spike_alerts_once_and_resolves_once(make_stage, make_spike):
    stage, spike = make_stage(), make_spike()
    first = stage.handle(received(spike))
    assert stage.handle(received(spike)).outbox == []  # it comes again
    over = stage.handle(received(ended(spike, 90)))
    assert rows(first) + rows(over) == [
        ("firing", "console"),
        ("firing", "slack"),
        ("resolved", "console"),
        ("resolved", "slack"),
    ]
    (alert,) = published(over)
    assert alert.state is AlertState.RESOLVED
    assert alert.resolved_at_ms == spike.pane_end_ms + 90 * MINUTE_MS
    assert [e.id for e in alert.evidence] == ["n1", "n2", "n3", "n4"]
    again = stage.handle(received(ended(spike, 91)))
    assert (again.publish, again.outbox, again.state) == ([], [], {})


def test_the_keys_of_one_tick_are_told_in_one_message(make_stage, make_spike):
    output = make_stage().handle(
        received(make_spike("s1", key="all"), make_spike("s2"), make_spike("s3", key="topic:banks"))
    )
    (alert,) = published(output)
    assert alert.keys == ("ticker:YES", "topic:banks", "all")
    assert alert.title.startswith("YES:")
    assert rows(output) == [("firing", "console"), ("firing", "slack")]


def test_a_key_that_joins_later_is_an_update_and_a_known_key_is_not(make_stage, make_spike):
    stage, spike = make_stage(notifiers=("slack",)), make_spike()
    stage.handle(received(spike))
    later = spike.pane_end_ms + 5 * MINUTE_MS
    joined = stage.handle(received(make_spike("s2", key="topic:banks", pane_end_ms=later)))
    assert rows(joined) == [("update", "slack")]
    half = stage.handle(received(ended(spike, 10)))
    assert (half.publish, half.outbox) == ([], [])
    assert len(half.state) == 1
    back = make_spike("s3", pane_end_ms=later + 10 * MINUTE_MS)
    quiet = stage.handle(received(back))
    assert (len(published(quiet)), quiet.outbox) == (1, [])


def test_a_key_that_spikes_again_soon_fires_the_same_alert_again(make_stage, make_spike):
    stage, spike = make_stage(notifiers=("slack",)), make_spike()
    (alert,) = published(stage.handle(received(spike, ended(spike, 20))))[-1:]
    again = make_spike("s2", pane_end_ms=spike.pane_end_ms + 70 * MINUTE_MS)
    output = stage.handle(received(again))
    assert published(output)[0].alert_id == alert.alert_id
    assert rows(output) == [("firing-2", "slack")]
    assert rows(stage.handle(received(ended(again, 5)))) == [("resolved-2", "slack")]


def test_what_nothing_can_join_any_more_is_forgotten(make_stage, make_spike):
    stage, spike = make_stage(), make_spike()
    (alert,) = published(stage.handle(received(spike, ended(spike, 20))))[-1:]
    output = stage.handle(
        received(make_spike("s2", pane_end_ms=spike.pane_end_ms + 81 * MINUTE_MS))
    )
    (new,) = published(output)
    assert new.alert_id != alert.alert_id
    assert output.state[alert.alert_id] is None
    assert set(output.state) == {alert.alert_id, new.alert_id}


def test_a_spike_whose_end_never_comes_is_given_up(make_stage, make_spike):
    stage, spike = make_stage(notifiers=("slack",)), make_spike()
    stage.handle(received(spike))
    later = spike.pane_end_ms + GIVE_UP_AFTER_MS + 1
    other = make_spike("s2", key="ticker:B", story_ids=("z",), pane_end_ms=later)
    output = stage.handle(received(other))
    assert rows(output) == [("resolved", "slack"), ("firing", "slack")]


def test_a_key_that_spikes_again_shows_that_an_end_was_lost(make_stage, make_spike):
    stage, spike = make_stage(notifiers=("slack",)), make_spike()
    stage.handle(received(spike))
    later = make_spike("s2", pane_end_ms=spike.pane_end_ms + 3 * HOUR_MS, story_ids=("z",))
    output = stage.handle(received(later))
    assert rows(output) == [("resolved", "slack"), ("firing-2", "slack")]
    assert rows(stage.handle(received(ended(later, 5)))) == [("resolved-2", "slack")]
    assert rows(stage.handle(received(ended(spike, 300)))) == []


def test_a_key_that_spikes_again_at_once_replaces_its_spike_quietly(make_stage, make_spike):
    stage, spike = make_stage(notifiers=("slack",)), make_spike()
    stage.handle(received(spike))
    next_one = make_spike("s2", pane_end_ms=spike.pane_end_ms + 10 * MINUTE_MS)
    assert rows(stage.handle(received(next_one))) == []
    assert rows(stage.handle(received(ended(next_one, 5)))) == [("resolved", "slack")]


def test_an_end_without_a_beginning_changes_nothing(make_stage, make_spike):
    output = make_stage().handle(received(ended(make_spike(), 3)))
    assert (output.publish, output.state, output.outbox) == ([], {}, [])


def test_an_alert_waits_for_its_evidence(make_stage, make_spike, archive):
    stage, spike = make_stage(evidence_tries=3), make_spike()
    archive.missing = {"n1", "n2"}
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="2 of 4 stories"):
            stage.handle(received(spike))
        stage.restore({})  # as the runner does
    (alert,) = published(stage.handle(received(spike)))
    assert [e.id for e in alert.evidence] == ["n3", "n4"]


def test_an_alert_without_any_evidence_is_never_sent(make_stage, make_spike, archive):
    stage, spike = make_stage(evidence_tries=2), make_spike()
    archive.missing = set(spike.story_ids)
    for tries in range(1, 10):
        with pytest.raises(StoreUnavailable, match=f"looked {tries} times"):
            stage.handle(received(spike))
    archive.missing = set()
    assert len(published(stage.handle(received(spike)))) == 1


def test_an_alert_waits_until_the_archive_is_past_it(make_stage, make_spike, archive):
    stage, spike = make_stage(archived_until=archive.archived_until, evidence_tries=1), make_spike()
    archive.until_ms = spike.pane_end_ms - 1
    with pytest.raises(StoreUnavailable, match="not as far yet"):
        stage.handle(received(spike))
    archive.until_ms, archive.missing = spike.pane_end_ms, {"n1"}
    (alert,) = published(stage.handle(received(spike)))
    assert [e.id for e in alert.evidence] == ["n2", "n3", "n4"]


def test_nothing_of_a_batch_stands_if_one_of_it_waits(make_stage, make_spike, archive):
    stage = make_stage(evidence_tries=99)
    archive.missing = {"z"}
    batch = received(make_spike("s1"), make_spike("s2", key="ticker:Z", story_ids=("z",)))
    with pytest.raises(StoreUnavailable):
        stage.handle(batch)
    archive.missing = set()
    assert rows(stage.handle(batch)) == [("firing", "console"), ("firing", "slack")] * 2


def test_a_spike_without_stories_and_other_records_are_refused(make_stage, make_spike):
    with pytest.raises(ForeshockError, match="s1"):
        make_stage().handle(received(make_spike(story_ids=())))
    with pytest.raises(ForeshockError, match="Heartbeat"):
        make_stage().handle(received(Heartbeat(watch="main", at_ms=1)))


def test_a_silenced_alert_is_kept_and_not_sent(make_stage, make_spike):
    spike = make_spike()
    silence = Silence("q", "ticker:*", spike.pane_end_ms + 30 * MINUTE_MS)
    stage = make_stage(notifiers=("slack",), silences_at=lambda at_ms: [silence])
    output = stage.handle(received(spike))
    assert published(output)[0].state is AlertState.SILENCED
    assert output.outbox == []
    # when it is over, the next change is the first that people hear
    later = make_spike("s2", key="topic:banks", pane_end_ms=silence.until_ms)
    assert rows(stage.handle(received(later))) == [("firing", "slack")]


def test_an_alert_that_was_silenced_to_its_end_is_never_told(make_stage, make_spike):
    spike = make_spike()
    stage = make_stage(silences_at=lambda at_ms: [Silence("q", "*", at_ms + 1)])
    output = stage.handle(received(spike, ended(spike, 5)))
    assert [alert.state for alert in published(output)] == [
        AlertState.SILENCED,
        AlertState.RESOLVED,
    ]
    assert output.outbox == []


def test_someone_who_has_taken_it_on_gets_no_updates(make_stage, make_spike):
    taken: set[str] = set()
    stage, spike = make_stage(acknowledged=taken.__contains__, notifiers=("slack",)), make_spike()
    (alert,) = published(stage.handle(received(spike)))
    taken.add(alert.alert_id)
    later = make_spike("s2", key="topic:banks", pane_end_ms=spike.pane_end_ms + MINUTE_MS)
    output = stage.handle(received(later))
    assert published(output)[0].state is AlertState.ACKNOWLEDGED
    assert output.outbox == []
    over = stage.handle(received(ended(spike, 9), ended(later, 9)))
    assert rows(over) == [("resolved", "slack")]


def test_two_matters_are_two_alerts_and_a_route_takes_its_own(make_stage, make_spike):
    routes = [Route("pager", key_pattern="ticker:*"), Route("mail")]
    output = make_stage(routes=routes).handle(
        received(
            make_spike("s1", key="ticker:A", story_ids=("a",)),
            make_spike("s2", key="topic:b", story_ids=("b",)),
        )
    )
    assert len(published(output)) == 2
    assert rows(output) == [("firing", "pager"), ("firing", "mail"), ("firing", "mail")]


def test_a_simulated_run_says_so(make_stage, make_spike):
    output = make_stage(simulated=True).handle(received(make_spike()))
    assert all(decode_notification(row.body).simulated for row in output.outbox)


def test_foreign_state_is_refused(make_stage):
    with pytest.raises(CodecError):
        make_stage().restore({"a": b"nonsense"})
