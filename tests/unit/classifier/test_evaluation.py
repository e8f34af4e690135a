"""Reports: known answers, and the shipped model over a handful of texts."""

from __future__ import annotations

import json

import pytest

from classifier.evaluation import evaluate, render_report, report_of, report_to_json
from classifier.labels import TOPICS
from classifier.scorer import Scorer, TextScore


def _score(negative: int, neutral: int, positive: int, topic: int = 0) -> TextScore:
    topics = tuple((slug, 1_000_000 if i == topic else 0) for i, slug in enumerate(TOPICS))
    return TextScore(negative, neutral, positive, topics, 5, False)


BAD, FLAT, GOOD = (
    _score(800_000, 100_000, 100_000),
    _score(100_000, 800_000, 100_000),
    _score(100_000, 100_000, 800_000),
)


def test_a_report_of_known_answers() -> None:
    report = report_of([BAD, BAD, FLAT, GOOD], [0, 1, 1, 2], "sentiment", "m", 10.0)
    assert report.accuracy == 0.75
    assert report.confusion == ((1, 0, 0), (1, 1, 0), (0, 0, 1))
    assert [round(one.f1, 3) for one in report.classes] == [0.667, 0.667, 1.0]
    assert report.macro_f1 == pytest.approx(7 / 9)
    assert report.ece == pytest.approx(0.05)
    assert [one.support for one in report.classes] == [1, 2, 1]


def test_labels_that_do_not_occur_do_not_count() -> None:
    report = report_of([BAD, GOOD], [0, 2], "sentiment", "m", 1.0)
    assert report.macro_f1 == 1.0


def test_topics_are_reported_in_their_order() -> None:
    scores = [_score(0, 1_000_000, 0, topic) for topic in (3, 3, 7)]
    report = report_of(scores, [3, 7, 7], "topic", "m", 1.0)
    assert [one.label for one in report.classes] == list(TOPICS)
    assert report.confusion[7][3] == 1


def test_the_report_goes_through_json() -> None:
    report = report_of([BAD, FLAT, GOOD], [0, 1, 2], "sentiment", "m", 12.34)
    found = json.loads(json.dumps(report_to_json(report)))
    assert found["macro_f1"] == 1.0
    assert found["labels"] == ["negative", "neutral", "positive"]
    assert found["classes"]["neutral"]["support"] == 1
    assert found["texts_per_s"] == 12.3
    assert found["confusion"] == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_the_rendered_report_names_every_label_and_figure() -> None:
    text = render_report(report_of([BAD, FLAT, GOOD], [0, 1, 2], "sentiment", "m", 12.0))
    for part in ("negative", "neutral", "positive", "macro-F1 1.000", "ECE", "12 texts/s"):
        assert part in text
    assert max(map(len, text.splitlines())) < 100


def test_evaluate_prepares_scores_and_compares(shipped: Scorer) -> None:
    texts = ["UPDATE 2-Profit plunges", "US stocks end flat", "Shares surge https://t.co/a"]
    report = evaluate(shipped, texts, [0, 1, 2], "sentiment")
    assert report.accuracy == 1.0
    assert report.rows == 3
    assert report.texts_per_s > 0
    assert report.model_version == shipped.model_version


def test_rows_without_labels_are_refused(shipped: Scorer) -> None:
    with pytest.raises(ValueError, match="as many labels as texts"):
        evaluate(shipped, ["a"], [], "sentiment")
    with pytest.raises(ValueError, match="as many labels as texts"):
        evaluate(shipped, [], [], "sentiment")
