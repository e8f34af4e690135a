"""The bundled tape: 13 days at full speed, then live at 60x: `foreshock demo`."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

from foreshock.app.pipeline import Parts, Pipeline, load_scorer, open_parts
from foreshock.app.progress import progress
from foreshock.app.replay import drive
from foreshock.app.runs import demo_run, hold
from foreshock.app.saying import say
from foreshock.app.sending import Sending
from foreshock.app.web import open_in_browser, start_dashboard
from foreshock.clock import SimulatedClock, iso_to_ms, ms_to_iso

if TYPE_CHECKING:
    from foreshock.settings import Settings
    from ingest.playback import Playback

BANNER = "Demo tape: real headlines (SEntFiN), simulated times"


def run_demo(
    settings: Settings, *, fresh: bool, speed: float, open_browser: bool, stay: bool = True
) -> None:
    """Play the tape from where it was (from the start if it had ended or `fresh`).

    `stay`: keep the dashboard up after the tape has ended, until Ctrl-C.
    """
    run = demo_run(settings.data_dir)
    ended = run.directory / "finished"
    with hold(run, settings.data_dir, fresh=fresh or ended.exists()):
        with closing(open_parts(settings, run.database)) as parts:
            parts.store.put_meta(
                {"kind": "demo", "feed": "demo tape", "banner": BANNER, "finished": "false"}
            )
            url = start_dashboard(run.database, settings.dashboard)
            say(f"dashboard: {url}   (Ctrl-C stops; start again to go on)")
            if open_browser:
                open_in_browser(url)
            _play(parts, speed)
            parts.store.put_meta({"finished": "true"})
        ended.touch()
        say("the tape has ended; the dashboard stays up until Ctrl-C")
        if stay:
            threading.Event().wait()


def _play(parts: Parts, speed: float) -> None:
    from ingest.demo.tape import tape_info, tape_path
    from ingest.playback import Playback
    from ingest.sources.recorded import RecordedFeed

    settings = parts.settings
    live_from_ms = iso_to_ms(tape_info().live_from)
    items = list(RecordedFeed(tape_path(), watch=settings.watch).read())
    scorer = load_scorer(settings)
    say(f"model: {scorer.describe()}")
    parts.scorer = lambda: scorer
    parts.simulated = True
    playback = Playback(parts.bus, items, pane_ms=settings.stream.pane_seconds * 1000)
    _catch_up(parts, playback, sum(item.seen_at_ms < live_from_ms for item in items), live_from_ms)
    _go_live(parts, playback, speed, max(live_from_ms, playback.position_ms))


def _catch_up(parts: Parts, playback: Playback, total: int, live_from_ms: int) -> None:
    """Play what lies before the live part as fast as it goes; nobody is told of old alerts."""
    parts.notifiers = ()
    with progress("playing the first days", total=total) as advance:
        drive(playback, Pipeline(parts), None, advance, until_ms=live_from_ms)


def _go_live(parts: Parts, playback: Playback, speed: float, start_ms: int) -> None:
    from alerts.configure import notifiers_from

    notifiers = notifiers_from(parts.settings.alerts)
    parts.notifiers = tuple(notifiers)
    parts.store.put_meta({"speed": f"{speed:g}x"})
    say(f"live from {ms_to_iso(start_ms)} at {speed:g}x")
    with Sending(parts.database, notifiers, parts.settings.alerts):
        drive(playback, Pipeline(parts), SimulatedClock(start_ms, speed))
