"""Train and evaluate models with a progress bar. Called by `foreshock train` and `evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from classifier.evaluation import EvaluationReport


def train_model(
    data: Path,
    out: Path,
    *,
    epochs: int,
    lr: float,
    seed: int,
    batch_tokens: int,
    resume: Path | None,
    as_json: bool,
) -> str:
    """Train into `out` and return the report, as text or JSON."""
    from classifier.training import TrainingProgress, train
    from foreshock.app.progress import progress

    with progress("training", total=1) as advance:

        def on_progress(state: TrainingProgress) -> None:
            advance_to = (state.epoch - 1 + state.step / max(state.steps, 1)) / state.epochs
            advance(advance_to)

        report = train(
            data,
            out,
            epochs=epochs,
            lr=lr,
            seed=seed,
            batch_tokens=batch_tokens,
            on_progress=on_progress,
            resume=resume,
        )
    return json.dumps(report.to_json()) if as_json else report.to_text()


def evaluate_model(
    model: str, data: Path, text_column: str, label_column: str, task: str, device: str
) -> EvaluationReport:
    """Score a labelled file with a model and compare."""
    from classifier.corpora import read_labelled
    from classifier.evaluation import evaluate
    from classifier.scorer import load_scorer

    corpus = read_labelled(data, text_column, label_column, task)
    return evaluate(load_scorer(model, device), corpus.texts, corpus.labels, task)
