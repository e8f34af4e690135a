"""Live spikes: which verdicts start a spike, which join one that lives, and when a spike ends.

The machine's last part. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from foreshock.records import Spike
from stream.config import DETECTOR_VERSION, DetectorConfig
from stream.memory import is_term
from stream.merging import GROWS_BY, SHARED, core_of, is_broad, merge_verdicts, mostly_in, overlap
from stream.panes import ALL_KEY
from stream.sentence import known_reason, term_reason
from stream.verdicts import Verdict, fires_without
from stream.windows import KeyWindow, Windows

#: A spike ends after so many ticks in a row below half of its threshold.
REARM_TICKS: Final = 8
REARM_PART: Final = 0.5
_DECIMALS: Final = 6


class LiveSpike(msgspec.Struct):
    """A spike that has not ended: its record, its keys, quiet ticks in a row.

    `members` are all keys that burst with it, `core` those that are about its event and little
    else.
    """

    spike: Spike
    members: list[str]
    core: list[str]
    quiet: int = 0


class LiveSpikes:
    """The spikes of one watch that have started and not ended."""

    def __init__(self, config: DetectorConfig, windows: Windows) -> None:
        self._config = config
        self._windows = windows
        self._live: dict[str, LiveSpike] = {}
        self._touched: set[str] = set()

    def members(self) -> list[str]:
        """Return the keys of all live spikes, sorted."""
        return sorted({key for live in self._live.values() for key in live.members})

    def end(self, index: int, verdicts: Mapping[str, Verdict]) -> list[Spike]:
        """Return the spikes that end with tick `index`; `verdicts`: of `members()`, by key."""
        ended = []
        for spike_id, live in sorted(self._live.items()):
            excess = max(verdicts[key].excess for key in live.members)
            quiet = live.quiet + 1 if excess < REARM_PART else 0
            if quiet != live.quiet:
                live.quiet = quiet
                self._touched.add(spike_id)
            if quiet >= REARM_TICKS:
                end_ms = (index + 1) * self._config.pane_ms
                ended.append(msgspec.structs.replace(live.spike, ended_at_ms=end_ms))
                del self._live[spike_id]
        return ended

    def start(self, watch: str, index: int, verdicts: Sequence[Verdict]) -> list[Spike]:
        """Return the spikes that `verdicts`, all of which fire, start with tick `index`.

        Specific keys come first. A group of them most of whose stories a live spike has joins it
        silently. A broad key then starts a spike only if it would fire without the stories of the
        specific ones.
        """
        taken = set(self.members())
        fresh = [verdict for verdict in verdicts if verdict.key not in taken]
        groups = merge_verdicts([verdict for verdict in fresh if not is_broad(verdict.key)])
        broad = [verdict for verdict in fresh if is_broad(verdict.key)]
        return [
            *self._start_groups(watch, index, groups, self._explained(broad, groups)),
            *self._start_groups(watch, index, merge_verdicts(self._unexplained(broad)), {}),
        ]

    def _start_groups(
        self,
        watch: str,
        index: int,
        groups: Sequence[list[Verdict]],
        listed: Mapping[str, list[str]],
    ) -> list[Spike]:
        started = []
        for group in groups:
            if not any(verdict.enough for verdict in group):
                continue
            host = self._host(group)
            if host is not None:
                self._join(host, group)
                continue
            also = listed.get(group[0].key, [])
            spike = self._to_spike(watch, index, group, also)
            members = [*(verdict.key for verdict in group), *also]
            core = [verdict.key for verdict in core_of(group)[0]]
            self._live[spike.spike_id] = LiveSpike(spike, members, core)
            self._touched.add(spike.spike_id)
            started.append(spike)
        return started

    def _join(self, host: LiveSpike, group: Sequence[Verdict]) -> None:
        # the core grows by what has much the same stories, never by what merely touches them: else
        # one spike would wander from event to event and swallow them
        held = self._held(host, to_broad=True)
        host.core.extend(v.key for v in group if mostly_in(set(v.leads), held, GROWS_BY))
        host.members.extend(verdict.key for verdict in group)
        self._touched.add(host.spike.spike_id)

    def _host(self, group: Sequence[Verdict]) -> LiveSpike | None:
        leads, broad = core_of(group)[1], is_broad(group[0].key)
        for _, live in sorted(self._live.items()):
            held = self._held(live, to_broad=broad)
            if mostly_in(leads, held):
                return live
            if not broad and not is_broad(live.spike.key) and overlap(leads, held) >= SHARED:
                return live
        return None

    def _held(self, live: LiveSpike, *, to_broad: bool) -> set[str]:
        """Return the stories that are the live spike's own.

        Those of its core keys, as they grow; but to specific keys a broad spike only offers what it
        showed when it started: what came later may be another event.
        """
        if is_broad(live.spike.key) and not to_broad:
            return set(live.spike.story_ids)
        windows = [self._windows.get(key) for key in live.core]
        return {lead for w in windows if w is not None for lead in w.negative_leads()}

    def _specific_leads(self) -> set[str]:
        """Return the stories of all live spikes of specific keys."""
        return {
            lead
            for live in self._live.values()
            if not is_broad(live.spike.key)
            for key in live.members
            if not is_broad(key) and (window := self._windows.get(key)) is not None
            for lead in window.negative_leads()
        }

    def _unexplained(self, broad: Sequence[Verdict]) -> list[Verdict]:
        held, taken = self._specific_leads(), set(self.members())
        return [
            verdict
            for verdict in broad
            if verdict.key not in taken and fires_without(verdict, held, self._config)
        ]

    def _explained(
        self, broad: Sequence[Verdict], groups: Sequence[list[Verdict]]
    ) -> dict[str, list[str]]:
        """Return, by the key that names a group, the broad keys that surged because of it."""
        leads = {group[0].key: core_of(group)[1] for group in groups}
        held = self._specific_leads().union(*leads.values())
        listed: dict[str, list[str]] = {}
        for verdict in broad:
            shared = {name: len(own.intersection(verdict.leads)) for name, own in leads.items()}
            name = max(sorted(shared), key=lambda name: shared[name], default="")
            if name and shared[name] and not fires_without(verdict, held, self._config):
                listed.setdefault(name, []).append(verdict.key)
        return listed

    def _to_spike(
        self, watch: str, index: int, group: Sequence[Verdict], also: Sequence[str]
    ) -> Spike:
        named, config = group[0], self._config
        end_ms = (index + 1) * config.pane_ms
        leads = core_of(group)[1]
        whole = self._windows.get(ALL_KEY) or KeyWindow()
        return Spike(
            spike_id=spike_id_of(watch, config, named.key, end_ms),
            watch=watch,
            key=named.key,
            pane_end_ms=end_ms,
            window_ms=config.window_ms,
            detector_version=DETECTOR_VERSION,
            theta_hash=config.theta_hash,
            theta=named.theta,
            surprise=round(named.surprise, _DECIMALS),
            observed=named.negative,
            usual=round(named.usual, _DECIMALS),
            stories=named.stories,
            usual_negative_share=round(named.usual_share, _DECIMALS),
            publishers=tuple(sorted({name for verdict in group for name in verdict.publishers})),
            terms=(*(verdict.key for verdict in group[1:]), *also),
            story_ids=tuple(lead for lead in whole.negative_leads() if lead in leads),
            reason=_reason(named, end_ms, whole.stories, config.window_ms),
        )

    def take_touched(self) -> dict[str, bytes | None]:
        """Return, by spike id, the spikes that changed since last asked; None where one ended."""
        entries: dict[str, bytes | None] = {}
        for spike_id in sorted(self._touched):
            live = self._live.get(spike_id)
            entries[spike_id] = None if live is None else msgspec.msgpack.encode(live)
        self._touched.clear()
        return entries

    def restore(self, entries: Mapping[str, bytes]) -> None:
        """Take up live spikes by id."""
        for spike_id, data in entries.items():
            self._live[spike_id] = msgspec.msgpack.decode(data, type=LiveSpike)


def spike_id_of(watch: str, config: DetectorConfig, key: str, pane_end_ms: int) -> str:
    """Return the id of a spike: a function of content, so that a repeated delivery is the same."""
    parts = [watch, DETECTOR_VERSION, config.theta_hash, config.window_ms, key, pane_end_ms]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]


def _reason(named: Verdict, end_ms: int, watch_stories: int, window_ms: int) -> str:
    if is_term(named.key):
        return term_reason(
            named.key,
            negative=named.negative,
            stories=named.stories,
            watch_stories=watch_stories,
            usual=named.usual,
            usual_share=named.usual_share,
            surprise=named.surprise,
            window_ms=window_ms,
        )
    return known_reason(
        named.key,
        negative=named.negative,
        stories=named.stories,
        usual=named.usual,
        usual_share=named.usual_share,
        surprise=named.surprise,
        pane_end_ms=end_ms,
        window_ms=window_ms,
    )
