"""Merging panes is exact: associative, commutative, with an identity."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from foreshock.records import Pane
from stream.panes import merge_all, merge_panes, zero_pane

ZERO = zero_pane("main", "all", 60_000, 60_000)
_names = st.sets(st.text("abc", min_size=1, max_size=2), max_size=4)
_count = st.integers(0, 2**53)


@st.composite
def some_pane(draw: st.DrawFn) -> Pane:
    return Pane(
        watch="main",
        key="all",
        pane_end_ms=60_000,
        width_ms=60_000,
        stories=draw(_count),
        negative_stories=draw(_count),
        items=draw(_count),
        polarity_sum=draw(st.integers(-(2**53), 2**53)),
        polarity_sq_sum=draw(_count),
        publishers=tuple(sorted(draw(_names))),
        negative_leads=tuple(sorted(draw(_names))),
    )


@given(some_pane(), some_pane(), some_pane())
def test_merging_is_associative(a: Pane, b: Pane, c: Pane) -> None:
    assert merge_panes(merge_panes(a, b), c) == merge_panes(a, merge_panes(b, c))


@given(some_pane(), some_pane())
def test_merging_is_commutative(a: Pane, b: Pane) -> None:
    assert merge_panes(a, b) == merge_panes(b, a)


@given(some_pane())
def test_the_zero_pane_is_the_identity(a: Pane) -> None:
    assert merge_panes(ZERO, a) == a == merge_panes(a, ZERO)
    assert merge_panes(ZERO, ZERO) == ZERO


@given(st.lists(some_pane(), max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_merging_does_not_matter(panes: list[Pane], random: object) -> None:
    shuffled = list(panes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert merge_all(panes, ZERO) == merge_all(shuffled, ZERO)
