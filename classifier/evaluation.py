"""Measure a model on labelled texts: the report behind `foreshock evaluate`.

`evaluate` runs a scorer; everything else here is pure (sklearn counts, numpy sums).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from classifier.calibration import MICRO, expected_calibration_error
from classifier.labels import Task, labels_of
from classifier.scorer import Scorer, TextScore


@dataclass(frozen=True, slots=True)
class ClassReport:
    """How one label fared. `support` is how many texts have it; shares are 0 to 1."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """What `evaluate` measured.

    macro_f1 is the mean over the labels that occur in the data or in the answers; confusion[i][j]
    counts texts of label i that were called j, in the order of `labels_of(task)`.
    """

    task: Task
    model_version: str
    rows: int
    macro_f1: float
    accuracy: float
    ece: float
    classes: tuple[ClassReport, ...]
    confusion: tuple[tuple[int, ...], ...]
    texts_per_s: float
    truncated: int


def evaluate(
    scorer: Scorer, texts: Sequence[str], labels: Sequence[int], task: Task
) -> EvaluationReport:
    """Score texts as given (they are prepared here) and compare with their labels.

    labels: output columns of `labels_of(task)`, as `corpora.read_labelled_csv` gives them.
    Raises ValueError for no rows or unequal lengths, ModelError when scoring fails.
    """
    if not texts or len(texts) != len(labels):
        raise ValueError(f"expected as many labels as texts, found {len(labels)}, {len(texts)}")
    scorer.score([scorer.prepare(texts[0], "")])  # the first pass of a process is not its speed
    started = time.perf_counter()
    scores = scorer.score([scorer.prepare(text, "") for text in texts])
    seconds = max(time.perf_counter() - started, 1e-9)
    return report_of(scores, labels, task, scorer.model_version, len(texts) / seconds)


def report_of(
    scores: Sequence[TextScore],
    labels: Sequence[int],
    task: Task,
    model_version: str,
    texts_per_s: float,
) -> EvaluationReport:
    """Return the report of scores that are already there. Pure."""
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    probs = np.array([_probabilities(score, task) for score in scores])
    truth = np.array(labels, dtype=np.int64)
    answer = probs.argmax(axis=1)
    columns = range(len(labels_of(task)))
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, answer, labels=list(columns), zero_division=0.0
    )
    occurring = [c for c in columns if support[c] > 0 or (answer == c).any()]
    return EvaluationReport(
        task=task,
        model_version=model_version,
        rows=len(scores),
        macro_f1=float(np.mean([f1[c] for c in occurring])),
        accuracy=float((answer == truth).mean()),
        ece=expected_calibration_error(probs, truth),
        classes=tuple(
            ClassReport(label, float(precision[c]), float(recall[c]), float(f1[c]), int(support[c]))
            for c, label in enumerate(labels_of(task))
        ),
        confusion=tuple(
            tuple(int(n) for n in row)
            for row in confusion_matrix(truth, answer, labels=list(columns))
        ),
        texts_per_s=texts_per_s,
        truncated=sum(score.truncated for score in scores),
    )


def report_to_json(report: EvaluationReport) -> dict[str, Any]:
    """Return the report as plain lists, dicts and numbers, for `--json`."""
    return {
        "task": report.task,
        "model_version": report.model_version,
        "rows": report.rows,
        "macro_f1": round(report.macro_f1, 6),
        "accuracy": round(report.accuracy, 6),
        "ece": round(report.ece, 6),
        "texts_per_s": round(report.texts_per_s, 1),
        "truncated": report.truncated,
        "labels": list(labels_of(report.task)),
        "classes": {
            one.label: {
                "precision": round(one.precision, 6),
                "recall": round(one.recall, 6),
                "f1": round(one.f1, 6),
                "support": one.support,
            }
            for one in report.classes
        },
        "confusion": [list(row) for row in report.confusion],
    }


def render_report(report: EvaluationReport) -> str:
    """Return the report as text: a line for each label, then the summary."""
    width = max(len(one.label) for one in report.classes)
    lines = [f"{'':{width}}  precision  recall     f1  support"]
    lines += [
        f"{one.label:{width}}  {one.precision:9.3f}  {one.recall:6.3f}  {one.f1:5.3f}"
        f"  {one.support:7d}"
        for one in report.classes
    ]
    lines += [
        "",
        f"{report.task}, {report.rows} texts, {report.model_version}",
        (
            f"macro-F1 {report.macro_f1:.3f}, accuracy {report.accuracy:.3f}, "
            f"calibration error (ECE) {report.ece:.3f}, {report.texts_per_s:.0f} texts/s"
        ),
    ]
    if report.truncated:
        lines.append(f"{report.truncated} texts were longer than the model reads")
    return "\n".join([*lines, *_render_confusion(report)])


def _render_confusion(report: EvaluationReport) -> list[str]:
    """Return the confusion as a table, for tasks with few labels."""
    labels = labels_of(report.task)
    if len(labels) > 6:
        return []
    width = max(map(len, (*labels, "is | called")))
    head = "  ".join(f"{label:>{width}}" for label in labels)
    rows = [
        f"{label:{width}}  " + "  ".join(f"{count:{width}d}" for count in row)
        for label, row in zip(labels, report.confusion, strict=True)
    ]
    return ["", f"{'is | called':{width}}  {head}", *rows]


def _probabilities(score: TextScore, task: Task) -> list[float]:
    if task == "sentiment":
        micro = [score.negative_micro, score.neutral_micro, score.positive_micro]
    else:
        micro = [value for _, value in score.topics_micro]
    return [value / MICRO for value in micro]
