"""The tables, for SQLite and PostgreSQL alike. Lists are JSON text; `body` is the encoded record.

Who writes: archive (items, scores, unscored, item_keys, panes, spikes, alerts, late, deadletters),
alerts (outbox, silences), ingest (source_status), the program (meta).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

SCHEMA_VERSION = 1

metadata = MetaData()
LEAD = text("lead")
# sorted by code point everywhere, so that exports of all stores have one order
_Key = Text().with_variant(Text(collation="C"), "postgresql")

meta = Table(
    "meta", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False)
)

items = Table(
    "items",
    metadata,
    Column("item_id", _Key, primary_key=True),
    Column("entry_id", _Key, nullable=False),
    Column("watch", _Key, nullable=False),
    Column("source", Text, nullable=False),
    Column("publisher", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("tickers", Text, nullable=False),
    Column("published_at_ms", BigInteger),
    Column("seen_at_ms", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("story_id", _Key, nullable=False),
    Column("lead", Boolean, nullable=False),
    Column("uncounted", Text, nullable=False),
    Index("items_by_time", "at_ms", "item_id"),
    Index("items_by_story", "story_id"),
    Index("items_by_entry", "entry_id"),
    # the leads are the stories: counted and listed without reading the items
    Index("leads_by_time", "at_ms", "item_id", sqlite_where=LEAD, postgresql_where=LEAD),
)

scores = Table(
    "scores",
    metadata,
    Column("item_id", _Key, nullable=False),
    Column("model_version", _Key, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("input_hash", Text, nullable=False),
    Column("negative_micro", Integer, nullable=False),
    Column("neutral_micro", Integer, nullable=False),
    Column("positive_micro", Integer, nullable=False),
    Column("polarity_micro", Integer, nullable=False),
    Column("negative", Boolean, nullable=False),
    Column("topics", Text, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("truncated", Boolean, nullable=False),
    Column("keys", Text, nullable=False),
    PrimaryKeyConstraint("item_id", "model_version"),
    Index("scores_by_time", "at_ms", "item_id"),
)

# items that no model can read (their language): looked at, and never called neutral
unscored = Table("unscored", metadata, Column("item_id", _Key, primary_key=True))

# which items stand under which topic:, ticker: and all key; terms are found through panes
item_keys = Table(
    "item_keys",
    metadata,
    Column("key", _Key, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("item_id", _Key, nullable=False),
    PrimaryKeyConstraint("key", "at_ms", "item_id"),
    sqlite_with_rowid=False,
)

panes = Table(
    "panes",
    metadata,
    Column("watch", _Key, nullable=False),
    Column("key", _Key, nullable=False),
    Column("pane_end_ms", BigInteger, nullable=False),
    Column("width_ms", Integer, nullable=False),
    Column("stories", Integer, nullable=False),
    Column("negative_stories", Integer, nullable=False),
    Column("items", Integer, nullable=False),
    Column("polarity_sum", BigInteger, nullable=False),
    Column("polarity_sq_sum", BigInteger, nullable=False),
    Column("publishers", Text, nullable=False),
    Column("negative_leads", Text, nullable=False),
    PrimaryKeyConstraint("watch", "key", "pane_end_ms"),
    Index("panes_by_time", "pane_end_ms", "watch", "key"),
    sqlite_with_rowid=False,
)

spikes = Table(
    "spikes",
    metadata,
    Column("spike_id", _Key, primary_key=True),
    Column("watch", _Key, nullable=False),
    Column("key", _Key, nullable=False),
    Column("pane_end_ms", BigInteger, nullable=False),
    Column("ended_at_ms", BigInteger),
    Column("surprise", Float, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("spikes_by_time", "pane_end_ms", "watch", "key"),
    Index("spikes_by_key", "key", "pane_end_ms"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", _Key, primary_key=True),
    Column("watch", _Key, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at_ms", BigInteger, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
    Column("resolved_at_ms", BigInteger),
    Column("surprise", Float, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("alerts_by_time", "started_at_ms", "alert_id"),
)

# one row per (alert, change, notifier): what has to go out, and whether it did.
# retry times are wall-clock and never exported
outbox = Table(
    "outbox",
    metadata,
    Column("alert_id", _Key, nullable=False),
    Column("change", _Key, nullable=False),
    Column("notifier", _Key, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_ms", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("alert_id", "change", "notifier"),
    Index("outbox_by_due", "state", "next_try_ms"),
)

silences = Table(
    "silences",
    metadata,
    Column("silence_id", Text, primary_key=True),
    Column("key_pattern", Text, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("comment", Text, nullable=False),
)

late = Table(
    "late",
    metadata,
    Column("item_id", _Key, primary_key=True),
    Column("watch", _Key, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("watermark_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

deadletters = Table(
    "deadletters",
    metadata,
    Column("dead_id", _Key, primary_key=True),
    Column("stage", _Key, nullable=False),
    Column("channel", _Key, nullable=False),
    Column("reason", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting | redriven
    Column("body", LargeBinary, nullable=False),
)

source_status = Table(
    "source_status",
    metadata,
    Column("source", Text, primary_key=True),
    Column("watch", _Key, nullable=False),
    Column("url", Text, nullable=False),
    Column("state", Text, nullable=False),  # ok | unchanged | failing | refused | waiting
    Column("tried_at_ms", BigInteger),
    Column("succeeded_at_ms", BigInteger),
    Column("items", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("last_modified", Text, nullable=False),
)
