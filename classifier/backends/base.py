"""The protocol between the scorer and whatever multiplies the matrices.

A backend is given token ids and returns logits; words, labels and calibration stay outside.
`tests/contract/test_backend.py` runs over every implementation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Backend(Protocol):
    """Runs the network over micro-batches."""

    def logits(
        self, batches: Sequence[Sequence[Sequence[int]]]
    ) -> list[Mapping[str, NDArray[np.float32]]]:
        """Return for each batch its logits, {task: float32 [rows, labels]}, rows in order.

        batches: rows of token ids, none empty, unpadded; the backend pads them. Logits of a row
        are within 1e-2 whatever batch it is in. Raises ModelError when the device fails.
        """
        ...

    @property
    def batch_tokens(self) -> int:
        """Padded tokens that a batch should hold at most."""
        ...

    def describe(self) -> str:
        """Return device, dtype and name of the backend for people, in one line."""
        ...
