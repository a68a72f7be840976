"""Hold-outs as matrix products over families give the numbers of plain refits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression

from correlate.stats import heldout, resample
from correlate.stats.holdout import below, families_out
from correlate.stats.monotone import isotonic


@pytest.fixture(scope="module")
def made():
    """Fifty rungs of twelve families: compute, easy, and a hard score that easy moves."""
    rng = np.random.default_rng(11)
    family = np.sort(np.r_[np.arange(12), rng.integers(12, size=38)])
    compute = rng.normal(size=50)
    easy = compute + rng.normal(size=12)[family] + rng.normal(size=50)
    hard = compute + 0.5 * easy + rng.normal(size=12)[family] + rng.normal(size=50)
    return family, compute, easy, hard


def plain(columns, y, fold, weights):
    """Mean squared held-out error of scikit-learn's weighted fit."""
    fit = LinearRegression().fit(columns[fold.train], y[fold.train], weights[fold.train])
    miss = (y[fold.test] - fit.predict(columns[fold.test])) ** 2
    return np.average(miss, weights=weights[fold.test])


def share(compute, easy, y, folds, weights):
    one, both = compute[:, None], np.column_stack([compute, easy])
    before = sum(plain(one, y, f, weights) for f in folds)
    return 1 - sum(plain(both, y, f, weights) for f in folds) / before


def designs(compute, easy):
    one = np.ones((len(compute), 1))
    return np.column_stack([one, compute]), np.column_stack([one, compute, easy])


def test_share_saved_equals_refitting_every_resample(made):
    family, compute, easy, hard = made
    folds = below("compute", compute, [0.4, 0.6], 5)
    weights = resample.multiplicities(12, 20, np.random.default_rng(0))
    found = heldout.saved(*designs(compute, easy), hard, folds, family, weights)
    expected = [share(compute, easy, hard, folds, w[family]) for w in weights]
    assert found == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("scheme", ["compute", "family"])
def test_p_value_counts_turned_families_by_hand(made, scheme):
    family, compute, easy, hard = made
    folds = below("compute", compute, [0.5], 5) if scheme == "compute" else families_out(family)
    rival, _ = designs(compute, easy)
    got = heldout.p_value(rival, easy, hard, rival, folds, family, 40, np.random.default_rng(3))
    signs = np.random.default_rng(3).integers(2, size=(40, 12)) * 2.0 - 1.0
    fitted = LinearRegression().fit(compute[:, None], easy).predict(compute[:, None])
    ones = np.ones(50)
    own = share(compute, easy, hard, folds, ones)
    drawn = [share(compute, fitted + s[family] * (easy - fitted), hard, folds, ones) for s in signs]
    assert got == pytest.approx((1 + sum(d >= own - 1e-12 for d in drawn)) / 41)


def test_p_value_is_small_where_easy_tells_and_large_where_it_cannot(made):
    family, compute, easy, hard = made
    rival, _ = designs(compute, easy)
    folds = families_out(family)

    def p(added):
        return heldout.p_value(
            rival, added, hard, rival, folds, family, 999, np.random.default_rng(0)
        )

    assert p(hard + 0.1 * easy) < 0.01
    assert p(2 * compute + 1) == 1.0  # nothing is left of it to turn


@given(st.integers(0, 2**32 - 1), st.integers(2, 14), st.integers(1, 6), st.booleans())
@settings(max_examples=40, deadline=None)
def test_isotonic_equals_scikit_learn_with_ties_and_empty_rungs(seed, n, t, shared):
    rng = np.random.default_rng(seed)
    rows = 1 if shared else 5
    old, new = (rng.integers(5, size=(rows, k)).astype(float) for k in (n, t))
    y, weights = rng.integers(4, size=n) / 4, rng.integers(3, size=(5, n)).astype(float)
    found = isotonic(old, y, weights, new)
    for r, w in enumerate(weights):
        index, ahead = (v[0 if shared else r] for v in (old, new))
        if w.sum() == 0:
            assert np.isnan(found[r]).all()
            continue
        model = IsotonicRegression(out_of_bounds="clip")
        model.fit(index[w > 0], y[w > 0], sample_weight=w[w > 0])
        assert found[r] == pytest.approx(model.predict(ahead), abs=1e-12)
