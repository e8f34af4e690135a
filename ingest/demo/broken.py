"""The broken, odd and foreign entries of the demo tape: what a real feed brings sooner or later.

Called by `ingest.demo.build_tape`. Texts were written for this project.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from foreshock.clock import DAY_MS, HOUR_MS, MINUTE_MS, ms_to_iso

_HINDI = (
    "सेंसेक्स में तेज गिरावट, निवेशकों के करोड़ों रुपये डूबे",
    "रुपया डॉलर के मुकाबले कमजोर होकर बंद हुआ",
    "रिजर्व बैंक ने ब्याज दरों में कोई बदलाव नहीं किया",
    "सोने की कीमतों में मामूली बढ़त, चांदी स्थिर",
    "कच्चे तेल के दाम घटने से तेल कंपनियों के शेयर चढ़े",
    "बैंक शेयरों में बिकवाली से बाजार लाल निशान पर",
)
_CHINESE = (
    "上证指数收跌 银行股领跌",
    "央行下调存款准备金率",
    "原油价格大幅下跌 能源股走低",
    "人民币兑美元汇率小幅走弱",
    "多家公司发布业绩预警",
    "黄金价格小幅上涨",
)
_HUGE = "Market wrap: shares, bonds, currencies and commodities in one very long line; "
HUGE_TITLE_CHARS = 100_000


def broken_lines() -> tuple[str, ...]:
    """Return lines that are no JSON object."""
    return (
        "<html><body>502 Bad Gateway</body></html>",
        '{"guid":"cut-off-in-the-middle","title":"Shares of',
        "\ufffd\ufffd\x00\x01 not text at all",
        "[]",
        "null",
    )


def broken_rows(starts_ms: int, live_from_ms: int) -> Iterator[dict[str, Any]]:
    """Yield rows that must end as stored, marked or rejected with a reason."""
    yield from _foreign(starts_ms, "hi", _HINDI)
    yield from _foreign(starts_ms + 40 * MINUTE_MS, "zh", _CHINESE)
    for day in (2, 5, 8, 11, 13):
        at_ms = starts_ms + day * DAY_MS + 7 * HOUR_MS
        yield _entry(f"no-title-{day}", "", at_ms)
        yield _entry(f"no-claim-{day}", "Cotton traders await export data", at_ms, published="")
        yield _entry(f"bad-claim-{day}", "Tea auction prices steady", at_ms, published="soon")
        ahead = ms_to_iso(at_ms + 2 * DAY_MS)
        yield _entry(f"ahead-{day}", "Pepper futures flat in thin trade", at_ms, published=ahead)
    yield {**_entry("no-time", "Jute mills reopen", starts_ms), "published_at": "", "seen_at": ""}
    huge = (_HUGE * (HUGE_TITLE_CHARS // len(_HUGE) + 1))[:HUGE_TITLE_CHARS]
    yield _entry("huge", huge, starts_ms + 4 * DAY_MS + 9 * HOUR_MS)
    marked_up = "  Shares of <b>Acme &amp; Sons</b>\u00a0rise\u200b 2%\t"
    yield _entry("marked-up", marked_up, starts_ms + 6 * DAY_MS + 5 * HOUR_MS)
    yield _entry("no-title-live", "", live_from_ms + 5 * MINUTE_MS)
    yield _entry("no-claim-live", "Rubber prices unchanged", live_from_ms + 6 * MINUTE_MS, "")


def _foreign(starts_ms: int, language: str, titles: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for index, title in enumerate(titles):
        at_ms = starts_ms + (2 * index + 1) * DAY_MS + 6 * HOUR_MS + index * 11 * MINUTE_MS
        yield {**_entry(f"{language}-{index}", title, at_ms), "language": language}


def _entry(guid: str, title: str, at_ms: int, published: str | None = None) -> dict[str, Any]:
    seen = ms_to_iso(at_ms)
    return {
        "guid": f"north-pier-news-{guid}",
        "title": title,
        "text": "",
        "url": f"https://north-pier-news.example.com/{seen[:10]}/{guid}",
        "publisher": "North Pier News",
        "published_at": seen if published is None else published,
        "seen_at": seen,
        "language": "en",
    }
