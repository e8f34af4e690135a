"""Stale must never look live: declared timelines of (wall time s, heartbeat s) -> state."""

from __future__ import annotations

from dashboard.liveness import Liveness, Pulse, State

Timeline = list[tuple[float, float | None, State]]


def play(
    timeline: Timeline, *, finished_at: float = 1e9, real_time: bool = False
) -> list[Liveness]:
    pulse = Pulse(stale_after_ms=15_000)
    seen = []
    for wall, beat, expected in timeline:
        found = pulse.observe(
            None if beat is None else round(beat * 1000),
            round(wall * 1000),
            finished=wall >= finished_at,
            real_time=real_time,
        )
        assert found.state is expected, (wall, beat)
        seen.append(found)
    return seen


def test_a_moving_heartbeat_is_live_and_one_that_stops_is_stale_since_it_stopped() -> None:
    seen = play(
        [
            (100, 5, State.CHECKING),
            (101, 65, State.LIVE),
            (102, 125, State.LIVE),
            (117, 125, State.LIVE),
            (117.1, 125, State.STALE),
            (200, 125, State.STALE),
        ]
    )
    assert seen[-1].since_ms == 102_000


def test_it_is_live_again_as_soon_as_it_moves() -> None:
    play(
        [
            (0, 5, State.CHECKING),
            (1, 6, State.LIVE),
            *[(second, 6.0, State.LIVE) for second in range(2, 17)],
            (17, 6, State.STALE),
            (18, 7, State.LIVE),
        ]
    )


def test_a_heartbeat_never_seen_to_move_is_never_live() -> None:
    play([(0, 5, State.CHECKING), (14, 5, State.CHECKING), (16, 5, State.STALE)])


def test_after_a_long_time_without_looking_it_has_to_move_again() -> None:
    play(
        [(0, 5, State.CHECKING), (1, 6, State.LIVE), (90, 60, State.CHECKING), (91, 61, State.LIVE)]
    )


def test_in_real_time_an_old_heartbeat_is_stale_at_the_first_look() -> None:
    seen = play([(500, 400, State.STALE), (501, 400, State.STALE)], real_time=True)
    assert seen[0].since_ms == 400_000
    play([(500, 499, State.LIVE)], real_time=True)


def test_no_heartbeat_at_all_is_empty() -> None:
    play([(0, None, State.EMPTY), (60, None, State.EMPTY), (61, 1, State.CHECKING)])


def test_a_finished_recording_is_finished_not_stale() -> None:
    play([(0, 5, State.CHECKING), (1, 6, State.LIVE), (60, 6, State.FINISHED)], finished_at=50)
