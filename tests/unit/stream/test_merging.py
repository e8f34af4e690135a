"""One event, one spike: which keys are merged, and which one gives its name."""

from __future__ import annotations

from itertools import permutations

import pytest

from stream.merging import core_of, merge_verdicts, overlap
from stream.verdicts import Verdict


def verdict(key: str, leads: str, excess: float = 1.5) -> Verdict:
    return Verdict(
        key=key,
        negative=len(leads),
        stories=len(leads),
        usual=0.1,
        phi=0.6,
        usual_share=0.2,
        surprise=4.0 * excess,
        theta=4.0,
        enough=True,
        leads=tuple(leads),
        publishers=("p",),
    )


def names(*verdicts: Verdict) -> list[list[str]]:
    return [[member.key for member in group] for group in merge_verdicts(verdicts)]


def test_keys_over_the_same_stories_are_one() -> None:
    assert names(
        verdict("term:quake", "abcdef", 3.0),
        verdict("term:japan", "cdef", 2.0),
        verdict("term:strike", "stuv", 1.2),
    ) == [["term:quake", "term:japan"], ["term:strike"]]


def test_sharing_carries_over() -> None:
    assert names(
        verdict("term:a", "abcd", 3.0), verdict("term:b", "cdef", 2.0), verdict("term:c", "efgh")
    ) == [["term:a", "term:b", "term:c"]]


def test_less_than_half_of_the_smaller_one_is_not_the_same_event() -> None:
    assert names(verdict("term:a", "abcde", 2.0), verdict("term:b", "defghi")) == [
        ["term:a"], ["term:b"],
    ]  # fmt: skip


def test_a_company_names_the_spike_if_most_of_it_is_about_it() -> None:
    term = verdict("term:recall", "abcde", 3.0)

    assert names(term, verdict("ticker:ACME", "abcd"))[0][0] == "ticker:ACME"
    assert names(term, verdict("ticker:ACME", "ab"))[0][0] == "term:recall"


def test_a_topic_names_what_all_news_shows_too() -> None:
    assert names(verdict("all", "abcdefgh", 5.0), verdict("topic:legal", "abcdef", 3.0)) == [
        ["topic:legal", "all"]
    ]


def test_the_core_is_what_is_about_the_event_and_little_else() -> None:
    quake, japan = verdict("term:quake", "abcdef", 3.0), verdict("term:japan", "efghijkl", 2.0)
    tsunami = verdict("term:tsunami", "abx", 1.0)

    core, leads = core_of([quake, japan, tsunami])
    assert [each.key for each in core] == ["term:quake", "term:tsunami"]
    assert leads == set("abcdefx")


def test_the_order_of_verdicts_does_not_matter() -> None:
    verdicts = [
        verdict("term:a", "abcd"), verdict("term:b", "cdef"), verdict("topic:c", "efgh"),
        verdict("ticker:D", "xyz"),
    ]  # fmt: skip

    results = {str(names(*order)) for order in permutations(verdicts)}
    assert len(results) == 1


@pytest.mark.parametrize(
    ("left", "right", "part"), [("", "abc", 0.0), ("ab", "abcdef", 1.0), ("abcd", "cdefg", 0.5)]
)
def test_overlap_is_a_part_of_the_smaller(left: str, right: str, part: float) -> None:
    assert overlap(set(left), set(right)) == part
