"""The loss law L(N, D) = E + A/N^alpha + B/D^beta: fit, bootstrap, best split of compute."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import minimize

from correlate.errors import InputError
from correlate.panel import Floats, Ints
from correlate.stats.resample import multiplicities

DELTA = 1e-3  # Huber's corner, in log loss: Hoffmann et al. (2022), appendix D.2
GRID = {  # their grid of starts: log A, log B, log E, alpha, beta
    "a": np.arange(0.0, 26, 5),
    "b": np.arange(0.0, 26, 5),
    "e": np.arange(-1.0, 1.1, 0.5),
    "alpha": np.arange(0.0, 2.1, 0.5),
    "beta": np.arange(0.0, 2.1, 0.5),
}
STEEPEST = 5.0  # the bound of both exponents: no text's loss falls so fast
POLISHED = 12  # the starts of lowest objective that are carried to convergence


@dataclass(frozen=True)
class LossLaw:
    """A fitted law; losses in the unit they came in, N in parameters, D in tokens."""

    irreducible: float  # E
    a: float  # A
    b: float  # B
    alpha: float
    beta: float
    objective: float

    @classmethod
    def from_theta(cls, theta: Floats, objective: float) -> LossLaw:
        """From (log A, log B, log E, alpha, beta)."""
        a, b, e = (float(v) for v in np.exp(theta[:3]))
        return cls(e, a, b, float(theta[3]), float(theta[4]), objective)

    @property
    def at_bound(self) -> str:
        """Which exponents the optimiser pushed to ``STEEPEST``: no estimates; '' if none."""
        ends = {"size": self.alpha, "data": self.beta}
        far = [f"{name} {value:.2f}" for name, value in ends.items() if value > STEEPEST - 1e-6]
        return " and ".join(far)

    @property
    def theta(self) -> Floats:
        """(log A, log B, log E, alpha, beta), shape (5,)."""
        logs = np.log([self.a, self.b, self.irreducible])
        return np.array([*logs, self.alpha, self.beta])

    def loss(self, params: Floats, tokens: Floats) -> Floats:
        """Predicted loss, shape (m,)."""
        terms = self.a / params**self.alpha + self.b / tokens**self.beta
        return np.asarray(self.irreducible + terms, dtype=np.float64)

    def tokens_per_parameter(self, compute: Floats) -> Floats:
        """D/N that minimises the loss at C = 6ND, shape of ``compute``.

        Hoffmann et al. (2022), equation 4: N = G (C/6)^(beta/(alpha+beta)) with
        G = (alpha A / (beta B))^(1/(alpha+beta)).
        """
        total = self.alpha + self.beta
        g = (self.alpha * self.a / (self.beta * self.b)) ** (1 / total)
        params = g * (np.asarray(compute) / 6) ** (self.beta / total)
        return np.asarray(compute / 6 / params**2, dtype=np.float64)


def fit(params: Floats, tokens: Floats, loss: Floats, weights: Floats | None = None) -> LossLaw:
    """Fit by Huber's loss on log L with the three terms joined by log-sum-exp.

    Hoffmann et al. (2022, arXiv 2203.15556) D.2, with the correction of Besiroglu et al. (2024,
    arXiv 2404.10102): the objective is summed and scaled, not averaged, or the optimiser stops
    before it has arrived. All arrays (m,); ``weights`` counts each rung (a bootstrap draw).

    Raises
    ------
    InputError
        If fewer than six rungs or fewer than three sizes or token counts are given, or a value
        is not positive.
    """
    _check(params, tokens, loss)
    rows = (np.log(params), np.log(tokens), np.log(loss))
    w = np.ones(len(loss)) if weights is None else weights
    starts = np.array(list(product(*GRID.values())))
    level = np.array([_objective(s, *rows, w)[0] for s in starts])
    best = starts[np.argsort(level, kind="stable")[:POLISHED]]
    return _polish(best, rows, w)


def bootstrap(
    law: LossLaw,
    params: Floats,
    tokens: Floats,
    loss: Floats,
    cluster: Ints,
    replicates: int,
    rng: np.random.Generator,
) -> list[LossLaw]:
    """Refits on resampled clusters (training runs), each started from ``law``."""
    rows = (np.log(params), np.log(tokens), np.log(loss))
    counts = multiplicities(int(cluster.max()) + 1, replicates, rng)[:, cluster]
    return [_polish(law.theta[None, :], rows, w) for w in counts]


def _polish(starts: Floats, rows: tuple[Floats, Floats, Floats], weights: Floats) -> LossLaw:
    found = [
        minimize(
            _objective, start, args=(*rows, weights), jac=True, method="L-BFGS-B",
            bounds=[(None, None)] * 3 + [(0, STEEPEST)] * 2,
            options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-9},
        )
        for start in starts
    ]  # fmt: skip
    best = min(found, key=lambda r: r.fun)
    return LossLaw.from_theta(best.x, float(best.fun))


def _objective(
    theta: Floats, log_n: Floats, log_d: Floats, log_loss: Floats, weights: Floats
) -> tuple[float, Floats]:
    """Weighted sum of Huber's loss of the residuals over DELTA, and its gradient (5,)."""
    a, b, e, alpha, beta = theta
    terms = np.stack([a - alpha * log_n, b - beta * log_d, np.full_like(log_n, e)])
    top = terms.max(axis=0)
    raised = np.exp(terms - top)  # log-sum-exp by hand: scipy's costs ten times as much here
    total = raised.sum(axis=0)
    residual = np.log(total) + top - log_loss
    size = np.abs(residual)
    huber = np.where(size <= DELTA, 0.5 * residual**2 / DELTA, size - 0.5 * DELTA)
    share = raised / total * (weights * np.clip(residual / DELTA, -1, 1))
    gradient = [
        share[0].sum(), share[1].sum(), share[2].sum(),
        -(share[0] @ log_n), -(share[1] @ log_d),
    ]  # fmt: skip
    return float(weights @ huber), np.array(gradient)


def _check(params: Floats, tokens: Floats, loss: Floats) -> None:
    if not all((v > 0).all() and np.isfinite(v).all() for v in (params, tokens, loss)):
        raise InputError("loss law: sizes, tokens and losses: must be positive; drop the others")
    sizes, budgets = len(np.unique(params)), len(np.unique(tokens))
    if len(loss) < 6 or sizes < 3 or budgets < 3:
        raise InputError(
            f"loss law: {len(loss)} rungs of {sizes} sizes and {budgets} token counts: cannot "
            "tell size from data; give at least 6 rungs, 3 sizes and 3 token counts"
        )
