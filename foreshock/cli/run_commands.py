"""Running the whole way: `foreshock run`, `demo` and `replay`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from foreshock.cli.options import AsJson, Config, DataDir, Set, settings_from

NoBrowser = Annotated[
    bool, typer.Option("--no-browser", help="Do not open the dashboard in a browser.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("run", rich_help_panel="Run")(run)
    app.command("demo", rich_help_panel="Run")(demo)
    app.command("replay", rich_help_panel="Run")(replay)


def run(
    feeds: Annotated[
        Path | None, typer.Option("--feeds", help="feeds.toml (default: the list that ships).")
    ] = None,
    no_browser: NoBrowser = False,
    config: Config = None,
    data_dir: DataDir = None,
    flags: Set = None,
) -> None:
    """Watch live feeds, with the dashboard.

    Every stage runs in this one process. Stopped or killed and started again, it goes on where it
    was.
    """
    from foreshock.app.live import run_live

    given = [*(flags or []), *([f"ingest.feeds={feeds}"] if feeds is not None else [])]
    run_live(settings_from(config, data_dir, given), open_browser=not no_browser)


def demo(
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew.")] = False,
    speed: Annotated[float, typer.Option(help="Pace of the live part.", min=1)] = 60.0,
    no_browser: NoBrowser = False,
    config: Config = None,
    data_dir: DataDir = None,
    flags: Set = None,
) -> None:
    """Play the bundled tape, with the dashboard.

    13 days go at full speed, the rest live at 60x. The headlines are real (SEntFiN, MIT licence);
    their times are simulated.
    """
    from foreshock.app.demo import run_demo

    run_demo(
        settings_from(config, data_dir, flags),
        fresh=fresh,
        speed=speed,
        open_browser=not no_browser,
    )


def replay(
    feed: Annotated[Path, typer.Argument(help="A recorded feed: CSV, JSONL or Parquet, .gz too.")],
    columns: Annotated[
        str | None,
        typer.Option(
            help="Which column is what: title=h,published_at=ts. Fields: title, text, url, "
            "publisher, source, published_at, seen_at, language, tickers, guid."
        ),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=VALUE", help="Only such rows (repeatable; feed's columns)."),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=VALUE", help="No such rows (repeatable; feed's columns)."),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="First moment, e.g. 2008-09-15.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="First moment no longer played.")] = None,
    speed: Annotated[
        str, typer.Option(help="max, or a multiple of real time such as 60x.")
    ] = "max",
    export: Annotated[
        Path | None,
        typer.Option(help="Folder for items, scores, panes, spikes and alerts as .jsonl."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Do not go on with a stopped one.")
    ] = False,
    as_json: AsJson = False,
    config: Config = None,
    data_dir: DataDir = None,
    flags: Set = None,
) -> None:
    """Play a recorded feed through all stages.

    It has a store of its own. What fires here is what would have fired that day: items come in the
    order in which they were seen. A replay that was stopped goes on; one that ended is played anew.
    """
    from foreshock.app.replay import (
        ReplayRequest,
        parse_pairs,
        parse_speed,
        run_replay,
        show_report,
    )
    from foreshock.clock import iso_to_ms

    request = ReplayRequest(
        feed=feed,
        columns=dict(parse_pairs("--columns", (columns or "").split(","))),
        where=parse_pairs("--where", where or ()),
        without=parse_pairs("--without", without or ()),
        from_ms=iso_to_ms(start) if start is not None else None,
        to_ms=iso_to_ms(end) if end is not None else None,
        speed=parse_speed(speed),
        export=export,
        fresh=fresh,
    )
    report = run_replay(request, settings_from(config, data_dir, flags))
    if as_json:
        typer.echo(json.dumps(report))
    else:
        show_report(report)
