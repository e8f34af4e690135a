"""Verdicts: how each key of a tick stands against its baseline, and which ones may fire.

The machine asks once a tick, for the keys that the tick brought stories of. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

from stream.config import DetectorConfig
from stream.memory import Memory, is_term
from stream.panes import ALL_KEY
from stream.spikes import share_tail, surprise
from stream.windows import KeyWindow, Windows

TICKER_PREFIX: Final = "ticker:"
#: Least share of negative stories among those of a term.
TERM_NEGATIVE_SHARE: Final = 0.25
#: How rare a tone must be for a known key, and how many stories the usual share is worth.
TONE_TAIL: Final = 0.1
TONE_STRENGTH: Final = 20.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a key stands: counts of its window, what is usual, and how surprising that is.

    `enough`: it has stories enough to fire on its own.
    """

    key: str
    negative: int
    stories: int
    usual: float
    phi: float
    usual_share: float
    surprise: float
    theta: float
    enough: bool
    leads: tuple[str, ...]
    publishers: tuple[str, ...]

    @property
    def excess(self) -> float:
        """Return surprise over threshold: what ranks keys of different kinds."""
        return self.surprise / self.theta


def judge(
    keys: Sequence[str],
    index: int,
    windows: Windows,
    memory: Memory,
    config: DetectorConfig,
) -> list[Verdict]:
    """Return a verdict for each of `keys`, in order, as of the window that ends with `index`."""
    if not keys:
        return []
    whole = windows.get(ALL_KEY) or KeyWindow()
    held = [windows.get(key) or KeyWindow() for key in keys]
    usual = [memory.usual(key, index, whole.stories) for key in keys]
    scores = surprise(
        [window.negative for window in held], [mu for mu, _ in usual], [phi for _, phi in usual]
    )
    return [
        Verdict(
            key=key,
            negative=window.negative,
            stories=window.stories,
            usual=mu,
            phi=phi,
            usual_share=memory.usual_share(key, index),
            surprise=float(score),
            theta=config.theta_terms if is_term(key) else config.theta,
            enough=window.negative >= _least(key, config),
            leads=tuple(window.negative_leads()),
            publishers=tuple(sorted(window.publishers())),
        )
        for key, window, (mu, phi), score in zip(keys, held, usual, scores, strict=True)
    ]


def is_candidate(key: str, window: KeyWindow, config: DetectorConfig, publishers: int) -> bool:
    """Say whether `key` has stories and publishers enough to be judged at all.

    A company is judged from as few stories as a term, so that it can give its name to a term's
    spike; on its own it needs `min_stories` (`Verdict.enough`). `publishers`: how many the watch
    has shown, counted up to 2.
    """
    if is_term(key) and not config.terms:
        return False
    least = _least(key, config)
    if key.startswith(TICKER_PREFIX):
        least = min(least, config.min_stories_terms)
    if window.negative < least:
        return False
    return publishers < 2 or len(window.publishers()) >= config.min_publishers


def _least(key: str, config: DetectorConfig) -> int:
    return config.min_stories_terms if is_term(key) else config.min_stories


def fires(verdict: Verdict) -> bool:
    """Say whether a verdict passes its threshold and its tone gate: bad news, not much news."""
    if verdict.surprise < verdict.theta:
        return False
    if is_term(verdict.key):
        return verdict.negative >= TERM_NEGATIVE_SHARE * verdict.stories
    tail = share_tail(verdict.negative, verdict.stories, verdict.usual_share, TONE_STRENGTH)
    return tail <= TONE_TAIL


def fires_without(verdict: Verdict, leads: Set[str], config: DetectorConfig) -> bool:
    """Say whether a verdict would still pass its threshold if `leads` had not been written."""
    left = sum(lead not in leads for lead in verdict.leads)
    if left < _least(verdict.key, config):
        return False
    return float(surprise([left], [verdict.usual], [verdict.phi])[0]) >= verdict.theta
