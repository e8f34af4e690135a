"""The detector's mathematics: how surprising a count is, and whether a tone is worse than usual.

Called by the machine, with arrays over the keys of a tick. Pure and deterministic.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

#: Surprise of a tail that a double cannot hold any more.
MAX_SURPRISE = 300.0
PHI_RANGE = (0.02, 50.0)


def surprise(counts: ArrayLike, usual: ArrayLike, phi: ArrayLike) -> NDArray[np.float64]:
    """Return s = -log10 P(X >= n) for X negative binomial with mean mu and variance mu + phi mu^2.

    `counts` n: integers [k], `usual` mu > 0: [k], `phi` > 0: [k] or a scalar. Result: [k], in
    [0, MAX_SURPRISE]. P(X >= n) = I_q(n, 1/phi), q = mu / (mu + 1/phi), the regularised incomplete
    beta; 1 at n = 0.
    Source: NIST Digital Library of Mathematical Functions 8.17.24; Noufaily et al. (2013),
    Statistics in Medicine 32, for the negative binomial in surveillance.

    >>> surprise([0, 3, 14], [3.1, 3.1, 3.1], 0.3).round(3).tolist()
    [0.0, 0.283, 2.699]
    """
    n = np.asarray(counts, dtype=np.float64)
    mu = np.asarray(usual, dtype=np.float64)
    r = 1.0 / np.asarray(phi, dtype=np.float64)
    tail = np.where(n > 0, special.betainc(np.maximum(n, 1.0), r, mu / (mu + r)), 1.0)
    return np.asarray(-np.log10(np.maximum(tail, 10.0**-MAX_SURPRISE)) + 0.0)


def share_tail(negative: int, stories: int, usual_share: float, strength: float) -> float:
    """Return P(X >= negative) for X beta-binomial: how rarely the tone is that bad by chance.

    Of `stories` stories, each is negative with a probability that itself varies around
    `usual_share` as a beta distribution worth `strength` stories. In [0, 1].
    Source: Skellam (1948), Journal of the Royal Statistical Society B 10.

    >>> round(share_tail(14, 23, 0.28, 20.0), 4), share_tail(0, 5, 0.3, 20.0)
    (0.0184, 1.0)
    """
    if negative <= 0:
        return 1.0
    a = usual_share * strength
    b = (1.0 - usual_share) * strength
    k = np.arange(negative, stories + 1, dtype=np.float64)
    log_choose = -np.log1p(stories) - special.betaln(k + 1.0, stories - k + 1.0)
    log_pmf = log_choose + special.betaln(k + a, stories - k + b) - special.betaln(a, b)
    return float(min(np.exp(log_pmf).sum(), 1.0))


def clip_limit(usual: float, phi: float) -> float:
    """Return the most of a count that is learned as usual: mu + 3 sigma + 1.

    >>> clip_limit(0.0, 0.6), round(clip_limit(4.0, 0.25), 2)
    (1.0, 13.49)
    """
    return usual + 3.0 * float(np.sqrt(usual + phi * usual * usual)) + 1.0
