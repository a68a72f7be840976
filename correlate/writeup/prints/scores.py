"""Scores drawn for print: easy against hard, and each benchmark along compute and along loss."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from correlate.evidence import Evidence
from correlate.panel import Column
from correlate.writeup.fit import Fit, fit
from correlate.writeup.plots import LOSS
from correlate.writeup.prints.paper import (
    Drawing,
    floor,
    halo,
    legend_sheet,
    marks,
    named,
    shown,
    slug,
    unit,
)
from correlate.writeup.style import Look


def scatter(e: Evidence, families: dict[str, Look]) -> Drawing:
    """Easy against hard, one mark a rung; fitted curve, its 90 % band, the guess-rate curve."""
    a = e.aligned
    rungs = pd.DataFrame(
        {
            "kind": "rung",
            "model": a.models,
            "family": [a.families[f] for f in a.family],
            "easy": a.easy.score,
            "hard": a.hard.score,
            "n_easy": a.easy.n,
            "n_hard": a.hard.n,
            "flops": np.exp(a.log_compute),
        }
    )
    figure, (axes,) = legend_sheet(families)
    view = rungs.assign(easy=shown(a.easy, a.easy.score), hard=shown(a.hard, a.hard.score))
    marks(axes, view, "easy", "hard", families)
    axes.set(xlabel=unit(a.easy), ylabel=unit(a.hard))
    within(axes, a.hard, view["hard"])
    curve = fit(e)
    drawn = rungs
    if curve is not None:
        band(axes, curve, shown(a.easy, curve.across), a.hard)
        drawn = pd.concat([rungs, rows(curve, "easy")], ignore_index=True)
    floor(axes, a.hard)
    named(axes, view, "easy", "hard", families)
    return Drawing(f"scatter-{slug(a.easy.benchmark)}-{slug(a.hard.benchmark)}", figure, drawn)


def band(axes: Axes, curve: Fit, across: np.ndarray, hard: Column, dashed: float = np.inf) -> None:
    """A fitted curve and its band; dashed where ``across`` lies beyond ``dashed``."""
    mid, low, high = (shown(hard, v) for v in (curve.hard, curve.low, curve.high))
    axes.fill_between(across, low, high, color="black", alpha=0.08, lw=0, zorder=0.5)
    known = across <= dashed
    axes.plot(across[known], mid[known], color="black", lw=1.1)
    axes.plot(across[~known], mid[~known], color="black", lw=1.1, ls="--")
    if curve.guess is not None:
        axes.plot(across, shown(hard, curve.guess), color="black", lw=0.9, ls=":")
        at = len(across) // 2
        axes.annotate(
            "guess-rate curve", (across[at], float(shown(hard, curve.guess)[at])), xytext=(3, -9),
            textcoords="offset points", fontsize=7, path_effects=[halo()],
        )  # fmt: skip


def rows(curve: Fit, across: str) -> pd.DataFrame:
    """A curve as rows of a figure's CSV."""
    table = pd.DataFrame(
        {"kind": "curve", across: curve.across, "hard": curve.hard, "low": curve.low,
         "high": curve.high}
    )  # fmt: skip
    return table if curve.guess is None else table.assign(guess_rate=curve.guess)


def curve(
    rows: pd.DataFrame, column: Column, families: dict[str, Look], across: str = "flops"
) -> Drawing:
    """One benchmark along training compute, or along the rung's loss (``across`` = ``LOSS``).

    ``rows`` has one row a model; lines join the rungs of one family and stage.
    """
    known = rows[rows[across] > 0]
    data = known.sort_values(["family", "stage", across])
    keep = ["model", "family", "stage", across, "score", "n"]
    figure, (axes,) = legend_sheet(families)
    view = data.assign(score=shown(column, data["score"].to_numpy(float)))
    for (family, _), group in view.groupby(["family", "stage"], sort=False, dropna=False):
        look = families[str(family)]
        axes.plot(group[across], group["score"], color=look.colour, lw=0.8, alpha=0.6, zorder=1.5)
    marks(axes, view, across, "score", families)
    within(axes, column, view["score"])
    axes.set_ylabel(unit(column))
    if across == LOSS:
        axes.invert_xaxis()
        axes.set_xlabel("loss (bits per byte; better to the right)")
    else:
        axes.set(xscale="log", xlabel="training compute (FLOPs)")
    floor(axes, column)
    named(axes, view, across, "score", families)
    name = f"curve-{slug(column.benchmark)}" + ("-loss" if across == LOSS else "")
    return Drawing(name, figure, data[keep])


def within(axes: Axes, column: Column, values: pd.Series) -> None:
    """Limits from the marks alone, so that a wide band does not squeeze them."""
    if not len(values):
        return
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if column.is_rate and column.chance > 0:
        low = min(low, 100 * column.chance)
    room = 0.06 * (high - low or 1.0)
    axes.set_ylim(low - room, high + room)
