"""From a score to the scale it is analysed on: empirical logit, its noise, and back."""

from __future__ import annotations

import numpy as np

from correlate.errors import InputError
from correlate.panel import Column, Floats


def empirical_logit(successes: Floats, n: Floats) -> Floats:
    """log((k + 1/2) / (n - k + 1/2)), shape (m,) for successes and items of shape (m,).

    Cox & Snell (1989), Analysis of Binary Data, 2.1.6: finite at 0 and n.
    """
    return np.asarray(np.log((successes + 0.5) / (n - successes + 0.5)), dtype=np.float64)


def logit_variance(successes: Floats, n: Floats) -> Floats:
    """Binomial variance of the empirical logit: 1/(k + 1/2) + 1/(n - k + 1/2), shape (m,)."""
    return np.asarray(1 / (successes + 0.5) + 1 / (n - successes + 0.5), dtype=np.float64)


def items_of(column: Column, assumed: float) -> Floats:
    """Items behind each score, shape (m,): n, else p(1-p)/stderr², else ``assumed``."""
    p = column.score
    with np.errstate(divide="ignore", invalid="ignore"):
        implied = p * (1 - p) / column.stderr**2
    implied = np.where(np.isfinite(implied) & (implied >= 1), implied, assumed)
    return np.asarray(np.where(np.isfinite(column.n), column.n, implied), dtype=np.float64)


def on_scale(column: Column, correct_chance: bool, assumed: float) -> tuple[Floats, Floats]:
    """The column on its analysis scale, higher is better, and its noise variance; both (m,).

    Rates become empirical logits; with ``correct_chance`` of (p - chance)/(ceiling - chance),
    clipped to [0, 1]. A loss or bits per byte enters linearly with its sign turned. The variance
    is NaN where neither n nor a standard error is known.

    Raises
    ------
    InputError
        If a rate lies outside [0, 1] or stands on zero items.
    """
    if not column.is_rate:
        sign = 1.0 if column.higher_is_better else -1.0
        return sign * column.score, column.stderr**2
    _check(column)
    n = items_of(column, assumed)
    p, stretch = column.score, 1.0
    if correct_chance:
        stretch = 1 / (column.ceiling - column.chance)
        p = np.clip((p - column.chance) * stretch, 0.0, 1.0)
    known = np.isfinite(column.n) | np.isfinite(column.stderr)
    variance = stretch**2 * logit_variance(p * n, n)
    return empirical_logit(p * n, n), np.where(known, variance, np.nan)


def above_floor(column: Column, assumed: float) -> Floats:
    """1.0 where a score clears chance by two binomial standard errors of guessing, shape (m,)."""
    if not column.is_rate:
        return np.ones_like(column.score)
    n = items_of(column, assumed)
    c = max(column.chance, 0.0)
    # At chance 0 one lucky item is no evidence: ask for more than two.
    error = np.sqrt(np.maximum(c * (1 - c), 1 / n) / n)
    return np.asarray(column.score > c + 2 * error, dtype=np.float64)


def _check(column: Column) -> None:
    bad = (column.score < 0) | (column.score > 1)
    if bad.any():
        raise InputError(
            f"{column.benchmark}: score {column.score[bad][0]:g}: a rate must lie between 0 and 1; "
            "give fractions, or metric bits_per_byte for a loss"
        )
    if (column.n <= 0).any():
        raise InputError(
            f"{column.benchmark}: n = 0: a score needs items; drop the row or leave n empty"
        )
    if column.ceiling <= column.chance:
        raise InputError(
            f"{column.benchmark}: ceiling {column.ceiling:g} is not above chance "
            f"{column.chance:g}; correct the panel"
        )
