"""What a source writes as a time, to Unix milliseconds. Called by normalize and the sources.

Pure. Reads RFC 822, ISO 8601, epoch numbers and "June 25, 2020 4:30 PM ET". A time without zone is
UTC. What cannot be read is None, never a guess.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone

_EARLIEST_MS = -2_208_988_800_000  # 1900
_LATEST_MS = 4_102_444_800_000  # 2100
_MAX_TEXT = 100

_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), start=1)}
_OFFSET_MINUTES = {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120,
    "EET": 120, "EEST": 180, "MSK": 180, "IST": 330, "SGT": 480, "HKT": 480, "JST": 540, "KST": 540,
    "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780, "EST": -300, "EDT": -240,
    "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420, "AKST": -540,
    "AKDT": -480, "HST": -600, "AST": -240, "ADT": -180,
}  # fmt: skip
_US_LOCAL = {"ET": -300, "CT": -360, "MT": -420, "PT": -480}

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE]\+?\d+)?")
_NUMERIC_OFFSET = re.compile(r"\s*(?:GMT|UTC)?\s*([+-])(\d{2}):?(\d{2})$", re.IGNORECASE)
_ZONE_NAME = re.compile(r"[\s(]([A-Za-z]{1,4})\)?$")
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s-]+([A-Za-z]{3})[a-z]*\.?,?[\s-]+(\d{2,4})\b")
_MONTH_FIRST = re.compile(r"\b([A-Za-z]{3})[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp]\.?[Mm]\.?)?")


def time_to_ms(value: str | int | float) -> int | None:
    """Return Unix milliseconds of a time as a source writes it, None if it is not one.

    Numbers are seconds, milliseconds, micro- or nanoseconds by their size. Times before 1900 or
    after 2100 are None.
    Source: RFC 822 section 5, RFC 3339.

    >>> time_to_ms("Mon, 29 Sep 2008 14:00:00 EDT"), time_to_ms("2008-09-29T18:00Z")
    (1222711200000, 1222711200000)
    >>> time_to_ms(1222711200), time_to_ms("soon")
    (1222711200000, None)
    """
    if isinstance(value, int | float):
        return _epoch(float(value))
    text = " ".join(value[: _MAX_TEXT + 1].split())
    if not text or len(text) > _MAX_TEXT:
        return None
    if _NUMBER.fullmatch(text) and len(text.lstrip("+-")) > 8:  # 20080929 is a day
        return _epoch(float(text))
    moment = _iso(text) or _zoned(text)
    return None if moment is None else _bounded(_moment_to_ms(moment))


def _epoch(number: float) -> int | None:
    if not math.isfinite(number):
        return None
    size = abs(number)
    for limit, per_ms in ((1e11, 0.001), (1e14, 1.0), (1e17, 1e3), (1e20, 1e6)):
        if size < limit:
            return _bounded(round(number / per_ms))
    return None


def _bounded(at_ms: int) -> int | None:
    return at_ms if _EARLIEST_MS <= at_ms <= _LATEST_MS else None


def _moment_to_ms(moment: datetime) -> int:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _iso(text: str) -> datetime | None:
    if not text[:4].isdigit():
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _zoned(text: str) -> datetime | None:
    offset = _NUMERIC_OFFSET.search(text)
    if offset is not None:
        minutes = int(offset[2]) * 60 + int(offset[3])
        if minutes >= 24 * 60:
            return None
        moment = _local(text[: offset.start()])
        zone = timezone(timedelta(minutes=minutes if offset[1] == "+" else -minutes))
        return None if moment is None else moment.replace(tzinfo=zone)
    name = _ZONE_NAME.search(text)
    if name is None or name[1].upper() in ("AM", "PM"):
        return _local(text)
    moment = _local(text[: name.start()])
    minutes_east = None if moment is None else _named_offset(name[1].upper(), moment)
    if moment is None or minutes_east is None:
        return None
    return moment.replace(tzinfo=timezone(timedelta(minutes=minutes_east)))


def _local(text: str) -> datetime | None:
    """Read a date and a time of day without zone."""
    iso = _iso(text.strip())
    if iso is not None:
        return iso if iso.tzinfo is None else None
    if (match := _DAY_FIRST.search(text)) is not None:
        day, month, year = match[1], match[2], match[3]
    elif (match := _MONTH_FIRST.search(text)) is not None:
        day, month, year = match[2], match[1], match[3]
    else:
        return None
    time = _TIME.search(text, match.end()) or _TIME.search(text[: match.start()])
    try:
        hour, minute, second = (0, 0, 0) if time is None else _time_of_day(time)
        date = (_year(year), _MONTHS[month.lower()], int(day))
        return datetime(*date, hour, minute, second)  # noqa: DTZ001 (its zone is read next)
    except (KeyError, ValueError):
        return None


def _year(text: str) -> int:
    number = int(text)
    if len(text) > 2:
        return number
    return number + (2000 if number < 70 else 1900)


def _time_of_day(match: re.Match[str]) -> tuple[int, int, int]:
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4] is not None:
        if not 1 <= hour <= 12:
            raise ValueError("not an hour of twelve")
        hour = hour % 12 + (12 if match[4].lower().startswith("p") else 0)
    return hour, minute, min(second, 59)  # a leap second is the last one


def _named_offset(name: str, moment: datetime) -> int | None:
    if name in _US_LOCAL:
        return _US_LOCAL[name] + (60 if _is_us_summer(moment) else 0)
    return _OFFSET_MINUTES.get(name)


def _is_us_summer(moment: datetime) -> bool:
    # since 2007: second Sunday of March to first Sunday of November, 2:00 local time
    start = _sunday(moment.year, 3, 2)
    end = _sunday(moment.year, 11, 1)
    return start <= moment < end


def _sunday(year: int, month: int, which: int) -> datetime:
    first = datetime(year, month, 1, 2)  # noqa: DTZ001 (local time)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (which - 1))
