"""Which rungs are held out: leave one family out, cutoffs of compute, and dates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from correlate.panel import Floats, Ints


@dataclass(frozen=True)
class Fold:
    """One split: boolean arrays of shape (m,), disjoint; ``name`` says which."""

    scheme: str
    name: str
    train: np.ndarray
    test: np.ndarray


def families_out(family: Ints, most: int = 60) -> list[Fold]:
    """One fold a family: fit on all others, test on it; several a fold beyond ``most``."""
    groups = min(most, int(family.max()) + 1)
    return [
        Fold("family", str(g), family % groups != g, family % groups == g) for g in range(groups)
    ]


def below(scheme: str, values: Floats, quantiles: list[float], least: int) -> list[Fold]:
    """Fit on rungs at or below a quantile of ``values``, test above it; NaN goes nowhere.

    Splits with fewer than ``least`` rungs on either side are left out.
    """
    folds = []
    known = np.isfinite(values)
    for q in quantiles:
        cut = np.quantile(values[known], q) if known.any() else np.nan
        train, test = known & (values <= cut), known & (values > cut)
        if min(train.sum(), test.sum()) >= least:
            folds.append(Fold(scheme, f"{q:g}", train, test))
    return folds
