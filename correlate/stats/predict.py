"""Predict hard scores on rungs held out, under each link, for all replicates at once.

A link says how predictors make a score: ``linear`` (least squares on the score), ``logit`` (least
squares on the empirical logit), ``guess-rate`` (binomial, p = c + (1 - c) expit(.)) and
``isotonic`` (monotone in one index, no shape assumed). Each is fitted with weights (R, m), so a
family bootstrap refits every replicate.
"""

from __future__ import annotations

import numpy as np
from scipy import optimize, special

from correlate.panel import Floats
from correlate.stats.forecast import Forecast, Target
from correlate.stats.holdout import Fold

STEPS = 25
"""Most Newton steps of the binomial fit; it stops once no coefficient moves by 1e-6."""


def links_for(target: Target) -> tuple[str, ...]:
    """Links that apply: a loss has no logit."""
    return ("linear", "logit", "guess-rate", "isotonic") if target.rate else ("linear", "isotonic")


def forecast(link: str, design: Floats, target: Target, fold: Fold, weights: Floats) -> Forecast:
    """Fit ``link`` on the fold's training rungs under weights (R, m), predict the tested ones.

    ``design`` (m, q) has a constant first.
    """
    past, future = design[fold.train], design[fold.test]
    score, scale = target.score[fold.train], target.scale[fold.train]
    w = weights[:, fold.train]
    q = design.shape[1]
    if link == "isotonic":
        # Several predictors meet in their least-squares index; one predictor is its own index.
        coef = least_squares(past, scale, w)
        old, new = coef @ past.T, coef @ future.T
        fitted, centre = _monotone(old, new, score, w)
        return Forecast(centre, _spread(score - fitted, w, q), False)
    if link == "guess-rate":
        coef = binomial(past, score, w, target.chance)
        # The band is drawn on the logit scale, where a score at chance has no place of its own:
        # residuals there are taken from the score kept half an item off both ends.
        half = 0.5 / target.items[fold.train]
        inner = np.clip((score - target.chance) / (1 - target.chance), half, 1 - half)
        spread = _spread(special.logit(inner) - coef @ past.T, w, q)
        return Forecast(coef @ future.T, spread, True, target.chance)
    y = scale if link == "logit" else score
    coef = least_squares(past, y, w)
    return Forecast(coef @ future.T, _spread(y - coef @ past.T, w, q), link == "logit")


def least_squares(design: Floats, y: Floats, weights: Floats) -> Floats:
    """Weighted least squares in each replicate: (m, q), (m,), (R, m) to coefficients (R, q)."""
    m, q = design.shape
    products = (design[:, :, None] * design[:, None, :]).reshape(m, q * q)
    gram = (weights @ products).reshape(-1, q, q)
    return _solve(gram, weights @ (design * y[:, None]))


def binomial(design: Floats, y: Floats, weights: Floats, chance: float) -> Floats:
    """Guess-rate binomial fit by Fisher scoring in each replicate; coefficients (R, q).

    Maximises the binomial likelihood of p = c + (1 - c) expit(X b) over scores y (m,), with a
    ridge of 1e-5 m on slopes of standardised columns, so that perfect separation has a finite
    answer. ``design`` (m, q) has a constant first.
    """
    centre, stretch = design.mean(axis=0), design.std(axis=0)
    stretch = np.where(stretch > 0, stretch, 1.0)
    x = (design - centre) / stretch
    x[:, 0] = 1.0
    m, q = x.shape
    products = (x[:, :, None] * x[:, None, :]).reshape(m, q * q)
    penalty = 1e-5 * m * np.diag(np.r_[0.0, np.ones(q - 1)])
    start = np.clip((y - chance) / (1 - chance), 0.02, 0.98)
    coef = least_squares(x, special.logit(start), weights)
    for _ in range(STEPS):
        inner = special.expit(np.clip(coef @ x.T, -15, 15))
        p = np.clip(chance + (1 - chance) * inner, 1e-9, 1 - 1e-9)
        lean = weights * (1 - chance) * inner * (1 - inner) / (p * (1 - p))
        gradient = (lean * (y - p)) @ x - coef @ penalty
        fisher = (lean * (1 - chance) * inner * (1 - inner)) @ products
        step = np.clip(_solve(fisher.reshape(-1, q, q) + penalty, gradient), -2, 2)
        coef = coef + step
        if np.abs(step).max() < 1e-6:
            break
    coef[:, 1:] /= stretch[1:]
    coef[:, 0] -= coef[:, 1:] @ centre[1:]
    return coef


def _monotone(old: Floats, new: Floats, y: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Isotonic fit on (R, m) indices, read off at the old and the new ones: (R, m), (R, t)."""
    fitted, ahead = np.empty_like(old), np.empty_like(new)
    for r, w in enumerate(weights):
        drawn = np.flatnonzero(w > 0)
        order = drawn[np.argsort(old[r, drawn], kind="stable")]
        level = optimize.isotonic_regression(y[order], weights=w[order]).x
        fitted[r] = np.interp(old[r], old[r, order], level)
        ahead[r] = np.interp(new[r], old[r, order], level)
    return fitted, ahead


def _spread(residual: Floats, weights: Floats, parameters: int) -> Floats:
    """Residual standard deviation in each replicate, (R, 1); free rungs less parameters."""
    total = (weights * residual**2).sum(axis=1)
    free = np.maximum(weights.sum(axis=1) - parameters, 1.0)
    return np.sqrt(np.maximum(total / free, 1e-12))[:, None]


def _solve(gram: Floats, right: Floats) -> Floats:
    """Batch of small systems, with a ridge of 1e-12 of the trace where rungs are too alike."""
    q = gram.shape[-1]
    trace = np.einsum("rii->r", gram) + 1e-300
    ridge = 1e-12 * trace[:, None, None] * np.eye(q)
    return np.asarray(np.linalg.solve(gram + ridge, right[:, :, None])[:, :, 0])
