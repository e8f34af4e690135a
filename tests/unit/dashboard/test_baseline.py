"""What is usual: the same hour of earlier days, of the same kind where there are enough."""

from __future__ import annotations

from math import sqrt

import pytest

from dashboard.baseline import earlier_windows, is_weekend, usual
from dashboard.history import Counts, KeyHistory
from foreshock.clock import DAY_MS, HOUR_MS, iso_to_ms

TUESDAY = iso_to_ms("2026-03-24T14:00Z")
SATURDAY = iso_to_ms("2026-03-28T14:00Z")


def with_days(end_ms: int, counts: dict[int, Counts]) -> KeyHistory:
    """`counts`: by days before `end_ms`, all in one pane in the middle of the hour."""
    history = KeyHistory()
    for days in sorted(counts, reverse=True):
        history.append("main", end_ms - days * DAY_MS - HOUR_MS // 2, counts[days])
    return history


def test_usual_is_the_mean_of_the_same_hour_on_earlier_weekdays() -> None:
    # 2 and 3 days before a Tuesday are a weekend: they do not count
    history = with_days(
        TUESDAY,
        {0: Counts(50, 50), 1: Counts(10, 2), 2: Counts(9, 9), 3: Counts(9, 9)}
        | {4: Counts(10, 4), 5: Counts(20, 6)},
    )
    found = usual(history, TUESDAY, first_ms=TUESDAY - 5 * DAY_MS - HOUR_MS)
    assert found is not None
    assert found.days == 3
    assert found.negative == pytest.approx(4.0)
    assert found.share == pytest.approx(12 / 40)


def test_a_weekend_is_compared_with_weekends_once_there_are_three() -> None:
    ends = earlier_windows(SATURDAY, HOUR_MS, SATURDAY - 9 * DAY_MS)
    assert [(SATURDAY - end) // DAY_MS for end in ends] == [1, 2, 3, 4, 5, 6, 7, 8]
    ends = earlier_windows(SATURDAY, HOUR_MS, SATURDAY - 30 * DAY_MS)
    assert [(SATURDAY - end) // DAY_MS for end in ends] == [6, 7, 13, 14]


def test_two_days_are_too_few_to_say() -> None:
    history = with_days(TUESDAY, {1: Counts(3, 1), 2: Counts(3, 1)})
    assert usual(history, TUESDAY, first_ms=TUESDAY - 3 * DAY_MS) is None
    assert usual(history, TUESDAY, first_ms=TUESDAY - 3 * DAY_MS - HOUR_MS) is not None


def test_the_spread_is_never_less_than_counting_brings() -> None:
    history = with_days(TUESDAY, {day: Counts(10, 4) for day in range(1, 15)})
    found = usual(history, TUESDAY, first_ms=0)
    assert found is not None
    assert found.negative_spread == pytest.approx(2.0)
    assert found.share_spread == pytest.approx(sqrt(0.4 * 0.6 / 10))
    assert found.negative_band() == (0.0, 8.0)


def test_hours_without_stories_have_a_level_but_no_share() -> None:
    found = usual(KeyHistory(), TUESDAY, first_ms=0)
    assert found is not None
    assert (found.negative, found.share, found.share_band()) == (0.0, None, None)


@pytest.mark.parametrize(
    ("day", "weekend"), [("2026-03-27", False), ("2026-03-28", True), ("2026-03-30", False)]
)
def test_weekends(day: str, weekend: bool) -> None:
    assert is_weekend(iso_to_ms(day)) is weekend


def test_a_share_of_next_to_no_stories_is_not_called_usual() -> None:
    found = usual(
        with_days(TUESDAY, {1: Counts(2, 2), 4: Counts(1, 0), 5: Counts(1, 1)}), TUESDAY, first_ms=0
    )
    assert found is not None
    assert found.negative == pytest.approx(3 / 10)
    assert found.share is None
