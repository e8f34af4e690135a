"""The stage that keeps everything."""

from __future__ import annotations

from foreshock.archive import ArchiveStage
from foreshock.channels import ITEMS, PANES, SCORED, SPIKES
from foreshock.records import Heartbeat, Pane
from foreshock.stage import Output, Received

PANE = Pane(watch="main", key="all", pane_end_ms=60_000, width_ms=60_000)


def beat(at_ms: int, channel: str = SCORED, watch: str = "main", partition: int = 0) -> Received:
    return Received(Heartbeat(watch=watch, at_ms=at_ms), channel, partition)


def facts(output: Output, name: str) -> dict[str, str]:
    """Return the facts called `name`, by watch."""
    prefix = name + ":"
    return {k.removeprefix(prefix): v for k, v in output.meta.items() if k.startswith(prefix)}


def restarted(output: Output) -> ArchiveStage:
    """Return the stage as it is after a restart that follows its first batch."""
    stage = ArchiveStage()
    stage.restore({name: value for name, value in output.state.items() if value is not None})
    return stage


def test_records_become_rows_in_order_and_heartbeats_do_not() -> None:
    other = Pane(watch="main", key="ticker:AAPL", pane_end_ms=60_000, width_ms=60_000)

    output = ArchiveStage().handle([Received(PANE, PANES), beat(5), Received(other, PANES)])

    assert output.rows == [PANE, other]
    assert output.publish == []


def test_the_newest_heartbeat_of_each_watch_is_a_fact_of_the_run() -> None:
    output = ArchiveStage().handle([beat(5), beat(9), beat(7), beat(3, watch="asia")])

    assert facts(output, "heartbeat_ms") == {"main": "9", "asia": "3"}


def test_a_heartbeat_counts_only_once_it_has_passed_the_classifier() -> None:
    output = ArchiveStage().handle([beat(5, ITEMS), beat(4, SPIKES)])

    assert facts(output, "heartbeat_ms") == {}


def test_the_heartbeat_never_goes_back_a_restart_included() -> None:
    stage = restarted(ArchiveStage().handle([beat(9)]))

    assert facts(stage.handle([beat(8)]), "heartbeat_ms") == {}
    assert facts(stage.handle([beat(10)]), "heartbeat_ms") == {"main": "10"}
    stage.restore({})
    assert facts(stage.handle([beat(0)]), "heartbeat_ms") == {"main": "0"}


def test_the_archive_has_got_as_far_as_the_slowest_partition_of_items_and_scores() -> None:
    stage = ArchiveStage(partitions=2)
    beats = [beat(10, ITEMS), beat(20, ITEMS, partition=1), beat(30), beat(40, partition=1)]

    reached = [facts(stage.handle([one]), "archived_ms") for one in beats]

    assert reached == [{"main": "-1"}, {"main": "-1"}, {"main": "-1"}, {"main": "10"}]
    assert facts(stage.handle([beat(50, ITEMS)]), "archived_ms") == {"main": "20"}


def test_how_far_the_archive_has_got_survives_a_restart() -> None:
    stage = restarted(ArchiveStage().handle([beat(10, ITEMS), beat(12)]))

    assert facts(stage.handle([beat(20, ITEMS)]), "archived_ms") == {"main": "12"}
    assert facts(stage.handle([beat(15, ITEMS)]), "archived_ms") == {}
