"""The program as a user meets it: help, settings, errors with a next step."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from foreshock.cli.program import app

ISSUED = (
    "run", "demo", "ingest", "stories", "classify", "aggregate", "alert", "archive", "dashboard",
    "replay", "train", "evaluate", "status", "config", "deadletter",
)  # fmt: skip


def foreshock(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "foreshock", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", **environment},
    )


def test_every_command_is_listed_with_a_sentence() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert set(ISSUED) == set(commands)
    assert all(command.get_short_help_str() for command in commands.values())


def test_every_command_is_in_the_readme_or_docs() -> None:
    root = Path(__file__).parents[2]
    pages = [root / "README.md", *(root / "docs").glob("*.md")]
    text = "\n".join(page.read_text("utf-8") for page in pages)
    assert [name for name in ISSUED if f"foreshock {name}" not in text] == []


def test_help_imports_nothing_heavy() -> None:
    probe = (
        "import sys; sys.argv = ['foreshock', '--help']\n"
        "from foreshock.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch','transformers','pandas','dash','plotly','numpy','sqlalchemy','httpx'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_config_show_names_origins_and_masks_secrets(tmp_path: Path) -> None:
    file = tmp_path / "foreshock.toml"
    file.write_text("[detector]\ntheta = 7.5\n[dashboard]\nport = 9000\n", "utf-8")
    done = foreshock(
        "config", "show", "--json", "--config", str(file), "--set", "dashboard.port=9001",
        FORESHOCK_ALERTS__SLACK_WEBHOOK="https://hooks.example/secret-part",
    )  # fmt: skip
    shown = json.loads(done.stdout)
    assert shown["detector.theta"] == {"value": "7.5", "origin": str(file)}
    assert shown["dashboard.port"] == {"value": "9001", "origin": "--set"}
    assert shown["alerts.slack_webhook"] == {
        "value": "********",
        "origin": "FORESHOCK_ALERTS__SLACK_WEBHOOK",
    }
    assert "secret-part" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("status", "--data-dir", "nowhere"), "foreshock demo"),
        (("replay", "no-such-file.csv"), "no such file"),
        (("replay", __file__, "--speed", "fast"), "--speed max"),
        (("replay", __file__, "--from", "yesterday"), "2008-09-29T18:00Z"),
        (("config", "show", "--set", "detector.thta=1"), "no such setting"),
    ],
)
def test_errors_say_what_to_do(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = foreshock(*arguments, FORESHOCK_DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
