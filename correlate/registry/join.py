"""Join covariates to models by hub id, then by a conservative normal form of the name."""

from __future__ import annotations

import pandas as pd

from correlate.panel import Finding


def join_covariates(scores: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Covariates that ``scores`` lacks, by model."""
    return scores, []
