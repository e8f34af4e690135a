"""Which alert a spike belongs to."""

from __future__ import annotations

from fractions import Fraction

import pytest

from alerts.cases import MAX_SPIKES, end_spike, join_case, open_case
from alerts.grouping import Grouping, GroupingReason, group, overlap

HOUR_MS = 3_600_000
MINUTE_MS = 60_000


def test_the_first_spike_is_new(make_spike):
    assert group(make_spike(), [], HOUR_MS) == Grouping(GroupingReason.NEW)


@pytest.mark.parametrize(
    ("stories", "reason"),
    [
        (("n1", "n2", "x", "y"), GroupingReason.SHARED_STORIES),  # half of four
        (("n1", "x", "y"), GroupingReason.NEW),  # a third of the smaller set
        (("n1",), GroupingReason.SHARED_STORIES),  # all of the smaller set
        (("x", "y"), GroupingReason.NEW),
    ],
)
def test_sharing_half_of_the_smaller_set_groups(make_spike, stories, reason):
    case = open_case(make_spike("s1", key="topic:banks"))
    spike = make_spike("s2", key="ticker:YES", story_ids=stories)
    assert group(spike, [case], HOUR_MS).reason is reason


def test_all_groups_by_the_larger_set(make_spike):
    everything = open_case(make_spike("s1", key="all", story_ids=tuple("abcdefgh")))
    part = make_spike("s2", key="ticker:YES", story_ids=tuple("abc"))
    most = make_spike("s2", key="ticker:YES", story_ids=tuple("abcd"))
    assert group(part, [everything], HOUR_MS).reason is GroupingReason.NEW
    assert group(most, [everything], HOUR_MS).reason is GroupingReason.SHARED_STORIES


@pytest.mark.parametrize(
    ("minutes", "reason"), [(60, GroupingReason.SAME_KEY), (61, GroupingReason.NEW)]
)
def test_the_same_key_groups_within_the_interval(make_spike, minutes, reason):
    first = make_spike("s1")
    ended_ms = first.pane_end_ms + 10 * MINUTE_MS
    case = end_spike(open_case(first), "s1", ended_ms)
    later = make_spike("s2", pane_end_ms=ended_ms + minutes * MINUTE_MS, story_ids=("z",))
    assert group(later, [case], HOUR_MS).reason is reason


def test_another_watch_is_another_matter(make_spike):
    case = open_case(make_spike("s1", watch="other"))
    assert group(make_spike("s2"), [case], HOUR_MS) == Grouping(GroupingReason.NEW)


def test_a_spike_that_comes_again_is_known(make_spike):
    case = open_case(make_spike("s1"))
    assert group(make_spike("s1"), [case], HOUR_MS) == Grouping(GroupingReason.KNOWN, case)


def test_the_same_key_wins_over_shared_stories_and_more_over_less(make_spike):
    shares_all = open_case(make_spike("s1", key="topic:banks", pane_end_ms=10))
    same_key = open_case(make_spike("s2", story_ids=("z",), pane_end_ms=20))
    shares_half = open_case(
        make_spike("s3", key="topic:x", story_ids=("n1", "n2", "p", "q"), pane_end_ms=5)
    )
    spike = make_spike("s9", pane_end_ms=30)
    assert group(spike, [shares_half, shares_all, same_key], HOUR_MS).case == same_key
    assert group(spike, [shares_half, shares_all], HOUR_MS).case == shares_all


def test_a_full_case_takes_no_more(make_spike):
    case = open_case(make_spike("s0"))
    for n in range(1, MAX_SPIKES):
        case = join_case(case, make_spike(f"s{n}"))
    assert group(make_spike("more"), [case], HOUR_MS).reason is GroupingReason.NEW
    assert group(make_spike("s3"), [case], HOUR_MS).reason is GroupingReason.KNOWN


def test_overlap_of_an_empty_set_is_nothing():
    assert overlap([], ["a"]) == overlap(["a"], []) == overlap([], []) == Fraction(0)
