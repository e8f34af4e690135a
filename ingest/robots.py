"""What robots.txt of a host allows, kept for an hour. Called by fetch."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from protego import Protego

from foreshock.clock import HOUR_MS, MINUTE_MS, Clock
from foreshock.errors import FetchError, FetchRefused
from ingest.sources.base import Fetched

MAX_ROBOTS_BYTES = 512_000
_KEPT_MS = HOUR_MS
_UNREACHABLE_MS = MINUTE_MS
_MAX_ORIGINS = 1_000


@dataclass(frozen=True)
class _Rules:
    until_ms: int
    rules: Protego | None
    unreachable: str = ""


class Robots:
    """Asks each origin (scheme, host, port) for its rules, through `get(url)`.

    `get` gives the answer whatever its status, and raises FetchError where there is none.
    Source: RFC 9309: 4xx means that all is allowed, unreachable that nothing is for now.
    """

    def __init__(self, get: Callable[[str], Fetched], user_agent: str, clock: Clock) -> None:
        self._get = get
        self._user_agent = user_agent
        self._clock = clock
        self._origins: OrderedDict[str, _Rules] = OrderedDict()
        self._lock = threading.Lock()

    def allows(self, url: httpx.URL) -> bool:
        """Return whether `url` may be fetched. Raises a retryable FetchError if none can tell."""
        found = self._rules_at(url)
        if found.unreachable:
            raise FetchError(found.unreachable, retryable=True)
        return found.rules is None or bool(found.rules.can_fetch(str(url), self._user_agent))

    def gap_s(self, url: httpx.URL) -> float:
        """Return the pause between requests that the host asks for; 0 if it does not say."""
        found = self._rules_at(url)
        delay = None if found.rules is None else found.rules.crawl_delay(self._user_agent)
        return 0.0 if delay is None else max(0.0, float(delay))

    def _rules_at(self, url: httpx.URL) -> _Rules:
        origin = str(url.copy_with(path="/robots.txt", query=None, fragment=None))
        with self._lock:
            kept = self._origins.get(origin)
        if kept is not None and kept.until_ms > self._clock.now_ms():
            return kept
        found = self._ask(origin)
        with self._lock:
            self._origins[origin] = found
            self._origins.move_to_end(origin)
            while len(self._origins) > _MAX_ORIGINS:
                self._origins.popitem(last=False)
        return found

    def _ask(self, origin: str) -> _Rules:
        now_ms = self._clock.now_ms()
        try:
            answer = self._get(origin)
        except FetchRefused:
            raise
        except FetchError as error:
            return _Rules(now_ms + _UNREACHABLE_MS, None, str(error))
        if answer.status == 429 or answer.status >= 500:
            problem = f"expected robots.txt to be found or missing, found status {answer.status}"
            return _Rules(now_ms + _UNREACHABLE_MS, None, f"{problem} at {origin}")
        if answer.status != 200:
            return _Rules(now_ms + _KEPT_MS, None)
        return _Rules(now_ms + _KEPT_MS, Protego.parse(answer.body.decode("utf-8", "replace")))
