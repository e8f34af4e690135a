"""Preprocessing: what the model does not need to see is taken out, the rest stays."""

from __future__ import annotations

import pytest

from classifier.preprocess import TEXT_LEAD_CHARS, clean_text, model_input


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Profit falls", "Profit falls"),
        ("  Profit \n\t falls  ", "Profit falls"),
        ("AT&amp;T cuts jobs", "AT&T cuts jobs"),
        ("AT&amp;amp;T cuts jobs", "AT&T cuts jobs"),
        ("AT&T cuts jobs", "AT&T cuts jobs"),
        ("Oil slides https://t.co/abc", "Oil slides"),
        ("www.example.com/x Oil slides pic.twitter.com/y", "Oil slides"),
        ("UPDATE 3-Lehman seeks buyer", "Lehman seeks buyer"),
        ("RPT-WRAPUP 12-Lehman seeks buyer", "Lehman seeks buyer"),
        ("EXCLUSIVE-Lehman seeks buyer", "Lehman seeks buyer"),
        ("Update on the economy - a view", "Update on the economy - a view"),
        ("RT @desk: $CCL falls", "$CCL falls"),
        ("zero\u200bwidth\ufeff", "zero width"),
        ("nul\x00byte", "nul byte"),
        ("🚀🚀 to the moon", "🚀🚀 to the moon"),
        ("日本で強い地震", "日本で強い地震"),
        ("UPDATE 3-", "UPDATE 3-"),
        ("https://t.co/abc", ""),
        ("", ""),
    ],
)
def test_clean_text(raw: str, expected: str) -> None:
    assert clean_text(raw) == expected


def test_a_title_of_some_words_stands_alone() -> None:
    assert model_input("Oil slides on demand", "OPEC met in Vienna.") == "Oil slides on demand"


def test_a_short_title_is_completed_by_the_text() -> None:
    assert model_input("Oil slides", "OPEC met.") == "Oil slides. OPEC met."
    assert model_input("Oil slides!", "OPEC met.") == "Oil slides! OPEC met."


def test_only_the_first_part_of_the_text_is_taken() -> None:
    prepared = model_input("Oil", "word " * 10_000)
    assert len(prepared) <= len("Oil. ") + TEXT_LEAD_CHARS


def test_without_a_title_the_text_is_read_and_without_both_nothing() -> None:
    assert model_input("", "OPEC met.") == "OPEC met."
    assert model_input("https://t.co/abc", "OPEC met.") == "OPEC met."
    assert model_input("Oil", "https://t.co/abc") == "Oil"
    assert model_input("", "") == ""
