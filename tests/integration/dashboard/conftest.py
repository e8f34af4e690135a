"""A filled store, and the page served from it in a thread."""

from __future__ import annotations

import copy
import importlib.util
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from foreshock.clock import Clock
from foreshock.settings import DashboardSettings
from foreshock.store.base import Store
from foreshock.store.sql_store import open_store

SYNTHETIC = Path(__file__).parents[3] / "benchmarks" / "synthetic_run.py"


@pytest.fixture(scope="session")
def synthetic() -> ModuleType:
    spec = importlib.util.spec_from_file_location("synthetic_run", SYNTHETIC)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@dataclass
class Filled:
    """A run's database and what wrote it."""

    path: Path
    run: Any
    store: Store

    def open(self) -> Store:
        return open_store(self.path, read_only=True)


@pytest.fixture(scope="session")
def written(
    synthetic: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[int], tuple[Path, Any]]:
    """Writes a history of some days once; each test gets a copy of its own."""
    made: dict[int, tuple[Path, Any]] = {}

    def write(days: int) -> tuple[Path, Any]:
        if days not in made:
            path = tmp_path_factory.mktemp("written") / "run.db"
            run = synthetic.SyntheticRun(days=days, stories_an_hour=30.0)
            store = open_store(path)
            run.fill(store)
            store.close()
            made[days] = path, run
        return made[days]

    return write


@pytest.fixture
def make_filled(
    tmp_path: Path, written: Callable[[int], tuple[Path, Any]]
) -> Iterator[Callable[..., Filled]]:
    with ExitStack() as stack:

        def make(name: str = "run", days: int = 5) -> Filled:
            original, run = written(days)
            path = tmp_path / f"{name}.db"
            for file in original.parent.glob("run.db*"):
                shutil.copy(file, path.with_name(file.name.replace("run.db", path.name)))
            store = open_store(path)
            stack.callback(store.close)
            return Filled(path, copy.deepcopy(run), store)

        yield make


@pytest.fixture
def filled(make_filled: Callable[..., Filled]) -> Filled:
    return make_filled()


@contextmanager
def serving(
    open_read_only: Callable[[], Store], clock: Clock | None = None, **settings: Any
) -> Iterator[str]:
    """Serve the page on a free port; yields its address."""
    from dashboard.app import create_app, make_server

    chosen = DashboardSettings(**{"refresh_seconds": 0.2, "stale_after_seconds": 30.0} | settings)
    server = make_server(create_app(open_read_only, chosen, clock=clock), "127.0.0.1", 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}/"
    finally:
        server.close()
        thread.join(timeout=10)


@pytest.fixture(scope="session")
def serve() -> Callable[..., Any]:
    return serving
