"""The random intercept model against statsmodels, and where no family differs from another."""

import numpy as np
import pytest
from statsmodels.regression.mixed_linear_model import MixedLM

from correlate.stats.mixed import random_intercept


@pytest.mark.parametrize("between", [0.3, 1.0, 3.0])
def test_slope_and_error_are_those_of_statsmodels(between):
    rng = np.random.default_rng(1)
    family = np.sort(np.r_[np.arange(25), rng.integers(25, size=75)])
    design = np.column_stack([np.ones(100), rng.normal(size=(100, 2))])
    y = design @ [1.0, 0.5, -1.0] + between * rng.normal(size=25)[family] + rng.normal(size=100)
    found = random_intercept(design, y, family)
    theirs = MixedLM(y, design, groups=family).fit(reml=True)
    assert found.coef == pytest.approx(theirs.fe_params, abs=1e-3)
    # By hand: generalised least squares at these variances. statsmodels' errors are those of the
    # observed Hessian, which takes the variances for estimated as well.
    whole = np.eye(100) + found.ratio * (family[:, None] == family)
    gram = design.T @ np.linalg.solve(whole, design)
    assert found.error == pytest.approx(np.sqrt(theirs.scale * np.diag(np.linalg.inv(gram))), 2e-3)
    assert found.error == pytest.approx(theirs.bse_fe, rel=0.03)
    assert found.ratio == pytest.approx(float(theirs.cov_re.squeeze()) / theirs.scale, rel=0.01)


def test_without_differences_between_families_it_is_least_squares():
    rng = np.random.default_rng(0)
    design = np.column_stack([np.ones(60), rng.normal(size=60)])
    y = design @ [0.0, 1.0] + rng.normal(size=60)
    y -= np.repeat([y[i::20].mean() for i in range(20)], 1)[np.arange(60) % 20]  # levels taken out
    found = random_intercept(design, y, np.arange(60) % 20)
    assert found.coef == pytest.approx(np.linalg.lstsq(design, y, rcond=None)[0], abs=1e-4)


def test_columns_that_span_one_another_are_an_error():
    design = np.ones((10, 2))
    with pytest.raises(np.linalg.LinAlgError):
        random_intercept(design, np.arange(10.0), np.arange(10) // 2)
