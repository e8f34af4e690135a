"""A store filled with invented news: day and week rhythm, copies, and two surges of bad news.

Used by bench_dashboard.py and by the dashboard's tests. Deterministic: one seed, one run. Panes are
counted here by a few plain lines, so that the dashboard is not checked against its own arithmetic.
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from foreshock.clock import DAY_MS, HOUR_MS, MINUTE_MS
from foreshock.records import (
    Alert,
    AlertState,
    Evidence,
    Pane,
    Score,
    ScoredItem,
    Spike,
    StoryItem,
)
from foreshock.store.base import Store

WATCH = "main"
MODEL = "synthetic-1"
#: Tuesday 2026-03-24 14:40 UTC: where the history ends and a live part may begin.
NOW_MS = 1_774_363_200_000
TOPICS = [
    "earnings",
    "company-news",
    "markets",
    "macro",
    "fed",
    "energy",
    "legal",
    "m-and-a",
    "stock-movement",
    "politics",
    "analyst-update",
    "general-news",
    "financials",
    "currencies",
    "debt",
    "metals",
    "personnel",
    "dividend",
    "stock-commentary",
    "ipo",
]
COMPANIES = {
    "BA": "Boeing",
    "AAPL": "Apple",
    "TSLA": "Tesla",
    "JPM": "JPMorgan",
    "XOM": "Exxon Mobil",
    "MSFT": "Microsoft",
    "PFE": "Pfizer",
    "C": "Citigroup",
    "INTC": "Intel",
    "WMT": "Walmart",
    "GM": "General Motors",
    "NFLX": "Netflix",
    "AMZN": "Amazon",
    "GS": "Goldman Sachs",
    "DAL": "Delta Air Lines",
    "KO": "Coca-Cola",
}
PUBLISHERS = (
    "Harbour Wire",
    "Ledger Daily",
    "The Exchange",
    "Northern Post",
    "Street Desk",
    "Bourse Today",
)
NEGATIVE = (
    "{c} cuts full-year outlook as orders slow",
    "{c} misses profit estimates, shares slide",
    "{c} to book charge of $1.2 billion on failed project",
    "Regulator opens inquiry into {c}",
    "{c} warns of weaker margins in second half",
    "Analysts downgrade {c} after guidance cut",
    "{c} halts deliveries over safety concerns",
)
OTHER = (
    "{c} names new head of operations",
    "{c} confirms date of annual meeting",
    "{c} raises dividend for the fifth year",
    "{c} signs supply deal with regional partner",
    "What to watch in {c} this week",
    "{c} opens research site",
    "{c} beats revenue estimates on strong demand",
)
TERM = "term:safety concerns"
SCRIPT_TITLE = "<script>document.title='owned'</script> <b>{c}</b> & partners under review"


@dataclass(frozen=True)
class Surge:
    """Bad news about one company and topic between two times."""

    topic: str
    ticker: str
    start_ms: int
    end_ms: int
    a_minute: float


def surges(now_ms: int = NOW_MS) -> tuple[Surge, ...]:
    """Return the two planted surges: one days ago, one going on at `now_ms`."""
    return (
        Surge(
            "legal",
            "PFE",
            now_ms - 2 * DAY_MS - 5 * HOUR_MS,
            now_ms - 2 * DAY_MS - 3 * HOUR_MS,
            0.4,
        ),
        Surge("earnings", "BA", now_ms - 44 * MINUTE_MS, now_ms + 2 * HOUR_MS, 0.42),
    )


@dataclass
class SyntheticRun:
    """News from `days` before `now_ms` up to it, and on from there by `advance`."""

    now_ms: int = NOW_MS
    days: int = 14
    stories_an_hour: float = 60.0
    seed: int = 7
    _random: random.Random = field(init=False)
    _serial: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._surges = surges(self.now_ms)
        self.items: list[ScoredItem] = []

    def fill(self, store: Store, *, kind: str = "demo") -> None:
        """Write the whole history, its spikes and alerts, and the facts of the run."""
        for start_ms in range(self.now_ms - self.days * DAY_MS, self.now_ms, 6 * HOUR_MS):
            self._write(store, start_ms, min(start_ms + 6 * HOUR_MS, self.now_ms))
        store.write([*self.spikes(), *self.alerts()])
        store.put_meta(
            {
                "kind": kind,
                "feed": "synthetic",
                "finished": "false",
                "banner": "Demo tape: real headlines, simulated times" if kind == "demo" else "",
                f"heartbeat_ms:{WATCH}": str(self.now_ms),
            }
        )

    def advance(self, store: Store, minutes: int = 1) -> None:
        """Write the next minutes, panes and heartbeat."""
        start_ms, self.now_ms = self.now_ms, self.now_ms + minutes * MINUTE_MS
        self._write(store, start_ms, self.now_ms)
        store.put_meta({f"heartbeat_ms:{WATCH}": str(self.now_ms)})

    def spikes(self) -> list[Spike]:
        """Return a spike for each surge; the first has ended."""
        return [
            self._spike(surge, key, place)
            for place, surge in enumerate(self._surges)
            for key in (f"topic:{surge.topic}", f"ticker:{surge.ticker}")
        ] + [self._spike(self._surges[-1], TERM, 1)]

    def alerts(self) -> list[Alert]:
        """Return an alert for each surge."""
        found = []
        for place, surge in enumerate(self._surges):
            spikes = [self._spike(surge, f"ticker:{surge.ticker}", place)]
            at_ms = spikes[0].pane_end_ms
            company = COMPANIES[surge.ticker]
            found.append(
                Alert(
                    alert_id=_id("alert", place),
                    watch=WATCH,
                    state=AlertState.RESOLVED if spikes[0].ended_at_ms else AlertState.FIRING,
                    title=f"{company}: bad news comes unusually fast",
                    reason=spikes[0].reason,
                    keys=(f"ticker:{surge.ticker}", f"topic:{surge.topic}"),
                    spike_ids=(spikes[0].spike_id,),
                    evidence=self._evidence(surge),
                    surprise=spikes[0].surprise,
                    started_at_ms=at_ms,
                    updated_at_ms=at_ms,
                    resolved_at_ms=spikes[0].ended_at_ms,
                )
            )
        return found

    def _spike(self, surge: Surge, key: str, place: int) -> Spike:
        fired_ms = (surge.start_ms // MINUTE_MS + 14) * MINUTE_MS
        kind = key.partition(":")[0]
        name = {"ticker": COMPANIES[surge.ticker], "topic": surge.topic.capitalize()}.get(
            kind, f'"{key.partition(":")[2]}"'
        )
        observed, usual = {"ticker": (9, 0.8), "topic": (13, 3.1)}.get(kind, (4, 0.1))
        return Spike(
            spike_id=_id("spike", f"{key}{fired_ms}"),
            watch=WATCH,
            key=key,
            pane_end_ms=fired_ms,
            window_ms=HOUR_MS,
            detector_version="1",
            theta_hash="0",
            theta=4.5,
            surprise=6.4 if key.startswith("ticker") else 5.2,
            observed=observed,
            usual=usual,
            stories=21,
            usual_negative_share=0.28,
            publishers=PUBLISHERS[:3],
            terms=("term:outlook", "term:safety concerns") if key.startswith("ticker") else (),
            story_ids=(),
            reason=(
                f"{name}: {observed} negative stories in the last hour; {usual} is usual for "
                "Tuesday 14:00; so many come about once in 40 days; "
                "72 % negative against 28 % usual."
            ),
            ended_at_ms=surge.end_ms if place == 0 else None,
        )

    def _evidence(self, surge: Surge) -> tuple[Evidence, ...]:
        leads = [
            item
            for item in self.items
            if item.lead
            and item.score is not None
            and item.score.negative
            and surge.ticker in item.tickers
            and surge.start_ms <= item.at_ms < surge.end_ms
        ]
        return tuple(
            Evidence(
                id=item.item_id,
                title=item.title,
                publisher=item.publisher,
                url=item.url,
                at_ms=item.at_ms,
                polarity_micro=item.score.polarity_micro if item.score is not None else 0,
                copies=sum(1 for other in self.items if other.story_id == item.item_id) - 1,
            )
            for item in leads[-6:]
        )

    def _write(self, store: Store, start_ms: int, end_ms: int) -> None:
        made = list(self._make(start_ms, end_ms))
        self.items.extend(made)
        stories = [story_item(item) for item in made]
        store.write([*stories, *made, *panes_of(made, start_ms, end_ms)])

    def _make(self, start_ms: int, end_ms: int) -> Iterator[ScoredItem]:
        for minute_ms in range(start_ms, end_ms, MINUTE_MS):
            rate = self.stories_an_hour / 60 * rhythm(minute_ms)
            for _ in range(_poisson(self._random, rate)):
                yield from self._story(minute_ms, None)
            for surge in self._surges:
                if surge.start_ms <= minute_ms < surge.end_ms:
                    for _ in range(_poisson(self._random, surge.a_minute)):
                        yield from self._story(minute_ms, surge)

    def _story(self, minute_ms: int, surge: Surge | None) -> Iterator[ScoredItem]:
        draw = self._random
        weights = [1 / (rank + 2) for rank in range(len(TOPICS))]
        topic = surge.topic if surge is not None else draw.choices(TOPICS, weights)[0]
        ticker = surge.ticker if surge is not None else draw.choice(list(COMPANIES))
        negative = draw.random() < (0.9 if surge is not None else 0.27)
        pattern = draw.choice(NEGATIVE if negative else OTHER)
        if self._serial % 97 == 50:
            pattern = SCRIPT_TITLE
        if surge is not None and self._serial % 5 == 2:
            pattern = SCRIPT_TITLE
        at_ms = minute_ms + draw.randrange(MINUTE_MS)
        lead = self._item(
            at_ms, pattern.format(c=COMPANIES[ticker]), topic, ticker, negative=negative, story=None
        )
        yield lead
        for _ in range(draw.choice((0, 0, 0, 0, 1, 2))):
            yield self._item(
                at_ms, lead.title, topic, ticker, negative=negative, story=lead.item_id
            )

    def _item(
        self,
        at_ms: int,
        title: str,
        topic: str,
        ticker: str,
        *,
        negative: bool,
        story: str | None,
    ) -> ScoredItem:
        draw = self._random
        self._serial += 1
        item_id = _id("item", self._serial)
        strong = draw.randrange(560_000, 960_000)
        rest = 1_000_000 - strong
        parts = (strong, rest * 3 // 4, rest - rest * 3 // 4)
        if not negative:
            parts = (rest // 4, strong * 2 // 3, 1_000_000 - rest // 4 - strong * 2 // 3)
        return ScoredItem(
            item_id=item_id,
            entry_id=item_id,
            watch=WATCH,
            source="synthetic",
            publisher=draw.choice(PUBLISHERS),
            title=title,
            url=f"https://news.example/{item_id[:12]}"
            if self._serial % 11
            else "javascript:alert(1)",
            tickers=(ticker,),
            published_at_ms=at_ms,
            seen_at_ms=at_ms,
            at_ms=at_ms,
            story_id=story if story is not None else item_id,
            lead=story is None,
            score=Score(
                model_version=MODEL,
                input_hash=item_id[:32],
                negative_micro=parts[0],
                neutral_micro=parts[1],
                positive_micro=parts[2],
                negative=negative,
                topics=((topic, 900_000),),
            ),
            keys=tuple(sorted(keys_of(title, topic, ticker))),
        )


def keys_of(title: str, topic: str, ticker: str) -> set[str]:
    """Return what an item counts under; one term stands for the thousands of a real run."""
    keys = {"all", f"topic:{topic}", f"ticker:{ticker}"}
    return keys | {TERM} if "safety concerns" in title else keys


def story_item(item: ScoredItem) -> StoryItem:
    """Return the item as it was before it had a score."""
    return StoryItem(**{name: getattr(item, name) for name in StoryItem.__struct_fields__})


def rhythm(at_ms: int) -> float:
    """Return how busy an hour is: quiet nights, busy afternoons (UTC), few stories at weekends."""
    hour = at_ms // HOUR_MS % 24
    weekend = (at_ms // DAY_MS + 3) % 7 >= 5
    busy = 0.25 if hour < 5 else 0.8 if hour < 12 else 1.7 if hour < 21 else 0.6
    return busy * (0.35 if weekend else 1.0)


def panes_of(items: Sequence[ScoredItem], start_ms: int, end_ms: int) -> list[Pane]:
    """Return the panes of whole minutes, tick by tick in key order, with a zero pane of `all`."""
    grouped: dict[tuple[int, str], list[ScoredItem]] = defaultdict(list)
    for end in range(start_ms + MINUTE_MS, end_ms + 1, MINUTE_MS):
        grouped[end, "all"] = []
    for item in items:
        for key in item.keys:
            grouped[(item.at_ms // MINUTE_MS + 1) * MINUTE_MS, key].append(item)
    return [_pane(end, key, members) for (end, key), members in sorted(grouped.items())]


def _pane(end_ms: int, key: str, members: Sequence[ScoredItem]) -> Pane:
    leads = [item for item in members if item.lead]
    negative = [item for item in leads if item.score is not None and item.score.negative]
    return Pane(
        watch=WATCH,
        key=key,
        pane_end_ms=end_ms,
        width_ms=MINUTE_MS,
        stories=len(leads),
        negative_stories=len(negative),
        items=len(members),
        negative_leads=tuple(sorted(item.item_id for item in negative)),
    )


def _poisson(draw: random.Random, mean: float) -> int:
    count, product, limit = 0, draw.random(), 2.718281828**-mean
    while product > limit:
        count += 1
        product *= draw.random()
    return count


def _id(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()
