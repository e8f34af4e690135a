"""Slack answers 500 three times, the program is started anew in between: one message arrives."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from pydantic import SecretStr

from alerts.notification import Notification, encode_notification
from alerts.notifiers.slack import SlackNotifier
from alerts.outbox import Sender
from alerts.rules import Change
from foreshock.clock import ManualClock
from foreshock.records import Alert, AlertState, Evidence, OutboxRow
from foreshock.store.sql_store import open_store

HOUR_MS = 3_600_000


def row() -> OutboxRow:
    evidence = Evidence(
        id="n1", title="Bad", publisher="Wire", url="https://e.org/", at_ms=1, polarity_micro=-1
    )
    alert = Alert(
        alert_id="a" * 32,
        watch="main",
        state=AlertState.FIRING,
        title="Yes Bank: 14 negative stories in an hour",
        reason="Yes Bank: 14 negative stories.",
        keys=("ticker:YES",),
        spike_ids=("s1",),
        evidence=(evidence,),
        surprise=6.0,
        started_at_ms=1,
        updated_at_ms=1,
    )
    body = encode_notification(
        Notification(alert=alert, change=Change.FIRING, name="firing", sequence=1)
    )
    return OutboxRow(alert_id=alert.alert_id, change="firing", notifier="slack", body=body)


def test_three_times_500_then_200_with_restarts_between(tmp_path: Path) -> None:
    answers = [500, 500, 500, 200, 200]
    given: list[int] = []

    class Slack(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            given.append(answers[len(given)])
            self.send_response(given[-1])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Slack)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    clock = ManualClock(1_800_000_000_000)
    file = tmp_path / "run.db"
    try:
        reports = []
        for _ in range(6):
            store = open_store(file)
            store.write_outbox([row()])
            url = SecretStr(f"http://127.0.0.1:{server.server_port}/secret")
            sender = Sender(store, {"slack": SlackNotifier(url, "", 5.0)}, clock)
            report = sender.send_due()
            reports.append((report.sent, report.retried, len(report.failures)))
            counts = store.outbox_counts()
            store.close()
            clock.advance(HOUR_MS)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert given == [500, 500, 500, 200]
    assert reports == [(0, 1, 0)] * 3 + [(1, 0, 0)] + [(0, 0, 0)] * 2
    assert counts == {"pending": 0, "sent": 1, "failed": 0}
