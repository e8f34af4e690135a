"""What the demo promises is on the tape: rhythm, copies, late and broken items, two surges."""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import dataclass

import pytest

from foreshock.channels import FETCHED
from foreshock.clock import DAY_MS, HOUR_MS, MINUTE_MS, iso_to_ms
from foreshock.codec import decode
from foreshock.records import StoryItem, Uncounted
from foreshock.stage import Received
from ingest.demo.tape import PlantedSurge, tape_info, tape_path
from ingest.sources.recorded import RecordedFeed
from ingest.stage import StoriesStage


@dataclass(frozen=True)
class Tape:
    items: list[StoryItem]
    rejected: Counter[str]


@pytest.fixture(scope="module")
def tape() -> Tape:
    feed = RecordedFeed(tape_path())
    stage = StoriesStage(old_after_ms=2 * HOUR_MS, languages=("en",))
    stage.restore({})
    output = stage.handle([Received(item, FETCHED) for item in feed.read()])
    records = [decode(message.value) for _, message in output.publish]
    return Tape([r for r in records if isinstance(r, StoryItem)], feed.rejected)


def hour_of(item: StoryItem) -> int:
    return item.at_ms // HOUR_MS


def about(surge: PlantedSurge, item: StoryItem) -> bool:
    kind, _, name = surge.key.partition(":")
    if kind == "ticker":
        return name in item.tickers
    return any(word.lower() in item.title.lower() for word in surge.words)


def during(surge: PlantedSurge, item: StoryItem) -> bool:
    return iso_to_ms(surge.starts) <= item.at_ms < iso_to_ms(surge.ends) + 2 * MINUTE_MS


def test_the_tape_is_small_and_lasts_a_fortnight() -> None:
    info = tape_info()

    assert tape_path().stat().st_size < 1_500_000
    assert iso_to_ms(info.ends) - iso_to_ms(info.starts) == 14 * DAY_MS
    assert 0 < iso_to_ms(info.live_from) - iso_to_ms(info.starts) - 13 * DAY_MS < DAY_MS
    assert info.times == "simulated"
    assert any("SEntFiN" in credit for credit in info.credits)


def test_every_row_is_read_or_rejected_with_a_reason(tape: Tape) -> None:
    with gzip.open(tape_path(), "rb") as stream:
        lines = sum(1 for _ in stream)

    assert len(tape.items) + sum(tape.rejected.values()) == lines
    assert 8_000 <= len(tape.items) <= 9_000
    assert tape.rejected["bad-row"] == 5
    assert tape.rejected["no-title"] >= 5
    assert tape.rejected["no-time"] == 1


def test_times_stay_on_the_tape(tape: Tape) -> None:
    info = tape_info()

    assert iso_to_ms(info.starts) <= tape.items[0].at_ms
    assert tape.items[-1].at_ms < iso_to_ms(info.ends)


def test_business_hours_are_busy_and_weekends_thin(tape: Tape) -> None:
    by_day = Counter(item.at_ms // DAY_MS for item in tape.items)
    by_hour = Counter(hour_of(item) % 24 for item in tape.items)
    weekend = [count for day, count in by_day.items() if (day + 3) % 7 >= 5]
    workdays = [count for day, count in by_day.items() if (day + 3) % 7 < 5]

    assert (len(weekend), len(workdays)) == (4, 10)
    assert max(weekend) * 3 < min(workdays)
    assert min(by_hour[hour] for hour in range(4, 14)) > 3 * max(by_hour[h] for h in (22, 23, 0))


def test_an_eighth_are_copies_by_other_publishers(tape: Tape) -> None:
    leads = {item.item_id: item for item in tape.items if item.lead}
    copies = [item for item in tape.items if not item.lead]
    elsewhere = [c for c in copies if c.publisher != leads[c.story_id].publisher]

    assert 0.08 < len(copies) / len(tape.items) < 0.16
    assert len(elsewhere) > 0.8 * len(copies)
    assert len({item.publisher for item in tape.items}) >= 8


def test_late_and_foreign_items_are_there_and_not_counted(tape: Tape) -> None:
    uncounted = Counter(item.uncounted for item in tape.items)

    assert uncounted[Uncounted.OLD] >= 50
    assert uncounted[Uncounted.LANGUAGE] == 12
    assert {i.language for i in tape.items} == {"en", "hi", "zh"}


def test_entries_come_again_changed_and_unclaimed(tape: Tape) -> None:
    revisions = Counter(item.entry_id for item in tape.items)

    assert sum(count > 1 for count in revisions.values()) >= 20
    assert any(item.published_at_ms is None for item in tape.items)
    assert any(len(item.title) > 900 for item in tape.items)


def test_all_addresses_are_made_up(tape: Tape) -> None:
    assert all(item.url.split("/")[2].endswith(".example.com") for item in tape.items)


@pytest.mark.parametrize("number", [0, 1])
def test_a_surge_is_many_stories_of_several_publishers_in_an_hour(tape: Tape, number: int) -> None:
    surge = tape_info().surges[number]
    stories = [item for item in tape.items if during(surge, item) and about(surge, item)]
    leads = [item for item in stories if item.lead and item.uncounted is Uncounted.NO]

    assert len(leads) >= 14
    assert len({item.publisher for item in leads}) >= 3
    assert iso_to_ms(surge.ends) - iso_to_ms(surge.starts) <= HOUR_MS


@pytest.mark.parametrize("number", [0, 1])
def test_a_surge_stands_out_from_every_other_hour(tape: Tape, number: int) -> None:
    surge = tape_info().surges[number]
    usual = Counter(
        hour_of(item)
        for item in tape.items
        if item.lead and about(surge, item) and not during(surge, item)
    )

    assert max(usual.values()) <= (2 if surge.key.startswith("ticker:") else 7)


def test_a_visitor_sees_both_surges_soon_after_the_live_part_begins() -> None:
    info = tape_info()
    first, second = info.surges

    assert iso_to_ms(first.starts) - iso_to_ms(info.live_from) == 10 * MINUTE_MS
    assert iso_to_ms(second.starts) - iso_to_ms(first.starts) == 40 * MINUTE_MS
