"""The machine on drawn streams: a character is a ten-minute pane with so many negative stories.

`.` is an empty pane; an upper-case letter is as many stories as its place in the alphabet, none of
them negative.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from foreshock.errors import DetectorError
from foreshock.records import Pane, Spike, Tick
from stream.config import DETECTOR_VERSION, DetectorConfig
from stream.machine import Machine
from stream.panes import zero_pane

WIDTH = 600_000
HOUR = 6
DAY = 144
CONFIG = DetectorConfig(pane_ms=WIDTH, window_ms=6 * WIDTH, theta=3.0, theta_terms=4.0)
TERMS = DetectorConfig(pane_ms=WIDTH, window_ms=6 * WIDTH, theta=250.0, theta_terms=4.0)
# 1970-01-05 was a Monday
MONDAY = 4 * DAY


def pane(key: str, index: int, mark: str, publishers: Iterable[str]) -> Pane:
    negative = int(mark) if mark.isdigit() else 0
    stories = negative or (0 if mark == "." else ord(mark) - 64)
    end_ms = (index + 1) * WIDTH
    if stories == 0:
        return zero_pane("main", key, end_ms, WIDTH)
    return Pane(
        watch="main",
        key=key,
        pane_end_ms=end_ms,
        width_ms=WIDTH,
        stories=stories,
        negative_stories=negative,
        items=stories,
        publishers=tuple(publishers) if negative else (),
        negative_leads=tuple(f"{index}-{n}" for n in range(negative)),
    )


def play(
    machine: Machine,
    drawn: dict[str, str],
    start: int = MONDAY,
    publishers: tuple[str, ...] = ("ap", "reuters"),
) -> list[Spike]:
    length = max(len(marks) for marks in drawn.values())
    spikes = []
    for offset in range(length):
        panes = [
            pane(key, start + offset, marks[offset], publishers)
            for key, marks in sorted(drawn.items())
            if key == "all" or marks[offset] != "."
        ]
        end_ms = (start + offset + 1) * WIDTH
        tick = Tick(watch="main", pane_end_ms=end_ms, width_ms=WIDTH, panes=tuple(panes))
        spikes += machine.on_tick(tick)
    return spikes


def quiet(days: int) -> str:
    """A watch with four stories an hour, one of them negative."""
    return "C..1.." * (24 * days)


def started(spikes: Iterable[Spike]) -> list[tuple[str, int]]:
    return [(s.key, s.pane_end_ms // WIDTH - 1) for s in spikes if s.ended_at_ms is None]


def ended(spikes: Iterable[Spike]) -> list[tuple[str, int]]:
    return [(s.key, s.ended_at_ms // WIDTH - 1) for s in spikes if s.ended_at_ms is not None]


def test_a_burst_of_a_new_term_is_a_spike_that_ends() -> None:
    past, burst = quiet(3), "2.3................."
    spikes = play(
        Machine(TERMS),
        {"all": past + burst, "term:quake": "." * len(past) + burst},
    )
    first = MONDAY + 3 * DAY

    assert started(spikes) == [("term:quake", first + 2)]
    # the window is empty from the ninth pane on, and eight quiet ticks end the spike
    assert ended(spikes) == [("term:quake", first + 15)]
    start, end = spikes
    assert start.spike_id == end.spike_id
    assert start.story_ids == (f"{first}-0", f"{first}-1", *(f"{first + 2}-{n}" for n in range(3)))
    assert (start.observed, start.stories, start.publishers) == (5, 5, ("ap", "reuters"))


def test_nothing_fires_while_the_watch_is_learning() -> None:
    drawn = {"all": "2" * DAY, "term:quake": "." * (DAY - HOUR) + "2" * HOUR}

    assert play(Machine(TERMS), drawn) == []


def test_what_is_usual_for_the_hour_is_no_spike() -> None:
    day = "." * 54 + "333333" + "." * 84  # nine o'clock brings eighteen, every day
    past = quiet(7)
    spikes = play(Machine(CONFIG), {"all": past, "topic:earnings": day * 5 + "." * 2 * DAY})

    assert started(spikes) == [("topic:earnings", MONDAY + DAY + 56)]


def test_a_known_key_speaks_the_golden_sentence() -> None:
    topic = ("A.1.A." + "." * 12) * (8 * 8) + "." * 84 + "2.B4.."
    calm = "1.1..." * (8 * 24) + "." * 90
    spikes = play(Machine(CONFIG), {"all": calm, "topic:legal": topic})

    assert [spike.reason for spike in spikes] == [
        (
            "Topic legal: 6 negative stories in the last hour; 0.1 is usual for Tuesday 14:00; so"
            " many come less than once in 10 years; 75 % negative against 38 % usual."
        )
    ]


def test_a_term_speaks_its_sentence() -> None:
    past = quiet(3)
    spikes = play(
        Machine(TERMS),
        {"all": past + "F4", "term:bailout house": "." * len(past) + ".4"},
    )

    assert [spike.reason for spike in spikes] == [
        (
            '"bailout house": 4 negative stories in the last hour; none is usual among 11 stories;'
            " so many come less than once in 10 years; 100 % negative against 25 % usual."
        )
    ]


def test_much_news_that_is_not_bad_is_no_spike() -> None:
    past = quiet(7)
    busy = "L.5.T."
    drawn = {"all": past + busy, "topic:earnings": ("B.1.." + ".") * (24 * 7) + busy}

    assert play(Machine(CONFIG), drawn) == []


def test_copies_are_no_stories() -> None:
    machine = Machine(TERMS)
    play(machine, {"all": quiet(3)})
    index = MONDAY + 3 * DAY
    copies = Pane(
        watch="main", key="term:quake", pane_end_ms=(index + 1) * WIDTH, width_ms=WIDTH,
        items=40, publishers=("ap", "reuters"),
    )  # fmt: skip
    tick = Tick(
        watch="main", pane_end_ms=copies.pane_end_ms, width_ms=WIDTH,
        panes=(zero_pane("main", "all", copies.pane_end_ms, WIDTH), copies),
    )  # fmt: skip

    assert machine.on_tick(tick) == []


@pytest.mark.parametrize(
    ("past", "burst", "fires"),
    [
        (("ap", "reuters"), ("ap",), False),
        (("ap", "reuters"), ("ap", "reuters"), True),
        (("ap",), ("ap",), True),
    ],
)
def test_one_publisher_is_enough_only_where_there_is_one(
    past: tuple[str, ...], burst: tuple[str, ...], *, fires: bool
) -> None:
    machine = Machine(TERMS)
    play(machine, {"all": quiet(3)}, publishers=past)
    spikes = play(machine, {"all": "5", "term:quake": "5"}, MONDAY + 3 * DAY, burst)

    assert bool(spikes) is fires


def test_keys_over_the_same_stories_are_one_spike() -> None:
    past = quiet(7)
    blank = "." * len(past)
    burst = dict.fromkeys(("term:quake", "term:japan", "topic:macro", "ticker:T"), blank + "9")
    spikes = play(Machine(CONFIG), {"all": past + "9", **burst})

    assert [(spike.key, sorted(spike.terms)) for spike in spikes] == [
        ("ticker:T", ["all", "term:japan", "term:quake", "topic:macro"])
    ]
    assert spikes[0].story_ids == tuple(f"{MONDAY + 7 * DAY}-{n}" for n in range(9))


def test_a_term_spike_that_is_one_company_is_given_to_it() -> None:
    past = quiet(7)
    blank = "." * len(past)
    config = DetectorConfig(pane_ms=WIDTH, window_ms=6 * WIDTH, theta=3.0, min_stories=5)
    four = {"ticker:ACME": blank + "4", "term:recall": blank + "4"}

    assert started(play(Machine(config), {"all": past + "4", **four})) == [
        ("ticker:ACME", MONDAY + 7 * DAY)
    ]
    del four["term:recall"]
    assert play(Machine(config), {"all": past + "4", **four}) == []


def test_a_key_over_the_stories_of_a_live_spike_joins_it() -> None:
    past = quiet(3)
    blank = "." * len(past)
    spikes = play(
        Machine(TERMS),
        {
            "all": past + "42....",
            "term:quake": blank + "42....",
            "term:tsunami": blank + "4.....",
            "term:nuclear": blank + "..5...",
        },
    )

    assert [key for key, _ in started(spikes)] == ["term:quake", "term:nuclear"]


def test_a_broad_key_does_not_tie_two_events_together() -> None:
    # the stories of a pane have the same ids whatever the key: two events never share a pane here
    past = quiet(7)
    blank = "." * len(past)
    drawn = {
        "all": past + "9.6...",
        "ticker:DLF": blank + "9.....",
        "term:crude": blank + "..6...",
        "topic:energy": blank + "..6...",
    }

    spikes = play(Machine(CONFIG), drawn)
    assert [(s.key, s.terms) for s in spikes if s.ended_at_ms is None] == [
        ("ticker:DLF", ("all",)),
        ("term:crude", ("topic:energy",)),
    ]


def test_a_broad_key_that_specific_ones_do_not_explain_is_a_spike_of_its_own() -> None:
    past = quiet(7)
    blank = "." * len(past)
    drawn = {
        "all": past + "4.....",
        "term:crude": blank + "4.....",
        "topic:legal": blank + ".9....",
    }

    assert [key for key, _ in started(play(Machine(CONFIG), drawn))] == [
        "term:crude",
        "topic:legal",
    ]


def test_a_broad_spike_does_not_swallow_what_comes_after_it() -> None:
    past = quiet(7)
    blank = "." * len(past)
    drawn = {
        "all": past + "......",
        "topic:markets": blank + "6.6...",
        "term:rates": blank + "4.....",
        "term:crude": blank + "..6...",
    }
    config = DetectorConfig(pane_ms=WIDTH, window_ms=6 * WIDTH, theta_terms=4.0, terms=True)

    spikes = play(Machine(config), drawn)
    assert "term:crude" in [key for key, _ in started(spikes)]


def test_a_lasting_burst_is_one_spike() -> None:
    past = quiet(3)
    spikes = play(
        Machine(TERMS),
        {"all": past + "3" * 40, "term:quake": "." * len(past) + "3" * 40},
    )

    assert [key for key, _ in started(spikes)] == ["term:quake"]


def test_terms_can_be_switched_off() -> None:
    config = DetectorConfig(pane_ms=WIDTH, window_ms=6 * WIDTH, terms=False)
    past = quiet(3)

    assert play(Machine(config), {"all": past, "term:quake": "." * (len(past) - 1) + "9"}) == []


def test_a_spike_carries_what_it_was_decided_with() -> None:
    past = quiet(3)
    spike = play(Machine(TERMS), {"all": past + "5", "term:quake": "." * len(past) + "5"})[0]

    assert spike.detector_version == DETECTOR_VERSION
    assert spike.theta_hash == TERMS.theta_hash
    assert (spike.theta, spike.window_ms) == (4.0, 3_600_000)
    assert spike.surprise == round(spike.surprise, 6) > 4.0
    assert spike.usual == round(spike.usual, 6) > 0.0


def test_a_tick_out_of_turn_is_refused() -> None:
    machine = Machine(CONFIG)
    play(machine, {"all": "..."})

    for start in (MONDAY + 2, MONDAY + 4):
        with pytest.raises(DetectorError, match="expected the tick of 'main' that ends at"):
            play(machine, {"all": "."}, start)


def test_state_of_another_shape_is_refused() -> None:
    machine = Machine(CONFIG)
    play(machine, {"all": "..1"})
    state = {name: data for name, data in machine.take_touched().items() if data is not None}

    other = Machine(DetectorConfig(pane_ms=WIDTH, window_ms=12 * WIDTH))
    with pytest.raises(DetectorError, match="version, pane_ms, window_ms"):
        other.restore(state)


def test_an_empty_tick_touches_the_clock_alone() -> None:
    machine = Machine(CONFIG)
    play(machine, {"all": "1", "term:x": "1"})
    assert set(machine.take_touched()) == {"clock", f"tick/{MONDAY}"}

    play(machine, {"all": "."}, MONDAY + 1)
    assert set(machine.take_touched()) == {"clock"}


def test_rare_terms_are_forgotten() -> None:
    machine = Machine(CONFIG)
    play(machine, {"all": "1" + "." * (8 * DAY), "term:rare": "1" + "." * (8 * DAY)})
    kept = {name for name, data in machine.take_touched().items() if data is not None}

    assert "key/all" in kept
    assert "key/term:rare" not in kept
