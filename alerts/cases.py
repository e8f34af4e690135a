"""A case is all that is known of one alert: the alert, its spikes, and what people were told.

The transitions are pure and take event times only. Called by `alerts.stage`, which keeps one state
entry per case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

import msgspec

from alerts.titles import alert_title, key_label, key_rank
from foreshock.errors import CodecError
from foreshock.records import Alert, AlertState, Evidence, Spike

MAX_SPIKES = 50  # a case that has grown to this takes no more: a further spike opens its own


class SpikeNote(msgspec.Struct, frozen=True, kw_only=True):
    """What a case keeps of a spike; `ended_at_ms` is None while it lasts."""

    spike_id: str
    key: str
    started_at_ms: int
    window_ms: int
    observed: int
    surprise: float
    reason: str
    story_ids: tuple[str, ...]
    ended_at_ms: int | None = None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What people were told: how many messages of each kind, and the keys they know of."""

    firing: int = 0
    update: int = 0
    resolved: int = 0
    keys: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Return whether people were told that it fires and not yet that it is over."""
        return self.firing > self.resolved

    @property
    def messages(self) -> int:
        """Return how many messages there were, which numbers the next one."""
        return self.firing + self.update + self.resolved


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One alert with its spikes. A case that fires again after its end has a new life: `life_ms`
    is when the present one began, and title, reason and evidence speak of its spikes alone.
    """

    alert: Alert
    spikes: tuple[SpikeNote, ...]
    life_ms: int
    told: Told = Told()

    @property
    def ended(self) -> bool:
        """Return whether no spike of the case lasts."""
        return all(note.ended_at_ms is not None for note in self.spikes)

    @property
    def lasting_keys(self) -> tuple[str, ...]:
        """Return the keys whose spikes last, sorted."""
        return tuple(sorted({note.key for note in self.spikes if note.ended_at_ms is None}))

    @property
    def story_ids(self) -> tuple[str, ...]:
        """Return the stories of the present life's spikes, each once, in order of appearance."""
        stories = (story for note in self._life() for story in note.story_ids)
        return tuple(dict.fromkeys(stories))

    @property
    def head(self) -> SpikeNote:
        """Return the spike that names the case: of those that began its present life the most
        specific, then the most surprising.
        """
        first = [note for note in self._life() if note.started_at_ms == self.life_ms]
        return min(first, key=lambda note: (key_rank(note.key), -note.surprise, note.key))

    def _life(self) -> list[SpikeNote]:
        return [note for note in self.spikes if note.started_at_ms >= self.life_ms]


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Case)


def alert_id(watch: str, spike_id: str) -> str:
    """Return the id of the alert that `spike_id` opens: SHA-256, first 32 hex digits.

    >>> alert_id("main", "s1") == alert_id("main", "s1"), len(alert_id("main", "s1"))
    (True, 32)
    """
    return hashlib.sha256(f"{watch}\x1f{spike_id}".encode()).hexdigest()[:32]


def encode_case(case: Case) -> bytes:
    """Return the state entry of a case; equal cases give equal bytes."""
    return _encoder.encode(case)


def decode_case(data: bytes) -> Case:
    """Return the case of a state entry. Raises CodecError if it is not one."""
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CodecError(f"expected the state of an alert, found other bytes: {error}") from error


def open_case(spike: Spike) -> Case:
    """Return the case that `spike` opens, without evidence and title yet (see `describe`)."""
    note = _note(spike)
    alert = Alert(
        alert_id=alert_id(spike.watch, spike.spike_id),
        watch=spike.watch,
        state=AlertState.FIRING,
        title="",
        reason=spike.reason,
        keys=(spike.key,),
        spike_ids=(spike.spike_id,),
        evidence=(),
        surprise=spike.surprise,
        started_at_ms=spike.pane_end_ms,
        updated_at_ms=spike.pane_end_ms,
    )
    return Case(alert=alert, spikes=(note,), life_ms=note.started_at_ms)


def join_case(case: Case, spike: Spike) -> Case:
    """Return `case` with `spike` in it; a case that had ended begins a new life.

    A key has one spike at a time: an earlier one of the same key that is not known to have ended
    has, so it ends here.
    """
    note = _note(spike)
    life_ms = note.started_at_ms if case.ended else case.life_ms
    spikes = _end_notes(case, note.started_at_ms, lambda old: old.key == note.key)
    alert = msgspec.structs.replace(
        case.alert,
        state=AlertState.FIRING,
        spike_ids=(*case.alert.spike_ids, spike.spike_id),
        surprise=max(case.alert.surprise, spike.surprise),
        updated_at_ms=spike.pane_end_ms,
        resolved_at_ms=None,
    )
    return msgspec.structs.replace(case, alert=alert, spikes=(*spikes, note), life_ms=life_ms)


def end_spike(case: Case, spike_id: str, at_ms: int) -> Case:
    """Return `case` after its spike ended at `at_ms`; the last one to end resolves the alert."""
    return _after(case, _end_notes(case, at_ms, lambda note: note.spike_id == spike_id), at_ms)


def end_lost(case: Case, spikes: Iterable[Spike], at_ms: int, interval_ms: int) -> Case:
    """Return `case` after spikes of it ended whose end was never told (the detector was changed).

    They show when a key of theirs spikes again more than `interval_ms` after they began.
    """
    again = {s.key for s in spikes if s.spike_id not in case.alert.spike_ids}

    def lost(note: SpikeNote) -> bool:
        return note.key in again and at_ms - note.started_at_ms > interval_ms

    return _after(case, _end_notes(case, at_ms, lost), at_ms)


def resolve_case(case: Case, at_ms: int) -> Case:
    """Return `case` resolved at `at_ms`, every spike of it ended."""
    return _after(case, _end_notes(case, at_ms, lambda _: True), at_ms)


def _end_notes(case: Case, at_ms: int, which: Callable[[SpikeNote], bool]) -> tuple[SpikeNote, ...]:
    return tuple(
        msgspec.structs.replace(note, ended_at_ms=at_ms)
        if note.ended_at_ms is None and which(note)
        else note
        for note in case.spikes
    )


def _after(case: Case, spikes: tuple[SpikeNote, ...], at_ms: int) -> Case:
    if spikes == case.spikes:
        return case
    case = msgspec.structs.replace(case, spikes=spikes)
    if not case.ended:
        return case
    alert = msgspec.structs.replace(
        case.alert, state=AlertState.RESOLVED, updated_at_ms=at_ms, resolved_at_ms=at_ms
    )
    return msgspec.structs.replace(case, alert=alert)


def describe(
    case: Case, evidence: Iterable[Evidence], name_of: Callable[[str], str] = key_label
) -> Case:
    """Return `case` with title, reason, keys (the naming one first) and evidence in its alert."""
    head = case.head
    others = sorted({note.key for note in case.spikes} - {head.key}, key=lambda k: (key_rank(k), k))
    alert = msgspec.structs.replace(
        case.alert,
        title=alert_title(name_of(head.key), head.observed, head.window_ms),
        reason=head.reason,
        keys=(head.key, *others),
        evidence=tuple(evidence),
    )
    return msgspec.structs.replace(case, alert=alert)


def with_state(case: Case, state: AlertState) -> Case:
    """Return `case` with its alert in `state`."""
    return msgspec.structs.replace(case, alert=msgspec.structs.replace(case.alert, state=state))


def _note(spike: Spike) -> SpikeNote:
    return SpikeNote(
        spike_id=spike.spike_id,
        key=spike.key,
        started_at_ms=spike.pane_end_ms,
        window_ms=spike.window_ms,
        observed=spike.observed,
        surprise=spike.surprise,
        reason=spike.reason,
        story_ids=spike.story_ids,
    )
