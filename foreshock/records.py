"""Every record that travels on a channel or rests in the store: frozen, integers where it counts.

An item gains fields on its way and loses none: `Item` (news.fetched), `StoryItem` (news.items),
`ScoredItem` (news.scored). Probabilities and polarities are integer micro-units (1_000_000 = 1.0),
so that sums are exact and merging panes does not depend on order. No record carries a wall-clock
time of processing: times are what a source claims or when an item was first seen.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

SCHEMA_VERSION = 1
MICRO = 1_000_000


class Uncounted(StrEnum):
    """Why an item is stored but does not count in panes."""

    NO = ""
    OLD = "old"
    LANGUAGE = "language"


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=str.lower):
    """Base of all records. `v` is the schema version that wrote it."""

    v: int = SCHEMA_VERSION


class Item(Record, frozen=True, kw_only=True):
    """One published piece, as first seen. On news.fetched, in order of the world within a watch.

    `item_id` names this revision, `entry_id` the entry that it revises (equal for all revisions).
    `published_at_ms` is what the source claims (None where it claims nothing usable).
    """

    item_id: str
    entry_id: str
    watch: str
    source: str
    publisher: str
    title: str
    text: str = ""
    url: str = ""
    language: str = "en"
    tickers: tuple[str, ...] = ()
    published_at_ms: int | None = None
    seen_at_ms: int


class StoryItem(Item, frozen=True, kw_only=True):
    """An item in its place: in time (`at_ms`, never going back within a watch) and in its story.

    `story_id` is the item_id of the story's lead; `lead` is true for that first item.
    `uncounted` says why the item does not count in panes, "" where it does.
    """

    at_ms: int
    story_id: str
    lead: bool
    uncounted: Uncounted = Uncounted.NO


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """Topic and sentiment of an item: calibrated probabilities in micro-units.

    negative + neutral + positive = 1_000_000. `topics` are (slug, probability), the most probable
    first, those of at least 1 %. `negative` is the verdict that panes count. `input_hash` is the
    SHA-256 (first 32 hex digits) of the text that the model read.
    """

    model_version: str
    input_hash: str
    negative_micro: int
    neutral_micro: int
    positive_micro: int
    negative: bool
    topics: tuple[tuple[str, int], ...] = ()
    tokens: int = 0
    truncated: bool = False

    @property
    def polarity_micro(self) -> int:
        """Return p_pos - p_neg in micro-units, in [-1_000_000, 1_000_000]."""
        return self.positive_micro - self.negative_micro


class ScoredItem(StoryItem, frozen=True, kw_only=True):
    """A story item with its score and every key that it counts under (sorted; empty if uncounted).

    `score` is None where the language is not supported: such an item is never called neutral.
    """

    score: Score | None
    keys: tuple[str, ...] = ()


class Heartbeat(Record, frozen=True, kw_only=True):
    """The clock of a watch: no later record of this partition has an at_ms before this one's.

    Written by ingest (each second live, at each pane end in a replay), handed on by every stage.
    `final` closes a replay.
    """

    watch: str
    at_ms: int
    final: bool = False


class Pane(Record, frozen=True, kw_only=True):
    """The smallest time bucket of one key: at_ms in [pane_end_ms - width_ms, pane_end_ms).

    `stories` and `negative_stories` count leads; `items` counts leads and copies; the two polarity
    sums run over leads (micro-units, micro-units squared). `publishers` are those of negative items
    (leads and copies), `negative_leads` the story ids of negative leads; both sorted sets.
    """

    watch: str
    key: str
    pane_end_ms: int
    width_ms: int
    stories: int = 0
    negative_stories: int = 0
    items: int = 0
    polarity_sum: int = 0
    polarity_sq_sum: int = 0
    publishers: tuple[str, ...] = ()
    negative_leads: tuple[str, ...] = ()


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """All panes of one watch that end at one time, in key order: what the detector is given."""

    watch: str
    pane_end_ms: int
    width_ms: int
    panes: tuple[Pane, ...]


class Spike(Record, frozen=True, kw_only=True):
    """A window with more negative stories than usual. The same id comes twice: when it starts and
    when it ends (`ended_at_ms` set); all else is as it was at the start.

    `surprise` is -log10 of the tail probability, `observed` the negative stories, `usual` the
    expected number, `stories` all stories in the window, `usual_negative_share` in [0, 1].
    `terms` are what was merged into this spike (keys, the most surprising first), `story_ids` the
    negative leads in the window, newest last, `reason` the sentence for the analyst.
    """

    spike_id: str
    watch: str
    key: str
    pane_end_ms: int
    window_ms: int
    detector_version: str
    theta_hash: str
    theta: float
    surprise: float
    observed: int
    usual: float
    stories: int
    usual_negative_share: float
    publishers: tuple[str, ...]
    terms: tuple[str, ...]
    story_ids: tuple[str, ...]
    reason: str
    ended_at_ms: int | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One headline behind an alert. `copies` counts further items of the same story."""

    id: str
    title: str
    publisher: str
    url: str
    at_ms: int
    polarity_micro: int
    copies: int = 0


class AlertState(StrEnum):
    """Where an alert is in its life."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    RESOLVED = "resolved"


class Alert(Record, frozen=True, kw_only=True):
    """What a person gets: one or more spikes, grouped, with evidence and reason.

    `started_at_ms`, `updated_at_ms` and `resolved_at_ms` are event times (pane ends).
    """

    alert_id: str
    watch: str
    state: AlertState
    title: str
    reason: str
    keys: tuple[str, ...]
    spike_ids: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    surprise: float
    started_at_ms: int
    updated_at_ms: int
    resolved_at_ms: int | None = None


class LateItem(Record, frozen=True, kw_only=True):
    """A scored item that came behind the watermark: counted and shown, but in no pane."""

    watch: str
    watermark_ms: int
    item: ScoredItem


class DeadLetter(Record, frozen=True, kw_only=True):
    """A record that a stage could not handle, whole, with the reason; it can be sent again.

    `payload` is the record's bytes in base64.
    """

    dead_id: str
    stage: str
    channel: str
    key: str
    partition: int
    offset: int
    reason: str
    error: str
    payload: str


class OutboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """One message that has to go out: which alert, which change of it, through which notifier.

    `body` is what the notifier is given (the alert as encoded). The store keeps at most one row per
    (alert_id, change, notifier), so writing it again sends nothing again.
    """

    alert_id: str
    change: str
    notifier: str
    body: bytes


class OutboxState(StrEnum):
    """Where a message is on its way out."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"  # given up, visibly


class DueOutbox(msgspec.Struct, frozen=True, kw_only=True):
    """A message whose time has come, and how many times it was tried."""

    row: OutboxRow
    attempts: int


AnyRecord = Item | StoryItem | ScoredItem | Heartbeat | Pane | Spike | Alert | LateItem | DeadLetter
