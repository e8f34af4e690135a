"""`foreshock demo` as a visitor sees it: the page, the spike, its alert and its evidence."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

SURGE = "DLF"
CHROMIUM_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@dataclass
class Demo:
    process: subprocess.Popen[str]
    url: str
    data_dir: Path
    output: Path


def start(data_dir: Path, output: Path) -> Demo:
    with output.open("a") as file:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "foreshock", "demo", "--no-browser", "--speed", "120",
                "--data-dir", str(data_dir), "--set", "dashboard.port=0",
            ],
            stdout=file, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
    url = until(lambda: re.findall(r"dashboard: (http://\S+)", output.read_text()), 60)[-1]
    return Demo(process, url, data_dir, output)


def until(look: Any, seconds: float) -> Any:
    """Return what `look` finds once it finds something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"nothing within {seconds} s")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    running = start(folder / "data", folder / "output.txt")
    yield running
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(timeout=30) in (0, 130, -signal.SIGINT)


@pytest.fixture(scope="module")
def page(demo: Demo, chromium_path: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path, args=list(CHROMIUM_FLAGS)
        )
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(demo.url)
        yield page
        browser.close()


@pytest.mark.timeout(400)
def test_a_visitor_sees_the_spike_its_alert_and_its_evidence(demo: Demo, page: Page) -> None:
    expect(page.get_by_text("simulated").first).to_be_visible(timeout=60_000)
    # 13 days at full speed on whatever machine this is, then about half a minute
    expect(page.get_by_text(re.compile(SURGE)).first).to_be_visible(timeout=300_000)
    until(lambda: SURGE in demo.output.read_text(), 120)
    status = read_status(demo.data_dir)
    assert status["run"] == "demo"
    assert status["spikes"] >= 1
    assert status["alerts"] >= 1
    assert 0 < status["scores"] <= status["items"]


def read_status(data_dir: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "foreshock", "status", "--json", "--data-dir", str(data_dir)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found
