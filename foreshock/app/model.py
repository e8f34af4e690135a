"""Train and evaluate models with a progress bar. Called by `foreshock train` and `evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from foreshock.app.progress import progress
from foreshock.errors import CorpusError

if TYPE_CHECKING:
    from classifier.corpora import TrainingCorpora
    from classifier.evaluation import EvaluationReport
    from classifier.scorer import Scorer
    from classifier.training import TrainingProgress

#: What the default model is measured on: (data set, task).
_TESTS: tuple[tuple[str, Literal["sentiment", "topic"]], ...] = (
    ("sentfin", "sentiment"),
    ("tweets", "sentiment"),
    ("topics", "topic"),
)


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
    """Train into `out` and return a classification report per task on the test split."""
    from classifier.corpora import load_training_corpora
    from classifier.scorer import load_scorer
    from classifier.training import train

    corpora = load_training_corpora(data)
    with progress("training", total=epochs * 1000) as advance:

        def on_progress(state: TrainingProgress) -> None:
            done = state.epoch - 1 + state.step / max(state.steps, 1)
            advance(round(done * 1000))

        trained = train(
            data,
            out,
            epochs=epochs,
            lr=lr,
            seed=seed,
            batch_tokens=batch_tokens,
            on_progress=on_progress,
            resume=resume,
            corpora=corpora,
        )
    reports = reports_on_test(load_scorer(out), corpora)
    if as_json:
        from classifier.evaluation import report_to_json

        found = {name: report_to_json(report) for name, report in reports.items()}
        return json.dumps({"model_version": trained.model_version, "test": found})
    from classifier.evaluation import render_report

    parts = [f"{name} (test split)\n{render_report(report)}" for name, report in reports.items()]
    return "\n\n".join([f"{trained.model_version} in {out}", *parts])


def reports_on_test(scorer: Scorer, corpora: TrainingCorpora) -> dict[str, EvaluationReport]:
    """Measure a model on the test split of each data set."""
    from classifier.evaluation import evaluate

    reports = {}
    for origin, task in _TESTS:
        examples = corpora.of("test", origin)
        labels = [row.sentiment if task == "sentiment" else row.topic for row in examples]
        reports[origin] = evaluate(scorer, [row.text for row in examples], labels, task)
    return reports


def evaluate_model(
    model: str, data: Path, text_column: str, label_column: str, task: str, device: str
) -> EvaluationReport:
    """Score a labelled file with a model and compare. Raises CorpusError for an unusable file."""
    from classifier.corpora import read_labelled_csv
    from classifier.evaluation import evaluate
    from classifier.scorer import load_scorer

    if task not in ("sentiment", "topic"):
        raise CorpusError(f"expected --task sentiment or topic, found {task!r}")
    named = cast(Literal["sentiment", "topic"], task)
    corpus = read_labelled_csv(data, task=named, text_column=text_column, label_column=label_column)
    return evaluate(load_scorer(model, device), corpus.texts, corpus.labels, named)


def render(report: EvaluationReport, *, as_json: bool) -> str:
    """Return a report as text or JSON."""
    from classifier.evaluation import render_report, report_to_json

    return json.dumps(report_to_json(report)) if as_json else render_report(report)
