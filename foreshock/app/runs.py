"""Run directories: where one live, demo or replay run keeps its bus and store.

data/live/foreshock.db        the live run
data/demo/foreshock.db        the bundled tape
data/replays/<id>/foreshock.db   one replay; <id> says what was played and how
data/latest                   the path of the run that started last
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from foreshock.errors import ForeshockError

DATABASE = "foreshock.db"
#: What can run by itself; one process at a time each.
ROLES = ("ingest", "stories", "classifier", "aggregate", "archive", "alert")
_LOCK = "lock-"


@dataclass(frozen=True)
class Run:
    """One run and its directory."""

    kind: str
    directory: Path

    @property
    def database(self) -> Path:
        """Return the path of the file that holds bus and store."""
        return self.directory / DATABASE


def live_run(data_dir: Path) -> Run:
    """Return the live run of a data directory."""
    return Run("live", data_dir / "live")


def demo_run(data_dir: Path) -> Run:
    """Return the run of the bundled tape."""
    return Run("demo", data_dir / "demo")


def replay_run(data_dir: Path, *what: str) -> Run:
    """Return the run of a replay; equal `what` (feed, filters, settings) is the same run."""
    digest = hashlib.sha256("\x1f".join(what).encode()).hexdigest()[:16]
    return Run("replay", data_dir / "replays" / digest)


def latest_run(data_dir: Path) -> Run:
    """Return the run that started last. Raises ForeshockError if there is none."""
    try:
        kind, _, name = (data_dir / "latest").read_text("utf-8").strip().partition(" ")
    except FileNotFoundError as error:
        raise ForeshockError(
            f"expected a run in {data_dir}, found none",
            hint="`foreshock demo` or `foreshock run` starts one",
        ) from error
    return Run(kind, data_dir / name)


@contextmanager
def hold(
    run: Run, data_dir: Path, *, roles: Sequence[str] = ROLES, fresh: bool = False
) -> Iterator[Run]:
    """Hold `roles` of a run for one process, empty if `fresh`, and make it the latest.

    A whole run holds every role, a stage as its own process holds its own. Raises ForeshockError if
    another process holds one of them.
    """
    run.directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as locks:
        for role in roles:
            _lock(locks.enter_context((run.directory / f"{_LOCK}{role}").open("w")), run, role)
        if fresh:
            _empty(run.directory)
        pointer = data_dir / "latest.new"
        pointer.write_text(f"{run.kind} {run.directory.relative_to(data_dir)}\n", "utf-8")
        pointer.replace(data_dir / "latest")
        yield run


def _lock(file: IO[str], run: Run, role: str) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ForeshockError(
            f"another process already runs {role} in {run.directory}",
            hint="stop it first, or use another --data-dir",
        ) from error


def _empty(directory: Path) -> None:
    for path in directory.iterdir():
        if path.name.startswith(_LOCK):
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
