"""Markup becomes the text that a person sees; long texts are cut where a word ends."""

from __future__ import annotations

import pytest

from ingest.plain_text import cut_at_word, first_sentence, markup_to_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("  Two\t\n words ", "Two words"),
        ("Profit &amp; loss", "Profit & loss"),
        ("Profit &amp;amp; loss &amp;lt;b&amp;gt;now", "Profit & loss now"),
        ("<b>Bold</b>ness", "Boldness"),
        ("<p>One</p><p>Two<br/>Three</p>", "One Two Three"),
        ('<a href="https://x.org/?a=1&b=2" title="x">Link</a>', "Link"),
        ("<script>alert('<p>')</script>Seen<style>p{}</style>", "Seen"),
        ("<!-- hidden <b> -->Seen<![CDATA[ too ]]>", "Seen too"),
        ("Apple <AAPL.O> gains", "Apple <AAPL.O> gains"),
        ("Yield < 2% and > 1%", "Yield < 2% and > 1%"),
        ("a\x00b\x01c\u200bd\ufeffe\xadf", "abcdef"),
        ("e\u0301te\u0301", "\xe9t\xe9"),
        ("right\u202eleft", "rightleft"),
        ("\ud800lone", "lone"),
        ("&nbsp;&#8217;s", "\u2019s"),
        ("<img src=x onerror=alert(1)>", ""),
    ],
)
def test_markup_to_text(markup: str, text: str) -> None:
    assert markup_to_text(markup) == text


def test_markup_nested_without_end_comes_to_an_end() -> None:
    nested = "&" + "#38;" * 3_000 + "lt;b&gt;x"
    assert "<b>" not in markup_to_text(nested)
    assert markup_to_text("<" * 5_000 + "b>x").endswith("x")


def test_a_text_is_cut_where_a_word_ends() -> None:
    assert cut_at_word("one two three", 13) == "one two three"
    assert cut_at_word("one two three", 12) == "one two…"
    assert cut_at_word("one two three", 8) == "one two…"
    assert cut_at_word("x" * 50, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Acme Inc. fell 3.5 percent. Rates blamed.", "Acme Inc. fell 3.5 percent."),
        ("Stocks fell sharply on Monday! Why? Rates.", "Stocks fell sharply on Monday!"),
        ("日经指数暴跌。投资者恐慌。", "日经指数暴跌。"),
        ("no end of a sentence", "no end of a sentence"),
        ("", ""),
    ],
)
def test_first_sentence(text: str, first: str) -> None:
    assert first_sentence(text) == first
