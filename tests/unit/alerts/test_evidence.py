"""Which headlines stand behind an alert, and when there are enough."""

from __future__ import annotations

import pytest

from alerts.evidence import Readiness, choose_evidence, readiness


def test_the_most_negative_come_first_then_the_newest_then_by_id(make_evidence):
    found = {
        e.id: e
        for e in (
            make_evidence("mild", polarity_micro=-100),
            make_evidence("old", polarity_micro=-900, at_ms=1),
            make_evidence("new", polarity_micro=-900, at_ms=2),
            make_evidence("b", polarity_micro=-500, at_ms=2),
            make_evidence("a", polarity_micro=-500, at_ms=2),
        )
    }
    assert [e.id for e in choose_evidence(found, 9)] == ["new", "old", "a", "b", "mild"]
    assert [e.id for e in choose_evidence(dict(reversed(found.items())), 2)] == ["new", "old"]


@pytest.mark.parametrize(
    ("present", "archived", "last_try", "expected"),
    [
        ("ab", None, False, Readiness.COMPLETE),
        ("ab", True, False, Readiness.COMPLETE),
        ("ab", False, True, Readiness.WAITING),  # copies may still come
        ("a", None, False, Readiness.WAITING),
        ("a", None, True, Readiness.ENOUGH),
        ("a", True, False, Readiness.ENOUGH),
        ("", None, False, Readiness.WAITING),
        ("", None, True, Readiness.NOTHING),
        ("", True, True, Readiness.NOTHING),
    ],
)
def test_readiness(make_evidence, present, archived, last_try, expected):
    found = {story: make_evidence(story) for story in present}
    assert readiness("ab", found, archived=archived, last_try=last_try) is expected
    assert expected.ready is (expected in {Readiness.COMPLETE, Readiness.ENOUGH})


def test_no_stories_are_never_enough():
    assert readiness([], {}, archived=True, last_try=True) is Readiness.NOTHING
