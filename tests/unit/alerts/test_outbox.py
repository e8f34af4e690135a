"""The sender, over a real store, with notifiers that do as they are told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alerts.failures import Failure, failed_messages, pending_messages, retry_failed
from alerts.notification import encode_notification
from alerts.notifiers.base import RetryLaterError
from alerts.outbox import UNCONFIGURED_PAUSE_MS, Sender
from alerts.rules import Change
from foreshock.clock import ManualClock
from foreshock.errors import NotifierError, StoreUnavailable
from foreshock.records import OutboxRow
from foreshock.store.sql_store import open_store

NOW_MS = 1_800_000_000_000
MINUTE_MS = 60_000


class FakeNotifier:
    """Takes messages; raises what `problems` holds, first to last, before."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Exception] = []
        self.broken: Exception | None = None
        self.tried = 0
        self.got: list[str] = []

    def send(self, message) -> None:
        self.tried += 1
        if self.broken is not None:
            raise self.broken
        if self.problems:
            raise self.problems.pop(0)
        self.got.append(message.message_key)


@pytest.fixture
def store(tmp_path):
    store = open_store(tmp_path / "run.db")
    yield store
    store.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_MS)


@pytest.fixture
def slack() -> FakeNotifier:
    return FakeNotifier("slack")


@pytest.fixture
def put(store, make_message) -> Callable[..., None]:
    def put(
        alert_id: str = "a", change: Change = Change.FIRING, to: str = "slack", at_ms: int = 0
    ) -> None:
        sequence = list(Change).index(change) + 1
        message = make_message(change, alert_id=alert_id, updated_at_ms=at_ms)
        body = encode_notification(type(message)(**{**_fields(message), "sequence": sequence}))
        store.write_outbox(
            [OutboxRow(alert_id=alert_id, change=change.value, notifier=to, body=body)]
        )

    return put


def _fields(message):
    return {name: getattr(message, name) for name in message.__struct_fields__}


@pytest.fixture
def make_sender(store, clock, slack):
    def make(*more, **options):
        return Sender(store, {n.name: n for n in (slack, *more)}, clock, **options)

    return make


def test_a_due_message_is_sent_once(store, make_sender, put, slack):
    put()
    sender = make_sender()
    assert sender.send_due().sent == 1
    assert (sender.send_due().sent, make_sender().send_due().sent) == (0, 0)
    assert slack.got == ["a:firing"]
    assert store.outbox_counts() == {"pending": 0, "sent": 1, "failed": 0}
    put()  # the stage writes it again
    assert sender.send_due().sent == 0


def test_a_failure_is_tried_again_later_and_survives_a_restart(
    store, make_sender, put, slack, clock
):
    put()
    slack.problems = [NotifierError("slack answered 500")] * 3
    waits = []
    for _ in range(3):
        report = make_sender().send_due()  # a new process each time
        assert (report.sent, report.retried, report.failures) == (0, 1, [])
        (waiting,) = pending_messages(store, "a", "slack")
        waits.append(waiting.next_try_ms - clock.now_ms())
        clock.advance(waits[-1] - 1)
        assert make_sender().send_due().retried == 0
        clock.advance(1)
    assert make_sender().send_due().sent == 1
    assert slack.got == ["a:firing"]
    assert 8_000 <= waits[0] < waits[1] < waits[2] <= 48_000


def test_what_cannot_succeed_is_given_up_visibly(store, make_sender, put, slack):
    put()
    slack.problems = [NotifierError("slack answered 404 (no_service)", retryable=False)]
    seen: list[Failure] = []
    report = make_sender(on_failure=seen.append).send_due()
    expected = [Failure("a", "firing", "slack", 1, "slack answered 404 (no_service)")]
    assert report.failures == seen == failed_messages(store) == expected
    assert store.outbox_counts()["failed"] == 1


def test_attempts_are_bounded(store, make_sender, put, slack, clock):
    put()
    slack.broken = NotifierError("slack cannot be reached")
    sender = make_sender(max_attempts=3)
    failures = []
    for _ in range(6):
        failures += sender.send_due().failures
        clock.advance(4 * 3_600_000)
    assert (slack.tried, [f.attempts for f in failures]) == (3, [3])


def test_what_was_given_up_can_be_sent_again(store, make_sender, put, slack):
    put()
    slack.problems = [NotifierError("no", retryable=False)]
    sender = make_sender()
    sender.send_due()
    assert retry_failed(store) == 1
    assert sender.send_due().sent == 1
    assert failed_messages(store) == []


def test_retry_after_is_heeded(store, make_sender, put, slack, clock):
    put()
    slack.problems = [RetryLaterError("slack answered 429", retry_after_ms=90_000)]
    sender = make_sender()
    sender.send_due()
    clock.advance(89_999)
    assert sender.send_due().sent == 0
    clock.advance(1)
    assert sender.send_due().sent == 1


def test_the_end_waits_for_the_beginning(store, make_sender, put, slack, clock):
    put(change=Change.FIRING)
    slack.problems = [NotifierError("slack answered 500")]
    sender = make_sender()
    sender.send_due()
    put(change=Change.RESOLVED)
    for _ in range(30):
        make_sender().send_due()  # without the memory of the pause
        clock.advance(1_000)
    assert slack.got == ["a:firing", "a:resolved"]


def test_messages_of_an_alert_go_out_in_order_whatever_their_names(make_sender, put, slack):
    for change in (Change.RESOLVED, Change.UPDATE, Change.FIRING):
        put(change=change)
    assert make_sender().send_due().sent == 3
    assert slack.got == ["a:firing", "a:update", "a:resolved"]


def test_the_end_is_told_even_if_the_beginning_was_given_up(make_sender, put, slack):
    put()
    put(change=Change.RESOLVED)
    slack.problems = [NotifierError("slack answered 404", retryable=False)]
    report = make_sender().send_due()
    assert (len(report.failures), slack.got) == (1, ["a:resolved"])


def test_one_broken_notifier_holds_up_no_other(make_sender, put, slack):
    mail = FakeNotifier("smtp")
    slack.broken = NotifierError("slack cannot be reached")
    for n in range(5):
        put(f"a{n}")
        put(f"a{n}", to="smtp")
    report = make_sender(mail).send_due()
    assert (report.sent, report.retried, report.held) == (5, 1, 4)
    assert slack.tried == 1  # the others wait with it


def test_a_pause_costs_no_attempt(store, make_sender, put, slack, clock):
    put("a1", at_ms=1)
    put("a2", at_ms=2)
    slack.problems = [NotifierError("slack answered 500")]
    sender = make_sender(max_attempts=2)
    sender.send_due()
    clock.advance(15_000)
    assert sender.send_due().sent == 2
    assert slack.got == ["a1:firing", "a2:firing"]


def test_a_defect_of_a_notifier_is_a_failure_and_says_so(store, make_sender, put, slack):
    mail = FakeNotifier("smtp")
    slack.broken = KeyError("secret-url")
    put()
    put(to="smtp")
    report = make_sender(mail, max_attempts=1).send_due()
    assert [f.error for f in report.failures] == ["slack has a defect: KeyError"]
    assert mail.got == ["a:firing"]


def test_a_message_for_a_notifier_that_is_not_configured_is_kept(store, make_sender, put, clock):
    put(to="pager")
    assert make_sender().send_due().held == 1
    clock.advance(UNCONFIGURED_PAUSE_MS)
    pager = FakeNotifier("pager")
    assert make_sender(pager, max_attempts=1).send_due().sent == 1


def test_a_backlog_is_sent_at_a_bounded_pace_oldest_first(make_sender, put, slack, clock):
    for n in range(7):
        put(f"a{6 - n}", at_ms=6 - n)
    sender = make_sender(per_minute=3)
    sent = []
    for _ in range(4):
        sent.append(sender.send_due().sent)
        clock.advance(MINUTE_MS // 2)
        sent.append(sender.send_due().sent)
        clock.advance(MINUTE_MS // 2)
    assert sent == [3, 0, 3, 0, 1, 0, 0, 0]
    assert slack.got == [f"a{n}:firing" for n in range(7)]


def test_an_unreadable_message_is_given_up(store, make_sender):
    store.write_outbox(
        [OutboxRow(alert_id="a", change="firing", notifier="slack", body=b"nonsense")]
    )
    (failure,) = make_sender().send_due().failures
    assert "expected a notification" in failure.error


def test_a_message_that_was_taken_while_the_store_was_away_is_not_sent_again(
    store, make_sender, put, slack, monkeypatch
):
    put()
    sender = make_sender()

    def away(*arguments):
        raise StoreUnavailable("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(store, "mark_outbox", away)
        with pytest.raises(StoreUnavailable):
            sender.send_due()
    assert sender.send_due().sent == 1
    assert slack.got == ["a:firing"]


def test_an_error_text_is_one_bounded_line(make_sender, put, slack, store):
    put()
    slack.broken = NotifierError("x\n\x1b[31m" * 500, retryable=False)
    make_sender().send_due()
    (failure,) = failed_messages(store)
    assert len(failure.error) <= 300
    assert failure.error.isprintable()
