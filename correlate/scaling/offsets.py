"""Does a group of rungs sit above or below the others at equal compute?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm

from correlate.panel import Floats, Ints
from correlate.scaling.nested import f_statistic, p_value
from correlate.stats.controls import smooth
from correlate.stats.resample import compact
from correlate.stats.wild import null_draws, webb


@dataclass(frozen=True)
class Offsets:
    """Offsets of groups from the largest one, on the scale of analysis, and their joint test.

    ``table`` has columns group, rungs, families, offset, low, high; the first row is the group
    the others are compared with.
    """

    table: pd.DataFrame
    p: float


def offsets(
    group: list[str],
    log_compute: Floats,
    y: Floats,
    cluster: Ints,
    least_families: int,
    level: float,
    replicates: int,
    rng: np.random.Generator,
) -> Offsets | None:
    """Group offsets given a smooth curve of log compute; arrays (m,).

    Groups of fewer than ``least_families`` families are left out; None where fewer than two are
    left. Intervals use cluster-robust errors with t quantiles; the joint p-value is that of the
    wild cluster bootstrap with the null imposed (Cameron, Gelbach & Miller 2008).
    """
    names = pd.Series(group, dtype=object)
    families = pd.Series(cluster).groupby(names).nunique()
    kept = list(families[families >= least_families].index)
    if len(kept) < 2:
        return None
    keep = names.isin(kept).to_numpy() & np.isfinite(log_compute)
    names, y, cluster = names[keep], y[keep], compact(cluster[keep])
    ranked = list(names.value_counts().index)
    dummies = np.column_stack([(names == g).to_numpy(float) for g in ranked[1:]])
    curve = np.column_stack([np.ones(len(y)), smooth(log_compute[keep])])
    design = np.column_stack([curve, dummies])
    factors = webb(int(cluster.max()) + 1, replicates, rng)
    outcomes = np.vstack([y, null_draws(y, curve, cluster, factors)])
    f = f_statistic(outcomes, curve, design)
    fitted = sm.OLS(y, design).fit(cov_type="cluster", cov_kwds={"groups": cluster}, use_t=True)
    ends = np.asarray(fitted.conf_int(1 - level))[curve.shape[1] :]
    rows = [{"group": ranked[0], "offset": 0.0, "low": np.nan, "high": np.nan}]
    rows += [
        {"group": g, "offset": float(b), "low": float(low), "high": float(high)}
        for g, b, (low, high) in zip(ranked[1:], fitted.params[curve.shape[1] :], ends, strict=True)
    ]
    table = pd.DataFrame(rows)
    table.insert(1, "rungs", [int((names == g).sum()) for g in ranked])
    table.insert(2, "families", [int(families[g]) for g in ranked])
    return Offsets(table, p_value(float(f[0]), f[1:]))
