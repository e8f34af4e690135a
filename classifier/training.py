"""Fine-tune the joint model for sentiment and topic; write a model folder after each epoch.

Called by `foreshock train`. Needs the training sets (docs/model.md names where they are published)
and the package with the starting checkpoint (the extra `train`). No network.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from classifier.base_checkpoint import base_model_dir, load_base_weights, read_base
from classifier.batching import cut_batches
from classifier.calibration import fit_temperature
from classifier.compute_dtype import has_fast_bf16
from classifier.corpora import NO_LABEL, Example, TrainingCorpora, load_training_corpora
from classifier.joint_model import build_joint_model
from classifier.labels import SENTIMENTS, TOPICS, Task
from classifier.model_folder import save_model_folder
from classifier.training_batches import Batch, epoch_batches, pad_rows, training_tokenizer
from classifier.training_state import load_training_state, save_training_state

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

MODEL_NAME: Final = "foreshock-minilm-1"
#: Tokens that the finished model reads.
SERVE_MAX_TOKENS: Final = 256
DROPOUT: Final = 0.1
HEAD_LR_FACTOR: Final = 6.0
WARMUP_SHARE: Final = 0.08
WEIGHT_DECAY: Final = 0.01
DEV_ORIGINS: Final[tuple[tuple[str, Task], ...]] = (
    ("sentfin", "sentiment"),
    ("tweets", "sentiment"),
    ("topics", "topic"),
)


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """What `on_progress` is told: every few steps, and after each epoch with dev macro-F1."""

    kind: Literal["step", "epoch"]
    epoch: int  # 1-based
    epochs: int
    step: int  # within the epoch, 1-based
    steps: int
    loss: float
    rows_per_s: float
    dev_macro_f1: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """How a training run went. `dev_macro_f1` is of the epoch that was kept."""

    out_dir: Path
    model_version: str
    seconds: float
    best_epoch: int
    dev_macro_f1: Mapping[str, float]
    history: Sequence[Mapping[str, float]]


def train(
    data_dir: Path,
    out_dir: Path,
    *,
    epochs: int = 4,
    lr: float = 8e-5,
    seed: int = 13,
    batch_tokens: int = 1024,
    on_progress: Callable[[TrainingProgress], None] | None = None,
    resume: Path | None = None,
    base_dir: Path | None = None,
    corpora: TrainingCorpora | None = None,
) -> TrainingReport:
    """Train and write the model of the best epoch (mean dev macro-F1) to out_dir.

    batch_tokens: padded tokens in a batch; resume: a folder that holds the state after each epoch,
    from which a run that was stopped goes on to the same result; base_dir: the checkpoint to start
    from (default: the package of the extra `train`); corpora: instead of reading data_dir.
    Raises CorpusError for unusable data, ModelError for an unusable checkpoint.
    """
    import torch

    started = time.monotonic()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    corpora = corpora if corpora is not None else load_training_corpora(data_dir)
    base = base_dir if base_dir is not None else base_model_dir()
    encoder, tokenizer_json = read_base(base)
    tokenizer = training_tokenizer(tokenizer_json)
    torch.manual_seed(seed)
    model = build_joint_model(
        encoder, {"sentiment": len(SENTIMENTS), "topic": len(TOPICS)}, dropout=DROPOUT
    )
    load_base_weights(model, base)
    model.to(device)
    optimizer = _optimizer(model, lr)
    history: list[dict[str, float]] = []
    if resume is not None:
        history = load_training_state(resume, model, optimizer)
    best = max(range(len(history)), key=lambda i: history[i]["mean"], default=-1)
    version = ""
    for epoch in range(len(history), epochs):
        torch.manual_seed(seed * 1000 + epoch)
        batches = epoch_batches(
            corpora.examples["train"],
            tokenizer,
            seed=seed,
            epoch=epoch,
            batch_tokens=batch_tokens,
        )
        loss = _train_epoch(
            model,
            optimizer,
            batches,
            lr=lr,
            epoch=epoch,
            epochs=epochs,
            on_progress=on_progress,
        )
        dev = {
            origin: _dev_logits(model, tokenizer, corpora.of("dev", origin), task)
            for origin, task in DEV_ORIGINS
        }
        scores = {origin: _macro_f1(*dev[origin]) for origin, _ in DEV_ORIGINS}
        history.append({**scores, "mean": sum(scores.values()) / len(scores), "loss": loss})
        if best < 0 or history[-1]["mean"] >= history[best]["mean"]:
            best = len(history) - 1
            version = save_model_folder(
                out_dir,
                name=MODEL_NAME,
                encoder=encoder,
                temperatures=_temperatures(dev),
                max_tokens=SERVE_MAX_TOKENS,
                weights={key: value.cpu() for key, value in model.state_dict().items()},
                tokenizer_json=tokenizer_json,
                training={
                    "base": "all-MiniLM-L6-v2",
                    "epoch": epoch + 1,
                    "epochs": epochs,
                    "lr": lr,
                    "seed": seed,
                    "batch_tokens": batch_tokens,
                    "rows": corpora.summary(),
                    "dev_macro_f1": {name: round(value, 4) for name, value in scores.items()},
                },
            ).model_version
        if resume is not None:
            save_training_state(resume, model, optimizer, history)
        if on_progress is not None:
            on_progress(
                TrainingProgress(
                    "epoch", epoch + 1, epochs, len(batches), len(batches), loss, 0.0, scores
                )
            )
    kept = {name: history[best][name] for name, _ in DEV_ORIGINS} if history else {}
    return TrainingReport(
        out_dir, version, time.monotonic() - started, best + 1, kept, tuple(history)
    )


def _optimizer(model: torch.nn.Module, lr: float) -> torch.optim.Optimizer:
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


def _train_epoch(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: Sequence[Batch],
    *,
    lr: float,
    epoch: int,
    epochs: int,
    on_progress: Callable[[TrainingProgress], None] | None,
) -> float:
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
        if on_progress is not None and (step % 10 == 0 or step == len(batches)):
            rate = rows / max(time.monotonic() - started, 1e-9)
            on_progress(
                TrainingProgress("step", epoch + 1, epochs, step, len(batches), mean_loss, rate)
            )
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
        each = cross_entropy(logits[task].float(), target, ignore_index=NO_LABEL, reduction="none")
        total = total + (each * weight).sum()
    return total / len(examples)


def _dev_logits(
    model: torch.nn.Module, tokenizer: Tokenizer, examples: Sequence[Example], task: Task
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
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


def _macro_f1(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(labels, logits.argmax(axis=1), average="macro"))


def _temperatures(
    dev: Mapping[str, tuple[NDArray[np.float32], NDArray[np.int64]]],
) -> dict[str, float]:
    fitted: dict[str, float] = {}
    for task in ("sentiment", "topic"):
        parts = [dev[origin] for origin, of_task in DEV_ORIGINS if of_task == task]
        fitted[task] = fit_temperature(
            np.concatenate([logits for logits, _ in parts]),
            np.concatenate([labels for _, labels in parts]),
        )
    return fitted


def training_rates(history: Sequence[Mapping[str, float]]) -> Iterator[str]:
    """Yield one line for each epoch of a report's history, for printing."""
    for number, epoch in enumerate(history, start=1):
        scores = ", ".join(f"{name} {value:.3f}" for name, value in epoch.items())
        yield f"epoch {number}: {scores}"
