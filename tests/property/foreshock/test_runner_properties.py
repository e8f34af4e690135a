"""How a log is cut into batches, and what is wrong in it, does not show in what comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from foreshock.bus.base import Message
from foreshock.bus.memory_bus import MemoryBus
from foreshock.channels import DEADLETTER, FETCHED, ITEMS, NAMES
from foreshock.codec import decode
from foreshock.records import DeadLetter, Heartbeat
from foreshock.runner import StageRunner
from foreshock.stage import Output, Received, to_message

GOOD, POISON, RUBBISH = "good", "poison", "rubbish"


class RunningSum:
    """Publishes the sum of all numbers so far: any lost, doubled or misplaced one shows."""

    name = "sum"
    inputs = (FETCHED,)

    def __init__(self, poison: set[int]) -> None:
        self._poison = poison
        self._sum = 0

    def restore(self, state: Mapping[str, bytes]) -> None:
        self._sum = int(state.get("sum", b"0"))

    def handle(self, received: Sequence[Received]) -> Output:
        output = Output()
        for one in received:
            assert isinstance(one.record, Heartbeat)
            self._sum = self._sum * 7 + one.record.at_ms
            if one.record.at_ms in self._poison:
                raise ValueError("no")
            beat = Heartbeat(watch="main", at_ms=self._sum % 2**60)
            output.publish.append((ITEMS, to_message(ITEMS, beat, partition=0)))
        output.state["sum"] = str(self._sum).encode()
        return output


def expected_sums(log: list[str]) -> list[int]:
    sums, total = [], 0
    for number, kind in enumerate(log):
        if kind == GOOD:
            total = total * 7 + number
            sums.append(total % 2**60)
    return sums


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([GOOD, GOOD, GOOD, POISON, RUBBISH]), max_size=40),
    st.lists(st.tuples(st.integers(1, 50), st.integers(1, 4)), min_size=1, max_size=5),
)
def test_batches_restarts_poison_and_rubbish_do_not_show(
    log: list[str], lives: list[tuple[int, int]]
) -> None:
    bus = MemoryBus()
    bus.create(dict.fromkeys(NAMES, 1))
    with bus.transaction() as transaction:
        for number, kind in enumerate(log):
            beat = to_message(FETCHED, Heartbeat(watch="main", at_ms=number))
            rubbish = Message("main", b"rubbish", 0)
            transaction.publish(FETCHED, [rubbish if kind == RUBBISH else beat])
    poison = {number for number, kind in enumerate(log) if kind == POISON}

    for max_records, steps in [*lives, (500, 100)]:  # a restart after each life
        runner = StageRunner(RunningSum(poison), bus, max_records=max_records)
        for _ in range(steps):
            runner.step()

    out = [decode(d.value) for d in bus.consumer("test", [ITEMS]).poll(1_000, 0.0)]
    assert [one.at_ms for one in out if isinstance(one, Heartbeat)] == expected_sums(log)
    letters = [decode(d.value) for d in bus.consumer("test", [DEADLETTER]).poll(1_000, 0.0)]
    places = [(one.offset, one.reason) for one in letters if isinstance(one, DeadLetter)]
    reasons = {POISON: "ValueError", RUBBISH: "undecodable"}
    assert sorted(places) == [(n, reasons[kind]) for n, kind in enumerate(log) if kind != GOOD]
