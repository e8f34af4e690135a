"""Keep a training run's state after each epoch, so that a stopped run can go on.

Tensors as safetensors, the rest as JSON; no pickle. Used by training only.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from foreshock.errors import ModelError

if TYPE_CHECKING:
    import torch

_TENSORS = "state.safetensors"
_HISTORY = "history.json"


def save_training_state(
    folder: Path,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    history: Sequence[dict[str, float]],
) -> None:
    """Write model, optimiser moments and the history of finished epochs to a folder."""
    import safetensors.torch

    tensors = {f"model/{name}": value.contiguous() for name, value in model.state_dict().items()}
    for number, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            tensors[f"optimizer/{number}/{name}"] = value.contiguous()
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{_TENSORS}"
    # The number of epochs travels with the tensors, so that the two files cannot disagree unseen.
    safetensors.torch.save_file(tensors, fresh, metadata={"epochs": str(len(history))})
    (folder / _HISTORY).write_bytes(msgspec.json.encode(list(history)))
    fresh.replace(folder / _TENSORS)


def load_training_state(
    folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer
) -> list[dict[str, float]]:
    """Fill model and optimiser from a folder and return its history; [] when there is none yet.

    Raises ModelError when the state is of another model or cannot be read.
    """
    import safetensors.torch
    from safetensors import SafetensorError, safe_open

    path = folder / _TENSORS
    if not path.is_file():
        return []
    try:
        with safe_open(path, framework="pt") as file:
            epochs = int(file.metadata()["epochs"])
        tensors = safetensors.torch.load_file(path)
        history = msgspec.json.decode(
            (folder / _HISTORY).read_bytes(), type=list[dict[str, float]]
        )[:epochs]
        model.load_state_dict(
            {k.removeprefix("model/"): v for k, v in tensors.items() if k.startswith("model/")}
        )
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith("optimizer/"):
                _, number, name = key.split("/")
                state.setdefault(int(number), {})[name] = value
        whole = optimizer.state_dict()
        optimizer.load_state_dict({"state": state, "param_groups": whole["param_groups"]})
    except (SafetensorError, OSError, KeyError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path} is not a state of this training: {error}") from error
    return history
