"""What is told of a case, and why."""

from __future__ import annotations

import msgspec
import pytest

from alerts.cases import Case, Told, describe, open_case, resolve_case
from alerts.routes import Route, notifiers_for
from alerts.rules import MAX_UPDATES, Change, Decision, Reason, change_name, decide, tell
from alerts.silences import Silence, silence_of
from foreshock.records import AlertState

SILENCE = Silence("q", "*", 10**15)


@pytest.fixture
def case(make_spike) -> Case:
    return describe(open_case(make_spike()), ())


def with_told(case: Case, **told: object) -> Case:
    return msgspec.structs.replace(case, told=Told(**told))


def test_a_new_case_is_told(case):
    assert decide(case) == Decision(Change.FIRING, Reason.FIRST, AlertState.FIRING)


def test_a_silenced_case_is_not_told_until_the_silence_is_over(case):
    assert decide(case, silence=SILENCE) == Decision(None, Reason.SILENCED, AlertState.SILENCED)
    assert decide(case).reason is Reason.FIRST


def test_nothing_new_is_not_told(case):
    told = with_told(case, firing=1, keys=case.alert.keys)
    assert decide(told) == Decision(None, Reason.NOTHING_NEW, AlertState.FIRING)


def test_a_new_key_is_told_unless_someone_has_taken_it_on(case):
    told = with_told(case, firing=1, keys=("topic:banks",))
    assert decide(told) == Decision(Change.UPDATE, Reason.NEW_KEY, AlertState.FIRING)
    assert decide(told, acknowledged=True) == Decision(
        None, Reason.ACKNOWLEDGED, AlertState.ACKNOWLEDGED
    )


def test_updates_are_bounded(case):
    told = with_told(case, firing=1, update=MAX_UPDATES, keys=("topic:banks",))
    assert decide(told).reason is Reason.ENOUGH_UPDATES
    assert decide(told).change is None


def test_the_end_is_told_to_those_who_know_of_the_beginning(case):
    over = resolve_case(case, case.life_ms + 1)
    assert decide(over) == Decision(None, Reason.NEVER_TOLD, AlertState.RESOLVED)
    told = with_told(over, firing=1, keys=case.alert.keys)
    for silence in (None, SILENCE):
        assert decide(told, silence=silence, acknowledged=True) == Decision(
            Change.RESOLVED, Reason.ALL_ENDED, AlertState.RESOLVED
        )
    assert decide(with_told(over, firing=1, resolved=1)).reason is Reason.NEVER_TOLD


def test_firing_again_is_told(case):
    again = with_told(case, firing=1, resolved=1, keys=case.alert.keys)
    assert decide(again) == Decision(Change.FIRING, Reason.AGAIN, AlertState.FIRING)


def test_names_of_changes_come_once():
    case_told = Told()
    names = []
    for change in (Change.FIRING, Change.UPDATE, Change.UPDATE, Change.RESOLVED, Change.FIRING):
        count = getattr(case_told, change.value) + 1
        case_told = msgspec.structs.replace(case_told, **{change.value: count})
        names.append(change_name(change, case_told))
    assert names == ["firing", "update", "update-2", "resolved", "firing-2"]
    assert case_told.messages == 5


def test_telling_remembers_the_keys(case):
    told = tell(case, Change.FIRING).told
    assert told == Told(firing=1, keys=case.alert.keys)
    assert tell(msgspec.structs.replace(case, told=told), Change.RESOLVED).told.keys == told.keys


@pytest.mark.parametrize(
    ("patterns", "keys", "silenced"),
    [
        (["ticker:*"], ["ticker:A", "ticker:B"], True),
        (["ticker:*"], ["ticker:A", "topic:x"], False),
        (["ticker:A", "topic:?"], ["ticker:A", "topic:x"], True),
        (["TICKER:A"], ["ticker:A"], False),
        ([], ["ticker:A"], False),
        (["*"], [], False),
    ],
)
def test_a_silence_has_to_cover_every_key(patterns, keys, silenced):
    silences = [Silence(str(n), pattern, 100) for n, pattern in enumerate(patterns)]
    assert (silence_of(keys, silences, 99) is not None) is silenced
    assert silence_of(keys, silences, 100) is None


def test_routes_choose_by_key_watch_and_change(make_message):
    alert = make_message().alert
    routes = [
        Route("mail"),
        Route("slack", key_pattern="topic:*", changes=frozenset({Change.FIRING})),
        Route("pager", watch_pattern="other"),
        Route("mail", key_pattern="ticker:*"),
    ]
    assert notifiers_for(alert, Change.FIRING, routes) == ("mail", "slack")
    assert notifiers_for(alert, Change.RESOLVED, routes) == ("mail",)
