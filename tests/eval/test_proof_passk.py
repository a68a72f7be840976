"""pass@k against enumeration, and its interval against theory."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.errors import InputError
from eval.proofs.passk import interval, pass_at_k


@given(st.integers(1, 9), st.data())
def test_against_all_subsets(n: int, data: st.DataObject) -> None:
    right, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    subsets = list(itertools.combinations(range(n), k))
    hits = sum(any(i < right for i in subset) for subset in subsets)
    assert pass_at_k(n, right, k) == pytest.approx(hits / len(subsets))


def test_large_counts_stay_exact() -> None:
    expected = 1 - math.comb(190, 100) / math.comb(200, 100)
    assert pass_at_k(200, 10, 100) == pytest.approx(expected)


def test_it_is_unbiased() -> None:
    """Mean over samples equals 1 - (1-p)^k for every k."""
    p, n, k = 0.3, 10, 4
    mean = sum(
        math.comb(n, c) * p**c * (1 - p) ** (n - c) * pass_at_k(n, c, k) for c in range(n + 1)
    )
    assert mean == pytest.approx(1 - (1 - p) ** k)


@pytest.mark.parametrize(("n", "right", "k"), [(4, 1, 5), (4, 5, 1), (4, 1, 0), (0, 0, 1)])
def test_impossible_counts_are_errors(n: int, right: int, k: int) -> None:
    with pytest.raises(InputError, match="pass@"):
        pass_at_k(n, right, k)


def test_the_interval_is_of_problems() -> None:
    values = [1.0] * 30 + [0.0] * 70
    low, high = interval(values, np.random.default_rng(1))
    spread = 1.96 * math.sqrt(0.3 * 0.7 / 100)
    assert low == pytest.approx(0.3 - spread, abs=0.02)
    assert high == pytest.approx(0.3 + spread, abs=0.02)
    assert interval(values, np.random.default_rng(1)) == (low, high)
    with pytest.raises(InputError, match="no problems"):
        interval([], np.random.default_rng(1))
