"""A regression whose families have random levels of their own, by restricted likelihood.

With one random intercept a family everything the likelihood needs are sums by family, and only the
ratio of the two variances has to be searched for (Searle, Casella & McCulloch 1992, Variance
Components, 6.6). The same estimate as statsmodels' ``MixedLM``, whose loop over families takes
seconds where there are a thousand of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from correlate.panel import Floats, Ints
from correlate.stats.resample import by_cluster

RATIOS = (-12.0, 8.0)
"""Logs of the least and the largest ratio of variances sought: next to none, next to all."""


@dataclass(frozen=True)
class Mixed:
    """Coefficients (q,), their standard errors (q,), and variance between over within families."""

    coef: Floats
    error: Floats
    ratio: float


def random_intercept(design: Floats, y: Floats, cluster: Ints) -> Mixed:
    """Fit y (m,) on design (m, q) with a random intercept for each of ``cluster`` (m,).

    Raises
    ------
    numpy.linalg.LinAlgError
        If a column of the design is spanned by the others.
    """
    m, q = design.shape
    columns = np.column_stack([design, y])
    sums, sizes = by_cluster(columns, cluster), np.bincount(cluster).astype(np.float64)
    whole = columns.T @ columns

    def left(ratio: float) -> tuple[Floats, Floats, float]:
        """Cross-products of the design, coefficients and residual variance at this ratio."""
        shrunk = whole - (sums * (ratio / (1 + sizes * ratio))[:, None]).T @ sums
        gram, right = shrunk[:-1, :-1], shrunk[:-1, -1]
        coef = np.asarray(np.linalg.solve(gram, right), dtype=np.float64)
        return gram, coef, float(shrunk[-1, -1] - right @ coef) / (m - q)

    def deviance(log_ratio: float) -> float:
        gram, _, variance = left(float(np.exp(log_ratio)))
        spread = np.log1p(sizes * np.exp(log_ratio)).sum()
        return float((m - q) * np.log(variance) + spread + np.linalg.slogdet(gram)[1])

    best = optimize.minimize_scalar(
        deviance, bounds=RATIOS, method="bounded", options={"xatol": 1e-6}
    )
    ratio = float(np.exp(best.x))
    gram, coef, variance = left(ratio)
    return Mixed(coef, np.sqrt(variance * np.diag(np.linalg.inv(gram))), ratio)
