"""The tails agree with scipy's distributions and with simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from stream.spikes import MAX_SURPRISE, clip_limit, share_tail, surprise


@pytest.mark.parametrize("phi", [0.02, 0.3, 0.6, 5.0, 50.0])
@pytest.mark.parametrize("mu", [0.001, 0.5, 3.1, 40.0, 900.0])
def test_surprise_is_the_negative_binomial_tail(mu: float, phi: float) -> None:
    n = np.arange(0, 60)
    r = 1.0 / phi
    expected = -stats.nbinom.logsf(n - 1, r, r / (r + mu)) / np.log(10.0)

    found = surprise(n, np.full(60, mu), phi)

    sane = expected < 12  # scipy's own survival function loses digits beyond
    np.testing.assert_allclose(found[sane], expected[sane], rtol=1e-6, atol=1e-9)


def test_surprise_grows_with_the_count_and_falls_with_the_usual() -> None:
    assert (np.diff(surprise(np.arange(50), np.full(50, 2.0), 0.6)) > 0).all()
    assert (np.diff(surprise(np.full(50, 9), np.linspace(0.1, 8.0, 50), 0.6)) < 0).all()


def test_surprise_is_bounded_and_never_nan() -> None:
    found = surprise([0, 1, 10**6, 10**6], [1e-9, 1e-9, 1e-9, 1e6], [0.02, 0.02, 0.02, 50.0])

    assert np.isfinite(found).all()
    assert found.max() <= MAX_SURPRISE
    assert found[0] == 0.0


def test_surprise_is_right_about_how_often() -> None:
    rng = np.random.default_rng(7)
    mu, phi = 3.0, 0.5
    draws = rng.negative_binomial(1 / phi, (1 / phi) / (1 / phi + mu), 200_000)

    for level in (1.0, 2.0, 3.0):
        rate = (surprise(draws, np.full(draws.size, mu), phi) >= level).mean()
        assert rate <= 10.0**-level * 1.15


@pytest.mark.parametrize(("n", "total", "share"), [(1, 1, 0.2), (3, 9, 0.3), (14, 23, 0.28)])
def test_share_tail_is_the_beta_binomial_tail(n: int, total: int, share: float) -> None:
    expected = stats.betabinom.sf(n - 1, total, 20.0 * share, 20.0 * (1 - share))

    assert share_tail(n, total, share, 20.0) == pytest.approx(expected, rel=1e-9)


def test_clip_limit_leaves_room_for_the_usual() -> None:
    assert clip_limit(10.0, 0.02) > 10.0
    assert clip_limit(0.0, 50.0) == 1.0
