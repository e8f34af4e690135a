"""Which keys a title counts under."""

from __future__ import annotations

import pytest

from classifier.keys import MAX_TERMS, content_words, keys_of, terms_of
from foreshock.records import Score, StoryItem, Uncounted

SCORE = Score(
    model_version="m",
    input_hash="h",
    negative_micro=700_000,
    neutral_micro=200_000,
    positive_micro=100_000,
    negative=True,
    topics=(("markets", 600_000), ("macro", 300_000), ("fed", 299_999)),
)


def story_item(title: str, **changes: object) -> StoryItem:
    fields: dict[str, object] = {
        "item_id": "i",
        "entry_id": "e",
        "watch": "main",
        "source": "s",
        "publisher": "p",
        "title": title,
        "seen_at_ms": 0,
        "at_ms": 0,
        "story_id": "i",
        "lead": True,
    }
    return StoryItem(**{**fields, **changes})  # type: ignore[arg-type]


def test_an_item_counts_under_all_its_topics_its_tickers_and_its_terms() -> None:
    item = story_item("Acme halts output", tickers=("ACME", "BETA"))

    assert keys_of(item, SCORE, topic_at_micro=300_000) == (
        "all",
        "term:acme",
        "term:acme halt",
        "term:acme output",
        "term:halt",
        "term:halt output",
        "term:output",
        "ticker:ACME",
        "ticker:BETA",
        "topic:macro",
        "topic:markets",
    )


@pytest.mark.parametrize("why", [Uncounted.OLD, Uncounted.LANGUAGE])
def test_what_does_not_count_has_no_keys(why: Uncounted) -> None:
    assert keys_of(story_item("Acme halts output", uncounted=why), SCORE, topic_at_micro=1) == ()


def test_a_copy_has_keys_like_its_lead() -> None:
    lead = keys_of(story_item("Acme halts output"), SCORE, topic_at_micro=300_000)
    copy = keys_of(story_item("Acme halts output", lead=False), SCORE, topic_at_micro=300_000)

    assert copy == lead


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("House rejects bailout", "UPDATE 2-HOUSE rejects the bailouts"),
        ("Moody's cuts Greece", "Moody\u2019s cuts Greece"),
        ("RPT-UPDATE 1-Nestlé recalls noodles", "Nestle recalls noodles"),
        ("U.S. payrolls slump", "US payrolls slump"),
        ("sell-off hits yuan", "sell off hits yuan"),
    ],
)
def test_ways_of_writing_one_thing_meet(left: str, right: str) -> None:
    assert terms_of(left) == terms_of(right)


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Shares fall 3 pct in Q2 on Tuesday, CEO says", []),
        ("", []),
        ("2008 1,234 5-wk $700-bln", []),
        ("Gas prices surge; crisis in glass business", "gas price surge crisis glass business"),
        ("FACTBOX-Boeing 787 batteries", "boeing battery"),
        ("日経平均が急落", ["日経平均が急落"]),
    ],
)
def test_content_words(title: str, words: str | list[str]) -> None:
    assert content_words(title) == (words.split() if isinstance(words, str) else words)


def test_pairs_do_not_depend_on_word_order() -> None:
    assert "bailout house" in terms_of("House kills bailout")
    assert "bailout house" in terms_of("Bailout divides House")


def test_a_long_title_gives_a_bounded_number_of_terms() -> None:
    title = " ".join(f"{chr(97 + i % 26)}word{chr(97 + i // 26)}" for i in range(50_000))

    assert len(terms_of(title)) == MAX_TERMS


def test_a_repeated_word_counts_once() -> None:
    assert terms_of("Banks, banks, banks") == ("bank",)
