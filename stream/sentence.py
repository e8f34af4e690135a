"""The one sentence that tells an analyst why a spike fired. Pure."""

from __future__ import annotations

from typing import Final

_WEEKDAYS: Final = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 86_400_000
_DAYS_A_YEAR: Final = 365.25
_LONGEST_YEARS: Final = 10


def key_to_name(key: str) -> str:
    """Return how a key is called in a sentence.

    >>> [key_to_name(k) for k in ("ticker:ACME", "topic:m-and-a", "term:bailout house", "all")]
    ['ACME', 'Topic m-and-a', '"bailout house"', 'All news']
    """
    kind, _, rest = key.partition(":")
    match kind:
        case "ticker":
            return rest
        case "topic":
            return f"Topic {rest}"
        case "term":
            return f'"{rest}"'
        case _:
            return "All news"


def hour_name(at_ms: int) -> str:
    """Return weekday and hour, UTC.

    >>> hour_name(1_222_711_200_000)
    'Monday 18:00'
    """
    return f"{_WEEKDAYS[(at_ms // _DAY_MS + 3) % 7]} {at_ms % _DAY_MS // _HOUR_MS:02d}:00"


def span_name(width_ms: int) -> str:
    """Return a window's length in words.

    >>> span_name(3_600_000), span_name(7_200_000), span_name(900_000), span_name(30_000)
    ('hour', '2 hours', '15 minutes', '30 seconds')
    """
    for unit_ms, unit in ((_HOUR_MS, "hour"), (60_000, "minute"), (1_000, "second")):
        if width_ms % unit_ms == 0:
            count = width_ms // unit_ms
            return unit if count == 1 else f"{count} {unit}s"
    return f"{width_ms} ms"


def once_in(surprise: float, window_ms: int) -> str:
    """Return how often a tail of 10^-surprise comes about, were windows independent.

    >>> for s in (0.5, 2.0, 2.98, 4.2, 9.0):
    ...     print(once_in(s, 3_600_000))
    about once in 3 hours
    about once in 4 days
    about once in 40 days
    about once in 22 months
    less than once in 10 years
    """
    days = 10.0**surprise * window_ms / _DAY_MS
    if days > _LONGEST_YEARS * _DAYS_A_YEAR:
        return f"less than once in {_LONGEST_YEARS} years"
    if days >= 2 * _DAYS_A_YEAR:
        return f"about once in {days / _DAYS_A_YEAR:.0f} years"
    if days >= 90:
        return f"about once in {days / _DAYS_A_YEAR * 12:.0f} months"
    if days >= 2:
        return f"about once in {days:.0f} days"
    hours = days * 24
    return f"about once in {hours:.0f} hours" if hours >= 2 else "about every hour"


def known_reason(
    key: str,
    *,
    negative: int,
    stories: int,
    usual: float,
    usual_share: float,
    surprise: float,
    pane_end_ms: int,
    window_ms: int,
) -> str:
    """Return the sentence of a known key.

    >>> known_reason("ticker:ACME", negative=14, stories=23, usual=3.1, usual_share=0.28,
    ...     surprise=2.98, pane_end_ms=1_222_783_200_000,
    ...     window_ms=3_600_000)  # doctest: +NORMALIZE_WHITESPACE
    'ACME: 14 negative stories in the last hour; 3.1 is usual for Tuesday 14:00; so many come
    about once in 40 days; 61 % negative against 28 % usual.'
    """
    return (
        f"{key_to_name(key)}: {negative} negative stories in the last {span_name(window_ms)}; "
        f"{usual:.1f} is usual for {hour_name(pane_end_ms)}; so many come "
        f"{once_in(surprise, window_ms)}; {_percent(negative, stories)} % negative against "
        f"{round(100 * usual_share)} % usual."
    )


def term_reason(
    key: str,
    *,
    negative: int,
    stories: int,
    watch_stories: int,
    usual: float,
    usual_share: float,
    surprise: float,
    window_ms: int,
) -> str:
    """Return the sentence of a term.

    >>> term_reason("term:bailout house", negative=7, stories=9, watch_stories=71, usual=0.31,
    ...     usual_share=0.22, surprise=8.1, window_ms=3_600_000)  # doctest: +NORMALIZE_WHITESPACE
    '"bailout house": 7 negative stories in the last hour; 0.3 is usual among 71 stories; so many
    come less than once in 10 years; 78 % negative against 22 % usual.'
    """
    return (
        f"{key_to_name(key)}: {negative} negative stories in the last {span_name(window_ms)}; "
        f"{_little(usual)} is usual among {watch_stories} stories; so many come "
        f"{once_in(surprise, window_ms)}; {_percent(negative, stories)} % negative against "
        f"{round(100 * usual_share)} % usual."
    )


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


def _little(usual: float) -> str:
    return f"{usual:.1f}" if usual >= 0.05 else "none"
