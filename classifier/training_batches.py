"""Turn training examples into an epoch's batches of token ids."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from classifier.augmentation import vary
from classifier.batching import cut_batches
from classifier.corpora import Example

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

#: Tokens read in training; 99 % of the texts are shorter.
TRAIN_MAX_TOKENS: Final = 72
#: Sorting by length within pools of this many rows keeps batches mixed from epoch to epoch.
_POOL_ROWS: Final = 4096

#: Token ids of each row, and the examples that the rows came from.
Batch = tuple[list[list[int]], list[Example]]


def epoch_batches(
    examples: Sequence[Example],
    tokenizer: Tokenizer,
    *,
    seed: int,
    epoch: int,
    batch_tokens: int,
) -> list[Batch]:
    """Return the epoch's batches: shuffled, varied, of similar length inside, in random order."""
    order = random.Random(seed * 1000 + epoch)  # noqa: S311  # nothing secret
    shuffled = list(examples)
    order.shuffle(shuffled)
    encoded = tokenizer.encode_batch_fast([vary(example.text, order) for example in shuffled])
    ids = [encoding.ids for encoding in encoded]
    batches: list[Batch] = []
    for start in range(0, len(ids), _POOL_ROWS):
        rows = range(start, min(start + _POOL_ROWS, len(ids)))
        for batch in cut_batches([len(ids[row]) for row in rows], max_tokens=batch_tokens):
            chosen = [rows[index] for index in batch]
            batches.append(([ids[row] for row in chosen], [shuffled[row] for row in chosen]))
    order.shuffle(batches)
    return batches


def training_tokenizer(tokenizer_json: bytes) -> Tokenizer:
    """Return the tokenizer as training uses it: truncating, not padding."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_buffer(tokenizer_json)
    tokenizer.no_padding()
    tokenizer.enable_truncation(TRAIN_MAX_TOKENS)
    return tokenizer


def pad_rows(
    ids: Sequence[Sequence[int]], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids and mask, int64 [rows, longest row], on the device; 0 where there is no token."""
    import torch

    longest = max(map(len, ids))
    padded = np.zeros((len(ids), longest), dtype=np.int64)
    mask = np.zeros((len(ids), longest), dtype=np.int64)
    for row, tokens in enumerate(ids):
        padded[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return torch.from_numpy(padded).to(device), torch.from_numpy(mask).to(device)
