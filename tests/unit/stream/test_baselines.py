"""Baselines against naive sums over the whole past."""

from __future__ import annotations

import numpy as np
import pytest

from stream.baselines import (
    DAY_MS,
    HOUR_MS,
    PRIOR_COUNT,
    Calendar,
    Discounted,
    Exposure,
    KnownBaseline,
    dispersion,
    seasonal_usual,
    volume_usual,
)

MINUTE = 60_000
THURSDAY, SATURDAY = 0, 2 * 24 * 60  # pane indices; the epoch began on a Thursday


def test_a_discounted_sum_is_the_naive_one_at_every_prefix() -> None:
    rng = np.random.default_rng(1)
    indices = np.cumsum(rng.integers(0, 300, 200))
    amounts = rng.poisson(2.0, 200).astype(float)
    half_life = 500.0
    total = Discounted()
    for k, (index, amount) in enumerate(zip(indices, amounts, strict=True)):
        total.add(amount, int(index), half_life)
        weights = 2.0 ** ((indices[: k + 1] - index) / half_life)
        assert total.value == pytest.approx((amounts[: k + 1] * weights).sum())
        later = int(index) + 77
        assert total.at_index(later, half_life) == pytest.approx(total.value * 2 ** (-77 / 500))


def test_what_is_forgotten_depends_on_elapsed_time_alone() -> None:
    often, once = Discounted(1.0, 0), Discounted(1.0, 0)
    for index in range(1, 1001):
        often.add(0.0, index, 100.0)
    once.add(0.0, 1000, 100.0)

    assert often.value == pytest.approx(once.value)


@pytest.mark.parametrize(
    ("first", "last", "runs"),
    [
        (0, 59, [(0, 60)]),
        (20, 79, [(0, 40), (1, 20)]),
        (30, 150, [(0, 30), (1, 60), (2, 31)]),
        (SATURDAY - 10, SATURDAY + 9, [(23, 10), (24, 10)]),
    ],
)
def test_a_window_is_made_of_slots(first: int, last: int, runs: list[tuple[int, int]]) -> None:
    assert Calendar(MINUTE).slots(first, last) == runs


@pytest.mark.parametrize("pane_ms", [1_000, 7_000, MINUTE, 2 * HOUR_MS, 5 * HOUR_MS])
def test_the_slots_of_a_window_are_those_of_its_panes(pane_ms: int) -> None:
    calendar = Calendar(pane_ms)
    for first in (0, 13, 5_000):
        last = first + 200
        naive = [calendar.slot(index) for index in range(first, last + 1)]
        drawn = [slot for slot, count in calendar.slots(first, last) for _ in range(count)]
        assert drawn == naive


def constant_past(rate: float, days: int) -> tuple[KnownBaseline, Exposure, Calendar, int]:
    calendar, baseline, exposure = Calendar(MINUTE), KnownBaseline(), Exposure()
    minutes = days * DAY_MS // MINUTE
    for index in range(minutes):
        slot = calendar.slot(index)
        exposure.panes.add(1.0, index, calendar.level_half_life)
        exposure.slots.setdefault(slot, Discounted()).add(1.0, index, calendar.slot_half_life)
        amount = rate * (2.0 if slot % 24 == 9 else 1.0)
        baseline.level.add(amount, index, calendar.level_half_life)
        baseline.slots.setdefault(slot, Discounted()).add(amount, index, calendar.slot_half_life)
    return baseline, exposure, calendar, minutes


def test_the_usual_of_a_slot_lies_between_its_own_and_the_level() -> None:
    baseline, exposure, calendar, index = constant_past(rate=0.05, days=14)

    def usual(hour: int) -> float:
        first = index - 24 * 60 + hour * 60
        return seasonal_usual(
            baseline, exposure, calendar, index, calendar.slots(first, first + 59)
        )

    assert usual(3) == pytest.approx(0.05 * 60, rel=0.03)
    assert 0.05 * 60 * 1.5 < usual(9) < 0.05 * 60 * 2.0


def test_a_key_never_seen_is_credited_with_half_a_story() -> None:
    calendar, exposure = Calendar(MINUTE), Exposure()
    exposure.panes = Discounted(10_000.0, 0)
    exposure.stories = Discounted(9_500.0, 0)

    assert volume_usual(None, exposure, calendar, 0, 100) == pytest.approx(
        PRIOR_COUNT / 10_000 * 100
    )
    assert seasonal_usual(KnownBaseline(), exposure, calendar, 0, [(0, 60)]) == pytest.approx(
        PRIOR_COUNT / 10_000 * 60
    )


def test_dispersion_stays_in_its_range() -> None:
    calendar = Calendar(MINUTE)
    calm = KnownBaseline(excess=Discounted(-1e9, 0), squares=Discounted(1e3, 0))
    wild = KnownBaseline(excess=Discounted(1e9, 0), squares=Discounted(1e3, 0))

    assert dispersion(calm, calendar, 0) == 0.02
    assert dispersion(wild, calendar, 0) == 50.0
    assert dispersion(KnownBaseline(), calendar, 0) == pytest.approx(0.3)
