"""Verdicts: how each key of a tick stands against its baseline, and which ones could fire.

The machine's third part, between baselines and spikes. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stream.baselines import Baseline, Calendar, Exposure
from stream.config import DetectorConfig
from stream.spikes import share_tail
from stream.windows import KeyWindow

TERM_PREFIX: Final = "term:"
PHI_TERMS: Final = 0.6
#: Least share of negative stories among those of a term.
TERM_NEGATIVE_SHARE: Final = 0.25
#: How rare a tone must be for a known key, and how many stories the usual share is worth.
TONE_TAIL: Final = 0.1
TONE_STRENGTH: Final = 20.0
#: Stories of the watch's own share that a key's usual negative share is shrunk with.
SHARE_SHRINK: Final = 10.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A key that passed every gate but the threshold, and how it stands."""

    key: str
    counted: int
    negative: int
    stories: int
    usual: float
    usual_share: float
    surprise: float
    theta: float
    leads: tuple[str, ...]
    publishers: tuple[str, ...]

    @property
    def excess(self) -> float:
        """Return surprise over threshold: what ranks keys of different kinds."""
        return self.surprise / self.theta


def is_term(key: str) -> bool:
    """Say whether `key` is an emerging key: a word or pair that nobody had to be watching."""
    return key.startswith(TERM_PREFIX)


def counted_of(key: str, window: KeyWindow) -> int:
    """Return the count that is judged: stories of a term, negative stories of a known key."""
    return window.stories if is_term(key) else window.negative


def usual_share(
    baseline: Baseline | None, exposure: Exposure, calendar: Calendar, index: int
) -> float:
    """Return the usual negative share of a key's stories, shrunk to that of the whole watch."""
    half_life = calendar.level_half_life
    seen = exposure.stories.at_index(index, half_life)
    watch = (exposure.negative.at_index(index, half_life) + 1.0) / (seen + 4.0)
    if baseline is None:
        return watch
    stories = baseline.stories.at_index(index, half_life)
    negative = baseline.negative.at_index(index, half_life)
    return (negative + SHARE_SHRINK * watch) / (stories + SHARE_SHRINK)


def enough(key: str, window: KeyWindow, config: DetectorConfig) -> bool:
    """Say whether there are stories enough to judge `key` at all."""
    if is_term(key):
        return window.stories >= config.min_stories_terms and window.negative >= 1
    return window.negative >= config.min_stories


def tone_is_worse(key: str, window: KeyWindow, share: float) -> bool:
    """Say whether the tone passes: bad news, and not just much news."""
    if is_term(key):
        return window.negative >= TERM_NEGATIVE_SHARE * window.stories
    return share_tail(window.negative, window.stories, share, TONE_STRENGTH) <= TONE_TAIL
