"""One stage as a process of its own: ingest, stories, classify, aggregate, archive, alert, page.

They meet in the live run's bus, so any of them can be stopped, killed and started again by itself.
"""

from __future__ import annotations

import typer

from foreshock.cli.options import Config, DataDir, Set, settings_from


def register(app: typer.Typer) -> None:
    """Add the stage commands to the program."""
    panel = "One stage as its own process"
    app.command("ingest", rich_help_panel=panel)(ingest)
    app.command("stories", rich_help_panel=panel)(stories)
    app.command("classify", rich_help_panel=panel)(classify)
    app.command("aggregate", rich_help_panel=panel)(aggregate)
    app.command("archive", rich_help_panel=panel)(archive)
    app.command("alert", rich_help_panel=panel)(alert)
    app.command("dashboard", rich_help_panel=panel)(dashboard)


def ingest(config: Config = None, data_dir: DataDir = None, flags: Set = None) -> None:
    """Poll the sources and publish what is new on news.fetched."""
    from foreshock.app.live import run_ingest

    run_ingest(settings_from(config, data_dir, flags))


def stories(config: Config = None, data_dir: DataDir = None, flags: Set = None) -> None:
    """Fold items into stories: news.fetched to news.items."""
    _run_stage("stories", config, data_dir, flags)


def classify(config: Config = None, data_dir: DataDir = None, flags: Set = None) -> None:
    """Score topic and sentiment: news.items to news.scored."""
    _run_stage("classifier", config, data_dir, flags)


def aggregate(config: Config = None, data_dir: DataDir = None, flags: Set = None) -> None:
    """Count panes and detect spikes in news.scored."""
    _run_stage("aggregate", config, data_dir, flags)


def archive(config: Config = None, data_dir: DataDir = None, flags: Set = None) -> None:
    """Write every channel into the store."""
    _run_stage("archive", config, data_dir, flags)


def alert(config: Config = None, data_dir: DataDir = None, flags: Set = None) -> None:
    """Turn spikes into alerts and send them."""
    _run_stage("alert", config, data_dir, flags)


def dashboard(config: Config = None, data_dir: DataDir = None, flags: Set = None) -> None:
    """Serve the dashboard of this directory's latest run."""
    from foreshock.app.live import run_dashboard

    run_dashboard(settings_from(config, data_dir, flags))


def _run_stage(name: str, config: Config, data_dir: DataDir, flags: Set) -> None:
    from foreshock.app.live import run_stage

    run_stage(name, settings_from(config, data_dir, flags))
