"""Figures for print, drawn with matplotlib: PNG, SVG, PDF and the CSV each was drawn from."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from correlate.evidence import Evidence
from correlate.panel import Column
from correlate.writeup.answer import senses
from correlate.writeup.fit import fit
from correlate.writeup.forest import SENSES
from correlate.writeup.plots import LABELLED
from correlate.writeup.style import Look, wording

MARKS = {"circle": "o", "square": "s", "triangle": "^", "diamond": "D", "down": "v", "cross": "P"}
FORMATS = ("png", "svg", "pdf")
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.5,
    "axes.axisbelow": True,
    "savefig.dpi": 150,
    "svg.hashsalt": "easy-predicts-hard",  # the same bytes on every run
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}


@dataclass(frozen=True)
class Drawing:
    """A figure and the numbers it shows."""

    name: str
    figure: Figure
    data: pd.DataFrame


@contextmanager
def paper() -> Iterator[None]:
    """matplotlib set for print while figures are drawn and saved."""
    with mpl.rc_context(STYLE):
        yield


def saved(drawing: Drawing) -> dict[str, bytes]:
    """The drawing's files by ending; dates are left out so that bytes repeat."""
    out = {"csv": drawing.data.to_csv(index=False, float_format="%.6g", lineterminator="\n")}
    files = {"csv": out["csv"].encode()}
    dateless: dict[str, dict[str, Any]] = {
        "png": {"Software": None},
        "svg": {"Date": None},
        "pdf": {"CreationDate": None},
    }
    for ending in FORMATS:
        buffer = io.BytesIO()
        drawing.figure.savefig(buffer, format=ending, metadata=dateless[ending])
        files[ending] = buffer.getvalue()
    return files


def scatter(e: Evidence, families: dict[str, Look]) -> Drawing:
    """Easy against hard, one mark a rung."""
    a = e.aligned
    data = pd.DataFrame(
        {
            "model": a.models,
            "family": [a.families[f] for f in a.family],
            "easy": a.easy.score,
            "hard": a.hard.score,
            "n_easy": a.easy.n,
            "n_hard": a.hard.n,
            "flops": np.exp(a.log_compute),
        }
    )
    figure, axes = _axes()
    _marks(axes, data, "easy", "hard", families, (a.easy.is_rate, a.hard.is_rate))
    _fitted(axes, e)
    _floor(axes, a.hard)
    axes.set(xlabel=_named(a.easy), ylabel=_named(a.hard))
    return Drawing(f"scatter-{slug(a.easy.benchmark)}-{slug(a.hard.benchmark)}", figure, data)


def _fitted(axes: Axes, e: Evidence) -> None:
    """The fitted curve and its prediction band."""
    curve = fit(e)
    if curve is None:
        return
    across, up = (100 if c.is_rate else 1 for c in (e.aligned.easy, e.aligned.hard))
    axes.plot(across * curve.easy, up * curve.hard, color="black", lw=1)
    axes.fill_between(
        across * curve.easy, up * curve.low, up * curve.high, color="black", alpha=0.08, lw=0
    )


def curve(rows: pd.DataFrame, column: Column, families: dict[str, Look]) -> Drawing:
    """One benchmark against training compute."""
    keep = ["model", "family", "stage", "flops", "score", "n"]
    data = rows.loc[rows["flops"] > 0, keep].sort_values(["family", "stage", "flops"])
    figure, axes = _axes()
    scale = 100 if column.is_rate else 1
    for (family, _), group in data.groupby(["family", "stage"], sort=False, dropna=False):
        look = families[str(family)]
        axes.plot(group["flops"], scale * group["score"], color=look.colour, lw=0.8, alpha=0.6)
    _marks(axes, data, "flops", "score", families, (False, column.is_rate))
    _floor(axes, column)
    axes.set(xscale="log", xlabel="training compute (FLOPs)", ylabel=_named(column))
    return Drawing(f"curve-{slug(column.benchmark)}", figure, data)


def forest(evidence: list[Evidence]) -> Drawing:
    """Senses whose headline is a correlation, for every hard benchmark."""
    rows = [
        {"hard": e.pair.hard, "sense": s, "value": h.value, "low": h.low, "high": h.high}
        for e in evidence
        for s in senses([e])
        if s in SENSES and (h := e.results[s].headline) is not None
    ]
    data = pd.DataFrame(rows, columns=["hard", "sense", "value", "low", "high"])
    hards = list(dict.fromkeys(data["hard"]))
    figure, axes = _axes(height=1.1 + 0.55 * max(len(hards), 1), left=1.2, below=0.8)
    for i, (sense, (colour, shape)) in enumerate(SENSES.items()):
        own = data[data["sense"] == sense]
        y = [hards.index(h) + (i - 1) * 0.22 for h in own["hard"]]
        axes.hlines(y, own["low"].astype(float), own["high"].astype(float), color=colour, lw=1.6)
        label = wording()["senses"][sense]["label"]
        axes.plot(own["value"], y, MARKS[shape], color=colour, ms=5, label=label, ls="none")
    axes.axvline(0, color="#555555", lw=0.8, ls=":")
    axes.set_yticks(range(len(hards)), hards)
    axes.invert_yaxis()
    axes.set_xlabel("correlation")
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.42, -0.42 / (0.2 + 0.55 * max(len(hards), 1))),
        ncols=3,
        frameon=False,
    )
    return Drawing("forest", figure, data)


def _axes(
    width: float = 4.6, height: float = 3.6, left: float = 0.62, below: float = 0.5
) -> tuple[Figure, Axes]:
    """A figure that belongs to no window and needs no closing."""
    figure = Figure(figsize=(width, height))
    axes = figure.add_subplot()
    # Fixed margins in inches: a tight layout would draw every figure twice.
    figure.subplots_adjust(
        left=left / width, right=1 - 0.15 / width, top=1 - 0.12 / height, bottom=below / height
    )
    return figure, axes


def _marks(
    axes: Axes,
    data: pd.DataFrame,
    x: str,
    y: str,
    families: dict[str, Look],
    rates: tuple[bool, bool],
) -> None:
    """One mark a row, families of the legend named at their rightmost mark."""
    for family, group in data.groupby("family", sort=False):
        look = families[str(family)]
        xs, ys = (g * (100 if r else 1) for g, r in zip((group[x], group[y]), rates, strict=True))
        axes.plot(
            xs, ys, MARKS[look.marker], color=look.colour, ms=4.2, mec="white", mew=0.4, ls="none"
        )
        if 0 <= look.index < LABELLED and len(group):
            last = int(np.argmax(xs))
            axes.annotate(
                str(family),
                (xs.iloc[last], ys.iloc[last]),
                xytext=(-6, 3),
                textcoords="offset points",
                ha="right",
                color=look.colour,
                fontsize=7.5,
            )


def _floor(axes: Axes, column: Column) -> None:
    if column.is_rate and column.chance > 0:
        axes.axhline(100 * column.chance, color="black", lw=0.8, ls="--")


def _named(column: Column) -> str:
    return f"{column.benchmark} ({'%' if column.is_rate else 'bits per byte'})"


def slug(text: str) -> str:
    """A name that can stand in a file name."""
    return "".join(c if c.isalnum() else "-" for c in text.lower()).strip("-")
