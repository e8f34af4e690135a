"""MinHash signatures of titles, for a whole batch at once, and the bands they are found by.

Pure. `ingest.stories` looks up titles that may be alike by their bands and then compares the words.
The hash functions are fixed for good: a stored story must be found again by any later version.

Source: Broder 1997 (MinHash); Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, ch. 3.4
(banding); Dietzfelbinger et al. 1997 (multiply-shift hashing).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

BANDS = 20
ROWS = 3
_HASHES = BANDS * ROWS


def _seeds(name: bytes, count: int) -> npt.NDArray[np.uint64]:
    digests = b"".join(
        blake2b(name + index.to_bytes(2, "big"), digest_size=8).digest() for index in range(count)
    )
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


_FACTORS = _seeds(b"factor", _HASHES) | np.uint64(1)
_OFFSETS = _seeds(b"offset", _HASHES)
_MIX = _seeds(b"mix", ROWS) | np.uint64(1)
_BAND_MARKS = _seeds(b"band", BANDS)


@lru_cache(maxsize=200_000)
def _word_hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")


def title_bands(titles: Sequence[Sequence[str]]) -> list[tuple[int, ...]]:
    """Return the band keys of each title (its words; order and repeats do not matter).

    Two titles with Jaccard similarity j share at least one key with probability
    1 - (1 - j**3)**20: .93 at j = .5, .99 at .6, .42 at .3. A title without words has no keys.
    """
    filled = [index for index, words in enumerate(titles) if words]
    bands: list[tuple[int, ...]] = [()] * len(titles)
    if filled:
        signatures = _signatures([titles[index] for index in filled])
        for index, row in zip(filled, _band_keys(signatures).tolist(), strict=True):
            bands[index] = tuple(row)
    return bands


def _signatures(titles: Sequence[Sequence[str]]) -> npt.NDArray[np.uint64]:
    """Return uint64 [n, BANDS * ROWS]: the least hash over each title's words."""
    lengths = [len(words) for words in titles]
    hashes = np.array([_word_hash(word) for words in titles for word in words], dtype=np.uint64)
    mixed = (hashes[:, None] * _FACTORS + _OFFSETS) >> np.uint64(32)
    starts = np.cumsum([0, *lengths[:-1]])
    return np.minimum.reduceat(mixed, starts, axis=0)


def _band_keys(signatures: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return uint64 [n, BANDS]: one key for the rows of each band, unlike for each band."""
    rows = signatures.reshape(len(signatures), BANDS, ROWS)
    keys: npt.NDArray[np.uint64] = (rows * _MIX).sum(axis=2, dtype=np.uint64) ^ _BAND_MARKS
    return keys
