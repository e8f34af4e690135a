"""What the detector is told: thresholds, gates, and the shape of panes and windows.

The program builds a `DetectorConfig` from its settings and hands it to the stage and the machine.
Its hash stands on every spike, so that a spike says under which thresholds it fired.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass

import msgspec

from foreshock.errors import DetectorError

DETECTOR_VERSION = "1"


@dataclass(frozen=True)
class DetectorConfig:
    """Thresholds and shapes. Raises DetectorError for values that make no detector.

    `theta`, `theta_terms`: surprise (-log10 of the tail probability) from which on a known key or a
    term fires; `min_stories*`: least stories in the window; `min_publishers`: of negative items, 1
    where the watch has shown only one publisher; `learn_hours`: how long a watch only learns.

    >>> DetectorConfig(window_ms=90_000, pane_ms=60_000)
    Traceback (most recent call last):
    foreshock.errors.DetectorError: expected a window of whole panes, found 90000 ms of 60000 ms
    """

    theta: float = 3.0
    theta_terms: float = 3.0
    min_stories: int = 5
    min_stories_terms: int = 4
    min_publishers: int = 2
    terms: bool = True
    learn_hours: float = 24.0
    window_ms: int = 3_600_000
    pane_ms: int = 60_000

    def __post_init__(self) -> None:
        for name in ("theta", "theta_terms"):
            if not 0 < getattr(self, name) < 300:
                raise DetectorError(f"expected 0 < {name} < 300, found {getattr(self, name)}")
        for name in ("min_stories", "min_stories_terms", "min_publishers", "pane_ms", "window_ms"):
            if getattr(self, name) < 1:
                raise DetectorError(f"expected {name} of at least 1, found {getattr(self, name)}")
        if not 0 <= self.learn_hours < float("inf"):
            raise DetectorError(f"expected learn_hours of 0 or more, found {self.learn_hours}")
        if self.window_ms % self.pane_ms:
            raise DetectorError(
                f"expected a window of whole panes, found {self.window_ms} ms of {self.pane_ms} ms"
            )

    @property
    def window_panes(self) -> int:
        """Return how many panes make a window."""
        return self.window_ms // self.pane_ms

    @property
    def theta_hash(self) -> str:
        """Return 16 hex digits that differ where any field differs."""
        return hashlib.sha256(msgspec.json.encode(asdict(self))).hexdigest()[:16]
