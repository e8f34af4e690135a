"""A process that runs a stage until it is killed: started by test_killed_stage.py."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from foreshock.bus.sqlite_bus import SqliteBus
from foreshock.channels import FETCHED, LATE
from foreshock.records import Heartbeat, Pane
from foreshock.runner import StageRunner
from foreshock.stage import Output, Received, to_message
from foreshock.store.sql_store import open_store


class CountingStage:
    """One message, one row and one more in the state for each record."""

    name = "counting"
    inputs = (FETCHED,)

    def __init__(self) -> None:
        self._count = 0

    def restore(self, state: Mapping[str, bytes]) -> None:
        self._count = int(state.get("count", b"0"))

    def handle(self, received: Sequence[Received]) -> Output:
        output = Output()
        for one in received:
            assert isinstance(one.record, Heartbeat)
            at_ms = one.record.at_ms
            assert at_ms == self._count, f"expected record {self._count}, found {at_ms}"
            self._count += 1
            output.publish.append((LATE, to_message(LATE, one.record)))
            output.rows.append(Pane(watch="main", key="all", pane_end_ms=at_ms, width_ms=1))
        output.state["count"] = str(self._count).encode()
        print("handled", flush=True)
        return output


def main(database: Path) -> None:
    """Run until there is nothing left."""
    bus = SqliteBus(database)
    store = open_store(database)
    sizes = itertools.cycle((1, 7, 30, 3, 60))
    while StageRunner(CountingStage(), bus, store, max_records=next(sizes)).step():
        pass
    print("done", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
