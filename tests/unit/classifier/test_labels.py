"""Labels: fixed order, known names, no ambiguity."""

from __future__ import annotations

from classifier.labels import (
    SENTIMENTS,
    TOPIC_BY_DATASET_NAME,
    TOPIC_NAMES,
    TOPICS,
    label_index,
    labels_of,
)


def test_sentiments_run_from_bad_to_good() -> None:
    assert labels_of("sentiment") == ("negative", "neutral", "positive")
    assert labels_of("sentiment") is SENTIMENTS


def test_there_are_twenty_topics_each_with_a_name() -> None:
    assert len(TOPICS) == len(set(TOPICS)) == 20
    assert tuple(TOPIC_NAMES) == TOPICS
    assert len(set(TOPIC_NAMES.values())) == 20


def test_the_data_sets_order_is_kept() -> None:
    assert list(TOPIC_BY_DATASET_NAME.values()) == list(TOPICS)
    assert TOPICS[0] == "analyst-update"
    assert TOPICS[5] == "earnings"
    assert TOPICS[19] == "stock-movement"


def test_slugs_are_fit_for_keys() -> None:
    for slug in TOPICS:
        assert slug == slug.lower()
        assert slug.replace("-", "").isalnum()


def test_a_topic_is_known_by_slug_by_name_and_by_the_data_sets_name() -> None:
    assert label_index("topic", "fed") == 1
    assert label_index("topic", "Fed and central banks") == 1
    assert label_index("topic", "Fed | Central Banks") == 1


def test_what_is_no_label_is_none_and_zero_is_a_label() -> None:
    assert label_index("sentiment", "negative") == 0
    assert label_index("sentiment", "conflict") is None
    assert label_index("topic", "negative") is None
    assert label_index("topic", "") is None
