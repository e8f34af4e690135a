"""Play a recorded feed through all stages, embedded, into a store of its own.

Called by `foreshock replay`. Standard output is the report alone; progress goes to standard error.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foreshock.app.pipeline import Pipeline, open_parts
from foreshock.app.runs import Run, hold, replay_run
from foreshock.clock import SimulatedClock
from foreshock.errors import ReplayError

if TYPE_CHECKING:
    from foreshock.settings import Settings
    from ingest.playback import Playback
    from ingest.sources.recorded import RecordedFeed

#: Longest real pause between two looks at the simulated clock.
_PAUSE_S = 0.1


@dataclass(frozen=True)
class ReplayRequest:
    """What to play and how. `speed` None is as fast as possible, else a multiple of real time."""

    feed: Path
    columns: Mapping[str, str] = field(default_factory=dict)
    where: Sequence[tuple[str, str]] = ()
    without: Sequence[tuple[str, str]] = ()
    from_ms: int | None = None
    to_ms: int | None = None
    speed: float | None = None
    export: Path | None = None
    fresh: bool = False

    def identity(self) -> str:
        """Return a text that is equal for requests that play the same."""
        feed = self.feed.resolve()
        stat = feed.stat()
        return json.dumps(
            [
                str(feed),
                stat.st_size,
                stat.st_mtime_ns,
                sorted(self.columns.items()),
                sorted(self.where),
                sorted(self.without),
                self.from_ms,
                self.to_ms,
            ]
        )


def parse_pairs(option: str, texts: Sequence[str]) -> list[tuple[str, str]]:
    """Return ("a", "b") for each "a=b"; empty texts are skipped. Raises ReplayError.

    >>> parse_pairs("--where", ["cat=REG"])
    [('cat', 'REG')]
    """
    pairs = []
    for text in texts:
        name, separator, value = text.partition("=")
        if not text.strip():
            continue
        if not separator or not name.strip():
            raise ReplayError(f"expected {option} NAME=VALUE, found {text!r}")
        pairs.append((name.strip(), value.strip()))
    return pairs


def parse_speed(text: str) -> float | None:
    """Return the multiple of real time in "60x", None for "max". Raises ReplayError.

    >>> parse_speed("60x"), parse_speed("max")
    (60.0, None)
    """
    if text == "max":
        return None
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise ReplayError(f"expected --speed max or a multiple such as 60x, found {text!r}")
    return speed


def run_replay(request: ReplayRequest, settings: Settings) -> dict[str, Any]:
    """Play the feed to its end and return the report (see `report`).

    Raises SourceError for a feed that cannot be read, ReplayError for one with no item to play.
    """
    from ingest.sources.recorded import RecordedFeed

    if not request.feed.is_file():
        raise ReplayError(f"expected a feed at {request.feed}, found no such file")
    feed = RecordedFeed(
        request.feed,
        columns=request.columns,
        where=request.where,
        without=request.without,
        from_ms=request.from_ms,
        to_ms=request.to_ms,
        watch=settings.watch,
    )
    dumped = settings.model_dump(mode="json", exclude={"data_dir", "alerts", "dashboard"})
    run = replay_run(settings.data_dir, request.identity(), json.dumps(dumped, sort_keys=True))
    with hold(run, settings.data_dir, fresh=request.fresh or is_finished(run)):
        return _play(run, feed, request, settings)


def is_finished(run: Run) -> bool:
    """Return whether a run in this directory has played its feed to the end."""
    return (run.directory / "finished").exists()


def _play(
    run: Run, feed: RecordedFeed, request: ReplayRequest, settings: Settings
) -> dict[str, Any]:
    from foreshock.app.export import export
    from foreshock.app.progress import progress
    from ingest.playback import Playback

    parts = open_parts(settings, run.database)
    started = time.perf_counter()
    try:
        with progress("reading the feed", total=None):
            items = list(feed.read())
        if not items:
            raise ReplayError(
                f"{request.feed}: no item to play: {feed.total} rows, {feed.selected} selected",
                hint="check --columns, --where, --without, --from and --to",
            )
        parts.store.put_meta(
            {
                "kind": "replay",
                "feed": request.feed.name,
                "banner": f"Replay of {request.feed.name}: recorded times, not now",
                "finished": "false",
            }
        )
        playback = Playback(parts.bus, items, pane_ms=settings.stream.pane_seconds * 1000)
        with progress("playing", total=len(items)) as advance:
            pipeline = Pipeline(parts)
            clock = (
                None
                if request.speed is None
                else SimulatedClock(playback.position_ms, request.speed)
            )
            drive(playback, pipeline, clock, advance)
        parts.store.put_meta({"finished": "true"})
        seconds = time.perf_counter() - started
        if request.export is not None:
            with progress("exporting", total=None):
                export(parts.store, request.export)
        (run.directory / "finished").touch()
        return report(run, feed, len(items), pipeline, seconds)
    finally:
        parts.close()


def drive(
    playback: Playback,
    pipeline: Pipeline,
    clock: SimulatedClock | None,
    on_progress: Callable[[int], None] = lambda _: None,
    until_ms: int | None = None,
    on_step: Callable[[], bool] = lambda: True,
) -> None:
    """Publish what is due and let every stage handle it, until the feed (or `until_ms`) is reached.

    `clock` None plays as fast as possible. `on_step` false stops early.
    """
    while not playback.done and on_step():
        now_ms = until_ms if clock is None else clock.now_ms()
        published = playback.step(now_ms)
        handled = pipeline.step()
        on_progress(playback.published)
        if published == 0 and handled == 0:
            if clock is None:
                break
            clock.sleep(_PAUSE_S)
    pipeline.drain()


def report(
    run: Run, feed: RecordedFeed, played: int, pipeline: Pipeline, seconds: float
) -> dict[str, Any]:
    """Return counts, seconds and the rate of each stage (records a second while it worked)."""
    stages = {}
    for name, runner in pipeline.runners.items():
        counters = runner.counters
        rate = counters.handled / counters.seconds if counters.seconds > 0 else 0.0
        stages[name] = {
            "handled": counters.handled,
            "published": counters.published,
            "deadlettered": counters.deadlettered,
            "seconds": round(counters.seconds, 3),
            "per_second": round(rate, 1),
        }
    counts = pipeline.parts.store.counts()
    return {
        "run": str(run.directory),
        "rows": feed.total,
        "selected": feed.selected,
        "rejected": sum(feed.rejected.values()),
        "rejected_by_reason": dict(sorted(feed.rejected.items())),
        "played": played,
        **counts,
        "seconds": round(seconds, 3),
        "items_per_second": round(counts["items"] / seconds, 1) if seconds > 0 else 0.0,
        "stages": stages,
    }


def show_report(found: Mapping[str, Any]) -> None:
    """Print a replay's report for people."""
    from rich.console import Console
    from rich.table import Table

    table = Table("stage", "records", "seconds", "a second", box=None)
    for name, row in found["stages"].items():
        table.add_row(
            name, f"{row['handled']:,}", f"{row['seconds']:.1f}", f"{row['per_second']:,.0f}"
        )
    console = Console()
    console.print(
        f"{found['items']:,} items in {found['stories']:,} stories, {found['panes']:,} panes: "
        f"{found['spikes']} spikes, {found['alerts']} alerts ({found['seconds']:.1f} s)"
    )
    console.print(table)
    console.print(f"look at it: foreshock dashboard   (kept in {found['run']})")
