"""Micro-units always sum to a million; temperature never changes the answer."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifier.calibration import (
    MICRO,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    probabilities_to_micro,
    softmax,
)

LOGIT = st.floats(-40, 40, allow_nan=False)
ROWS = st.integers(2, 20).flatmap(
    lambda k: st.lists(st.lists(LOGIT, min_size=k, max_size=k), min_size=1, max_size=12)
)


@given(ROWS, st.floats(0.05, 20))
def test_micro_units_are_not_negative_and_sum_to_a_million(
    rows: list[list[float]], temperature: float
) -> None:
    probs = softmax(np.array(rows), temperature)
    micro = probabilities_to_micro(probs)
    assert (micro >= 0).all()
    assert (micro.sum(axis=1) == MICRO).all()
    assert (np.abs(micro - probs * MICRO) <= 1).all()


@given(ROWS, st.floats(0.05, 20))
def test_a_temperature_keeps_the_most_likely_class(
    rows: list[list[float]], temperature: float
) -> None:
    logits = np.array(rows)
    probs = softmax(logits, temperature)
    chosen = logits.argmax(axis=1)
    assert (probs[np.arange(len(rows)), chosen] == probs.max(axis=1)).all()


@given(ROWS)
def test_calibration_error_is_a_share(rows: list[list[float]]) -> None:
    probs = softmax(np.array(rows))
    labels = np.zeros(len(rows), dtype=np.int64)
    assert 0.0 <= expected_calibration_error(probs, labels) <= 1.0


@given(ROWS, st.integers(0, 2**32 - 1))
def test_the_fitted_temperature_is_no_worse_than_none(rows: list[list[float]], seed: int) -> None:
    logits = np.array(rows)
    labels = np.random.default_rng(seed).integers(0, logits.shape[1], len(rows))
    found = fit_temperature(logits, labels)
    fitted = negative_log_likelihood(logits, labels, found)
    assert fitted <= negative_log_likelihood(logits, labels) + 1e-6
