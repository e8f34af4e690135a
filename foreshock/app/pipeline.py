"""All stages between ingest and the store in one process, over one SQLite file.

Used by the live run, the demo and replays: the same stages in the same order, only their clock and
their pace differ. Each stage is also a command of its own (`stage_runner`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from foreshock.archive import ArchiveStage
from foreshock.bus.sqlite_bus import SqliteBus
from foreshock.channels import CHANNELS
from foreshock.errors import BusUnavailable, StoreUnavailable
from foreshock.runner import StageRunner
from foreshock.score_cache import ScoreCache
from foreshock.settings import Settings
from foreshock.stage import Stage
from foreshock.store.sql_store import SqlStore, open_store

if TYPE_CHECKING:
    from classifier.scorer import Scorer
    from stream.config import DetectorConfig

#: Steps without any progress before a drain gives up.
_PATIENCE_STEPS = 200
#: The way of an item; alert comes after archive because an alert needs its evidence in the store.
STAGES = ("stories", "classifier", "aggregate", "archive", "alert")
_BATCH = {"stories": 1000, "classifier": 0, "aggregate": 4000, "archive": 8000, "alert": 500}


@dataclass
class Parts:
    """What stages share: settings, bus, store, and how to come by the heavy or variable pieces."""

    settings: Settings
    database: Path
    bus: SqliteBus
    store: SqlStore
    scorer: Callable[[], Scorer]
    notifiers: Sequence[str] = ()
    simulated: bool = False

    def close(self) -> None:
        """Close store and bus."""
        self.store.close()
        self.bus.close()


def open_parts(
    settings: Settings,
    database: Path,
    *,
    notifiers: Sequence[str] = (),
    scorer: Callable[[], Scorer] | None = None,
) -> Parts:
    """Open (or make) the bus and store in `database`."""
    bus = SqliteBus(database)
    scalable = settings.bus.partitions
    bus.create({channel.name: scalable if channel.scalable else 1 for channel in CHANNELS})
    return Parts(
        settings=settings,
        database=database,
        bus=bus,
        store=open_store(database),
        scorer=scorer or (lambda: load_scorer(settings)),
        notifiers=notifiers,
    )


def load_scorer(settings: Settings) -> Scorer:
    """Load the model that the settings name (seconds: torch is imported here)."""
    from classifier import scorer

    return scorer.load_scorer(settings.classifier.model, settings.classifier.device)


def stage_runner(name: str, parts: Parts) -> StageRunner:
    """Return the runner of one stage, its committed state restored."""
    stage = _MAKERS[name](parts)
    batch = _BATCH[name] or parts.settings.classifier.batch_items
    return StageRunner(stage, parts.bus, parts.store, max_records=batch)


class Pipeline:
    """The stages between ingest and alerts, stepped in the order of the way."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.runners = {name: stage_runner(name, parts) for name in STAGES}
        self.waiting = ""
        """What the last step had to wait for; "" for nothing."""

    def step(self) -> int:
        """Let every stage handle one batch; return how many records were handled in all."""
        self.waiting = ""
        return sum(self._step(runner) for runner in self.runners.values())

    def _step(self, runner: StageRunner) -> int:
        try:
            return runner.step()
        except (BusUnavailable, StoreUnavailable) as error:
            self.waiting = f"{runner.stage.name}: {error}"
            return 0

    def drain(self) -> None:
        """Step until every channel is handled. Raises StoreUnavailable if that cannot be."""
        idle = 0
        while idle < _PATIENCE_STEPS:
            if self.step():
                idle = 0
            elif not self.waiting:
                return
            else:
                idle += 1
        raise StoreUnavailable(f"waited in vain: {self.waiting}")


def _stories(parts: Parts) -> Stage:
    from ingest.stage import StoriesStage

    ingest = parts.settings.ingest
    return StoriesStage(
        old_after_ms=round(ingest.old_after_minutes * 60_000),
        languages=ingest.languages,
        partitions=parts.settings.bus.partitions,
    )


def _classifier(parts: Parts) -> Stage:
    from classifier.stage import ClassifyStage

    classifier = parts.settings.classifier
    return ClassifyStage(
        parts.scorer(),
        ScoreCache(parts.settings.data_dir / "scores.db"),
        negative_at=classifier.negative_at,
        topic_at=classifier.topic_at,
        languages=parts.settings.ingest.languages,
    )


def _aggregate(parts: Parts) -> Stage:
    from stream.engines.embedded import AggregateStage

    return AggregateStage(detector_config(parts.settings), partitions=parts.settings.bus.partitions)


def detector_config(settings: Settings) -> DetectorConfig:
    """Return the detector's configuration from the settings."""
    from stream.config import DetectorConfig

    return DetectorConfig(
        **settings.detector.model_dump(),
        pane_ms=settings.stream.pane_seconds * 1000,
        window_ms=settings.stream.window_minutes * 60_000,
    )


def name_of_key() -> Callable[[str], str]:
    """Return what a person calls a key: a company by its name, all else as `alerts.titles` says."""
    from alerts.titles import key_label
    from ingest.companies import default_companies

    names = {f"ticker:{company.symbol}": company.name for company in default_companies()}
    return lambda key: names.get(key) or key_label(key)


def _archive(parts: Parts) -> Stage:
    return ArchiveStage(partitions=parts.settings.bus.partitions)


def _alert(parts: Parts) -> Stage:
    from alerts.lookups import archived_until, silences_at
    from alerts.stage import AlertStage

    alerts = parts.settings.alerts
    return AlertStage(
        evidence_of=parts.store.evidence,
        notifiers=parts.notifiers,
        archived_until=archived_until(parts.store),
        silences_at=silences_at(parts.store),
        max_evidence=alerts.evidence_headlines,
        evidence_tries=alerts.evidence_tries,
        grouping_ms=round(alerts.grouping_minutes * 60_000),
        name_of=name_of_key(),
        simulated=parts.simulated,
    )


_MAKERS: dict[str, Callable[[Parts], Stage]] = {
    "stories": _stories,
    "classifier": _classifier,
    "aggregate": _aggregate,
    "archive": _archive,
    "alert": _alert,
}
