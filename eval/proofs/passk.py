"""pass@k: the chance that at least one of k sampled proofs is right."""

from collections.abc import Sequence

import numpy as np

from eval.errors import InputError


def pass_at_k(n: int, correct: int, k: int) -> float:
    """Unbiased estimate from n samples of one problem, of which `correct` are right.

    1 - C(n - c, k) / C(n, k), as a product (Chen et al. 2021, arXiv 2107.03374, eq. 1). The
    plug-in 1 - (1 - c/n)^k is biased low.

    Raises
    ------
    InputError
        If k > n: fewer samples than that say nothing unbiased about k of them.
    """
    if not 1 <= k <= n:
        raise InputError(f"pass@{k}: needs 1 <= k <= samples, and there are {n}; sample more")
    if not 0 <= correct <= n:
        raise InputError(f"pass@{k}: {correct} right of {n} samples; count them again")
    if n - correct < k:
        return 1.0
    return float(1.0 - np.prod(1.0 - k / np.arange(n - correct + 1, n + 1)))


def interval(
    values: Sequence[float], rng: np.random.Generator, level: float = 0.95, draws: int = 2000
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean over problems.

    `values` has one pass@k a problem. Samples of one problem stay together: problems, not
    samples, are what the benchmark drew (Miller 2024, arXiv 2411.00640).
    """
    array = np.asarray(values, dtype=float)
    if array.size == 0:
        raise InputError("pass@k: no problems; give at least one")
    means = array[rng.integers(0, array.size, size=(draws, array.size))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
