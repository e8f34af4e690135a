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
from stream.merging import SHARED, core_of, is_broad, merge_verdicts, overlap
from stream.panes import ALL_KEY
from stream.sentence import known_reason, term_reason
from stream.verdicts import Verdict
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

        A group of verdicts whose stories are mostly those of a live spike joins it silently; a
        spike of a broad key takes in only what is about as broad.
        """
        taken = set(self.members())
        started = []
        for group in merge_verdicts([each for each in verdicts if each.key not in taken]):
            if not any(verdict.enough for verdict in group):
                continue
            host = self._host(group)
            if host is None:
                host = LiveSpike(self._to_spike(watch, index, group), [], [])
                self._live[host.spike.spike_id] = host
                started.append(host.spike)
            host.members.extend(verdict.key for verdict in group)
            host.core.extend(verdict.key for verdict in core_of(group)[0])
            self._touched.add(host.spike.spike_id)
        return started

    def _host(self, group: Sequence[Verdict]) -> LiveSpike | None:
        leads = core_of(group)[1]
        for _, live in sorted(self._live.items()):
            windows = [self._windows.get(key) for key in live.core]
            held = {lead for w in windows if w is not None for lead in w.negative_leads()}
            whole = max(len(held), len(leads)) if is_broad(live.spike.key) else 0
            if overlap(leads, held) >= SHARED and len(leads & held) >= SHARED * whole:
                return live
        return None

    def _to_spike(self, watch: str, index: int, group: Sequence[Verdict]) -> Spike:
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
            terms=tuple(verdict.key for verdict in group[1:]),
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
