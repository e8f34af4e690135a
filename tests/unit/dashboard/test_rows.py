"""The state of a row, and the order of the list."""

from __future__ import annotations

import pytest

from dashboard.baseline import Usual
from dashboard.history import Counts
from dashboard.names import display_name, is_key
from dashboard.snapshot import Row, RowState, judge, order

CALM = Usual(negative=3.0, negative_spread=2.0, share=0.3, share_spread=0.1, days=9)


@pytest.mark.parametrize(
    ("counts", "expected", "spiking", "state"),
    [
        (Counts(10, 3), CALM, False, RowState.USUAL),
        (Counts(12, 8), CALM, False, RowState.ELEVATED),
        (Counts(40, 8), CALM, False, RowState.USUAL),  # many stories, no worse tone
        (Counts(12, 7), CALM, False, RowState.USUAL),  # at the band's edge, not above it
        (Counts(2, 2), Usual(0.0, 0.0, 0.0, 0.0, 9), False, RowState.USUAL),  # too few to say
        (Counts(12, 8), None, False, RowState.LEARNING),
        (Counts(0, 0), CALM, False, RowState.QUIET),
        (Counts(0, 0), CALM, True, RowState.SPIKE),
    ],
)
def test_states(counts: Counts, expected: Usual | None, spiking: bool, state: RowState) -> None:
    assert judge(counts, expected, spiking) is state


def test_the_most_severe_comes_first() -> None:
    rows = {
        row.key: row
        for row in (
            Row("topic:macro", Counts(9, 5), CALM, RowState.USUAL),
            Row("topic:fed", Counts(9, 9), CALM, RowState.ELEVATED),
            Row("topic:debt", Counts(0, 0), CALM, RowState.QUIET),
            Row("topic:energy", Counts(9, 6), CALM, RowState.USUAL),
            Row("topic:legal", Counts(5, 5), CALM, RowState.SPIKE, surprise=4.6),
            Row("topic:earnings", Counts(5, 5), CALM, RowState.SPIKE, surprise=7.0),
            Row("ticker:BA", Counts(5, 5), CALM, RowState.SPIKE, surprise=9.0),
        )
    }
    names = ["earnings", "legal", "fed", "energy", "macro"]
    topics = [f"topic:{name}" for name in names]
    assert list(order(rows, "topic", 9, quiet=False)) == topics
    assert list(order(rows, "topic", 9, quiet=True)) == [*topics, "topic:debt"]
    assert list(order(rows, "topic", 2, quiet=True)) == topics[:2]


@pytest.mark.parametrize(
    "text", ["", "topic", "topic:", "nonsense:x", "topic:a\n", "all:x", "term:" + "x" * 400]
)
def test_what_cannot_be_a_key(text: str) -> None:
    assert not is_key(text)


def test_topics_are_called_what_the_model_calls_them() -> None:
    from classifier.labels import TOPIC_NAMES

    assert {slug: display_name(f"topic:{slug}") for slug in TOPIC_NAMES} == dict(TOPIC_NAMES)
