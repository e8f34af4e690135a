"""What every backend promises the scorer, run over every implementation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from classifier.backends.base import Backend
from classifier.backends.torch_backend import TorchBackend
from classifier.model_folder import DEFAULT_MODEL_DIR, load_weights, read_config


def _torch_on_cpu() -> Backend:
    config = read_config(DEFAULT_MODEL_DIR)
    return TorchBackend(config, load_weights(DEFAULT_MODEL_DIR, config), "cpu")


MAKERS: dict[str, Callable[[], Backend]] = {"torch": _torch_on_cpu}


@pytest.fixture(scope="module", params=sorted(MAKERS))
def backend(request: pytest.FixtureRequest) -> Backend:
    return MAKERS[request.param]()


def _row(length: int, seed: int) -> list[int]:
    body = np.random.default_rng(seed).integers(1_000, 30_000, length - 2)
    return [101, *body.tolist(), 102]


def test_logits_have_a_row_for_each_row_and_a_column_for_each_label(backend: Backend) -> None:
    first, second = backend.logits([[_row(5, 1), _row(9, 2)], [_row(30, 3)]])
    assert first["sentiment"].shape == (2, 3)
    assert first["topic"].shape == (2, 20)
    assert second["topic"].shape == (1, 20)
    assert first["topic"].dtype == second["sentiment"].dtype == np.float32


def test_no_batches_have_no_logits(backend: Backend) -> None:
    assert backend.logits([]) == []


def test_a_row_has_the_same_logits_whatever_batch_it_is_in(backend: Backend) -> None:
    rows = [_row(length, length) for length in (2, 3, 15, 16, 17, 40, 256)]
    alone = [backend.logits([[row]])[0] for row in rows]
    (together,) = backend.logits([rows])
    for number, single in enumerate(alone):
        for task in ("sentiment", "topic"):
            np.testing.assert_allclose(together[task][number], single[task][0], rtol=0, atol=1e-2)


def test_rows_come_in_order(backend: Backend) -> None:
    rows = [_row(20, seed) for seed in range(6)]
    (forward,) = backend.logits([rows])
    (backward,) = backend.logits([rows[::-1]])
    np.testing.assert_allclose(forward["topic"], backward["topic"][::-1], rtol=0, atol=1e-2)


def test_batches_come_in_order(backend: Backend) -> None:
    batches = [[_row(20, seed)] for seed in range(12)]
    many = backend.logits(batches)
    for batch, found in zip(batches, many, strict=True):
        expected = backend.logits([batch])[0]["sentiment"]
        np.testing.assert_allclose(found["sentiment"], expected, rtol=0, atol=1e-2)


def test_it_says_what_it_is(backend: Backend) -> None:
    described = backend.describe()
    assert described
    assert "\n" not in described
    assert backend.batch_tokens >= 256
