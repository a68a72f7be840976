"""The hold-out for print: fitted below a cutoff of compute, tested above it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from correlate.evidence import Evidence
from correlate.panel import Floats
from correlate.senses.extrapolates import LEAST
from correlate.senses.sample import Sample, prepare, refusal
from correlate.senses.settings import Settings
from correlate.stats.holdout import Fold, below
from correlate.writeup.fit import Fit, back, through
from correlate.writeup.prints.paper import (
    Drawing,
    floor,
    legend_sheet,
    marks,
    named,
    shown,
    slug,
    unit,
)
from correlate.writeup.prints.scores import band, rows, within
from correlate.writeup.style import Look

GRID = 60  # points of a curve


@dataclass(frozen=True)
class Side:
    """One panel: a predictor ``x`` (m,) on its scale of analysis, and ``marks`` (m,) as drawn.

    ``grid`` (k,) spans ``x`` and ``line`` (k,) is the same as drawn.
    """

    name: str
    label: str
    title: str
    x: Floats
    marks: Floats
    grid: Floats
    line: Floats


def holdout(e: Evidence, families: dict[str, Look]) -> Drawing | None:
    """Two panels, the hard score foreseen from the easy one and from compute.

    Hollow marks below the cutoff are fitted, full ones above it are tested; the curve is dashed
    beyond the fitted range. The cutoff is the first of claims.yaml that leaves rungs enough. None
    where the sense refuses or no cutoff does.
    """
    settings = Settings()
    used = prepare(e.aligned, settings).with_compute()
    if refusal(used, settings):
        return None
    cutoffs = [float(q) for q in settings.thresholds.senses["extrapolates"]["cutoffs"]]
    folds = below("compute", used.log_compute, cutoffs, LEAST)
    if not folds:
        return None
    fold = folds[0]
    own = {
        m: e.aligned.families[f] for m, f in zip(e.aligned.models, e.aligned.family, strict=True)
    }
    figure, axes = legend_sheet(families, columns=2, width=6.6, height=3.6, above=0.5, gap=0.3)
    tables = [
        _draw(ax, side, used, fold, [own[m] for m in used.models], families)
        for ax, side in zip(axes, sides(used), strict=True)
    ]
    cut = float(np.exp(used.log_compute[fold.train].max()))
    axes[0].set_ylabel(unit(used.hard))
    axes[1].set_xscale("log")
    axes[1].axvline(cut, color="#555555", lw=0.8, ls=":")
    tested = tables[1][tables[1]["kind"] == "tested"]
    named(axes[1], tested.assign(hard=shown(used.hard, tested["hard"].to_numpy(float))),
          "across", "hard", families)  # fmt: skip
    figure.text(
        0.5, 0.985, f"hollow: {int(fold.train.sum())} rungs fitted; full: {int(fold.test.sum())} "
        f"rungs above {cut:.1e} FLOPs, tested", ha="center", va="top", fontsize=8,
    )  # fmt: skip
    name = f"holdout-{slug(e.pair.easy)}-{slug(e.pair.hard)}"
    return Drawing(name, figure, pd.concat(tables, ignore_index=True))


def sides(used: Sample) -> tuple[Side, Side]:
    """The two predictors: the easy score, and training compute."""
    spans = [np.linspace(x.min(), x.max(), GRID) for x in (used.x, used.log_compute)]
    easy = used.easy
    return (
        Side("easy", unit(easy), easy.benchmark, used.x, shown(easy, easy.score), spans[0],
             shown(easy, back(easy, spans[0]))),
        Side("compute", "training compute (FLOPs)", "compute", used.log_compute,
             np.exp(used.log_compute), spans[1], np.exp(spans[1])),
    )  # fmt: skip


def _draw(
    axes: Axes, side: Side, used: Sample, fold: Fold, family: list[str], looks: dict[str, Look]
) -> pd.DataFrame:
    """One panel; returns its rungs with the mean error above the cutoff, and its curve."""
    hard, past = used.hard, (side.x[fold.train], used.y[fold.train])
    found = through(*past, side.grid, hard)
    order = np.argsort(side.line)
    curve = Fit(side.line[order], found.hard[order], found.low[order], found.high[order])
    ahead = through(*past, side.x[fold.test], hard).hard
    missed = float(np.abs(ahead - hard.score[fold.test]).mean())
    data = pd.DataFrame(
        {"kind": np.where(fold.train, "fitted", "tested"), "model": used.models, "family": family,
         "predictor": side.name, "across": side.marks, "hard": hard.score,
         "error": np.where(fold.test, missed, np.nan)}
    )  # fmt: skip
    band(axes, curve, curve.across, hard, dashed=float(side.marks[fold.train].max()))
    view = data.assign(hard=shown(hard, hard.score))
    for kind, filled in (("fitted", False), ("tested", True)):
        marks(axes, view[view["kind"] == kind], "across", "hard", looks, filled)
    within(axes, hard, view["hard"])
    floor(axes, hard)
    axes.set_xlabel(side.label)
    size = f"{100 * missed:.1f} points" if hard.is_rate else f"{missed:.3f}"
    axes.set_title(f"from {side.title} alone: misses by {size}", fontsize=8.5)
    return pd.concat([data, rows(curve, "across").assign(predictor=side.name)], ignore_index=True)
