"""Colours, markers and names shared by the page and the print figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

# Okabe & Ito (2008), without yellow, which is lost on white. Each comes with a marker of its own,
# so that a figure still reads in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("circle", "square", "triangle", "diamond", "down", "cross")
NAMED = 12  # families with a look of their own; more could not be told apart
OTHER = "other"


@dataclass(frozen=True)
class Look:
    """How one family is drawn; ``index`` is -1 for the families drawn alike in grey."""

    index: int
    colour: str
    marker: str


@cache
def wording() -> dict[str, Any]:
    """The sentences of ``wording.yaml``."""
    text = Path(__file__).with_name("wording.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def looks(family: pd.Series) -> dict[str, Look]:
    """A look for each family, the families with most rows first; ties by name."""
    counts = family.value_counts()
    ranked = sorted(counts.index, key=lambda f: (-int(counts[f]), str(f)))
    return {str(f): _look(i) for i, f in enumerate(ranked)}


def _look(i: int) -> Look:
    if i >= NAMED:
        return Look(-1, "#888888", "circle")
    shift = i // len(COLOURS)
    return Look(i, COLOURS[i % len(COLOURS)], MARKERS[(i + shift) % len(MARKERS)])


def percent(value: float, digits: int = 1) -> str:
    """A fraction as a percentage; a dash where unknown."""
    return "–" if not np.isfinite(value) else f"{100 * value:.{digits}f} %"


def number(value: float | None, digits: int = 2) -> str:
    """A number with a true minus sign; a dash where unknown."""
    if value is None or not np.isfinite(value):
        return "–"
    return f"{value:z.{digits}f}".replace("-", "−")


def count(value: float) -> str:
    """A large count in the form people say it: 7.0B, 410M, 1.3e21 stays a power of ten."""
    if not np.isfinite(value) or value <= 0:
        return "–"
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if size <= value < 1e15:
            return f"{value / size:.3g}{letter}"
    return f"{value:.2g}" if value >= 1e15 else f"{value:.0f}"


def join(words: Sequence[str], last: str = "and") -> str:
    """a, b and c."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else list(words))


def capital(text: str) -> str:
    """The text with a capital first letter and the rest as it is."""
    return text[:1].upper() + text[1:]
