"""`foreshock deadletter list|show|redrive`: what a stage could not handle, and another try."""

from __future__ import annotations

import base64
import json
from typing import Annotated

import typer

from foreshock.cli.options import AsJson, Config, DataDir, Set, settings_from


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    letters = typer.Typer(no_args_is_help=True, help="Records that a stage could not handle.")
    letters.command("list")(list_letters)
    letters.command("show")(show)
    letters.command("redrive")(redrive)
    app.add_typer(letters, name="deadletter", rich_help_panel="Look")


def list_letters(
    config: Config = None, data_dir: DataDir = None, flags: Set = None, as_json: AsJson = False
) -> None:
    """List dead letters with stage and reason."""
    from foreshock.app.status import open_latest

    with open_latest(settings_from(config, data_dir, flags)) as (_, store):
        rows = store.deadletters()
    if as_json:
        keys = ("dead_id", "stage", "channel", "reason", "error")
        typer.echo(
            json.dumps([{k: getattr(r.letter, k) for k in keys} | {"state": r.state} for r in rows])
        )
        return
    if not rows:
        typer.echo("no dead letters")
    for row in rows:
        typer.echo(f"{row.letter.dead_id}  {row.state:9} {row.letter.stage:11} {row.letter.reason}")


def show(
    dead_id: Annotated[str, typer.Argument(help="The id, or its beginning.")],
    config: Config = None,
    data_dir: DataDir = None,
    flags: Set = None,
) -> None:
    """Show one dead letter whole, its payload as text."""
    from foreshock.app.status import open_latest
    from foreshock.deadletters import find

    with open_latest(settings_from(config, data_dir, flags)) as (_, store):
        row = find(store, dead_id)
    for name in ("dead_id", "stage", "channel", "partition", "offset", "key", "reason", "error"):
        typer.echo(f"{name:10} {getattr(row.letter, name)}")
    typer.echo(f"{'state':10} {row.state}")
    typer.echo(base64.b64decode(row.letter.payload).decode("utf-8", "backslashreplace"))


def redrive(
    dead_ids: Annotated[list[str] | None, typer.Argument(help="Ids (or their beginnings).")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that are waiting.")] = False,
    config: Config = None,
    data_dir: DataDir = None,
    flags: Set = None,
) -> None:
    """Send dead letters again to the channel they came from."""
    from foreshock.app.status import open_latest
    from foreshock.deadletters import find, redrive_letters

    if not every and not dead_ids:
        raise typer.BadParameter("name the dead letters, or --all")
    with open_latest(settings_from(config, data_dir, flags)) as (bus, store):
        if every:
            rows = store.deadletters("waiting")
        else:
            rows = [find(store, dead_id) for dead_id in dead_ids or []]
        sent = redrive_letters(bus, store, rows)
    typer.echo(f"sent again: {sent}")
