"""Panels whose truth is known: families with offsets, a compute trend, floors, item noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from correlate.panel import Aligned, Column, Floats, Pair

BENCHMARKS = ("easy", "hard", "placebo")


@dataclass(frozen=True)
class World:
    """How a panel comes about. Ability on a benchmark, on the logit scale, is

        intercept + slope log C + between * family offset + within * rung deviation

    and the score is chance + (1 - chance) expit(ability), observed on ``items`` items.

    Offsets and deviations are standard normal. ``family_effect`` is the correlation of the easy
    and the hard family offset, ``rung_effect`` that of the rung deviations: both 0 means that
    the two benchmarks share nothing but compute. The placebo shares with the hard benchmark by
    ``placebo_effect`` at both levels. Deviations of checkpoints of one run follow an AR(1) with
    correlation ``persistence`` between neighbours.

    With a ``bend``, the hard benchmark's slope loses that share above the middle of the range of
    compute.

    Slopes, offsets and deviations are those of mixed models of GSM8K and MATH level 5 on log
    compute in the ObsScaling tables (family sd 1.1 to 1.5, rung sd 0.65), rounded.
    """

    families: int = 20
    rungs: tuple[int, int] = (1, 6)
    checkpoints: int = 1
    items: tuple[int, int, int] = (1319, 1324, 10042)
    chance: tuple[float, float, float] = (0.0, 0.0, 0.0)
    intercept: tuple[float, float, float] = (0.0, -1.0, 0.5)
    slope: tuple[float, float, float] = (0.6, 0.4, 0.3)
    between: float = 1.0
    within: float = 0.6
    family_effect: float = 0.0
    rung_effect: float = 0.0
    placebo_effect: float = 0.0
    persistence: float = 0.8
    bend: float = 0.0


def aligned(world: World, rng: np.random.Generator) -> Aligned:
    """One panel drawn from ``world``, aligned on easy, hard and placebo."""
    sizes = rng.integers(world.rungs[0], world.rungs[1] + 1, size=world.families)
    runs = int(sizes.sum())
    family_of_run = np.repeat(np.arange(world.families), sizes)
    base = rng.uniform(-6.0, 2.0, size=world.families)[family_of_run]
    step = np.arange(runs) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    final = base + step * rng.uniform(0.5, 1.5, size=world.families)[family_of_run]
    run = np.repeat(np.arange(runs), world.checkpoints)
    family = family_of_run[run]
    point = np.tile(np.arange(world.checkpoints), runs)
    log_c = final[run] - 0.7 * (world.checkpoints - 1 - point)
    offsets = _triple(rng, world.families, world.family_effect, world.placebo_effect)[family]
    deviations = _deviations(world, runs, rng)
    columns = []
    for j, name in enumerate(BENCHMARKS):
        trend = log_c
        if name == "hard" and world.bend:
            trend = log_c - world.bend * np.maximum(log_c - (log_c.min() + log_c.max()) / 2, 0.0)
        ability = world.intercept[j] + world.slope[j] * trend
        ability = ability + world.between * offsets[:, j] + world.within * deviations[:, j]
        p = world.chance[j] + (1 - world.chance[j]) * expit(ability)
        score = rng.binomial(world.items[j], p) / world.items[j]
        columns.append(_column(name, score, world.items[j], world.chance[j]))
    order = np.lexsort((log_c, family))
    cut = [_reorder(c, order) for c in columns]
    unknown = np.full(len(order), np.nan)
    return Aligned(
        pair=Pair("easy", "hard", "placebo"),
        models=tuple(f"f{family[i]}-r{run[i]}-c{point[i]}" for i in order),
        family=family[order],
        families=tuple(f"f{k}" for k in range(world.families)),
        run=run[order],
        log_compute=log_c[order] + np.log(1e21),
        log_params=unknown,
        log_tokens=unknown,
        release=unknown,
        easy=cut[0],
        hard=cut[1],
        placebo=cut[2],
    )


def _triple(rng: np.random.Generator, size: int, effect: float, placebo: float) -> Floats:
    """Standard normals (size, 3): easy and placebo independent, each correlated with hard."""
    z = rng.standard_normal((size, 3))
    own = np.sqrt(max(0.0, 1 - effect**2 - placebo**2))
    z[:, 1] = effect * z[:, 0] + placebo * z[:, 2] + own * z[:, 1]
    return z


def _deviations(world: World, runs: int, rng: np.random.Generator) -> Floats:
    """Rung deviations, shape (runs x checkpoints, 3), AR(1) along the checkpoints of a run."""
    state = _triple(rng, runs, world.rung_effect, world.placebo_effect)
    path = [state]
    fresh = np.sqrt(1 - world.persistence**2)
    for _ in range(world.checkpoints - 1):
        shock = _triple(rng, runs, world.rung_effect, world.placebo_effect)
        state = world.persistence * state + fresh * shock
        path.append(state)
    return np.stack(path, axis=1).reshape(-1, 3)


def _column(name: str, score: Floats, items: int, chance: float) -> Column:
    m = len(score)
    return Column(
        benchmark=name,
        band="placebo" if name == "placebo" else "grade-school" if name == "easy" else "proof",
        score=np.asarray(score, dtype=np.float64),
        n=np.full(m, float(items)),
        stderr=np.full(m, np.nan),
        chance=chance,
        ceiling=1.0,
    )


def _reorder(column: Column, order: np.ndarray) -> Column:
    return Column(
        column.benchmark, column.band, column.score[order], column.n, column.stderr,
        column.chance, column.ceiling,
    )  # fmt: skip
