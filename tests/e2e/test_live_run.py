"""`foreshock run` on feeds of every sort, good and broken: it goes on, and says what is wrong."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

NOW = format_datetime(datetime.now(UTC))


def rss(*entries: str) -> bytes:
    body = "".join(f"<item>{entry}</item>" for entry in entries)
    return f"<rss version='2.0'><channel><title>T</title>{body}</channel></rss>".encode()


def entry(title: str, guid: str, date: str = NOW) -> str:
    dated = f"<pubDate>{date}</pubDate>" if date else ""
    return f"<title>{title}</title><guid>{guid}</guid><link>/{guid}</link>{dated}"


@dataclass
class Site:
    """A web site whose pages a test can change."""

    port: int = 0
    pages: dict[str, bytes] = field(default_factory=dict)


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = found.pages.get(self.path)
            self.send_response(404 if page is None else 200)
            self.send_header("Content-Length", str(len(page or b"")))
            self.end_headers()
            with suppress(OSError):  # the reader hangs up on pages that are too long
                self.wfile.write(page or b"")

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


def feeds_file(path: Path, site: Site) -> Path:
    sources = [*site.pages, "/absent"]
    tables = [
        f'[[source]]\nname = "{page.strip("/")}"\nkind = "rss"\n'
        f'url = "http://127.0.0.1:{site.port}{page}"\npoll_seconds = 1\n'
        for page in sources
    ]
    path.write_text("\n".join(tables), "utf-8")
    return path


class Live:
    """A live run as a process."""

    def __init__(self, feeds: Path, data_dir: Path, output: Path) -> None:
        self.data_dir = data_dir
        with output.open("a") as file:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "foreshock", "run", "--no-browser",
                    "--feeds", str(feeds), "--data-dir", str(data_dir),
                    "--set", "ingest.allow_private_addresses=true",
                    "--set", "dashboard.port=0", "--set", "ingest.max_bytes=1000000",
                ],
                stdout=file, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def status(self) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "foreshock", "status", "--json", "--data-dir", self.data_dir],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        found = json.loads(done.stdout) if done.returncode == 0 else {}
        assert isinstance(found, dict)
        return found

    def until_scored(self, items: int, seconds: float = 120) -> dict[str, Any]:
        end = time.monotonic() + seconds
        found: dict[str, Any] = {}
        while time.monotonic() < end:
            assert self.process.poll() is None, "the run has ended"
            found = self.status()
            if found.get("scores") == items and found.get("items") == items:
                return found
            time.sleep(0.5)
        raise AssertionError(f"expected {items} items scored within {seconds} s, found {found}")

    def until_said(self, text: str, output: Path, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while text not in output.read_text():
            assert time.monotonic() < end, output.read_text()
            time.sleep(0.2)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=30)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


@pytest.fixture
def start(site: Site, tmp_path: Path) -> Iterator[Callable[[], Live]]:
    """Start a live run on the site's pages; whatever still runs at the end is killed."""
    started: list[Live] = []

    def start() -> Live:
        feeds = feeds_file(tmp_path / "feeds.toml", site)
        started.append(Live(feeds, tmp_path / "data", tmp_path / "output.txt"))
        return started[-1]

    yield start
    for live in started:
        live.kill()


@pytest.mark.timeout(400)
def test_broken_feeds_do_not_stop_the_good_ones(
    site: Site, tmp_path: Path, start: Callable[[], Live]
) -> None:
    site.pages.update(
        {
            "/good": rss(entry("Profit at Acme falls", "a"), entry("Acme names new chief", "b")),
            "/broken": rss(entry("Bank shares slide", "c"))[:-20],
            "/empty": rss(),
            "/nothing": b"",
            "/long": b"<rss>" + b"x" * 50_000_000,
            "/undated": rss(entry("Rates rise again", "d", date="")),
            "/endless": rss(entry("Very long " + "title " * 20_000, "e")),
            "/latin": "<?xml version='1.0' encoding='utf-8'?>".encode("latin-1")
            + rss(entry("X", "f")).replace(b"X", "Société perd".encode("latin-1")),
            "/untitled": rss("<guid>g</guid>", entry("Oil drops", "h")),
        }
    )  # fmt: skip
    good = 2 + 1 + 1 + 1 + 1 + 1
    live = start()
    live.until_scored(good)
    live.kill()

    site.pages["/good"] = rss(entry("Acme halts its dividend", "i"), entry("Again", "b"))
    live = start()
    live.until_scored(good + 2)
    live.until_said("absent: ", tmp_path / "output.txt")
    assert live.stop() in (0, 130, -signal.SIGINT)
    said = (tmp_path / "output.txt").read_text()
    assert "long: " in said
    assert "Traceback" not in said


@pytest.mark.timeout(300)
def test_when_nothing_can_be_reached_it_says_so(tmp_path: Path, start: Callable[[], Live]) -> None:
    output = tmp_path / "output.txt"
    live = start()
    live.until_said("none of the 1 sources can be reached", output)
    live.stop()
    assert "absent: failing" in output.read_text()
