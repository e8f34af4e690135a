"""Score texts: what the rest of the program calls.

`load_scorer` reads and checks a model folder; `Scorer.score` turns prepared texts into calibrated
probabilities in integer micro-units. Texts of a call are sorted by length into micro-batches and
come back in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from classifier.batching import cut_batches, padded_length, restore_order
from classifier.calibration import probabilities_to_micro, softmax
from classifier.labels import TOPICS
from classifier.model_folder import (
    DEFAULT_MODEL_DIR,
    TOKENIZER_FILE,
    ModelConfig,
    load_weights,
    read_config,
    read_verified,
)
from classifier.preprocess import model_input
from foreshock.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from classifier.backends.base import Backend

#: Characters that are tokenised; no 256 tokens of prose are longer. Bounds the work of one text.
MAX_CHARS: Final = 8_192


class TextScore(msgspec.Struct, frozen=True):
    """Topics and sentiment of one text: calibrated probabilities in micro-units.

    The three sentiments sum to exactly 1,000,000, and so do the topics, which are all 20 in the
    order of `labels.TOPICS`. `tokens` counts what the model read, its two markers included.
    """

    negative_micro: int
    neutral_micro: int
    positive_micro: int
    topics_micro: tuple[tuple[str, int], ...]
    tokens: int
    truncated: bool

    @property
    def polarity_micro(self) -> int:
        """Return p_positive - p_negative in micro-units, -1,000,000 to 1,000,000."""
        return self.positive_micro - self.negative_micro


class Scorer:
    """A model that is ready to score. Make one with `load_scorer`. Safe to use from threads."""

    def __init__(self, config: ModelConfig, tokenizer: Tokenizer, backend: Backend) -> None:
        """Join a config, its tokenizer (no padding, truncating) and a backend with its weights."""
        self.model_version = config.model_version
        self._config = config
        self._tokenizer = tokenizer
        self._backend = backend

    def describe(self) -> str:
        """Return model version, backend, device and dtype in one line."""
        return f"{self.model_version} on {self._backend.describe()}"

    def prepare(self, title: str, text: str) -> str:
        """Return the exact model input of an item; pure, so that a caller can hash it."""
        return model_input(title, text)

    def score(self, texts: Sequence[str]) -> list[TextScore]:
        """Return one score per prepared text, in order.

        An empty text gets what the model says of nothing. The score of a text does not depend on
        the others in the call: to the byte in float32 on the processors that this was measured
        on (AVX-512), to 1e-2 everywhere.
        Raises ModelError when the device fails.
        """
        if not texts:
            return []
        encodings = self._tokenizer.encode_batch([text[:MAX_CHARS] for text in texts])
        ids = [encoding.ids for encoding in encodings]
        cut = [
            len(text) > MAX_CHARS or bool(encoding.overflowing)
            for text, encoding in zip(texts, encodings, strict=True)
        ]
        logits = self._logits(ids)
        sentiments = self._micro(logits, "sentiment")
        topics = self._micro(logits, "topic")
        return [
            TextScore(
                negative_micro=negative,
                neutral_micro=neutral,
                positive_micro=positive,
                topics_micro=tuple(zip(TOPICS, topic, strict=True)),
                tokens=len(tokens),
                truncated=truncated,
            )
            for (negative, neutral, positive), topic, tokens, truncated in zip(
                sentiments, topics, ids, cut, strict=True
            )
        ]

    def _logits(self, ids: Sequence[Sequence[int]]) -> dict[str, NDArray[np.float32]]:
        """Return {task: float32 [rows, labels]} of token ids, rows in order."""
        batches = cut_batches(
            [padded_length(len(tokens)) for tokens in ids],
            max_tokens=self._backend.batch_tokens,
            equal=True,
        )
        results = self._backend.logits([[ids[row] for row in rows] for rows in batches])
        return {
            task: np.stack(restore_order(batches, [list(result[task]) for result in results]))
            for task in self._config.heads
        }

    def _micro(self, logits: dict[str, NDArray[np.float32]], task: str) -> list[list[int]]:
        head = self._config.heads[task]
        moved = logits[task] + np.asarray(head.bias) if head.bias else logits[task]
        probs = softmax(moved, head.temperature)
        if not np.isfinite(probs).all():
            raise ModelError(f"{self.describe()}: the {task} head gave a result that is no number")
        rows: list[list[int]] = probabilities_to_micro(probs).tolist()
        return rows


def load_scorer(model: str | Path = "default", device: str = "auto") -> Scorer:
    """Load a model folder ("default" is the shipped one) onto a device; no network.

    device: "auto", "cpu", "cuda" or "cuda:<n>". Raises ModelError when the folder is not a model,
    does not match its hashes or label order, or when the device is absent.
    """
    from classifier.backends.torch_backend import TorchBackend

    folder = DEFAULT_MODEL_DIR if model == "default" else Path(model)
    config = read_config(folder)
    tokenizer = _load_tokenizer(folder, config)
    return Scorer(config, tokenizer, TorchBackend(config, load_weights(folder, config), device))


def _load_tokenizer(folder: Path, config: ModelConfig) -> Tokenizer:
    from tokenizers import Tokenizer

    content = read_verified(folder, TOKENIZER_FILE, config.tokenizer_sha256)
    try:
        tokenizer = Tokenizer.from_buffer(content)
    except Exception as error:  # the Rust library raises bare Exception
        raise ModelError(f"{folder / TOKENIZER_FILE}: not a tokenizer: {error}") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(config.max_tokens)
    return tokenizer
