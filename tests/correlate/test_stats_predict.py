"""Links, forecasts and hold-outs against statsmodels, scikit-learn and hand-computed cases."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from sklearn.isotonic import IsotonicRegression

from correlate.stats import newfamily, predict, resample, wild
from correlate.stats.forecast import Forecast, Target, losses
from correlate.stats.holdout import Fold, below, families_out


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(2)
    m = 80
    design = np.column_stack([np.ones(m), rng.normal(40, 5, m), rng.normal(size=m)])
    p = 1 / (1 + np.exp(-(-8 + 0.2 * design[:, 1] + design[:, 2])))
    score = rng.binomial(400, p) / 400
    k = score * 400
    scale = np.log((k + 0.5) / (400 - k + 0.5))
    target = Target(score, scale, np.full(m, 400.0), 0.0, True)
    cluster = np.sort(rng.integers(12, size=m))
    fold = Fold("compute", "0.5", design[:, 1] <= 41, design[:, 1] > 41)
    weights = resample.multiplicities(12, 6, rng)[:, resample.compact(cluster)]
    return design, target, fold, weights


def test_binomial_fit_equals_statsmodels_under_weights(made):
    design, target, _, weights = made
    found = predict.binomial(design, target.score, weights, 0.0)
    for coef, w in zip(found, weights, strict=True):
        model = sm.GLM(target.score, design, family=sm.families.Binomial(), freq_weights=w)
        # The hair of ridge moves the third digit.
        assert coef == pytest.approx(model.fit().params, rel=5e-3, abs=1e-3)


def test_guess_rate_is_recovered():
    rng = np.random.default_rng(0)
    x = np.linspace(-3, 3, 400)
    design = np.column_stack([np.ones(400), x])
    p = 0.25 + 0.75 / (1 + np.exp(-(0.5 + 1.2 * x)))
    y = rng.binomial(5000, p) / 5000
    found = predict.binomial(design, y, np.ones((1, 400)), 0.25)[0]
    assert found == pytest.approx([0.5, 1.2], abs=0.05)


def test_perfect_separation_has_a_finite_answer():
    design = np.column_stack([np.ones(10), np.arange(10.0)])
    y = np.r_[np.zeros(5), np.ones(5)]
    assert np.isfinite(predict.binomial(design, y, np.ones((1, 10)), 0.0)).all()


def test_least_squares_links_equal_statsmodels(made):
    design, target, fold, weights = made
    for link, y in (("linear", target.score), ("logit", target.scale)):
        found = predict.forecast(link, design, target, fold, weights)
        for r, w in enumerate(weights):
            fit = sm.WLS(y[fold.train], design[fold.train], weights=w[fold.train]).fit()
            expected = fit.predict(design[fold.test])
            assert found.centre[r] == pytest.approx(expected, abs=1e-5)


def test_isotonic_link_equals_scikit_learn(made):
    design, target, fold, weights = made
    one = design[:, :2]
    found = predict.forecast("isotonic", one, target, fold, weights[:1])
    w = weights[0, fold.train]
    model = IsotonicRegression(out_of_bounds="clip")
    model.fit(one[fold.train, 1][w > 0], target.score[fold.train][w > 0], sample_weight=w[w > 0])
    assert found.centre[0] == pytest.approx(model.predict(one[fold.test, 1]), abs=1e-9)


def test_the_mean_has_one_level_under_every_link(made):
    design, target, fold, weights = made
    one = design[:, :1]
    for link, y in (("linear", target.score), ("isotonic", target.score)):
        found = predict.forecast(link, one, target, fold, weights)
        for centre, w in zip(found.centre, weights, strict=True):
            level = np.average(y[fold.train], weights=w[fold.train])
            assert centre == pytest.approx(np.full(len(centre), level), abs=1e-9)


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_errors_are_those_of_the_forecast(made, columns):
    design, target, fold, weights = made
    for link in predict.links_for(target):
        found = predict.forecast(link, design[:, :columns], target, fold, weights)
        point = np.clip(found.to_score(found.centre), 0, 1)
        expected = np.abs(target.score[fold.test] - point)
        got = predict.errors(link, design[:, :columns], target, fold, weights)
        assert got == pytest.approx(expected, abs=1e-9)


def test_a_falling_relation_is_fitted_falling(made):
    design, target, fold, weights = made
    turned = np.column_stack([design[:, 0], -design[:, 1]])
    a, b = (predict.errors("isotonic", d, target, fold, weights) for d in (design[:, :2], turned))
    assert a == pytest.approx(b)


@pytest.mark.parametrize("replicates", [1, 7])
def test_small_systems_are_solved_as_lapack_does_and_left_as_they_were(replicates):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(replicates, 9, 4))
    gram, right = np.einsum("rij,rik->rjk", rows, rows), rng.normal(size=(replicates, 4))
    before = gram.copy(), right.copy()
    expected = np.linalg.solve(gram, right[:, :, None])[:, :, 0]
    assert predict.solve(gram, right) == pytest.approx(expected, rel=1e-6)
    assert np.array_equal(gram, before[0])
    assert np.array_equal(right, before[1])


def test_losses_by_hand():
    # 3 of 10 right, forecast normal around 0.5 with sd 0.1 on the score.
    target = Target(np.array([0.3]), np.array([0.0]), np.array([10.0]), 0.0, True)
    found = Forecast(np.array([[0.5]]), np.array([[0.1]]), False)
    got = losses(found, target, np.array([True]), 0.90)
    assert got["mae"][0, 0] == pytest.approx(0.2)
    mass = stats.norm.cdf(-1.5) - stats.norm.cdf(-2.5)  # between 2.5 and 3.5 of 10
    assert got["log_score"][0, 0] == pytest.approx(np.log(mass))
    assert got["width"][0, 0] == pytest.approx(2 * 1.6448536 * 0.1)
    assert got["coverage"][0, 0] == 1.0  # 3.5 of 10 reaches into [0.336, 0.664]


def test_log_probabilities_of_all_counts_sum_to_one():
    n = 12
    counts = np.arange(n + 1) / n
    target = Target(counts, counts, np.full(n + 1, float(n)), 0.25, True)
    for logistic, floor in ((False, 0.0), (True, 0.0), (True, 0.25)):
        found = Forecast(np.full((1, n + 1), 0.4), np.array([[0.9]]), logistic, floor)
        got = losses(found, target, np.ones(n + 1, bool), 0.9)["log_score"]
        assert np.exp(got).sum() == pytest.approx(1.0, abs=1e-9)


def test_hold_outs_never_test_on_what_they_fit():
    family = np.array([0, 0, 1, 1, 2])
    compute = np.array([1.0, 2.0, 3.0, 4.0, np.nan])
    for fold in [*families_out(family), *below("compute", compute, [0.5], 1)]:
        assert not (fold.train & fold.test).any()
    cut = below("compute", compute, [0.5], 1)[0]
    assert cut.train.tolist() == [True, True, False, False, False]
    assert cut.test.tolist() == [False, False, True, True, False]
    assert below("compute", compute, [0.9], 3) == []


def test_leaving_families_out_equals_refitting(made):
    design, target, _, _ = made
    cluster = np.arange(80) // 8
    left = newfamily.leave_families_out(design, target.scale, cluster, 0.9)
    for fold in families_out(cluster):
        fit = sm.OLS(target.scale[fold.train], design[fold.train]).fit()
        expected = target.scale[fold.test] - fit.predict(design[fold.test])
        assert left.error[fold.test] == pytest.approx(expected, abs=1e-9)


def test_family_variances_are_recovered():
    rng = np.random.default_rng(4)
    cluster = np.repeat(np.arange(400), 4)
    x = np.column_stack([np.ones(1600), rng.normal(size=1600)])
    y = x @ [1.0, 0.5] + 0.8 * rng.normal(size=400)[cluster] + 0.5 * rng.normal(size=1600)
    fit = newfamily.fit(x, y, cluster)
    assert fit.between == pytest.approx(0.64, abs=0.15)  # three standard errors
    assert fit.within == pytest.approx(0.25, abs=0.02)


def test_webb_factors_have_mean_zero_and_variance_one():
    assert wild.WEBB.mean() == pytest.approx(0.0)
    assert (wild.WEBB**2).mean() == pytest.approx(1.0)
    assert wild.webb(5, 7, np.random.default_rng(0)).shape == (7, 5)
