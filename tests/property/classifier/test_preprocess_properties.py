"""Cleaning never raises, never invents, and is the same in training and serving."""

from __future__ import annotations

import random
import re

from hypothesis import given
from hypothesis import strategies as st

from classifier.augmentation import vary
from classifier.preprocess import TEXT_LEAD_CHARS, clean_text, model_input

PIECES = st.sampled_from(
    ["UPDATE 3-", "RPT-", "RT @x: ", "https://t.co/a", "&amp;", "&#38;", "$TSLA ", "\u200b", "\x00"]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=30)), max_size=8).map("".join)


@given(TEXTS)
def test_cleaned_text_is_trimmed_single_spaced_and_no_longer(raw: str) -> None:
    cleaned = clean_text(raw)
    assert cleaned == cleaned.strip()
    assert not re.search(r"\s\s", cleaned)
    assert len(cleaned) <= len(raw)


@given(st.lists(st.text(alphabet="abcdefgh", min_size=1, max_size=8), max_size=20))
def test_plain_words_are_left_alone(words: list[str]) -> None:
    text = " ".join(words)
    assert clean_text(text) == text or text.startswith("www.")


@given(TEXTS, TEXTS)
def test_the_model_input_is_bounded_by_the_title_and_the_lead(title: str, text: str) -> None:
    prepared = model_input(title, text)
    assert len(prepared) <= len(title) + TEXT_LEAD_CHARS + 2
    assert prepared == model_input(title, text)


@given(TEXTS.map(clean_text).filter(bool), st.integers(0, 999))
def test_a_varied_text_is_never_empty_or_longer(text: str, seed: int) -> None:
    varied = vary(text, random.Random(seed))
    assert varied
    assert len(varied) <= len(text)
