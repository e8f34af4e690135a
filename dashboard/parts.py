"""A snapshot as named parts of plain JSON: what goes over the wire, and changes independently.

`deltas.Ledger` sends a part again only when its value has changed. Pure. Texts from feeds go out as
texts; the page never reads them as markup. Addresses go out only if they are http or https.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dashboard.detail import DetailId, Point, span
from dashboard.names import display_name
from dashboard.queries import Headline
from dashboard.snapshot import Row, Snapshot, alerts_of_last_day, spark_start
from foreshock.clock import DAY_MS
from foreshock.records import Alert, Evidence, Spike

Parts = dict[str, Any]
MAX_TEXT: Final = 400


def snapshot_to_parts(snapshot: Snapshot) -> Parts:
    """Return the parts that every viewer gets."""
    parts: Parts = {
        "status": _status(snapshot),
        "counters": dict(snapshot.counters),
        "order": {
            "topics": snapshot.topics,
            "tickers": snapshot.tickers,
            "terms": snapshot.terms,
        },
        "alerts": [_alert(alert) for alert in snapshot.alerts],
        "marks": _marks(snapshot),
        "summary": _summary(snapshot),
    }
    for key, row in snapshot.rows.items():
        parts[f"row:{key}"] = _row(row)
    for key, buckets in snapshot.sparks.items():
        parts[f"spark:{key}"] = [
            [bucket.negative for bucket in buckets],
            [bucket.stories - bucket.negative for bucket in buckets],
        ]
    for start_ms, counts in snapshot.tremor.items():
        parts[f"tremor:{start_ms}"] = [counts.negative, counts.stories - counts.negative]
    return parts


def detail_to_parts(
    snapshot: Snapshot,
    wanted: DetailId,
    points: Mapping[int, Point],
    headlines: Parts,
) -> Parts:
    """Return the parts of a chosen key: points by time, its spikes and its headlines.

    `headlines`: as headlines_to_parts makes them.
    """
    parts: Parts = {
        "spikes": [_spike(spike) for spike in snapshot.spikes if spike.key == wanted.key],
        "span": span(points, wanted, snapshot.until_ms),
    }
    parts.update(headlines)
    for at_ms, point in points.items():
        parts[f"p:{at_ms}"] = point
    return parts


def headlines_to_parts(headlines: Sequence[Headline]) -> Parts:
    """Return headlines as parts, each by its item."""
    return {f"h:{headline.item_id}": _headline(headline) for headline in headlines}


def safe_url(url: str) -> str:
    """Return `url` if it can become a link, else "".

    >>> safe_url("https://example.com/a"), safe_url("javascript:alert(1)")
    ('https://example.com/a', '')
    """
    return url if url.lower().startswith(("http://", "https://")) else ""


def _status(snapshot: Snapshot) -> Parts:
    facts, liveness = snapshot.facts, snapshot.liveness
    return {
        "state": liveness.state,
        "since": liveness.since_ms,
        "reason": liveness.reason,
        "now": snapshot.now_ms,
        "until": snapshot.until_ms,
        "window": snapshot.window_ms,
        "spark_end": None if snapshot.until_ms is None else spark_start(snapshot.until_ms),
        "kind": facts.get("kind", ""),
        "feed": _text(facts.get("feed", "")),
        "banner": _text(facts.get("banner", "")),
    }


def _summary(snapshot: Snapshot) -> Parts:
    now_ms = snapshot.now_ms or 0
    return {
        "spiking": sum(1 for spike in snapshot.spikes if spike.ended_at_ms is None),
        "alerts_day": alerts_of_last_day(snapshot.alerts, now_ms),
        "behind": None
        if snapshot.now_ms is None or snapshot.until_ms is None
        else max(0, snapshot.now_ms - snapshot.until_ms),
    }


def _row(row: Row) -> Parts:
    usual = row.usual
    return {
        "name": _text(display_name(row.key)),
        "state": row.state,
        "negative": row.counts.negative,
        "stories": row.counts.stories,
        "items": row.counts.items,
        "share": _percent(row.counts.share),
        "usual": None if usual is None else round(usual.negative, 1),
        "usual_share": None if usual is None else _percent(usual.share),
        "days": 0 if usual is None else usual.days,
    }


def _marks(snapshot: Snapshot) -> list[list[Any]]:
    since_ms = (snapshot.until_ms or 0) - DAY_MS
    return [
        [spike.pane_end_ms, spike.key, _text(display_name(spike.key)), spike.ended_at_ms is None]
        for spike in snapshot.spikes
        if spike.pane_end_ms > since_ms
    ]


def _spike(spike: Spike) -> Parts:
    return {
        "id": spike.spike_id,
        "start": spike.pane_end_ms,
        "end": spike.ended_at_ms,
        "observed": spike.observed,
        "usual": round(spike.usual, 1),
        "stories": spike.stories,
        "surprise": round(spike.surprise, 1),
        "reason": _text(spike.reason),
        "terms": [_text(display_name(term)) for term in spike.terms[:12]],
    }


def _alert(alert: Alert) -> Parts:
    return {
        "id": alert.alert_id,
        "state": alert.state,
        "title": _text(alert.title),
        "reason": _text(alert.reason),
        "keys": [[key, _text(display_name(key))] for key in alert.keys[:8]],
        "started": alert.started_at_ms,
        "resolved": alert.resolved_at_ms,
        "evidence": [_evidence(evidence) for evidence in alert.evidence[:5]],
        "more": max(0, len(alert.evidence) - 5),
    }


def _evidence(evidence: Evidence) -> Parts:
    return {
        "title": _text(evidence.title),
        "publisher": _text(evidence.publisher),
        "url": safe_url(evidence.url),
        "at": evidence.at_ms,
        "polarity": evidence.polarity_micro / 1_000_000,
        "copies": evidence.copies,
    }


def _headline(headline: Headline) -> Parts:
    return {
        "title": _text(headline.title),
        "publisher": _text(headline.publisher),
        "url": safe_url(headline.url),
        "at": headline.at_ms,
        "negative": bool(headline.negative),
        "p": [
            round(micro / 10_000)
            for micro in (headline.negative_micro, headline.neutral_micro, headline.positive_micro)
        ],
        "copies": headline.copies,
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _text(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
