"""Cut texts into batches that cost about the same, and bring the results back in order. Pure.

A batch is limited by its padded tokens (rows x longest row), not by rows: that is what a forward
pass costs. Rows are sorted by length first, so that little is padded. Used by scorer and training.
Source: the queue of text-embeddings-inference cuts batches by tokens in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

#: Rows are padded to a multiple of this many tokens, and to no less than this many.
PAD_STEP: Final = 4
PAD_LEAST: Final = 16


def padded_length(tokens: int) -> int:
    """Return the length that a row of so many tokens is padded to, by its own length alone.

    A row that is always padded alike goes through the same sums whatever batch it falls in.

    >>> [padded_length(n) for n in (1, 16, 17, 21)]
    [16, 16, 20, 24]
    """
    return max(PAD_LEAST, -(-tokens // PAD_STEP) * PAD_STEP)


def cut_batches(
    lengths: Sequence[int], *, max_tokens: int, max_rows: int | None = None, equal: bool = False
) -> list[list[int]]:
    """Return batches of row numbers, longest rows first; every row is in exactly one batch.

    lengths: tokens of each row. A batch has rows x longest <= max_tokens (a row that alone is
    longer gets a batch of its own) and at most max_rows rows; with `equal`, only rows of one
    length. Raises ValueError for limits < 1.

    >>> cut_batches([3, 9, 2, 8], max_tokens=18)
    [[1, 3], [0, 2]]
    >>> cut_batches([3, 9, 3, 8], max_tokens=18, equal=True)
    [[1], [3], [0, 2]]
    """
    if max_tokens < 1 or (max_rows is not None and max_rows < 1):
        raise ValueError(f"expected limits of at least 1, found {max_tokens}, {max_rows}")
    order = sorted(range(len(lengths)), key=lambda row: (-lengths[row], row))
    batches: list[list[int]] = []
    current: list[int] = []
    longest = 0
    for row in order:
        full = (len(current) + 1) * longest > max_tokens or len(current) == max_rows
        if current and (full or (equal and lengths[row] != longest)):
            batches.append(current)
            current = []
        if not current:
            longest = lengths[row]
        current.append(row)
    if current:
        batches.append(current)
    return batches


def restore_order(batches: Sequence[Sequence[int]], results: Sequence[Sequence[T]]) -> list[T]:
    """Return the results of `cut_batches`' batches in the order of the rows.

    Raises ValueError when a batch has not exactly one result for each of its rows, or when the
    batches do not hold each row once.

    >>> restore_order([[1, 3], [0, 2]], [["b", "d"], ["a", "c"]])
    ['a', 'b', 'c', 'd']
    """
    by_row: dict[int, T] = {}
    for rows, values in zip(batches, results, strict=True):
        by_row.update(zip(rows, values, strict=True))
    if sum(map(len, batches)) != len(by_row) or set(by_row) != set(range(len(by_row))):
        raise ValueError(f"the batches do not hold each of {len(by_row)} rows once")
    return [by_row[row] for row in range(len(by_row))]
