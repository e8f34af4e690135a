"""The alert stage: spikes in, alerts and messages out. Run by `foreshock.runner` like every stage.

Order of work: group a tick's spikes into cases, find their evidence, decide what to tell, route it.
The deciding is in the pure modules beside this one; here it is put together and kept as state, one
entry per case. What a tick brought together is told together: one message, not one per key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from alerts.cases import (
    Case,
    decode_case,
    describe,
    encode_case,
    end_lost,
    end_spike,
    join_case,
    open_case,
    resolve_case,
    with_state,
)
from alerts.evidence import choose_evidence, readiness
from alerts.grouping import GroupingReason, group
from alerts.notification import Notification, encode_notification
from alerts.routes import Route, notifiers_for
from alerts.rules import Change, change_name, decide, tell
from alerts.silences import Silence, silence_of
from alerts.titles import key_label
from foreshock.channels import ALERTS, SPIKES
from foreshock.clock import DAY_MS, HOUR_MS
from foreshock.errors import ForeshockError, StoreUnavailable
from foreshock.records import Evidence, OutboxRow, Spike
from foreshock.stage import Output, Received, to_message

EvidenceOf = Callable[[Sequence[str], int], Mapping[str, Evidence]]
SilencesAt = Callable[[int], Sequence[Silence]]

GIVE_UP_AFTER_MS = (
    7 * DAY_MS
)  # a case whose spikes never ended (the detector was changed meanwhile)


def _no_silences(at_ms: int) -> Sequence[Silence]:
    del at_ms
    return ()


def _unknown(watch: str) -> int | None:
    del watch
    return None


def _nobody(alert_id: str) -> bool:
    del alert_id
    return False


class AlertStage:
    """Turn spikes into alerts.

    `evidence_of(story_ids, before_ms)`: headlines in the store, as `Store.evidence`; `notifiers`:
    the names that messages go to; `archived_until(watch)`: up to which event time the store holds
    everything (None: unknown); `silences_at(at_ms)`: the silences to heed at an event time;
    `acknowledged(alert_id)`: whether someone has taken an alert on; `name_of(key)`: what a person
    calls a key; `simulated`: messages say that the times are not real; `routes`: instead of
    `notifiers`, where not everything goes everywhere.
    """

    name = "alert"
    inputs: tuple[str, ...] = (SPIKES,)

    def __init__(
        self,
        *,
        evidence_of: EvidenceOf,
        notifiers: Sequence[str] = (),
        archived_until: Callable[[str], int | None] = _unknown,
        silences_at: SilencesAt = _no_silences,
        acknowledged: Callable[[str], bool] = _nobody,
        max_evidence: int = 5,
        evidence_tries: int = 60,
        grouping_ms: int = HOUR_MS,
        name_of: Callable[[str], str] = key_label,
        simulated: bool = False,
        routes: Sequence[Route] | None = None,
    ) -> None:
        self._evidence_of = evidence_of
        self._routes = [Route(name) for name in notifiers] if routes is None else list(routes)
        self._archived_until = archived_until
        self._silences_at = silences_at
        self._acknowledged = acknowledged
        self._max_evidence = max_evidence
        self._evidence_tries = evidence_tries
        self._grouping_ms = grouping_ms
        self._name_of = name_of
        self._simulated = simulated
        self._cases: dict[str, Case] = {}
        self._waiting: tuple[str, int] = ("", 0)  # for whom, and how many tries: not part of state

    def restore(self, state: Mapping[str, bytes]) -> None:
        """Take up the committed cases. Raises CodecError if an entry is not one."""
        self._cases = {alert_id: decode_case(state[alert_id]) for alert_id in sorted(state)}

    def handle(self, received: Sequence[Received]) -> Output:
        """Handle spikes in order.

        Raises StoreUnavailable while the evidence of an alert is not in the store: the batch has to
        come again. Raises ForeshockError for a record that is no spike or names no stories.
        """
        output = Output()
        cases = dict(self._cases)
        for watch, at_ms, spikes in _ticks(received):
            self._handle_tick(cases, watch, at_ms, spikes, output)
        self._cases = cases
        return output

    def _handle_tick(
        self,
        cases: dict[str, Case],
        watch: str,
        at_ms: int,
        spikes: Sequence[Spike],
        output: Output,
    ) -> None:
        self._close(cases, watch, at_ms, spikes, output)
        changed: dict[str, Case] = {}
        for spike in spikes:
            case = self._place(spike, {**cases, **changed})
            if case is not None:
                changed[case.alert.alert_id] = case
        for alert_id, case in changed.items():
            self._settle(cases, alert_id, case, at_ms, output)

    def _place(self, spike: Spike, cases: Mapping[str, Case]) -> Case | None:
        """Return the case that `spike` changes, changed; None where it changes nothing."""
        if spike.ended_at_ms is not None:
            return _end(spike.spike_id, spike.ended_at_ms, cases)
        if not spike.story_ids:
            raise ForeshockError(f"expected a spike with its stories, found none: {spike.spike_id}")
        place = group(spike, cases.values(), self._grouping_ms)
        if place.reason is GroupingReason.KNOWN:
            return None
        return open_case(spike) if place.case is None else join_case(place.case, spike)

    def _settle(
        self, cases: dict[str, Case], alert_id: str, case: Case, at_ms: int, output: Output
    ) -> None:
        """Decide what is told of a changed case, and keep it."""
        before = cases.get(alert_id)
        if before is None or before.alert.spike_ids != case.alert.spike_ids:
            found = self._find_evidence(case, at_ms)
            case = describe(case, choose_evidence(found, self._max_evidence), self._name_of)
        silence = silence_of(case.lasting_keys, self._silences_at(at_ms), at_ms)
        decision = decide(case, silence=silence, acknowledged=self._acknowledged(alert_id))
        case = with_state(case, decision.state)
        if before is None or before.alert != case.alert:
            output.publish.append((ALERTS, to_message(ALERTS, case.alert)))
        if decision.change is not None:
            case = tell(case, decision.change)
            output.outbox.extend(self._rows(case, decision.change))
        cases[alert_id] = case
        output.state[alert_id] = encode_case(case)

    def _rows(self, case: Case, change: Change) -> Iterator[OutboxRow]:
        name = change_name(change, case.told)
        body = encode_notification(
            Notification(
                alert=case.alert,
                change=change,
                name=name,
                sequence=case.told.messages,
                simulated=self._simulated,
            )
        )
        for notifier in notifiers_for(case.alert, change, self._routes):
            yield OutboxRow(alert_id=case.alert.alert_id, change=name, notifier=notifier, body=body)

    def _find_evidence(self, case: Case, at_ms: int) -> Mapping[str, Evidence]:
        wanted, waiter = case.story_ids, case.alert.spike_ids[-1]
        tries = self._waiting[1] + 1 if self._waiting[0] == waiter else 1
        # asked first: what is archived by now is in the evidence that is looked up then
        until_ms = self._archived_until(case.alert.watch)
        found = self._evidence_of(wanted, at_ms)
        ready = readiness(
            wanted,
            found,
            archived=None if until_ms is None else until_ms >= at_ms,
            last_try=tries >= self._evidence_tries,
        )
        if not ready.ready:
            self._waiting = (waiter, tries)
            raise StoreUnavailable(
                f"alert {case.alert.alert_id} waits for its evidence: {ready.value} "
                f"({len(found)} of {len(wanted)} stories, looked {tries} times)",
                hint="is the archive running? `foreshock status` shows how far it is behind",
            )
        self._waiting = ("", 0)
        return found

    def _close(
        self,
        cases: dict[str, Case],
        watch: str,
        at_ms: int,
        spikes: Sequence[Spike],
        output: Output,
    ) -> None:
        """Drop cases of `watch` that nothing can join any more, resolve those with a lost end."""
        starts = [spike for spike in spikes if spike.ended_at_ms is None]
        for alert_id, case in [*cases.items()]:
            quiet_ms = at_ms - case.alert.updated_at_ms
            if case.alert.watch != watch:
                continue
            if case.ended:
                if quiet_ms > self._grouping_ms:
                    del cases[alert_id]
                    output.state[alert_id] = None
                continue
            given_up = quiet_ms > GIVE_UP_AFTER_MS
            closed = (
                resolve_case(case, at_ms)
                if given_up
                else end_lost(case, starts, at_ms, self._grouping_ms)
            )
            if closed != case:
                self._settle(cases, alert_id, closed, at_ms, output)


def _end(spike_id: str, at_ms: int, cases: Mapping[str, Case]) -> Case | None:
    for case in cases.values():
        for note in case.spikes:
            if note.spike_id == spike_id:
                return None if note.ended_at_ms is not None else end_spike(case, spike_id, at_ms)
    return None


def _ticks(received: Sequence[Received]) -> Iterator[tuple[str, int, list[Spike]]]:
    """Yield runs of spikes of one watch and one event time, in order."""
    for (watch, at_ms), run in groupby(map(_spike, received), key=_tick_of):
        yield watch, at_ms, list(run)


def _spike(received: Received) -> Spike:
    if isinstance(received.record, Spike):
        return received.record
    raise ForeshockError(
        f"expected a spike, found {type(received.record).__name__} at {received.channel} "
        f"{received.partition}/{received.offset}"
    )


def _tick_of(spike: Spike) -> tuple[str, int]:
    at_ms = spike.pane_end_ms if spike.ended_at_ms is None else spike.ended_at_ms
    return spike.watch, at_ms
