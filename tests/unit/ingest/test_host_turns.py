"""Turns at a host: one at a time, with pauses, and never waited for without end."""

from __future__ import annotations

import threading

import pytest

from foreshock.clock import ManualClock
from foreshock.errors import FetchError
from ingest.host_turns import MAX_RETRY_AFTER_S, HostTurns


def test_a_host_that_is_being_asked_is_not_asked_again() -> None:
    turns = HostTurns(ManualClock(), gap_s=1.0, busy_s=0.001)
    failures: list[FetchError] = []

    def second() -> None:
        try:
            with turns.turn("a.test"):
                pass
        except FetchError as error:
            failures.append(error)

    with turns.turn("a.test"), turns.turn("b.test"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert [error.retryable for error in failures] == [True]


def test_a_turn_ends_when_its_request_fails() -> None:
    clock = ManualClock()
    turns = HostTurns(clock, gap_s=1.0, busy_s=0.001)
    with pytest.raises(ValueError, match="failed"), turns.turn("a.test"):
        raise ValueError("failed")
    with turns.turn("a.test"):
        assert clock.now_ms() == 1_000


def test_the_longer_pause_counts() -> None:
    clock = ManualClock()
    turns = HostTurns(clock, gap_s=1.0)
    with turns.turn("a.test", gap_s=4.0):
        pass
    with turns.turn("a.test", gap_s=0.0):
        assert clock.now_ms() == 4_000
    with turns.turn("a.test"):
        assert clock.now_ms() == 5_000


def test_nobody_is_held_off_for_more_than_a_day() -> None:
    turns = HostTurns(ManualClock(), gap_s=1.0)
    turns.hold_off("a.test", 1e12)
    with pytest.raises(FetchError) as caught, turns.turn("a.test"):
        pass
    assert caught.value.retry_after_s == MAX_RETRY_AFTER_S
