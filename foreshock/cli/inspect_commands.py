"""Looking: `foreshock status` and `foreshock config show`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from foreshock.cli.options import AsJson, Config, DataDir, Set, settings_from


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("status", rich_help_panel="Look")(status)
    config_app = typer.Typer(no_args_is_help=True, help="Settings.")
    config_app.command("show")(show)
    app.add_typer(config_app, name="config", rich_help_panel="Look")


def status(
    config: Config = None, data_dir: DataDir = None, flags: Set = None, as_json: AsJson = False
) -> None:
    """Tell what the latest run holds.

    Counts, and how far each stage is behind, for the latest run of this directory.
    """
    from foreshock.app import status as status_of

    report = status_of.read_status(settings_from(config, data_dir, flags))
    if as_json:
        typer.echo(json.dumps(report))
        return
    status_of.show(report)


def show(
    config: Config = None,
    data_dir: DataDir = None,
    flags: Set = None,
    as_json: AsJson = False,
    described: Annotated[bool, typer.Option("--describe", help="Say what each is for.")] = False,
) -> None:
    """Print every setting in force and where its value came from; secrets are masked."""
    from rich.console import Console
    from rich.table import Table

    from foreshock.settings import load_settings

    given = [*(flags or []), *([f"data_dir={data_dir}"] if data_dir is not None else [])]
    rows = load_settings(config, given).shown()
    if as_json:
        typer.echo(
            json.dumps({row.name: {"value": row.value, "origin": row.origin} for row in rows})
        )
        return
    table = Table("setting", "value", "from", *(["what for"] if described else []), box=None)
    for row in rows:
        table.add_row(row.name, row.value, row.origin, *([row.description] if described else []))
    Console().print(table)
