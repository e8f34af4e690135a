"""Calibration: known answers."""

from __future__ import annotations

import numpy as np
import pytest

from classifier.calibration import (
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    probabilities_to_micro,
    softmax,
)


def _overconfident(rows: int = 4_000, factor: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from softmax(x); the logits claim factor * x."""
    source = np.random.default_rng(5)
    logits = source.normal(size=(rows, 3))
    cumulative = softmax(logits).cumsum(axis=1)
    labels = (source.random((rows, 1)) > cumulative).sum(axis=1)
    return logits * factor, labels.clip(0, 2)


def test_the_temperature_that_made_the_logits_is_found() -> None:
    logits, labels = _overconfident()
    assert fit_temperature(logits, labels) == pytest.approx(3.0, rel=0.08)


def test_fitting_lowers_likelihood_loss_and_calibration_error() -> None:
    logits, labels = _overconfident()
    found = fit_temperature(logits, labels)
    assert negative_log_likelihood(logits, labels, found) < negative_log_likelihood(logits, labels)
    before = expected_calibration_error(softmax(logits), labels)
    after = expected_calibration_error(softmax(logits, found), labels)
    assert after < 0.03 < before


def test_no_rows_fit_no_temperature() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        fit_temperature(np.zeros((0, 3)), np.zeros(0, dtype=np.int64))


def test_sure_and_right_is_calibrated_sure_and_wrong_is_not() -> None:
    probs = np.array([[1.0, 0.0]] * 4)
    assert expected_calibration_error(probs, np.zeros(4, dtype=np.int64)) == 0.0
    assert expected_calibration_error(probs, np.ones(4, dtype=np.int64)) == 1.0


def test_known_calibration_error() -> None:
    probs = np.array([[0.7, 0.3], [0.7, 0.3], [0.1, 0.9], [0.1, 0.9]])
    labels = np.array([0, 1, 1, 1])
    assert expected_calibration_error(probs, labels) == pytest.approx(0.5 * 0.2 + 0.5 * 0.1)


def test_no_rows_have_no_calibration_error() -> None:
    assert expected_calibration_error(np.zeros((0, 3)), np.zeros(0, dtype=np.int64)) == 0.0


def test_softmax_takes_large_logits() -> None:
    assert softmax(np.array([[10_000.0, 0.0]])).tolist() == [[1.0, 0.0]]


def test_what_rounding_leaves_goes_to_the_largest_remainder() -> None:
    probs = np.array([[0.0000004, 0.4999998, 0.4999998]])
    assert probabilities_to_micro(probs).tolist() == [[0, 500_000, 500_000]]
