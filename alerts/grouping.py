"""Decide which alert a new spike belongs to. Pure; called by `alerts.stage`.

Two spikes are one matter if they share negative stories (at least half of the smaller set), or if
they are about the same key within the grouping interval. `all` counts every story, so by the
smaller set any two matters of one hour would become one through it; with `all` the larger decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from alerts.cases import MAX_SPIKES, Case, SpikeNote
from foreshock.records import Spike

HALF = Fraction(1, 2)
SAME_KEY_SHARE = Fraction(2)  # above any share of stories
EVERYTHING = "all"


class GroupingReason(StrEnum):
    """Why a spike went where it went."""

    KNOWN = "this spike is already in the alert"
    SAME_KEY = "same key within the grouping interval"
    SHARED_STORIES = "shares negative stories"
    NEW = "no open alert is about this"


@dataclass(frozen=True, slots=True)
class Grouping:
    """Where a spike belongs: a case, or None for a new one, and why."""

    reason: GroupingReason
    case: Case | None = None


def group(spike: Spike, cases: Iterable[Case], interval_ms: int) -> Grouping:
    """Return where `spike` belongs among `cases`, of which only those of its watch count.

    A case is open to it while one of its spikes lasts and for `interval_ms` after the last ended.
    Of several, the one with the same key wins, then the greater overlap, the older, the lower id.
    """
    best: tuple[tuple[Fraction, int, str], Grouping] | None = None
    for case in cases:
        if case.alert.watch != spike.watch:
            continue
        if spike.spike_id in case.alert.spike_ids:
            return Grouping(GroupingReason.KNOWN, case)
        share, reason = _fit(spike, case, interval_ms)
        rank = (-share, case.alert.started_at_ms, case.alert.alert_id)
        if share >= HALF and (best is None or rank < best[0]):
            best = (rank, Grouping(reason, case))
    return Grouping(GroupingReason.NEW) if best is None else best[1]


def _fit(spike: Spike, case: Case, interval_ms: int) -> tuple[Fraction, GroupingReason]:
    recent = recent_notes(case.spikes, spike.pane_end_ms, interval_ms)
    if len(case.spikes) >= MAX_SPIKES or not recent:
        return Fraction(0), GroupingReason.NEW
    if any(note.key == spike.key for note in recent):
        return SAME_KEY_SHARE, GroupingReason.SAME_KEY
    return max(_overlap(spike, note) for note in recent), GroupingReason.SHARED_STORIES


def recent_notes(notes: Sequence[SpikeNote], at_ms: int, interval_ms: int) -> list[SpikeNote]:
    """Return the spikes that last at `at_ms` or ended at most `interval_ms` before."""
    return [
        note
        for note in notes
        if note.ended_at_ms is None or at_ms - note.ended_at_ms <= interval_ms
    ]


def overlap(first: Sequence[str], second: Sequence[str], *, of_larger: bool = False) -> Fraction:
    """Return the share of the smaller (or larger) set of stories that both have; 0 if one is empty.

    >>> overlap(["a", "b", "c"], ["b", "c", "d", "e"])
    Fraction(2, 3)
    """
    one, other = set(first), set(second)
    if not one or not other:
        return Fraction(0)
    size = max(len(one), len(other)) if of_larger else min(len(one), len(other))
    return Fraction(len(one & other), size)


def _overlap(spike: Spike, note: SpikeNote) -> Fraction:
    broad = EVERYTHING in {spike.key, note.key}
    return overlap(spike.story_ids, note.story_ids, of_larger=broad)
