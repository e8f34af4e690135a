"""What holds for every run of spikes: restarts, batches, order, escaping."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.grouping import overlap
from alerts.notification import decode_notification
from alerts.notifiers.slack import escape_mrkdwn
from alerts.rendering import clean, safe_url
from alerts.stage import AlertStage
from foreshock.channels import SPIKES
from foreshock.codec import decode
from foreshock.records import Alert, AlertState, Evidence, Spike
from foreshock.stage import Output, Received

MINUTE_MS = 60_000
KEYS = ("all", "topic:a", "topic:b", "ticker:A", "ticker:B", "term:t")


def spike(number: int, key: str, minute: int, stories: Sequence[str], end: int | None) -> Spike:
    return Spike(
        spike_id=f"s{number}",
        watch="main",
        key=key,
        pane_end_ms=minute * MINUTE_MS,
        window_ms=60 * MINUTE_MS,
        detector_version="d",
        theta_hash="t",
        theta=4.5,
        surprise=5.0 + number,
        observed=len(stories),
        usual=1.0,
        stories=9,
        usual_negative_share=0.2,
        publishers=("p",),
        terms=(),
        story_ids=tuple(stories),
        reason=f"{key} spikes",
        ended_at_ms=None if end is None else end * MINUTE_MS,
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Spike]:
    """Spikes as a detector writes them: in time order, each start before its end, some lost."""
    records: list[tuple[int, int, Spike]] = []
    for number in range(draw(st.integers(1, 12))):
        key = draw(st.sampled_from(KEYS))
        start = draw(st.integers(0, 300))
        stories = draw(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=6, unique=True))
        records.append((start, 0, spike(number, key, start, stories, None)))
        if draw(st.booleans()) or draw(st.booleans()):
            end = start + draw(st.integers(1, 120))
            records.append((end, 1, spike(number, key, start, stories, end)))
    return [record for *_, record in sorted(records, key=lambda r: (r[0], r[2].key, r[1]))]


def found(story_ids: Sequence[str], before_ms: int) -> dict[str, Evidence]:
    return {
        story: Evidence(
            id=story, title=story, publisher="p", url="", at_ms=0, polarity_micro=-ord(story)
        )
        for story in story_ids
    }


def make_stage(state: dict[str, bytes]) -> AlertStage:
    stage = AlertStage(evidence_of=found, notifiers=("n",))
    stage.restore(state)
    return stage


def by_tick(records: Sequence[Spike]) -> list[list[Spike]]:
    ticks: dict[int, list[Spike]] = defaultdict(list)
    for record in records:
        ticks[record.pane_end_ms if record.ended_at_ms is None else record.ended_at_ms].append(
            record
        )
    return [ticks[at] for at in sorted(ticks)]


def play(batches: Sequence[Sequence[Spike]], *, restart: bool) -> tuple[list[Output], dict]:
    state: dict[str, bytes] = {}
    stage = make_stage(state)
    outputs = []
    for batch in batches:
        if restart:
            stage = make_stage(state)
        output = stage.handle([Received(record, SPIKES) for record in batch])
        outputs.append(output)
        for name, entry in output.state.items():
            if entry is None:
                state.pop(name, None)
            else:
                state[name] = entry
    return outputs, state


def told(outputs: Sequence[Output]) -> list[tuple[str, str]]:
    return [(row.alert_id, row.change) for output in outputs for row in output.outbox]


def alerts(outputs: Sequence[Output]) -> dict[str, Alert]:
    last = {}
    for output in outputs:
        for _, message in output.publish:
            alert = decode(message.value)
            last[alert.alert_id] = alert
    return last


@given(histories())
@settings(max_examples=30, deadline=None)
def test_restarts_and_batches_change_nothing(records):
    ticks = by_tick(records)
    whole = play([[record for tick in ticks for record in tick]], restart=False)
    for restart in (False, True):
        parts = play(ticks, restart=restart)
        assert parts[1] == whole[1]
        assert told(parts[0]) == told(whole[0])
        assert alerts(parts[0]) == alerts(whole[0])


@given(histories())
@settings(max_examples=30, deadline=None)
def test_records_that_come_again_change_nothing(records):
    ticks = by_tick(records)
    twice = [tick + tick for tick in ticks]
    assert told(play(twice, restart=True)[0]) == told(play(ticks, restart=False)[0])


@given(histories())
@settings(max_examples=30, deadline=None)
def test_every_spike_is_in_one_alert_and_lives_alternate(records):
    outputs, state = play(by_tick(records), restart=False)
    known = alerts(outputs)
    members = Counter(s for alert in known.values() for s in alert.spike_ids)
    assert members == Counter({record.spike_id for record in records})
    for alert_id, alert in known.items():
        changes = [change.split("-")[0] for who, change in told(outputs) if who == alert_id]
        lives = [change for change in changes if change != "update"]
        assert lives == [("firing", "resolved")[n % 2] for n in range(len(lives))]
        assert (alert.state is AlertState.RESOLVED) == (lives[-1] == "resolved")
        assert alert.evidence
    assert set(state) <= set(known)


@given(histories())
@settings(max_examples=30, deadline=None)
def test_messages_of_an_alert_are_numbered_and_named_once(records):
    outputs, _ = play(by_tick(records), restart=False)
    numbers = defaultdict(list)
    for output in outputs:
        for row in output.outbox:
            message = decode_notification(row.body)
            assert (message.name, message.alert.alert_id) == (row.change, row.alert_id)
            numbers[row.alert_id].append(message.sequence)
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
    assert max(Counter(told(outputs)).values()) == 1


@given(st.text(), st.integers(1, 50))
@settings(deadline=None)
def test_clean_text_is_one_bounded_printable_line(text, limit):
    line = clean(text, limit)
    assert len(line) <= limit
    assert clean(line, limit) == line
    line.encode("utf-8")  # no lone surrogate
    assert not set(line) & set("\r\n\x00\x1b\u2028\u202e")


@given(st.text())
@settings(deadline=None)
def test_slack_sees_no_markup(text):
    escaped = escape_mrkdwn(text)
    assert not set(escaped) & set("<>*`~_")
    assert all(
        escaped[i:].startswith(("&amp;", "&lt;", "&gt;")) for i, c in enumerate(escaped) if c == "&"
    )


@given(st.text())
@settings(deadline=None)
def test_a_linked_address_has_no_delimiter(tail):
    url = safe_url("https://example.org/" + tail)
    assert not set(url) & set(' <>|"\\\r\n')
    assert url == "" or url.startswith("https://example.org/")


@given(st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")))
def test_overlap_is_symmetric_and_a_share(one, other):
    first, second = sorted(one), sorted(other)
    assert overlap(first, second) == overlap(second, first)
    assert 0 <= overlap(first, second, of_larger=True) <= overlap(first, second) <= 1
