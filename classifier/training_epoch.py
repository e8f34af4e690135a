"""One pass over the training batches: schedule, joint loss, optimiser steps. Used by training."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from classifier.compute_dtype import has_fast_bf16
from classifier.corpora import NO_LABEL, Example
from classifier.training_batches import Batch, pad_rows

if TYPE_CHECKING:
    import torch

HEAD_LR_FACTOR: Final = 3.0
LABEL_SMOOTHING: Final = 0.05
WARMUP_SHARE: Final = 0.08
WEIGHT_DECAY: Final = 0.01


def make_optimizer(model: torch.nn.Module, lr: float) -> torch.optim.Optimizer:
    """Return AdamW over the model: heads learn faster, biases and norms do not decay."""
    import torch

    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        plain = parameter.ndim < 2
        factor = HEAD_LR_FACTOR if name.startswith("heads.") else 1.0
        groups.setdefault((factor, 0.0 if plain else WEIGHT_DECAY), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": parameters, "lr": lr * factor, "lr_factor": factor, "weight_decay": decay}
            for (factor, decay), parameters in groups.items()
        ],
        fused=True,
    )


def train_epoch(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: Sequence[Batch],
    *,
    lr: float,
    epoch: int,
    epochs: int,
    on_step: Callable[[int, float, float], None],
) -> float:
    """Make one step for each batch and return the mean loss of the last hundred.

    epoch: 0-based, places the pass in the learning-rate schedule; on_step is told the step
    (1-based), the loss and rows a second, every ten steps and at the end.
    """
    import torch

    model.train()
    device = next(model.parameters()).device
    total_steps = max(epochs * len(batches), 1)
    started, rows, mean_loss = time.monotonic(), 0, 0.0
    for step, (ids, examples) in enumerate(batches, start=1):
        share = (epoch * len(batches) + step) / total_steps
        for group in optimizer.param_groups:
            group["lr"] = lr * group["lr_factor"] * _schedule(share)
        with torch.autocast(device.type, torch.bfloat16, enabled=has_fast_bf16(device.type)):
            logits = model(*pad_rows(ids, device))
        loss = _joint_loss(logits, examples)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        rows += len(examples)
        mean_loss += (loss.item() - mean_loss) / min(step, 100)
        if step % 10 == 0 or step == len(batches):
            on_step(step, mean_loss, rows / max(time.monotonic() - started, 1e-9))
    return mean_loss


def _schedule(share: float) -> float:
    """Return the learning-rate factor: linear warm-up, then a cosine to zero.

    Source: Loshchilov and Hutter, SGDR, ICLR 2017 (cosine, one cycle).
    """
    if share < WARMUP_SHARE:
        return share / WARMUP_SHARE
    return 0.5 * (1.0 + math.cos(math.pi * (share - WARMUP_SHARE) / (1.0 - WARMUP_SHARE)))


def _joint_loss(logits: Mapping[str, torch.Tensor], examples: Sequence[Example]) -> torch.Tensor:
    """Return the weighted mean over rows of the cross entropy of each row's own task."""
    import torch
    from torch.nn.functional import cross_entropy

    device = logits["sentiment"].device
    weight = torch.tensor([example.weight for example in examples], device=device)
    total = torch.zeros((), device=device)
    for task, column in (("sentiment", 1), ("topic", 2)):
        target = torch.tensor([int(example[column]) for example in examples], device=device)
        each = cross_entropy(
            logits[task].float(),
            target,
            ignore_index=NO_LABEL,
            reduction="none",
            label_smoothing=LABEL_SMOOTHING,
        )
        total = total + (each * weight).sum()
    return total / len(examples)
