"""Predict hard scores on rungs held out, under each link, for all replicates at once.

A link says how predictors make a score: ``linear`` (least squares on the score), ``logit`` (least
squares on the empirical logit), ``guess-rate`` (binomial, p = c + (1 - c) expit(.)) and
``isotonic`` (monotone in one index, no shape assumed). Each is fitted with weights (R, m), so a
family bootstrap refits every replicate.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from correlate.panel import Floats
from correlate.stats.forecast import Forecast, Target
from correlate.stats.holdout import Fold
from correlate.stats.monotone import isotonic

STEPS = 25
"""Most Newton steps of the binomial fit."""

SETTLED = 1e-4
"""Step of a coefficient at which a fit stops; a Newton step leaves about its square."""

CHUNK = 1 << 16
"""Entries of a work matrix of replicates by rungs: few enough for the processor's cache."""


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
        fitted = _monotone(past, past, score, scale, w)
        return Forecast(
            _monotone(past, future, score, scale, w), _spread(score - fitted, w, q), False
        )
    coef = _coefficients(link, past, score, scale, w, target.chance)
    if link == "guess-rate":
        # The band is drawn on the logit scale, where a score at chance has no place of its own:
        # residuals there are taken from the score kept half an item off both ends.
        half = 0.5 / target.items[fold.train]
        inner = np.clip((score - target.chance) / (1 - target.chance), half, 1 - half)
        spread = _spread(special.logit(inner) - coef @ past.T, w, q)
        return Forecast(coef @ future.T, spread, True, target.chance)
    y = scale if link == "logit" else score
    return Forecast(coef @ future.T, _spread(y - coef @ past.T, w, q), link == "logit")


def errors(link: str, design: Floats, target: Target, fold: Fold, weights: Floats) -> Floats:
    """Absolute errors in score on the tested rungs, (R, t): ``forecast`` without its spread."""
    past, future = design[fold.train], design[fold.test]
    score, scale = target.score[fold.train], target.scale[fold.train]
    floor = target.chance if link == "guess-rate" else 0.0
    nothing = np.ones((1, 1))
    step = max(1, CHUNK // max(past.shape[0], future.shape[0]))
    made = np.empty((len(weights), len(future)))
    for start in range(0, len(weights), step):
        rows = slice(start, start + step)
        w = weights[rows, fold.train]
        if link == "isotonic":
            point = _monotone(past, future, score, scale, w)
        else:
            coef = _coefficients(link, past, score, scale, w, target.chance)
            found = Forecast(coef @ future.T, nothing, link != "linear", floor)
            point = found.to_score(found.centre)
        point = np.clip(point, 0, 1) if target.rate else point
        made[rows] = np.abs(target.score[fold.test] - point)
    return made


def _coefficients(
    link: str, past: Floats, score: Floats, scale: Floats, w: Floats, chance: float
) -> Floats:
    if link == "guess-rate":
        return binomial(past, score, w, chance)
    return least_squares(past, scale if link == "logit" else score, w)


def least_squares(design: Floats, y: Floats, weights: Floats) -> Floats:
    """Weighted least squares in each replicate: (m, q), (m,), (R, m) to coefficients (R, q)."""
    m, q = design.shape
    products = (design[:, :, None] * design[:, None, :]).reshape(m, q * q)
    gram = (weights @ products).reshape(-1, q, q)
    return solve(gram, weights @ (design * y[:, None]))


def binomial(design: Floats, y: Floats, weights: Floats, chance: float) -> Floats:
    """Guess-rate binomial fit by Fisher scoring in each replicate; coefficients (R, q).

    Maximises the binomial likelihood of p = c + (1 - c) expit(X b) over scores y (m,), with a
    ridge of 1e-5 m on slopes of standardised columns, so that perfect separation has a finite
    answer. ``design`` (m, q) has a constant first. Replicates start from the fit to all of them.
    """
    centre, stretch = design.mean(axis=0), design.std(axis=0)
    stretch = np.where(stretch > 0, stretch, 1.0)
    x = (design - centre) / stretch
    x[:, 0] = 1.0
    start = np.clip((y - chance) / (1 - chance), 0.02, 0.98)
    whole = weights.mean(axis=0, keepdims=True)
    coef = _scoring(x, y, whole, chance, least_squares(x, special.logit(start), whole))
    if len(weights) > 1:
        coef = _scoring(x, y, weights, chance, np.repeat(coef, len(weights), axis=0))
    coef[:, 1:] /= stretch[1:]
    coef[:, 0] -= coef[:, 1:] @ centre[1:]
    return coef


def _scoring(x: Floats, y: Floats, weights: Floats, chance: float, coef: Floats) -> Floats:
    """Fisher scoring from ``coef`` (R, q); a replicate that has settled is left alone."""
    m, q = x.shape
    products = (x[:, :, None] * x[:, None, :]).reshape(m, q * q)
    penalty = 1e-5 * m * np.diag(np.r_[0.0, np.ones(q - 1)])
    moving = np.arange(len(weights))
    for _ in range(STEPS):
        now, w = coef[moving], weights[moving]
        together = len(now) > 1 and bool((now == now[0]).all())
        at = now[:1] if together else now
        inner = special.expit(np.clip(at @ x.T, -15, 15))
        p = chance + (1 - chance) * inner
        # p'/(p (1 - p)) with p' = (1 - c) inner (1 - inner), and 1 - p = (1 - c)(1 - inner).
        lean = inner / p
        miss, bend = lean * (y - p), lean * (1 - chance) * inner * (1 - inner)
        if together:  # as at the start: what stands at one place is worked out once
            gradient, fisher = w @ (miss.T * x), w @ (bend.T * products)
        else:
            gradient, fisher = (w * miss) @ x, (w * bend) @ products
        gradient = gradient - now @ penalty
        step = np.clip(solve(fisher.reshape(-1, q, q) + penalty, gradient), -2, 2)
        coef[moving] = now + step
        moving = moving[np.abs(step).max(axis=1) >= SETTLED]
        if not len(moving):
            break
    return coef


def _monotone(past: Floats, ahead: Floats, score: Floats, scale: Floats, weights: Floats) -> Floats:
    """Isotonic fit of ``score`` under weights (R, n), read off at rows ``ahead`` (t, q): (R, t).

    Several predictors meet in their least-squares index on ``scale``; one predictor is its own
    index, turned where the fit falls; the mean has one level.
    """
    q = past.shape[1]
    if q == 1:
        return isotonic(past.T, score, weights, ahead.T)
    coef = least_squares(past, scale, weights)
    if q > 2:
        # Column by column: equal rungs get equal indices, to the last bit.
        old, new = (_index(coef, rows) for rows in (past, ahead))
        return isotonic(old, score, weights, new)
    made = np.empty((len(weights), len(ahead)))
    for sign in (1.0, -1.0):
        rows = np.flatnonzero((coef[:, 1] < 0) == (sign < 0))
        if len(rows):
            old, new = sign * past[:, 1:].T, sign * ahead[:, 1:].T
            made[rows] = isotonic(old, score, weights[rows], new)
    return made


def _index(coef: Floats, design: Floats) -> Floats:
    terms = [coef[:, [j]] * design[:, j] for j in range(1, design.shape[1])]
    return np.asarray(np.sum(terms, axis=0))


def _spread(residual: Floats, weights: Floats, parameters: int) -> Floats:
    """Residual standard deviation in each replicate, (R, 1); free rungs less parameters."""
    total = (weights * residual**2).sum(axis=1)
    free = np.maximum(weights.sum(axis=1) - parameters, 1.0)
    return np.sqrt(np.maximum(total / free, 1e-12))[:, None]


def solve(gram: Floats, right: Floats) -> Floats:
    """Solve positive definite (R, q, q) systems for (R, q), with a ridge of 1e-12 of the trace.

    The ridge gives an answer where rungs are too alike for one. Elimination without pivoting, in
    all systems at once: a call of LAPACK for each would cost more than the arithmetic.
    """
    q = gram.shape[-1]
    a = np.array(np.moveaxis(gram, 0, -1), order="C")
    b = np.array(right.T, order="C")
    ridge = 1e-12 * np.einsum("iir->r", a) + 1e-300
    for i in range(q):
        a[i, i] += ridge
    for i in range(q):
        for j in range(i + 1, q):
            factor = a[j, i] / a[i, i]
            a[j, i:] -= factor * a[i, i:]
            b[j] -= factor * b[i]
    for i in reversed(range(q)):
        for j in range(i + 1, q):
            b[i] -= a[i, j] * b[j]
        b[i] /= a[i, i]
    return np.ascontiguousarray(b.T)
