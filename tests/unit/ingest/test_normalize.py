"""An entry becomes an item: ids, times, limits, tickers."""

from __future__ import annotations

import dataclasses

import pytest

from foreshock.errors import EntryRejected
from foreshock.records import Item
from ingest.ids import content_id, entry_id
from ingest.normalize import FUTURE_TOLERANCE_MS, MAX_TEXT, MAX_TITLE, RawEntry, normalize

SEEN_MS = 1_600_000_000_000
RAW = RawEntry(source="wire", publisher="The Wire", title="Acme falls", seen_at_ms=SEEN_MS)


def item(**changes: object) -> Item:
    return normalize(dataclasses.replace(RAW, **changes))  # type: ignore[arg-type]


def test_an_entry_becomes_an_item() -> None:
    found = item(
        title=" <b>Acme</b> &amp; Co\n",
        text="<p>Down.</p>",
        url="https://X.org/a?utm_source=b",
        published_text="Sun, 13 Sep 2020 12:26:40 GMT",
        watch="eu",
    )
    assert found == Item(
        item_id=found.item_id,
        entry_id=entry_id("wire", url="https://x.org/a"),
        watch="eu",
        source="wire",
        publisher="The Wire",
        title="Acme & Co",
        text="Down.",
        url="https://x.org/a",
        language="en",
        published_at_ms=SEEN_MS,
        seen_at_ms=SEEN_MS,
    )


def test_an_id_is_made_of_the_guid_else_the_url_else_the_title_and_time() -> None:
    by_guid = item(guid="g", url="https://x.org/a")
    assert by_guid.entry_id == item(guid="g", url="https://x.org/b", title="New").entry_id
    assert item(url="https://x.org/a").entry_id == item(url="https://x.org/a#c").entry_id
    assert item().entry_id == item(seen_at_ms=SEEN_MS + 1).entry_id
    assert item().entry_id != item(ordinal=1).entry_id
    assert item().entry_id != item(published_at_ms=1).entry_id
    assert item().entry_id != item(source="other").entry_id


@pytest.mark.parametrize("change", [{"title": "Acme falls more"}, {"text": "More."}])
def test_a_change_is_a_new_revision_of_the_same_entry(change: dict[str, object]) -> None:
    before, after = item(guid="g"), item(guid="g", **change)
    assert before.entry_id == after.entry_id
    assert before.item_id != after.item_id


def test_when_it_was_seen_is_no_part_of_its_identity() -> None:
    assert item().item_id == item(seen_at_ms=SEEN_MS + 60_000).item_id


def test_parts_of_an_id_do_not_run_together() -> None:
    assert content_id("a", "bc") != content_id("ab", "c")
    assert content_id("a", "") != content_id("a")
    assert entry_id("s", guid="x") != entry_id("s", url="x")


def test_a_time_in_the_future_is_no_time_and_the_item_stays() -> None:
    near = item(published_at_ms=SEEN_MS + FUTURE_TOLERANCE_MS)
    far = item(published_at_ms=SEEN_MS + FUTURE_TOLERANCE_MS + 1)
    assert near.published_at_ms == SEEN_MS + FUTURE_TOLERANCE_MS
    assert far.published_at_ms is None


def test_a_time_in_the_future_names_the_same_entry_when_it_has_come() -> None:
    at_ms = SEEN_MS + 3_600_000
    early = item(published_at_ms=at_ms)
    late = item(published_at_ms=at_ms, seen_at_ms=at_ms)
    assert early.item_id == late.item_id


@pytest.mark.parametrize("written", ["", "soon", "32 Sep 2020"])
def test_a_missing_or_wrong_time_is_none(written: str) -> None:
    assert item(published_text=written).published_at_ms is None


def test_what_is_too_long_is_cut() -> None:
    found = item(title="word " * 20_480, text="word " * 60_000)
    assert len(found.title) <= MAX_TITLE
    assert len(found.text) <= MAX_TEXT
    assert found.title.endswith("word…")
    assert found.text.endswith("word…")


def test_a_title_of_nothing_but_markup_is_none() -> None:
    with pytest.raises(EntryRejected) as caught:
        item(title="<b> </b>&nbsp;")
    assert caught.value.reason == "no-title"


def test_without_a_title_the_first_sentence_is_one() -> None:
    found = item(title="", text="<p>Acme falls after results. It fell 8 percent.</p>")
    assert found.title == "Acme falls after results."
    assert found.text == "Acme falls after results. It fell 8 percent."


def test_an_address_that_is_none_is_left_out() -> None:
    assert item(url="javascript:alert(1)").url == ""


def test_a_publisher_without_a_name_is_the_source() -> None:
    assert item(publisher=" ").publisher == "wire"


def test_given_and_found_tickers_are_one_sorted_set() -> None:
    raw = dataclasses.replace(RAW, tickers=("$xyz", "abc", "not a ticker", ""))
    found = normalize(raw, lambda title, text: ("ACME",) if "Acme" in title else ())
    assert found.tickers == ("ABC", "ACME", "XYZ")


def test_a_former_symbol_gives_the_one_that_a_company_is_kept_under() -> None:
    raw = dataclasses.replace(RAW, tickers=("FB",))
    found = normalize(raw, lambda title, text: ("META",) if title == "$FB" else ())
    assert found.tickers == ("META",)
