"""Batches by tokens: limits are kept, order comes back, mistakes are loud."""

from __future__ import annotations

import pytest

from classifier.batching import PAD_LEAST, cut_batches, padded_length, restore_order


def test_batches_are_cut_by_padded_tokens() -> None:
    assert cut_batches([10, 1, 1, 1], max_tokens=20) == [[0, 1], [2, 3]]


def test_rows_are_limited_too() -> None:
    assert cut_batches([1, 1, 1], max_tokens=100, max_rows=2) == [[0, 1], [2]]


def test_a_row_longer_than_the_limit_is_not_lost() -> None:
    assert cut_batches([5, 500, 5], max_tokens=100) == [[1], [0, 2]]


def test_equal_batches_hold_one_length() -> None:
    assert cut_batches([8, 4, 8, 4], max_tokens=100, equal=True) == [[0, 2], [1, 3]]


def test_nothing_gives_no_batches() -> None:
    assert cut_batches([], max_tokens=1) == []


@pytest.mark.parametrize(("max_tokens", "max_rows"), [(0, None), (-1, None), (1, 0)])
def test_limits_below_one_are_refused(max_tokens: int, max_rows: int | None) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        cut_batches([1], max_tokens=max_tokens, max_rows=max_rows)


def test_a_result_too_few_is_refused() -> None:
    with pytest.raises(ValueError, match="argument 2"):
        restore_order([[0, 1]], [["a"]])


def test_batches_with_a_row_twice_or_not_at_all_are_refused() -> None:
    with pytest.raises(ValueError, match="once"):
        restore_order([[0], [0]], [["a"], ["b"]])
    with pytest.raises(ValueError, match="once"):
        restore_order([[1]], [["a"]])


def test_padding_depends_on_the_row_alone() -> None:
    assert padded_length(0) == padded_length(PAD_LEAST) == PAD_LEAST
    assert padded_length(PAD_LEAST + 1) > PAD_LEAST
