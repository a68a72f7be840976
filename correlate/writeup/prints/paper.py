"""What the print figures share: the look, the axes, marks with direct labels, and saving."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from correlate.panel import Column
from correlate.writeup.plots import LABELLED
from correlate.writeup.style import Look

MARKS = {"circle": "o", "square": "s", "triangle": "^", "diamond": "D", "down": "v", "cross": "P"}
FORMATS = ("png", "svg", "pdf")
LINE = 8.5  # points between two labels
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
    """A figure and the numbers it shows; ``data`` says in ``kind`` what a row is drawn as."""

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
    csv = drawing.data.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    files = {"csv": csv.encode()}
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


def sheet(
    width: float = 4.6,
    height: float = 3.6,
    columns: int = 1,
    left: float = 0.62,
    right: float = 0.15,
    above: float = 0.12,
    below: float = 0.5,
    gap: float = 0.25,
) -> tuple[Figure, list[Axes]]:
    """A figure of ``columns`` panels side by side, sizes in inches.

    It belongs to no window and needs no closing; fixed margins, since a tight layout would draw
    every figure twice.
    """
    figure = Figure(figsize=(width, height))
    axes = [figure.add_subplot(1, columns, i + 1) for i in range(columns)]
    each = (width - left - right) / columns
    figure.subplots_adjust(
        left=left / width, right=1 - right / width, top=1 - above / height, bottom=below / height,
        wspace=gap / each,
    )  # fmt: skip
    return figure, axes


def legend_sheet(
    families: dict[str, Look], columns: int = 1, **sizes: float
) -> tuple[Figure, list[Axes]]:
    """A sheet with room to the right for the families that ``named`` may name there."""
    right = room(f for f, look in families.items() if 0 <= look.index < LABELLED)
    width = sizes.pop("width", 4.4) + right
    return sheet(width=width, columns=columns, right=right, **sizes)


def marks(
    axes: Axes, data: pd.DataFrame, x: str, y: str, families: dict[str, Look], filled: bool = True
) -> None:
    """One mark a row, by family; ``x`` and ``y`` are columns in the units of the axes."""
    for family, group in data.groupby("family", sort=False):
        look = families[str(family)]
        axes.plot(
            group[x], group[y], MARKS[look.marker], ls="none", ms=4.2, mew=0.4 if filled else 0.8,
            mfc=look.colour if filled else "white", mec="white" if filled else look.colour,
            zorder=2.5 if look.index >= 0 else 2,
        )  # fmt: skip


def named(axes: Axes, data: pd.DataFrame, x: str, y: str, families: dict[str, Look]) -> None:
    """Families most often seen, named beside the plot at their rightmost mark.

    Call once limits stand; the sheet leaves room to the right.
    """
    ends, sign = [], -1 if axes.xaxis_inverted() else 1
    for family, group in data.groupby("family", sort=False):
        look = families[str(family)]
        known = group[np.isfinite(group[x]) & np.isfinite(group[y])]
        if 0 <= look.index < LABELLED and len(known):
            last = known.loc[(sign * known[x]).idxmax()]
            ends.append((float(last[x]), float(last[y]), str(family), look.colour))
    beside(axes, ends)


def room(names: Iterable[str], size: float = 7.5) -> float:
    """Inches that the longest of ``names`` takes beside a plot, in type of ``size`` points."""
    return 0.2 + 0.0078 * size * max((len(name) for name in names), default=0)


def beside(axes: Axes, ends: list[tuple[float, float, str, str]]) -> None:
    """Texts of (x, y, text, colour) down the right edge, each led to its point by a thin line."""
    points_an_inch = 72 / axes.figure.dpi
    edge = axes.transAxes.transform((1, 0))[0] * points_an_inch
    level = np.inf
    for x, y, text, colour in sorted(ends, key=lambda end: -end[1]):
        at = axes.transData.transform((x, y)) * points_an_inch
        level = min(float(at[1]), level - LINE)
        axes.annotate(
            text, (x, y), xytext=(edge + 7 - at[0], level - at[1]), textcoords="offset points",
            ha="left", va="center", color=colour, fontsize=7.5, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.5, "alpha": 0.7, "shrinkA": 1,
                        "shrinkB": 2, "relpos": (0, 0.5)},
        )  # fmt: skip


def halo() -> Any:
    """A white edge, so that a text reads on a line."""
    from matplotlib.patheffects import withStroke

    return withStroke(linewidth=1.6, foreground="white")


def floor(axes: Axes, column: Column) -> None:
    """The guessing level of a rate, named where it is drawn."""
    if column.is_rate and column.chance > 0:
        axes.axhline(100 * column.chance, color="black", lw=0.8, ls="--", zorder=1)
        axes.annotate(
            "chance", (0, 100 * column.chance), xycoords=("axes fraction", "data"),
            xytext=(2, 2), textcoords="offset points", va="bottom", fontsize=7,
        )  # fmt: skip


def shown(column: Column, scores: np.ndarray) -> np.ndarray:
    """Scores as the axes show them: rates in per cent."""
    return scores * 100 if column.is_rate else scores


def unit(column: Column) -> str:
    """An axis's name."""
    return f"{column.benchmark} ({'%' if column.is_rate else 'bits per byte'})"


def slug(text: str) -> str:
    """A name that can stand in a file name."""
    return "".join(c if c.isalnum() else "-" for c in text.lower()).strip("-")
