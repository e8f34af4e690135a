"""RSS and Atom, whole and broken: each entry is stored or told as rejected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from foreshock.errors import SourceError
from ingest.normalize import normalize
from ingest.sources.base import Fetched, PollResult, SourceState
from ingest.sources.rss import RssSource

SEEN_MS = 1_600_000_000_000
URL = "https://news.test/feeds/rss.xml"
ENTRIES = """
<item><title>Second &amp;amp; last</title><link>/b?utm_source=rss</link><guid>2</guid>
 <pubDate>Sun, 13 Sep 2020 12:20:00 GMT</pubDate><description>&lt;p&gt;Down.&lt;/p&gt;</description>
</item>
<item><title><![CDATA[First <b>bold</b>]]></title><link>https://news.test/a</link><guid>1</guid>
 <pubDate>Sun, 13 Sep 2020 08:10:00 EDT</pubDate></item>
"""
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de">
 <title>Meldungen</title>
 <entry><id>urn:1</id><title type="html">Gewinn f\u00e4llt &lt;i&gt;stark&lt;/i&gt;</title>
  <link rel="alternate" href="eins"/><updated>2020-09-13T14:00:00+02:00</updated>
  <content type="html">&lt;p&gt;Der Gewinn f\u00e4llt.&lt;/p&gt;</content>
  <source><title>Agentur</title></source></entry>
</feed>"""


def rss(entries: str = ENTRIES, head: str = "<language>en-us</language>") -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{entries}</channel></rss>'


def directly(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


SOURCE = RssSource(name="wire", publisher="The Wire", url=URL, isolate=directly, watch="eu")


def poll(body: str | bytes, source: RssSource = SOURCE, **headers: str) -> PollResult:
    data = body.encode() if isinstance(body, str) else body

    def fetch(url: str, *, etag: str = "", last_modified: str = "") -> Fetched:
        return Fetched(200, data, {"content-type": "text/xml", **headers}, url)

    return source.poll(fetch, SourceState(), SEEN_MS)


def titles(result: PollResult) -> list[str]:
    return [normalize(entry).title for entry in result.entries]


def reasons(result: PollResult) -> list[str]:
    return [rejected.reason for rejected in result.rejected]


def test_entries_come_oldest_first_with_all_their_fields() -> None:
    result = poll(rss(), etag='"7"')
    first, second = (normalize(entry) for entry in result.entries)
    assert (first.title, second.title) == ("First bold", "Second & last")
    assert second.url == "https://news.test/b"
    assert second.text == "Down."
    assert first.published_at_ms == 1_599_999_000_000
    assert (first.source, first.publisher, first.watch, first.language) == (
        "wire", "The Wire", "eu", "en",
    )  # fmt: skip
    assert result.state == SourceState(etag='"7"')
    assert result.rejected == ()


def test_atom_has_the_same_fields() -> None:
    (item,) = (normalize(entry) for entry in poll(ATOM).entries)
    assert item.title == "Gewinn f\u00e4llt stark"
    assert item.url == "https://news.test/feeds/eins"
    assert item.text == "Der Gewinn f\u00e4llt."
    assert item.published_at_ms == 1_599_998_400_000
    assert (item.publisher, item.language) == ("Agentur", "de")


def test_the_language_of_the_settings_counts_before_that_of_the_feed() -> None:
    source = RssSource(name="w", publisher="", url=URL, isolate=directly, language="fr")
    assert {normalize(entry).language for entry in poll(rss(), source).entries} == {"fr"}


def test_the_validators_are_sent_and_an_unchanged_feed_keeps_them() -> None:
    sent = []

    def fetch(url: str, *, etag: str = "", last_modified: str = "") -> Fetched:
        sent.append((url, etag, last_modified))
        return Fetched(304, b"", {}, url, not_modified=True)

    state = SourceState(etag='"7"', last_modified="Sun, 13 Sep 2020 12:20:00 GMT")
    result = SOURCE.poll(fetch, state, SEEN_MS)
    assert sent == [(URL, '"7"', "Sun, 13 Sep 2020 12:20:00 GMT")]
    assert result == PollResult((), (), state, unchanged=True)


def test_broken_xml_gives_the_entries_before_the_break() -> None:
    whole = rss()
    result = poll(whole[: whole.index("<title><![CDATA[")])
    assert titles(result)[0] == "Second & last"
    assert reasons(result) == ["broken-feed"]


@pytest.mark.parametrize(
    "body", ["", "<html><body>Access denied</body></html>", "%PDF-1.4", b"\x00\xff" * 100, "{}"]
)
def test_what_is_no_feed_is_told_and_asked_for_in_full_again(body: str | bytes) -> None:
    result = poll(body, etag='"7"')
    assert (result.entries, reasons(result)) == ((), ["not-a-feed"])
    assert result.state == SourceState()


def test_an_empty_feed_is_a_feed() -> None:
    result = poll(rss(entries=""), etag='"7"')
    assert (result.entries, result.rejected) == ((), ())
    assert result.state == SourceState(etag='"7"')


def test_a_wrong_encoding_is_read_as_well_as_can_be() -> None:
    item = "<item><title>Caf\u00e9 Acme falls</title><guid>1</guid></item>"
    body = rss(item).replace('"1.0"?', '"1.0" encoding="utf-8"?').encode("latin-1")
    assert titles(poll(body)) == ["Caf\u00e9 Acme falls"]
    unknown = rss(item).replace('"1.0"?', '"1.0" encoding="nonsense"?')
    assert titles(poll(unknown)) == ["Caf\u00e9 Acme falls"]
    assert titles(poll(rss(item).encode("utf-16"))) == ["Caf\u00e9 Acme falls"]


def test_an_entry_without_a_date_is_stored_without_one() -> None:
    (item,) = (normalize(entry) for entry in poll(rss("<item><title>X</title></item>")).entries)
    assert item.published_at_ms is None
    assert item.seen_at_ms == SEEN_MS


def test_a_title_of_100_kb_is_stored_cut() -> None:
    (title,) = titles(poll(rss(f"<item><title>{'word ' * 20_480}</title></item>")))
    assert len(title) <= 1_000


def test_an_entry_is_named_by_its_guid_whatever_its_title() -> None:
    before = normalize(poll(rss("<item><guid>1</guid><title>A</title></item>")).entries[0])
    after = normalize(poll(rss("<item><guid>1</guid><title>B</title></item>")).entries[0])
    assert before.entry_id == after.entry_id
    assert before.item_id != after.item_id


def test_a_guid_that_all_entries_share_names_none() -> None:
    entries = "".join(
        f"<item><guid>0</guid><link>/{name}</link><title>{name}</title></item>" for name in "abc"
    )
    assert len({normalize(entry).entry_id for entry in poll(rss(entries)).entries}) == 3


def test_equal_entries_without_names_are_told_apart_and_keep_their_ids() -> None:
    same = "<item><title>Acme falls</title></item>"
    once = [normalize(entry).item_id for entry in poll(rss(same * 2)).entries]
    again = [normalize(entry).item_id for entry in poll(rss(same * 2)).entries]
    assert len(set(once)) == 2
    assert once == again


def test_entries_without_end_are_cut_off() -> None:
    many = "".join(f"<item><guid>{n}</guid><title>t{n}</title></item>" for n in range(1_005))
    result = poll(rss(many))
    assert len(result.entries) == 1_000
    assert reasons(result) == ["too-many-entries"]


def test_a_name_of_a_file_is_not_opened(tmp_path: Any) -> None:
    path = tmp_path / "secret.xml"
    path.write_text(rss(), "utf-8")
    assert poll(str(path)).entries == ()


def test_entities_that_grow_without_end_are_no_hang() -> None:
    grow = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    head = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY e0 "ha">{grow}]>'
    result = poll(head + rss("<item><title>&e8;</title></item>")[21:])
    assert sum(len(entry.title) for entry in result.entries) < 1_000_000


def test_a_parser_that_fails_is_an_error_of_the_source() -> None:
    def fails(function: Callable[..., Any], *args: Any) -> Any:
        raise SourceError("parse_feed took more time or memory than it may")

    source = RssSource(name="w", publisher="p", url=URL, isolate=fails)
    with pytest.raises(SourceError, match="took more time"):
        poll(rss(), source)
