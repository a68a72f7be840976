"""The regression table a paper prints: from compute alone to easy, compute and family effects."""

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

FORMULAS = (  # columns (1) to (6); the last on deviations from the family's mean
    "y ~ c", "y ~ n + d", "y ~ x", "y ~ x + c", "y ~ x + n + d", "y ~ x + c - 1",
)  # fmt: skip
WITHIN = len(FORMULAS) - 1
CAPTION = "{hard} on {easy}: from compute alone to easy, compute and family effects"
NOTE = (
    "{hard} and {easy} as empirical logits (losses as they are, sign turned). Least squares; "
    "standard errors in parentheses, clustered by family (CR1, t with one degree of freedom less "
    "than families); no stars. Compute, parameters and tokens as natural logs. Column (6) holds "
    "families fixed: deviations from the family's mean, families of one rung left out, R2 within."
)
MOVES = 1e-9  # smallest singular value, over the largest, of a design that can be told apart


@dataclass(frozen=True)
class Regressions:
    """The regressions of one pair, as statsmodels results and as a table.

    ``fits`` has None for a column that cannot be estimated; ``reasons`` says why, by column.
    """

    easy: str
    hard: str
    fits: tuple[Any, ...]
    families: tuple[int, ...]
    reasons: tuple[str, ...]

    @property
    def caption(self) -> str:
        """What the table shows."""
        return CAPTION.format(easy=self.easy, hard=self.hard)

    @property
    def note(self) -> str:
        """How the table was made, and why a column is missing."""
        missing = [f"Column ({i}) not estimated: {r}." for i, r in enumerate(self.reasons, 1) if r]
        return " ".join([NOTE.format(easy=self.easy, hard=self.hard), *missing])

    def names(self) -> dict[str, str]:
        """Terms as a reader knows them."""
        return {
            "x": self.easy, "c": "log compute",
            "n": "log parameters", "d": "log tokens", "Intercept": "constant",
        }  # fmt: skip

    def table(self) -> pd.DataFrame:
        """Columns (1) to (6): estimates over (standard errors), then what a reader checks."""
        made = {f"({i})": f for i, f in enumerate(self.fits, 1) if f is not None}
        families = dict(zip(map(id, self.fits), self.families, strict=True))
        terms = [t for t in self.names() if any(t in f.params for f in made.values())]
        facts: dict[str, Any] = {
            "Family effects": lambda f: "yes" if f is self.fits[WITHIN] else "no",
            "N": lambda f: f"{f.nobs:.0f}",
            "Families": lambda f: str(families[id(f)]),
            "R2": lambda f: f"{f.rsquared:.3f}",
            "RMSE": lambda f: f"{np.sqrt(f.ssr / f.nobs):.3f}",
        }
        shown = summary_col(
            list(made.values()), model_names=list(made), stars=False, float_format="%.3f",
            regressor_order=terms, drop_omitted=True, info_dict=facts, include_r2=False,
        ).tables[0]  # fmt: skip
        names = [self.names().get(str(term), str(term)) for term in shown.index]
        table = shown.reset_index(drop=True)
        for i, reason in enumerate(self.reasons, 1):
            if reason:
                table.insert(i - 1, f"({i})", "")
        table.insert(0, self.hard, names)
        return table


def regressions(e: Evidence) -> Regressions | None:
    """Least squares on the scale of analysis with family-clustered errors; (6) within families.

    The same rungs in columns (1) to (5): those with known size, tokens and compute. None where
    they are too few to claim anything across families (claims.yaml, ``refusal``), or no column
    can be estimated.
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
    found = [_fit(formula, data) for formula in FORMULAS[:WITHIN]]
    found.append(_fit(FORMULAS[WITHIN], deviations(data)))
    fits, families, reasons = zip(*found, strict=True)
    if not any(f is not None for f in fits):
        return None
    return Regressions(e.pair.easy, e.pair.hard, fits, families, reasons)


def deviations(data: pd.DataFrame) -> pd.DataFrame:
    """Every column less its family's mean; families of one rung say nothing and are left out."""
    several = data[data.groupby("family")["y"].transform("size") > 1]
    values = several.drop(columns="family")
    return (values - values.groupby(several["family"]).transform("mean")).assign(
        family=several["family"]
    )


def _fit(formula: str, data: pd.DataFrame) -> tuple[Any, int, str]:
    """The fit, its families, and why there is none."""
    families = data["family"].nunique()
    if families < thresholds().refusal.min_families_within:
        return None, families, f"{families} families of two rungs or more"
    model = smf.ols(formula, data)
    sizes = np.linalg.svd(model.exog / np.abs(model.exog).max(axis=0).clip(1e-300),
                          compute_uv=False)  # fmt: skip
    if sizes[-1] <= MOVES * sizes[0]:
        return None, families, "its regressors cannot be told apart, or one does not vary"
    if len(sizes) >= families:
        return None, families, f"{len(sizes)} terms for {families} families"
    cluster = {"groups": data["family"]}
    return model.fit(cov_type="cluster", cov_kwds=cluster, use_t=True), families, ""
