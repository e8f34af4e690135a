"""Live feeds: the whole way in one process, or one stage of it. `foreshock run` and the stages."""

from __future__ import annotations

import threading
import time
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING

from foreshock.app.ingesting import ingest_until
from foreshock.app.pipeline import Parts, Pipeline, load_scorer, open_parts, stage_runner
from foreshock.app.runs import hold, latest_run, live_run
from foreshock.app.saying import say
from foreshock.app.sending import Sending
from foreshock.app.web import open_in_browser, start_dashboard
from foreshock.channels import NAMES
from foreshock.clock import HOUR_MS, SystemClock
from foreshock.errors import BusUnavailable, StoreUnavailable

if TYPE_CHECKING:
    from foreshock.settings import Settings

_IDLE_S = 0.1
_DEADLINE_S = 0.5
_WAIT_S = 2.0
_TRIM_EVERY_S = 600.0


def run_live(settings: Settings, *, open_browser: bool) -> None:
    """Watch the feeds until interrupted."""
    run = live_run(settings.data_dir)
    with hold(run, settings.data_dir), closing(open_parts(settings, run.database)) as parts:
        _describe(parts)
        url = start_dashboard(run.database, settings.dashboard)
        say(f"dashboard: {url}   (Ctrl-C stops; start again to go on)")
        if open_browser:
            open_in_browser(url)
        scorer = load_scorer(settings)
        say(f"model: {scorer.describe()}")
        parts.scorer = lambda: scorer
        stop = threading.Event()
        ingest = threading.Thread(
            target=ingest_until, args=(settings, run.database, stop), name="ingest", daemon=True
        )
        try:
            with _sending(parts):
                ingest.start()
                _pump(Pipeline(parts))
        finally:
            stop.set()
            ingest.join(timeout=10)


def run_ingest(settings: Settings) -> None:
    """Poll the sources until interrupted."""
    run = live_run(settings.data_dir)
    with hold(run, settings.data_dir, roles=("ingest",)):
        with closing(open_parts(settings, run.database)) as parts:
            _describe(parts)
        ingest_until(settings, run.database, threading.Event())


def run_stage(name: str, settings: Settings) -> None:
    """Run one stage until interrupted. The alert stage also sends what is due."""
    run = live_run(settings.data_dir)
    with (
        hold(run, settings.data_dir, roles=(name,)),
        closing(open_parts(settings, run.database)) as parts,
        _sending(parts) if name == "alert" else nullcontext(),
    ):
        runner = stage_runner(name, parts)
        say(f"{name}: ready")
        waiting = ""
        while True:
            try:
                runner.step(_DEADLINE_S)
                waiting = ""
            except (BusUnavailable, StoreUnavailable) as error:
                waiting = _say_once(waiting, f"{name}: waiting: {error}")
                time.sleep(_WAIT_S)


def run_dashboard(settings: Settings) -> None:
    """Serve the page of the latest run until interrupted."""
    run = latest_run(settings.data_dir)
    url = start_dashboard(run.database, settings.dashboard)
    say(f"dashboard: {url}   (of {run.directory}; Ctrl-C stops)")
    threading.Event().wait()


def _describe(parts: Parts) -> None:
    parts.store.put_meta({"kind": "live", "feed": "", "banner": "", "finished": "false"})


def _sending(parts: Parts) -> Sending:
    """Make the notifiers known to the alert stage and return the sender of their messages."""
    from alerts.configure import notifiers_from

    notifiers = notifiers_from(parts.settings.alerts)
    parts.notifiers = tuple(notifiers)
    return Sending(parts.database, notifiers, parts.settings.alerts)


def _pump(pipeline: Pipeline) -> None:
    """Let every stage work until interrupted; drop old messages from the bus now and then."""
    waiting, trimmed = "", 0.0
    while True:
        handled = pipeline.step()
        waiting = _say_once(waiting, pipeline.waiting) if pipeline.waiting else ""
        if handled == 0:
            time.sleep(_IDLE_S)
        if time.monotonic() - trimmed > _TRIM_EVERY_S:
            _trim(pipeline.parts)
            trimmed = time.monotonic()


def _trim(parts: Parts) -> None:
    kept_ms = round(parts.settings.bus.retention_hours * HOUR_MS)
    for channel in NAMES:
        parts.bus.trim(channel, SystemClock().now_ms() - kept_ms)


def _say_once(said: str, text: str) -> str:
    if text != said:
        say(text)
    return text
