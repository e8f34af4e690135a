"""No row is ever lost, doubled or reordered, whatever the lengths and limits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from classifier.batching import PAD_STEP, cut_batches, padded_length, restore_order

LENGTHS = st.lists(st.integers(0, 300), max_size=80)


@given(LENGTHS, st.integers(1, 2_000), st.none() | st.integers(1, 50), st.booleans())
def test_each_row_is_in_exactly_one_batch_within_the_limits(
    lengths: list[int], max_tokens: int, max_rows: int | None, equal: bool
) -> None:
    batches = cut_batches(lengths, max_tokens=max_tokens, max_rows=max_rows, equal=equal)
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    for batch in batches:
        longest = max(lengths[row] for row in batch)
        assert len(batch) == 1 or len(batch) * longest <= max_tokens
        assert max_rows is None or len(batch) <= max_rows
        assert not equal or {lengths[row] for row in batch} == {longest}


@given(LENGTHS, st.integers(1, 2_000), st.booleans())
def test_order_comes_back(lengths: list[int], max_tokens: int, equal: bool) -> None:
    batches = cut_batches(lengths, max_tokens=max_tokens, equal=equal)
    assert restore_order(batches, batches) == list(range(len(lengths)))


@given(st.integers(0, 5_000))
def test_padding_holds_the_row_and_wastes_less_than_a_step(tokens: int) -> None:
    padded = padded_length(tokens)
    assert padded >= tokens
    assert padded % PAD_STEP == 0
    assert padded == padded_length(0) or padded - tokens < PAD_STEP
