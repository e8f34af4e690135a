"""What a model under training says of the dev split: used to choose an epoch and to calibrate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from classifier.batching import cut_batches
from classifier.calibration import fit_bias, fit_temperature
from classifier.corpora import Example
from classifier.labels import SENTIMENTS, TOPICS, Task
from classifier.model_folder import HeadConfig
from classifier.training_batches import pad_rows

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    #: Logits [n, k] and labels [n] of one data set.
    DevLogits = tuple[NDArray[np.float32], NDArray[np.int64]]

DEV_ORIGINS: Final[tuple[tuple[str, Task], ...]] = (
    ("sentfin", "sentiment"),
    ("tweets", "sentiment"),
    ("topics", "topic"),
)


def dev_logits(
    model: torch.nn.Module, tokenizer: Tokenizer, examples: Sequence[Example], task: Task
) -> DevLogits:
    """Return logits [n, k] and labels [n] of the examples; rows come longest first."""
    import torch

    model.eval()
    device = next(model.parameters()).device
    ids = [e.ids for e in tokenizer.encode_batch_fast([example.text for example in examples])]
    logits: list[NDArray[np.float32]] = []
    labels: list[int] = []
    with torch.inference_mode():
        for rows in cut_batches([len(tokens) for tokens in ids], max_tokens=4096):
            logits.append(model(*pad_rows([ids[row] for row in rows], device))[task].cpu().numpy())
            labels += [
                examples[row].sentiment if task == "sentiment" else examples[row].topic
                for row in rows
            ]
    return np.concatenate(logits), np.array(labels, dtype=np.int64)


def calibrate(dev: Mapping[str, DevLogits]) -> dict[str, HeadConfig]:
    """Return each task's head, calibrated on the dev rows of its data sets.

    Sentiment gets a bias for the best macro-F1 over its data sets, then a temperature; topics,
    with few rows of many labels, a temperature alone.
    """
    bias = fit_bias([dev[origin] for origin, task in DEV_ORIGINS if task == "sentiment"])
    logits, labels = _joined(dev, "sentiment")
    moved = logits + np.asarray(bias, dtype=np.float32)
    return {
        "sentiment": HeadConfig(SENTIMENTS, fit_temperature(moved, labels), bias),
        "topic": HeadConfig(TOPICS, fit_temperature(*_joined(dev, "topic"))),
    }


def _joined(dev: Mapping[str, DevLogits], task: Task) -> DevLogits:
    parts = [dev[origin] for origin, of_task in DEV_ORIGINS if of_task == task]
    return (
        np.concatenate([logits for logits, _ in parts]),
        np.concatenate([labels for _, labels in parts]),
    )
