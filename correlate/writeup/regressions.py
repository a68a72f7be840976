"""The regression table of a paper: from compute alone to easy, compute and family effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from statsmodels.iolib.summary2 import summary_col

from correlate.evidence import Evidence
from correlate.senses.sample import prepare
from correlate.senses.settings import Settings, thresholds

FORMULAS = (  # columns (1) to (6)
    "y ~ c", "y ~ n + d", "y ~ x", "y ~ x + c", "y ~ x + n + d", "y ~ x + c + C(family)",
)  # fmt: skip
NOTE = (
    "{hard} on {easy}, both as empirical logits (losses as they are, sign turned). Least squares; "
    "standard errors in parentheses, clustered by family. Column (6) holds families fixed."
)


@dataclass(frozen=True)
class Regressions:
    """The six regressions of one pair, as statsmodels results and as a table."""

    easy: str
    hard: str
    fits: tuple[Any, ...]
    families: int

    @property
    def caption(self) -> str:
        """What the table shows and how it was made."""
        return NOTE.format(easy=self.easy, hard=self.hard)

    def names(self) -> dict[str, str]:
        """Terms as a reader knows them."""
        return {
            "x": self.easy, "c": "log compute",
            "n": "log parameters", "d": "log tokens", "Intercept": "constant",
        }  # fmt: skip

    def table(self) -> pd.DataFrame:
        """Columns (1) to (6): estimates over (standard errors), then what a reader checks."""
        terms = [t for t in self.names() if any(t in f.params for f in self.fits)]
        facts: dict[str, Any] = {
            "Family effects": lambda f: "yes" if "C(family)" in f.model.formula else "no",
            "N": lambda f: f"{f.nobs:.0f}",
            "Families": lambda _: str(self.families),
            "R2": lambda f: f"{f.rsquared:.3f}",
        }
        columns = [f"({i})" for i in range(1, len(self.fits) + 1)]
        shown = summary_col(
            list(self.fits), model_names=columns, stars=False, float_format="%.3f",
            regressor_order=terms, drop_omitted=True, info_dict=facts, include_r2=False,
        ).tables[0]  # fmt: skip
        names = [self.names().get(str(term), str(term)) for term in shown.index]
        table = shown.reset_index(drop=True)
        table.insert(0, self.hard, names)
        return table


def regressions(e: Evidence) -> Regressions | None:
    """Least squares on the scale of analysis with family-clustered errors; (6) adds families.

    The same rungs in every column: those with known size, tokens and compute. None where they
    are too few to claim anything across families (claims.yaml, ``refusal``).
    """
    sample = prepare(e.aligned, Settings())
    known = np.isfinite(sample.log_params) & np.isfinite(sample.log_tokens)
    used = sample.where(known & np.isfinite(sample.log_compute))
    rule = thresholds().refusal
    if used.m < rule.min_models or used.families < rule.min_families:
        return None
    data = pd.DataFrame(
        {"y": used.y, "x": used.x, "c": used.log_compute, "n": used.log_params,
         "d": used.log_tokens, "family": used.family}
    )  # fmt: skip
    cluster = {"groups": data["family"]}
    fits = tuple(
        smf.ols(formula, data).fit(cov_type="cluster", cov_kwds=cluster, use_t=True)
        for formula in FORMULAS
    )
    return Regressions(e.pair.easy, e.pair.hard, fits, used.families)
