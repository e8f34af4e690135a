"""The book of open stories: who leads, who folds, what is forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from foreshock.clock import HOUR_MS, MINUTE_MS
from foreshock.records import Item
from ingest.stories import Place, StoryBook

START = 1_222_700_000_000


def item(
    name: str, title: str, at_ms: int = START, *, entry: str = "", tickers: Sequence[str] = ()
) -> Item:
    return Item(
        item_id=name,
        entry_id=entry or f"entry-{name}",
        watch="main",
        source="wire",
        publisher="Harbour Wire",
        title=title,
        tickers=tuple(tickers),
        seen_at_ms=at_ms,
    )


def place(book: StoryBook, *items: Item) -> list[Place | None]:
    return book.place(items, [one.seen_at_ms for one in items])


def test_the_first_item_leads_and_its_like_are_copies() -> None:
    places = place(
        StoryBook(),
        item("a", "Acme to cut 500 jobs in Europe"),
        item("b", "UPDATE 1-Acme to cut 500 jobs in Europe"),
        item("c", "Globex wins order for 20 trains in India"),
        item("d", "Acme to cut 500 jobs in Europe - Reuters"),
    )

    assert places == [Place("a", True), Place("a", False), Place("c", True), Place("a", False)]


def test_another_number_is_another_story() -> None:
    places = place(
        StoryBook(),
        item("a", "Acme quarterly profit up 5 pct on strong sales"),
        item("b", "Acme quarterly profit up 50 pct on strong sales"),
    )

    assert places == [Place("a", True), Place("b", True)]


def test_other_tickers_are_another_story_even_under_one_title() -> None:
    title = "Company files annual report with regulator"
    places = place(
        StoryBook(),
        item("a", title, tickers=["AAPL"]),
        item("b", title, tickers=["TSLA"]),
        item("c", title, tickers=["AAPL", "MSFT"]),
        item("d", title),
    )

    assert [p.story_id for p in places if p] == ["a", "b", "a", "a"]


def test_a_cut_title_folds_onto_its_full_form_and_back() -> None:
    full = "Regulator says Acme must publish its accounts for 2007 by the end of May"
    cut = "Regulator says Acme must publish its acc..."

    assert place(StoryBook(), item("a", full), item("b", cut))[1] == Place("a", False)
    assert place(StoryBook(), item("b", cut), item("a", full))[1] == Place("b", False)


def test_a_new_revision_of_an_entry_stays_in_its_story_whatever_it_says() -> None:
    places = place(
        StoryBook(),
        item("a", "Acme to cut 500 jobs in Europe", entry="e"),
        item("b", "Globex wins order for 20 trains in India", entry="e"),
    )

    assert places == [Place("a", True), Place("a", False)]


def test_the_same_item_again_is_dropped() -> None:
    book = StoryBook()
    one = item("a", "Acme to cut 500 jobs in Europe")

    assert place(book, one, one) == [Place("a", True), None]
    assert place(book, item("a", one.title, START + 47 * HOUR_MS)) == [None]


def test_an_item_that_is_listed_for_days_is_remembered_as_long() -> None:
    book = StoryBook()
    places = [
        place(book, item("a", "Acme to cut 500 jobs", START + hours * HOUR_MS))[0]
        for hours in range(0, 24 * 7, 6)
    ]

    assert places == [Place("a", True)] + [None] * (len(places) - 1)


def test_a_story_is_closed_when_its_horizon_ends() -> None:
    title = "Acme to cut 500 jobs in its European plants"
    late = START + 48 * HOUR_MS

    assert place(StoryBook(), item("a", title), item("b", title, late))[1] == Place("a", False)
    assert place(StoryBook(), item("a", title), item("b", title, late + 1))[1] == Place("b", True)


def test_every_copy_keeps_a_story_open() -> None:
    title = "Acme to cut 500 jobs in its European plants"
    items = [item(str(day), title, START + day * 24 * HOUR_MS) for day in range(5)]

    assert {p.story_id for p in place(StoryBook(), *items) if p} == {"0"}


def test_a_short_title_recurs_as_a_new_story_unless_it_calls_itself_an_update() -> None:
    book = StoryBook()
    next_day = START + 24 * HOUR_MS

    assert place(book, item("a", "Nikkei ends higher"))[0] == Place("a", True)
    assert place(book, item("b", "Nikkei ends higher", START + HOUR_MS))[0] == Place("a", False)
    assert place(book, item("c", "Nikkei ends higher", next_day))[0] == Place("c", True)
    assert place(book, item("d", "UPDATE 2-Nikkei ends higher", next_day + 9 * HOUR_MS))[
        0
    ] == Place("c", False)


def test_a_later_wording_leads_no_further_than_the_lead_allows() -> None:
    places = place(
        StoryBook(),
        item("a", "Expect index to stay in narrow range this week: Mitesh Thacker"),
        item("b", "Expect index to stay in narrow range this week"),
        item("c", "Expect index to stay in narrow range this week: 7600 the top"),
        item("d", "Expect index not to stay in narrow range this week"),
    )

    assert [p.story_id for p in places if p] == ["a", "a", "a", "d"]


def test_the_most_alike_story_is_taken() -> None:
    places = place(
        StoryBook(),
        item("a", "Regulator fines Acme 20 mln euros over late filings in Spain and Portugal"),
        item("b", "Regulator fines Acme over late filings in Spain, Portugal, Italy and Greece"),
        item("c", "Regulator fines Acme over late filings in Spain, Portugal, Italy, Greece"),
    )

    assert places[2] == Place("b", False)


def test_titles_without_words_never_fold() -> None:
    places = place(StoryBook(), item("a", "..."), item("b", "..."), item("c", ""))

    assert [p.lead for p in places if p] == [True, True, True]


def test_what_is_kept_is_bounded() -> None:
    book = StoryBook(max_stories=3, max_entries=5)
    words = ["Iron", "Wheat", "Cotton", "Steel", "Coffee", "Copper", "Rubber"]
    place(book, *(item(word, f"{word} futures fall on weak demand in Asia") for word in words))
    touched = book.take_touched()

    assert [key for key, note in touched.stories.items() if note] == words[-3:]
    assert [key for key, note in touched.entries.items() if note] == [
        f"entry-{word}" for word in words[-5:]
    ]


def test_a_forgotten_story_is_told_as_deleted_once() -> None:
    book = StoryBook()
    place(book, item("a", "Acme to cut 500 jobs in Europe"))
    book.take_touched()
    book.forget_before(START + 48 * HOUR_MS)
    assert book.take_touched().stories == {}

    book.forget_before(START + 48 * HOUR_MS + 1)
    touched = book.take_touched()

    assert (touched.stories, touched.entries) == ({"a": None}, {"entry-a": None})
    assert book.take_touched().stories == {}


def test_a_revision_of_an_entry_whose_story_is_gone_opens_none() -> None:
    book = StoryBook(max_stories=1)
    places = place(
        book,
        item("a", "Acme to cut 500 jobs in Europe", entry="e"),
        item("b", "Globex wins order for 20 trains"),
        item("c", "Acme to cut 700 jobs in Europe", START + MINUTE_MS, entry="e"),
    )

    assert places[2] == Place("a", False)
    assert [key for key, note in book.take_touched().stories.items() if note] == ["b"]
