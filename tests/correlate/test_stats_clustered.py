"""CR2, wild bootstrap, reliability and SIMEX against references and hand-computed cases."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from correlate.stats import clustered, family, noise, resample


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(8)
    cluster = np.sort(np.r_[np.arange(14), rng.integers(14, size=46)])
    control = rng.normal(size=60)
    x = control + rng.normal(size=14)[cluster] + rng.normal(size=60)
    y = 0.25 * x + control + rng.normal(size=14)[cluster] + rng.normal(size=60)
    return y, x, np.column_stack([np.ones(60), control]), cluster


def test_cr2_of_lone_rungs_is_hc2(made):
    y, x, controls, _ = made
    got = clustered.cr2(y, x, controls, np.arange(60), 0.95)
    reference = sm.OLS(y, np.column_stack([x, controls])).fit(cov_type="HC2")
    assert got.value == pytest.approx(reference.params[0])
    assert got.error == pytest.approx(reference.bse[0])


def test_cr2_of_a_mean_over_equal_clusters_by_hand():
    # Mean of G equal clusters: variance sum (mean_g - mean)^2 / (G (G - 1)), G - 1 degrees.
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(6), 5)
    y = rng.normal(size=30) + rng.normal(size=6)[cluster]
    means = y.reshape(6, 5).mean(axis=1)
    got = clustered.cr2(y, np.ones(30), np.zeros((30, 0)), cluster, 0.95)
    assert got.value == pytest.approx(y.mean())
    assert got.error**2 == pytest.approx(means.var(ddof=1) / 6)
    assert got.free == pytest.approx(5.0)


def test_influence_error_is_the_cluster_sandwich_of_statsmodels(made):
    y, x, controls, cluster = made
    weights = np.ones((1, 14))
    found = family.partialled(x, y, controls, cluster, weights, "slope")
    fit = sm.OLS(y, np.column_stack([x, controls])).fit(
        cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False}
    )
    assert found.value == pytest.approx(fit.params[0])
    assert found.error == pytest.approx(fit.bse[0] * np.sqrt(14 / 13))


def test_within_family_slope_is_that_of_pyfixest(made):
    pf = pytest.importorskip("pyfixest")
    y, x, controls, cluster = made
    frame = pd.DataFrame({"y": y, "x": x, "c": controls[:, 1], "f": cluster})
    fit = pf.feols(
        "y ~ x + c | f", data=frame, vcov={"CRV1": "f"}, ssc=pf.ssc(k_adj=False, G_adj=True)
    )
    inside = resample.demean(np.column_stack([x, y, controls[:, 1]]), cluster)
    found = family.partialled(
        inside[:, 0], inside[:, 1], inside[:, 2:], cluster, np.ones((1, 14)), "slope"
    )
    assert found.value == pytest.approx(fit.coef()["x"])
    assert found.error == pytest.approx(fit.se()["x"])


def test_wild_bootstrap_agrees_with_wildboottest(made):
    pf = pytest.importorskip("pyfixest")
    pytest.importorskip("wildboottest")
    y, x, controls, cluster = made
    frame = pd.DataFrame({"y": y, "x": x, "c": controls[:, 1], "f": cluster})
    fit = pf.feols("y ~ x + c", data=frame, vcov={"CRV1": "f"})
    reference = fit.wildboottest(reps=9999, cluster="f", param="x", weights_type="webb", seed=3)
    got = clustered.wild_p(y, x, controls, cluster, 9999, np.random.default_rng(1))
    assert got == pytest.approx(float(reference["Pr(>|t|)"]), abs=0.02)


def test_reliability_and_disattenuation_recover_the_truth():
    rng = np.random.default_rng(5)
    m = 20_000
    ability = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=m)
    noise_x, noise_y = np.full(m, 0.5), np.full(m, 1.0)
    x = ability[:, 0] + rng.normal(size=m) * np.sqrt(noise_x)
    y = ability[:, 1] + rng.normal(size=m) * np.sqrt(noise_y)
    one = np.ones((m, 1))
    taken = noise.leverage(one)
    rel_x = noise.reliability(noise.residuals(x, one), noise_x, taken)
    rel_y = noise.reliability(noise.residuals(y, one), noise_y, taken)
    assert rel_x == pytest.approx(1 / 1.5, abs=0.02)
    assert rel_y == pytest.approx(1 / 2, abs=0.02)
    observed = np.corrcoef(x, y)[0, 1]
    assert observed / np.sqrt(rel_x * rel_y) == pytest.approx(0.6, abs=0.03)


def test_simex_moves_a_correlation_most_of_the_way_to_the_truth():
    rng = np.random.default_rng(6)
    m = 4000
    ability = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], size=m)
    noise_x = np.full(m, 0.2)
    x, y = (ability[:, j] + rng.normal(size=m) * np.sqrt(0.2) for j in (0, 1))
    observed = np.corrcoef(x, y)[0, 1]
    found = noise.simex(x, y, noise_x, noise_x, np.ones((m, 1)), rng, draws=20)
    assert observed == pytest.approx(0.7 / 1.2, abs=0.03)
    assert found == pytest.approx(0.7, abs=0.04)


def test_unknown_noise_has_no_reliability():
    values = np.arange(5.0)
    assert np.isnan(noise.reliability(values, np.full(5, np.nan), np.zeros(5)))
