"""Live ingest with nothing replaced: HTTP, parsers in their processes, SQLite bus and store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import sqlalchemy as sa

from foreshock.bus.sqlite_bus import SqliteBus
from foreshock.channels import FETCHED
from foreshock.clock import SystemClock
from foreshock.codec import decode
from foreshock.records import Item
from foreshock.store.schema import source_status
from foreshock.store.sql_store import open_store
from ingest.feeds import build_sources, load_feeds
from ingest.fetch import Fetcher
from ingest.isolation import IsolatedCalls
from ingest.source_status import write_status
from ingest.worker import IngestWorker

RSS = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{}</channel></rss>'
PAGES: dict[str, bytes] = {
    "/good": RSS.format("<item><guid>1</guid><title>Acme falls</title></item>").encode(),
    "/broken": RSS.format("<item><title>Before the break</title></item>").encode()[:-20] + b"<&",
    "/empty": RSS.format("").encode(),
    "/nothing": b"",
    "/html": b"<html><body>Please log in</body></html>",
    "/undated": RSS.format("<item><title>No date</title></item>").encode(),
    "/long": RSS.format(f"<item><title>{'word ' * 20_480}</title></item>").encode(),
    "/latin": RSS.format("<item><title>Caf\u00e9 Acme</title></item>").encode("latin-1"),
    "/untitled": RSS.format("<item><guid>1</guid></item>").encode(),
}  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path
        found = name in PAGES or name == "/huge"
        self.send_response(200 if found else 404)
        if name in PAGES:
            self.send_header("Content-Length", str(len(PAGES[name])))
        self.end_headers()
        if name == "/huge":
            for _ in range(50):
                self.wfile.write(b"x" * 1_000_000)
        elif found:
            self.wfile.write(PAGES[name])

    def log_message(self, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: the page of 50 MB is not read to its end."""


@pytest.fixture
def address() -> Iterator[str]:
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_whatever_the_sources_hold_is_stored_or_told_and_the_run_goes_on(
    tmp_path: Path, address: str
) -> None:
    names = [*PAGES, "/huge", "/missing"]
    feeds = tmp_path / "feeds.toml"
    feeds.write_text(
        "".join(
            f'[[source]]\nname = "{name[1:]}"\nkind = "rss"\nurl = "{address}{name}"\n'
            for name in names
        ),
        "utf-8",
    )
    clock = SystemClock()
    fetch = Fetcher(
        clock,
        user_agent="Foreshock-test",
        max_bytes=1_000_000,
        allow_private_addresses=True,
        gap_s=0,
    )
    with (
        closing(IsolatedCalls()) as isolate,
        closing(SqliteBus(tmp_path / "run.db")) as bus,
        closing(open_store(tmp_path / "run.db")) as store,
    ):
        bus.create({FETCHED: 1})
        sources = build_sources(load_feeds(feeds), isolate)
        for _ in range(2):  # the second start finds what the first one gave
            worker = IngestWorker(
                sources, bus, fetch, clock, on_reports=lambda found: write_status(store, found)
            )
            worker.poll_once()
        records = [decode(d.value) for d in bus.consumer("test", [FETCHED]).poll(1_000, 0)]
        with store.connect() as connection:
            rows = connection.execute(sa.select(source_status)).mappings().all()
    titles = {r.source: r.title for r in records if isinstance(r, Item)}
    assert titles.pop("long").endswith("word…")
    assert titles == {
        "good": "Acme falls",
        "broken": "Before the break",
        "undated": "No date",
        "latin": "Caf\u00e9 Acme",
    }
    assert sum(isinstance(record, Item) for record in records) == 5
    status = {row["source"]: (row["state"], row["items"], row["rejected"]) for row in rows}
    assert status == {
        "good": ("ok", 1, 0),
        "broken": ("ok", 1, 2),
        "empty": ("ok", 0, 0),
        "nothing": ("ok", 0, 2),
        "html": ("ok", 0, 2),
        "undated": ("ok", 1, 0),
        "long": ("ok", 1, 0),
        "latin": ("ok", 1, 0),
        "untitled": ("ok", 0, 2),
        "huge": ("failing", 0, 0),
        "missing": ("failing", 0, 0),
    }
    errors = {row["source"]: row["error"] for row in rows}
    assert errors["huge"].endswith("expected at most 1000000 bytes, found more")
    assert "not-a-feed" in errors["html"]
    assert "no-title" in errors["untitled"]
