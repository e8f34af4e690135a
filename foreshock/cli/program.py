"""The command tree and how errors are shown. Commands live in the modules beside this one."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from foreshock.cli import (
    deadletter_commands,
    inspect_commands,
    model_commands,
    run_commands,
    stage_commands,
)
from foreshock.errors import ForeshockError

app = typer.Typer(
    name="foreshock",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help=(
        "Streaming financial sentiment monitor: notices when bad news comes unusually fast, and "
        "tells you why.\n\n"
        "Start with foreshock demo, then foreshock run on live feeds or "
        "foreshock replay FEED on history."
    ),
)


@app.callback()
def _program(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)
    ] = False,
) -> None:
    if show_version:
        from importlib.metadata import version

        typer.echo(f"foreshock {version('foreshock')}")
        raise typer.Exit


for module in (
    run_commands,
    stage_commands,
    model_commands,
    inspect_commands,
    deadletter_commands,
):
    module.register(app)


def run() -> None:
    """Run the program with the process's arguments."""
    try:
        app(standalone_mode=True)
    except ForeshockError as error:
        sys.stderr.write(f"foreshock: {error}\n")
        if error.hint:
            sys.stderr.write(f"  {error.hint}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("foreshock: stopped; start again to go on where it was\n")
        sys.exit(130)
