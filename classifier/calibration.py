"""Make probabilities mean what they say: temperature scaling and its measure.

Pure numpy; used by training (to fit), by evaluation (to measure) and by the scorer (to apply).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32] | NDArray[np.float64]
    Integers = NDArray[np.int64]

MICRO = 1_000_000


def softmax(logits: Floats, temperature: float = 1.0) -> NDArray[np.float64]:
    """Return probabilities, float64 [n, k], of logits [n, k] divided by the temperature.

    >>> softmax(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    grown = np.exp(scaled)
    return np.asarray(grown / grown.sum(axis=1, keepdims=True), dtype=np.float64)


def negative_log_likelihood(logits: Floats, labels: Integers, temperature: float = 1.0) -> float:
    """Return the mean negative log likelihood (nats) of labels [n] under logits [n, k]."""
    probs = softmax(logits, temperature)[np.arange(len(labels)), labels]
    return float(-np.log(np.clip(probs, 1e-12, None)).mean())


def fit_temperature(
    logits: Floats,
    labels: Integers,
    *,
    lowest: float = 0.2,
    highest: float = 5.0,
) -> float:
    """Return the temperature in [lowest, highest] under which the labels are most likely.

    logits: [n, k], n > 0; labels: [n]. The likelihood has one maximum in log temperature, so a
    golden-section search finds it. Raises ValueError for no rows.
    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, section 4.2.
    """
    if len(labels) == 0:
        raise ValueError("expected at least one row to fit a temperature on, found none")
    golden = (5**0.5 - 1) / 2
    low, high = float(np.log(lowest)), float(np.log(highest))
    for _ in range(60):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if negative_log_likelihood(logits, labels, float(np.exp(left))) < negative_log_likelihood(
            logits, labels, float(np.exp(right))
        ):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def expected_calibration_error(probs: Floats, labels: Integers, bins: int = 15) -> float:
    """Return the mean gap between confidence and accuracy, weighted by bin size; 0 for no rows.

    probs: [n, k], rows sum to 1; labels: [n]. The bins have equal width over the confidence of the
    most likely class.
    Source: Naeini et al., AAAI 2015; Guo et al., ICML 2017, section 2.
    """
    if len(labels) == 0:
        return 0.0
    confidence = probs.max(axis=1)
    correct = probs.argmax(axis=1) == labels
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gap = 0.0
    for index in range(bins):
        inside = bin_of == index
        if inside.any():
            gap += abs(correct[inside].mean() - confidence[inside].mean()) * inside.mean()
    return float(gap)


def probabilities_to_micro(probs: Floats) -> NDArray[np.int64]:
    """Return int64 [n, k] in micro-units of which every row sums to exactly 1,000,000.

    Rounds down and gives what is left to the largest remainders, the lower column first among
    equals, so that equal probabilities give equal bytes. Each result is within 1 of its share.

    >>> probabilities_to_micro(np.array([[1 / 3, 1 / 3, 1 / 3]])).tolist()
    [[333334, 333333, 333333]]
    """
    shares = np.asarray(probs, dtype=np.float64) * MICRO
    micro = np.floor(shares).astype(np.int64)
    left = MICRO - micro.sum(axis=1)
    order = np.argsort(-(shares - micro), axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    return np.asarray(micro + (rank < left[:, None]), dtype=np.int64)
