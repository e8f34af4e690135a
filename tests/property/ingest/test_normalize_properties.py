"""What holds for every entry: cleaning twice changes nothing, ids never collide by joining."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from ingest.canonical_url import canonical_url
from ingest.ids import content_id
from ingest.normalize import MAX_TEXT, MAX_TITLE, RawEntry, normalize
from ingest.plain_text import cut_at_word, markup_to_text
from ingest.published_times import time_to_ms

WRITTEN = (
    "&amp; &lt; &gt; &#38; &#x301; &nbsp <b> </p> <br/> <!-- --> <script> </script> <![CDATA[ ]]> &"
    " ; < > b amp; word … 日本"
)
PIECES = st.sampled_from(
    [*WRITTEN.split(), "e\u0301", "\xad", "\u200b", "\ud800", " ", "\n", "\x00"]
)
MARKUP = st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join)
URLS = st.builds(
    "{}://{}{}/{}{}{}".format,
    st.sampled_from(["http", "HTTPS", "ftp", ""]),
    st.sampled_from(["x.org", "User:pw@X.ORG.", "[::1]", "xn--nxasmq6b", ""]),
    st.sampled_from(["", ":80", ":443", ":8080", ":"]),
    st.text(max_size=10),
    st.sampled_from(["", "?", "?b=2&a=1", "?utm_source=x&id=1", "?&&a&="]) | st.text(max_size=10),
    st.sampled_from(["", "#top"]),
)


@given(URLS | st.text(max_size=40))
@example("http://x.org//a//b?")
@example("http://x.org/\u2028a b")
def test_a_canonical_url_is_its_own(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once
    assert once == "" or once.startswith(("http://", "https://"))


@given(MARKUP)
@example("&amp;" * 30 + "lt;b&gt;")
@example("&#38;" * 12 + "lt;")
@example("<<b>b>text")
def test_clean_text_is_clean(markup: str) -> None:
    once = markup_to_text(markup)
    assert markup_to_text(once) == once
    assert once == once.strip()
    once.encode("utf-8")


@given(MARKUP, st.integers(min_value=1, max_value=60))
def test_a_cut_text_fits_and_is_cut_once(text: str, limit: int) -> None:
    once = cut_at_word(text, limit)
    assert len(once) <= limit
    assert cut_at_word(once, limit) == once


@given(MARKUP.filter(lambda text: bool(markup_to_text(text))), MARKUP, URLS)
def test_normalising_an_item_again_gives_it_again(title: str, text: str, url: str) -> None:
    first = normalize(
        RawEntry(source="s", publisher="p", title=title, text=text, url=url, seen_at_ms=0)
    )
    again = normalize(
        RawEntry(
            source="s",
            publisher=first.publisher,
            title=first.title,
            text=first.text,
            url=first.url,
            language=first.language,
            seen_at_ms=0,
        )
    )
    assert again == first
    assert len(first.title) <= MAX_TITLE
    assert len(first.text) <= MAX_TEXT


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_ids_are_equal_only_for_equal_parts(one: list[str], other: list[str]) -> None:
    try:
        ids = content_id(*one), content_id(*other)
    except UnicodeEncodeError:  # a lone surrogate: normalising takes it out
        return
    assert (ids[0] == ids[1]) == (one == other)


@given(st.text(max_size=60) | st.integers() | st.floats())
def test_no_text_or_number_breaks_the_reading_of_times(written: str | int | float) -> None:
    found = time_to_ms(written)
    assert found is None or isinstance(found, int)
