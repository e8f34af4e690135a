"""When a message is tried again."""

from __future__ import annotations

from alerts.backoff import CAP_MS, FIRST_MS, backoff_ms


def test_the_wait_doubles_up_to_the_cap_give_or_take_a_fifth():
    for attempts in range(1, 40):
        base = min(FIRST_MS * 2 ** (attempts - 1), CAP_MS)
        assert 0.8 * base - 1 <= backoff_ms(attempts, "m") <= 1.2 * base + 1


def test_messages_spread_and_a_restart_computes_the_same():
    waits = {backoff_ms(3, f"m{n}") for n in range(50)}
    assert len(waits) > 45
    assert backoff_ms(3, "m1") == backoff_ms(3, "m1")
    assert backoff_ms(3, "m1") != 4 * backoff_ms(1, "m1")  # each try has its own
