"""Sums of any window against a plain loop over the panes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboard.history import Counts, KeyHistory

panes = st.lists(
    st.tuples(
        st.sampled_from(["main", "asia"]),
        st.integers(0, 50),
        st.integers(0, 9),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    max_size=40,
    unique_by=lambda pane: pane[:2],
)


def filled(rows: list[tuple[str, int, int, int, int]]) -> KeyHistory:
    history = KeyHistory()
    for watch, end, stories, negative, items in sorted(rows, key=lambda row: row[1]):
        assert history.append(watch, end, Counts(stories, negative, items))
    return history


def plain_sum(rows: list[tuple[str, int, int, int, int]], after: int, until: int) -> Counts:
    total = Counts()
    for _watch, end, stories, negative, items in rows:
        if after < end <= until:
            total += Counts(stories, negative, items)
    return total


@given(rows=panes, after=st.integers(-5, 55), length=st.integers(0, 60))
def test_a_window_is_the_sum_of_its_panes(
    rows: list[tuple[str, int, int, int, int]], after: int, length: int
) -> None:
    assert filled(rows).between(after, after + length) == plain_sum(rows, after, after + length)


@given(rows=panes, cut=st.integers(-1, 50), length=st.integers(0, 60))
def test_forgetting_leaves_later_windows_as_they_were(
    rows: list[tuple[str, int, int, int, int]], cut: int, length: int
) -> None:
    history = filled(rows)
    history.forget(cut)
    assert history.between(cut, cut + length) == plain_sum(rows, cut, cut + length)
    assert history.empty == all(end <= cut for _, end, *_ in rows)


def test_a_pane_that_comes_again_changes_nothing() -> None:
    history = filled([("main", 10, 2, 1, 3)])
    assert not history.append("main", 10, Counts(2, 1, 3))
    assert not history.append("main", 9, Counts(2, 1, 3))
    assert history.between(0, 100) == Counts(2, 1, 3)


def test_no_story_has_no_share() -> None:
    assert Counts().share is None
    assert Counts(4, 1).share == 0.25
