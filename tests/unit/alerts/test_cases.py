"""The transitions of a case."""

from __future__ import annotations

import hashlib

import pytest

from alerts.cases import (
    Told,
    alert_id,
    decode_case,
    describe,
    encode_case,
    end_spike,
    join_case,
    open_case,
    resolve_case,
)
from foreshock.errors import CodecError
from foreshock.records import AlertState


def test_an_alert_id_is_a_function_of_watch_and_first_spike():
    assert alert_id("main", "s1") == hashlib.sha256(b"main\x1fs1").hexdigest()[:32]
    assert alert_id("ma", "ins1") != alert_id("main", "s1")


def test_a_case_resolves_when_its_last_spike_ends(make_spike):
    case = join_case(open_case(make_spike("s1")), make_spike("s2", key="topic:banks"))
    half = end_spike(case, "s1", 1_800_000_000_000)
    assert (half.ended, half.alert.state) == (False, AlertState.FIRING)
    assert half.alert == case.alert
    over = end_spike(half, "s2", 1_800_000_060_000)
    assert (over.ended, over.alert.state) == (True, AlertState.RESOLVED)
    assert over.alert.resolved_at_ms == over.alert.updated_at_ms == 1_800_000_060_000


def test_the_most_specific_spike_of_the_first_tick_names_the_case(make_spike):
    case = open_case(make_spike("s1", key="all", surprise=9.0))
    case = join_case(case, make_spike("s2", key="topic:banks", surprise=8.0))
    case = join_case(case, make_spike("s3", key="ticker:B", surprise=5.0, reason="B!"))
    case = join_case(case, make_spike("s4", key="ticker:A", surprise=4.0))
    later = make_spike("s5", key="ticker:C", surprise=20.0, pane_end_ms=case.life_ms + 60_000)
    case = describe(join_case(case, later), ())
    assert case.alert.title == "B: 14 negative stories in an hour"
    assert case.alert.reason == "B!"
    assert case.alert.keys == ("ticker:B", "ticker:A", "ticker:C", "topic:banks", "all")
    assert case.alert.surprise == 20.0


def test_a_case_that_fires_again_speaks_of_its_new_life(make_spike):
    first = make_spike("s1", key="ticker:A", story_ids=("a",))
    case = end_spike(open_case(first), "s1", first.pane_end_ms + 1)
    again = make_spike(
        "s2", key="topic:banks", story_ids=("b", "b2"), pane_end_ms=first.pane_end_ms + 2
    )
    case = describe(join_case(case, again), (), name_of=str.upper)
    assert case.alert.state is AlertState.FIRING
    assert case.alert.resolved_at_ms is None
    assert case.alert.started_at_ms == first.pane_end_ms
    assert case.alert.title == "TOPIC:BANKS: 14 negative stories in an hour"
    assert case.story_ids == ("b", "b2")
    assert case.alert.spike_ids == ("s1", "s2")


def test_giving_up_ends_every_spike(make_spike):
    case = join_case(open_case(make_spike("s1")), make_spike("s2", key="topic:banks"))
    over = resolve_case(case, 7)
    assert [note.ended_at_ms for note in over.spikes] == [7, 7]
    assert over.alert.state is AlertState.RESOLVED


def test_a_state_entry_reads_back_and_other_bytes_do_not(make_spike):
    case = end_spike(join_case(open_case(make_spike("s1")), make_spike("s2")), "s1", 5)
    assert decode_case(encode_case(case)) == case
    for other in (b"", b"\xff", b"{}", b'{"alert": 3}'):
        with pytest.raises(CodecError):
            decode_case(other)


def test_told_is_open_between_firing_and_resolved():
    assert [Told(firing=f, resolved=r).open for f, r in ((0, 0), (1, 0), (1, 1), (2, 1))] == [
        False,
        True,
        False,
        True,
    ]
