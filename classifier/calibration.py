"""Make probabilities mean what they say: temperature, bias, and their measure.

Pure numpy; used by training (to fit), by evaluation (to measure) and by the scorer (to apply).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
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


def fit_bias(
    sets: Sequence[tuple[Floats, Integers]], *, reach: float = 1.0, step: float = 0.1
) -> tuple[float, float, float]:
    """Return what to add to three columns of logits for the best macro-F1, mean over `sets`.

    sets: logits [n, 3] and labels [n] of each data set, n > 0. The middle column gets 0; the
    others are searched on a grid from -reach to reach. Among equals the smallest move wins.
    Auxiliary training data shifts what is usual for a class; this puts it back. Raises ValueError
    for no sets. Source: threshold moving, Provost, AAAI workshop on imbalanced data sets, 2000.
    """
    if not sets:
        raise ValueError("expected at least one data set to fit a bias on, found none")
    steps = round(reach / step)
    moves = [round(number * step, 6) for number in range(-steps, steps + 1)]
    grid = sorted(product(moves, moves), key=lambda move: (abs(move[0]) + abs(move[1]), move))

    def mean_macro_f1(move: tuple[float, float]) -> float:
        bias = np.array([move[0], 0.0, move[1]])
        scores = [macro_f1((logits + bias).argmax(axis=1), labels) for logits, labels in sets]
        return round(sum(scores) / len(scores), 6)

    low, high = max(grid, key=mean_macro_f1)
    return low, 0.0, high


def macro_f1(found: Integers, labels: Integers) -> float:
    """Return the mean F1 over the classes that occur in `labels` [n] or in `found` [n].

    >>> macro_f1(np.array([0, 1, 1]), np.array([0, 1, 0]))
    0.6666666666666666
    """
    size = int(max(found.max(), labels.max())) + 1
    hits = np.bincount(labels[found == labels], minlength=size)
    total = np.bincount(labels, minlength=size) + np.bincount(found, minlength=size)
    there = total > 0
    return float((2 * hits[there] / total[there]).mean())


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
