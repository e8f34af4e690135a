"""Fine-tune the joint model for sentiment and topic, and write it as a model folder.

Called by `foreshock train`. Needs the training sets (docs/model.md names where they are published)
and the package with the starting checkpoint (the extra `train`). No network.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, Literal

from classifier.averaging import average_weights
from classifier.base_checkpoint import base_model_dir, load_base_weights, read_base
from classifier.calibration import macro_f1
from classifier.corpora import TrainingCorpora, load_training_corpora
from classifier.dev_scores import DEV_ORIGINS, calibrate, dev_logits
from classifier.joint_model import build_joint_model
from classifier.labels import SENTIMENTS, TOPICS
from classifier.model_folder import read_config, save_model_folder
from classifier.training_batches import epoch_batches, training_tokenizer
from classifier.training_epoch import make_optimizer, train_epoch
from classifier.training_state import load_training_state, save_training_state

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

    from classifier.dev_scores import DevLogits

MODEL_NAME: Final = "foreshock-minilm-1"
#: Tokens that the finished model reads.
SERVE_MAX_TOKENS: Final = 256
DROPOUT: Final = 0.1
#: Every run starts from the same heads, so that the weights of runs can be averaged.
HEAD_SEED: Final = 13


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
    run: int = 1  # 1-based
    runs: int = 1


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """How the training went. `dev_macro_f1` is of the model that was kept.

    `history` has the dev macro-F1 (by data set, and their mean) and the loss of each epoch of each
    run, in order; `best_epoch` is the 1-based epoch of the first run that was best in it.
    """

    out_dir: Path
    model_version: str
    seconds: float
    best_epoch: int
    dev_macro_f1: Mapping[str, float]
    history: Sequence[Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class _Setting:
    """What all runs of a training share."""

    corpora: TrainingCorpora
    base: Path
    encoder: Mapping[str, int | float | str]
    tokenizer_json: bytes
    tokenizer: Tokenizer
    device: torch.device
    epochs: int
    lr: float
    batch_tokens: int
    runs: int
    on_progress: Callable[[TrainingProgress], None]


def train(
    data_dir: Path,
    out_dir: Path,
    *,
    epochs: int = 4,
    lr: float = 8e-5,
    seed: int = 13,
    batch_tokens: int = 1024,
    runs: int = 1,
    on_progress: Callable[[TrainingProgress], None] | None = None,
    resume: Path | None = None,
    base_dir: Path | None = None,
    corpora: TrainingCorpora | None = None,
) -> TrainingReport:
    """Train and write to out_dir the model that is best on the dev split (mean macro-F1).

    batch_tokens: padded tokens in a batch; runs: with more than one, seeds seed, seed + 1, … are
    trained and the mean of their weights is a candidate too; resume: a folder for the state after
    each epoch, from which a stopped training goes on to the same result; base_dir: the checkpoint
    to start from (default: the package of the extra `train`); corpora: instead of data_dir.
    Raises CorpusError for unusable data, ModelError for an unusable checkpoint or state.
    """
    import torch

    started = time.monotonic()
    base = base_dir if base_dir is not None else base_model_dir()
    encoder, tokenizer_json = read_base(base)
    setting = _Setting(
        corpora=corpora if corpora is not None else load_training_corpora(data_dir),
        base=base,
        encoder=encoder,
        tokenizer_json=tokenizer_json,
        tokenizer=training_tokenizer(tokenizer_json),
        device=torch.device("cuda" if torch.cuda.is_available() else "cpu"),
        epochs=epochs,
        lr=lr,
        batch_tokens=batch_tokens,
        runs=runs,
        on_progress=on_progress if on_progress is not None else lambda _: None,
    )
    with TemporaryDirectory(prefix="foreshock-train-") as scratch:
        work = resume if resume is not None else Path(scratch)
        folders = [work / f"seed-{seed + number}" for number in range(runs)]
        histories = [
            _run(setting, folder, seed + number, number, keep_state=resume is not None)
            for number, folder in enumerate(folders)
        ]
        dev_macro_f1, version = _keep_best(
            setting, [folder / "model" for folder in folders], out_dir
        )
    best = max(range(len(histories[0])), key=lambda i: histories[0][i]["mean"])
    return TrainingReport(
        out_dir=out_dir,
        model_version=version,
        seconds=time.monotonic() - started,
        best_epoch=best + 1,
        dev_macro_f1=dev_macro_f1,
        history=tuple(epoch for history in histories for epoch in history),
    )


def _run(
    setting: _Setting, folder: Path, seed: int, number: int, *, keep_state: bool
) -> list[dict[str, float]]:
    """Make one run; its best epoch's model comes to folder/model. Return its history."""
    import torch

    model = _fresh_model(setting)
    load_base_weights(model, setting.base)
    model.to(setting.device)
    optimizer = make_optimizer(model, setting.lr)
    history = load_training_state(folder / "state", model, optimizer) if keep_state else []
    for epoch in range(len(history), setting.epochs):
        torch.manual_seed(seed * 1000 + epoch)
        batches = epoch_batches(
            setting.corpora.examples["train"],
            setting.tokenizer,
            seed=seed,
            epoch=epoch,
            batch_tokens=setting.batch_tokens,
        )

        def tell(
            kind: Literal["step", "epoch"],
            step: int,
            loss: float,
            rate: float,
            scores: Mapping[str, float],
            epoch: int = epoch,
            steps: int = len(batches),
        ) -> None:
            setting.on_progress(
                TrainingProgress(
                    kind,
                    epoch + 1,
                    setting.epochs,
                    step,
                    steps,
                    loss,
                    rate,
                    scores,
                    number + 1,
                    setting.runs,
                )
            )

        loss = train_epoch(
            model,
            optimizer,
            batches,
            lr=setting.lr,
            epoch=epoch,
            epochs=setting.epochs,
            on_step=lambda step, loss, rate, tell=tell: tell("step", step, loss, rate, {}),  # type: ignore[misc]
        )
        dev = _dev(setting, model)
        scores = _scores(dev)
        mean = _mean(scores)
        if all(mean >= earlier["mean"] for earlier in history):
            _save(setting, model, dev, folder / "model", {"epoch": epoch + 1, "seeds": [seed]})
        history.append({**scores, "mean": mean, "loss": loss})
        if keep_state:
            save_training_state(folder / "state", model, optimizer, history)
        tell("epoch", len(batches), loss, 0.0, scores)
    return history


def _keep_best(
    setting: _Setting, candidates: Sequence[Path], out_dir: Path
) -> tuple[dict[str, float], str]:
    """Write the best of the candidates and of their mean; return its dev scores and version."""
    model = _fresh_model(setting).to(setting.device)
    groups = [[path] for path in candidates]
    if len(candidates) > 1:
        groups.append(list(candidates))
    best: tuple[float, list[Path]] = (-1.0, [])
    for group in groups:
        model.load_state_dict(average_weights(group))
        mean = _mean(_scores(_dev(setting, model)))
        if mean > best[0]:
            best = (mean, group)
    model.load_state_dict(average_weights(best[1]))
    dev = _dev(setting, model)
    trained = [read_config(path).training for path in best[1]]
    how = {
        "epoch": [one["epoch"] for one in trained],
        "seeds": [seed for one in trained for seed in one["seeds"]],
    }
    return _scores(dev), _save(setting, model, dev, out_dir, how)


def _fresh_model(setting: _Setting) -> torch.nn.Module:
    import torch

    torch.manual_seed(HEAD_SEED)
    return build_joint_model(
        setting.encoder, {"sentiment": len(SENTIMENTS), "topic": len(TOPICS)}, dropout=DROPOUT
    )


def _dev(setting: _Setting, model: torch.nn.Module) -> dict[str, DevLogits]:
    return {
        origin: dev_logits(model, setting.tokenizer, setting.corpora.of("dev", origin), task)
        for origin, task in DEV_ORIGINS
    }


def _scores(dev: Mapping[str, DevLogits]) -> dict[str, float]:
    return {
        origin: macro_f1(logits.argmax(axis=1), labels) for origin, (logits, labels) in dev.items()
    }


def _mean(scores: Mapping[str, float]) -> float:
    return sum(scores.values()) / len(scores)


def _save(
    setting: _Setting,
    model: torch.nn.Module,
    dev: Mapping[str, DevLogits],
    folder: Path,
    how: Mapping[str, Any],
) -> str:
    """Write a model folder and return its version."""
    return save_model_folder(
        folder,
        name=MODEL_NAME,
        encoder=setting.encoder,
        heads=calibrate(dev),
        max_tokens=SERVE_MAX_TOKENS,
        weights={name: value.cpu() for name, value in model.state_dict().items()},
        tokenizer_json=setting.tokenizer_json,
        training={
            "base": "all-MiniLM-L6-v2",
            **how,
            "epochs": setting.epochs,
            "lr": setting.lr,
            "batch_tokens": setting.batch_tokens,
            "rows": setting.corpora.summary(),
            "dev_macro_f1": {name: round(value, 4) for name, value in _scores(dev).items()},
        },
    ).model_version
