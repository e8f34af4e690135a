"""Windows, drawn: each character is a pane with so many negative stories, `.` an empty one."""

from __future__ import annotations

import numpy as np
import pytest

from foreshock.records import Pane
from stream.windows import Windows

WIDTH = 60_000


def panes_at(index: int, counts: dict[str, str]) -> list[Pane]:
    return [
        Pane(
            watch="main",
            key=key,
            pane_end_ms=(index + 1) * WIDTH,
            width_ms=WIDTH,
            stories=2 * int(drawn[index]),
            negative_stories=int(drawn[index]),
            items=2 * int(drawn[index]),
            polarity_sum=-int(drawn[index]),
            publishers=(f"p{index}",),
            negative_leads=tuple(f"{key}{index}-{n}" for n in range(int(drawn[index]))),
        )
        for key, drawn in sorted(counts.items())
        if drawn[index] != "."
    ]


def play(windows: Windows, index: int, counts: dict[str, str]) -> None:
    windows.leave(index - windows.length)
    panes = panes_at(index, counts)
    if panes:
        windows.enter(index, panes)


@pytest.mark.parametrize(
    ("drawn", "sums"),
    [
        #  panes          window of 3, at each pane end
        ("1............", "1110000000000"),
        ("123..........", "1365300000000"),
        ("1..1..1..1...", "1111111111110"),
        ("9999999999999", "9IRRRRRRRRRRR"),  # I = 18, R = 27
        (".............", "0000000000000"),
        ("..5........5.", "0055500000055"),
    ],
)
def test_a_window_holds_its_last_three_panes(drawn: str, sums: str) -> None:
    windows = Windows(3)
    for index in range(len(drawn)):
        play(windows, index, {"k": drawn})
        window = windows.get("k")
        negative = 0 if window is None else window.negative
        assert negative == int(sums[index], 36)


def test_every_prefix_is_what_numpy_adds_up() -> None:
    rng = np.random.default_rng(3)
    counts = {
        key: "".join(str(n) if n else "." for n in rng.poisson(rate, 400).clip(0, 9))
        for key, rate in (("a", 0.02), ("b", 0.4), ("c", 3.0))
    }
    windows = Windows(17)
    for index in range(400):
        play(windows, index, counts)
        for key, drawn in counts.items():
            run = drawn[max(index - 16, 0) : index + 1]
            held = np.array([0 if mark == "." else int(mark) for mark in run])
            window = windows.get(key)
            if held.sum() == 0:
                assert window is None
                continue
            assert window is not None
            assert (window.negative, window.stories) == (held.sum(), 2 * held.sum())
            assert window.polarity == -held.sum()
            assert len(window.negative_leads()) == held.sum()
            assert len(window.publishers()) == np.count_nonzero(held)


def test_leads_come_newest_last() -> None:
    windows = Windows(5)
    for index in range(3):
        play(windows, index, {"k": "2.1"})

    window = windows.get("k")
    assert window is not None
    assert window.negative_leads() == ["k0-0", "k0-1", "k2-0"]


def test_only_ticks_that_came_or_went_are_touched() -> None:
    windows = Windows(2)
    touched = []
    for index in range(5):
        play(windows, index, {"k": "1..2."})
        touched.append({name: data is not None for name, data in windows.take_touched().items()})

    assert touched == [{"0": True}, {}, {"0": False}, {"3": True}, {}]


def test_a_restored_window_goes_on() -> None:
    drawn = {"a": "1.2.3.4.5.", "b": "...9...9.."}
    whole, kept = Windows(4), {}
    for index in range(6):
        play(whole, index, drawn)
        for name, data in whole.take_touched().items():
            kept.pop(name, None)
            if data is not None:
                kept[name] = data
    again = Windows(4)
    again.restore(kept)
    for index in range(6, 10):
        play(whole, index, drawn)
        play(again, index, drawn)
        for key in drawn:
            left, right = whole.get(key), again.get(key)
            assert (left and left.negative_leads()) == (right and right.negative_leads())
            assert (left and left.polarity) == (right and right.polarity)
