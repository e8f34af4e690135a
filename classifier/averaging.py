"""Average the weights of models that were trained from the same start.

The mean of several fine-tuned models is often better than each, and costs nothing when serving.
Used by training when it makes several runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from classifier.model_folder import load_weights, read_config
from foreshock.errors import ModelError

if TYPE_CHECKING:
    import torch


def average_weights(folders: Sequence[Path]) -> Mapping[str, torch.Tensor]:
    """Return the mean of the folders' weights in float32.

    Raises ModelError for no folders, a folder that is not a model, and models of unlike shapes.
    Source: Wortsman et al., Model soups, ICML 2022 (the uniform soup).
    """
    if not folders:
        raise ModelError("expected at least one model to average, found none")
    total: dict[str, torch.Tensor] = {}
    for folder in folders:
        weights = load_weights(folder, read_config(folder))
        if total and {k: v.shape for k, v in weights.items()} != {
            k: v.shape for k, v in total.items()
        }:
            raise ModelError(f"{folder}: its weights have other shapes than those of {folders[0]}")
        total = {
            name: value.float() + total[name] if total else value.float()
            for name, value in weights.items()
        }
    return {name: value / len(folders) for name, value in total.items()}
