"""Short human names: of a key, of a window, of an alert. Pure; called by `alerts.cases`."""

from __future__ import annotations

_MINUTE_MS = 60_000
_RANKS = {"ticker": 0, "term": 1, "topic": 2}
_EVERYTHING = 3


def key_label(key: str) -> str:
    """Return what a person calls a key.

    >>> key_label("ticker:AAPL"), key_label("topic:company-news"), key_label("all")
    ('AAPL', 'Company news', 'All news')
    >>> key_label("term:house bailout")
    '“house bailout”'
    """
    kind, separator, name = key.partition(":")
    if not separator or not name:
        return "All news" if key == "all" else key
    if kind == "topic":
        words = name.replace("-", " ").replace("_", " ")
        return words[:1].upper() + words[1:]
    return f"“{name}”" if kind == "term" else name


def key_rank(key: str) -> int:
    """Return how specific a key is: 0 a company, 1 a term, 2 a topic, 3 everything else.

    >>> sorted(["all", "topic:earnings", "ticker:AAPL"], key=key_rank)
    ['ticker:AAPL', 'topic:earnings', 'all']
    """
    return _RANKS.get(key.partition(":")[0], _EVERYTHING)


def window_label(window_ms: int) -> str:
    """Return the length of a window in words.

    >>> window_label(3_600_000), window_label(1_800_000), window_label(7_200_000)
    ('an hour', '30 minutes', '2 hours')
    """
    minutes, rest = divmod(window_ms, _MINUTE_MS)
    if rest:
        return f"{window_ms / 1000:g} seconds"
    hours, rest = divmod(minutes, 60)
    if rest:
        return "a minute" if minutes == 1 else f"{minutes} minutes"
    return "an hour" if hours == 1 else f"{hours} hours"


def alert_title(name: str, observed: int, window_ms: int) -> str:
    """Return the title of an alert about the key called `name`.

    >>> alert_title("Yes Bank", 14, 3_600_000)
    'Yes Bank: 14 negative stories in an hour'
    """
    stories = "1 negative story" if observed == 1 else f"{observed} negative stories"
    return f"{name}: {stories} in {window_label(window_ms)}"
