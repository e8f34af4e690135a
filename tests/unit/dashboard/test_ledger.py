"""A viewer that folds deltas, whenever it asks, has exactly what there is."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboard import deltas
from dashboard.deltas import Ledger

pictures = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3), max_size=6), st.booleans()
    ),
    min_size=1,
    max_size=20,
)


class Viewer:
    def __init__(self) -> None:
        self.parts: dict[str, Any] = {}
        self.seen = 0

    def ask(self, ledger: Ledger, sequence: int) -> dict[str, Any]:
        whole, news = ledger.since(self.seen)
        if whole:
            self.parts = {}
        for name, value in news.items():
            if value is None:
                self.parts.pop(name, None)
            else:
                self.parts[name] = value
        self.seen = sequence
        return news


@given(steps=pictures)
def test_folding_deltas_gives_the_present_parts(steps: list[tuple[dict[str, int], bool]]) -> None:
    ledger, viewer = Ledger(), Viewer()
    for sequence, (parts, asks) in enumerate(steps, start=1):
        ledger.update(parts, sequence)
        if asks:
            viewer.ask(ledger, sequence)
            assert viewer.parts == parts
    viewer.ask(ledger, len(steps))
    assert viewer.parts == steps[-1][0]


@given(steps=pictures)
def test_it_stays_bounded_and_right_where_much_goes_away(
    steps: list[tuple[dict[str, int], bool]],
) -> None:
    limit = deltas.MAX_GONE
    deltas.MAX_GONE = 1  # type: ignore[misc]
    try:
        test_folding_deltas_gives_the_present_parts.hypothesis.inner_test(steps)  # type: ignore[attr-defined]
    finally:
        deltas.MAX_GONE = limit  # type: ignore[misc]


def test_only_what_changed_is_sent() -> None:
    ledger, viewer = Ledger(), Viewer()
    assert ledger.update({"a": 1, "b": 2}, 1)
    assert viewer.ask(ledger, 1) == {"a": 1, "b": 2}
    assert not ledger.update({"a": 1, "b": 2}, 2)
    assert viewer.ask(ledger, 2) == {}
    assert ledger.update({"a": 1, "c": 3}, 3)
    assert viewer.ask(ledger, 3) == {"b": None, "c": 3}


def test_a_ledger_made_later_gives_everything_to_whoever_comes_from_before() -> None:
    ledger = Ledger(7)
    ledger.update({"a": 1}, 7)
    assert ledger.since(6) == (True, {"a": 1})
    assert ledger.since(7) == (False, {})
