"""Charts of the page as plain geometry: a template draws them as SVG, without any library."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from correlate.panel import Floats

WIDTH, HEIGHT = 360, 300
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 38
SHAPES = {  # unit paths, area near that of a circle of radius 1
    "circle": "M1,0A1,1,0,1,1,-1,0A1,1,0,1,1,1,0Z",
    "square": "M-.9-.9H.9V.9H-.9Z",
    "triangle": "M0-1.25L1.15,.8H-1.15Z",
    "diamond": "M0-1.3L1.3,0L0,1.3L-1.3,0Z",
    "down": "M0,1.25L1.15-.8H-1.15Z",
    "cross": "M-.4-1.2H.4V-.4H1.2V.4H.4V1.2H-.4V.4H-1.2V-.4H-.4Z",
}


@dataclass(frozen=True)
class Scale:
    """Maps data to pixels; ``low`` and ``high`` are the data at ``start`` and ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Pixels, one decimal."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


@dataclass(frozen=True)
class Dot:
    """A rung on a chart; ``tip`` has one line a fact, the first being its name."""

    x: float
    y: float
    radius: float
    family: str
    colour: str
    shape: str
    tip: str
    hollow: bool = False


@dataclass(frozen=True)
class Path:
    """A line or area: SVG path data and a class the style sheet knows."""

    d: str
    kind: str
    family: str = ""
    colour: str = ""


@dataclass(frozen=True)
class Label:
    """Words on the chart."""

    x: float
    y: float
    text: str
    kind: str = "label"
    anchor: str = "start"
    colour: str = ""
    family: str = ""


@dataclass(frozen=True)
class Chart:
    """Everything the template needs; coordinates in pixels of the view box."""

    key: str
    title: str
    summary: str
    x_label: str = ""
    y_label: str = ""
    width: int = WIDTH
    height: int = HEIGHT
    x_ticks: tuple[tuple[float, str], ...] = ()
    y_ticks: tuple[tuple[float, str], ...] = ()
    dots: tuple[Dot, ...] = ()
    paths: tuple[Path, ...] = ()
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = field(default=())
    plot: tuple[int, int, int, int] = (LEFT, TOP, WIDTH - RIGHT, HEIGHT - BOTTOM)


def line(xs: Iterable[float], ys: Iterable[float]) -> str:
    """SVG path data through the points."""
    return "M" + "L".join(f"{x},{y}" for x, y in zip(xs, ys, strict=True))


def steps(low: float, high: float, most: int = 6) -> list[float]:
    """Round tick values inside [low, high]: steps of 1, 2 or 5 times a power of ten."""
    raw = (high - low) / most
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= raw * (1 - 1e-9))
    first = np.ceil(low / step - 1e-9)
    return [float(round(k * step, 12)) for k in np.arange(first, np.floor(high / step + 1e-9) + 1)]


def padded(values: Floats, pad: float = 0.05) -> tuple[float, float]:
    """The range of the finite values and a little more; (0, 1) where there are none."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    room = (high - low or abs(high) or 1.0) * pad
    return low - room, high + room


def radii(log_compute: Floats, small: float = 2.6, large: float = 6.0) -> Floats:
    """Dot radii growing with log compute; the smallest where compute is unknown."""
    finite = log_compute[np.isfinite(log_compute)]
    if len(finite) < 2 or finite.max() == finite.min():
        return np.full(len(log_compute), (small + large) / 2)
    share = (log_compute - finite.min()) / (finite.max() - finite.min())
    return np.asarray(np.where(np.isfinite(share), small + share * (large - small), small))


def spread(
    labels: list[Label], gap: float = 11.0, low: float = 0, high: float = 1e9
) -> list[Label]:
    """Labels moved down so that no two overlap; those pushed off the plot are left out."""
    placed: list[Label] = []
    for label in sorted(labels, key=lambda at: at.y):
        y = max(label.y, low)
        for other in placed:
            near = abs(_left(label) - _left(other)) < max(_wide(label), _wide(other))
            if near and y < other.y + gap:
                y = other.y + gap
        if y <= high:
            placed.append(
                Label(label.x, y, label.text, label.kind, label.anchor, label.colour, label.family)
            )
    return placed


def _wide(label: Label) -> float:
    return 5.6 * len(label.text)


def _left(label: Label) -> float:
    return label.x - (_wide(label) if label.anchor == "end" else 0)
