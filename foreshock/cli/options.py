"""Options that several commands share, and the settings that they lead to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from foreshock.settings import Settings

Config = Annotated[
    Path | None,
    typer.Option("--config", help="Settings file (default: foreshock.toml if it is there)."),
]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where runs, scores and state are kept.")
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Override a setting, e.g. detector.theta=6 (repeatable; see `config show`).",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def settings_from(config: Path | None, data_dir: Path | None, flags: list[str] | None) -> Settings:
    """Return the settings in force for a command. Raises SettingsError."""
    from foreshock.settings import load_settings

    given = list(flags or [])
    if data_dir is not None:
        given.append(f"data_dir={data_dir}")
    return load_settings(config, given).settings
