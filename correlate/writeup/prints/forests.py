"""Forests for print: every sense on every hard benchmark, and the three correlations alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from correlate.evidence import Evidence
from correlate.senses.result import Estimate, Verdict
from correlate.senses.settings import thresholds
from correlate.writeup.answer import senses
from correlate.writeup.forest import SENSES
from correlate.writeup.prints.paper import MARKS, Drawing, room, sheet
from correlate.writeup.style import wording

ROW, MOST = 0.34, 2.0  # inches a benchmark; widest unit shown, beyond it an arrow
LOOKS = {  # a verdict's marker: form and fill, so that it reads without colour
    Verdict.SUPPORTED: ("o", "#009E73", "#009E73"),
    Verdict.REFUTED: ("X", "#D55E00", "#D55E00"),
    Verdict.MIXED: ("D", "#E69F00", "white"),
    Verdict.INSUFFICIENT: ("o", "#777777", "white"),
}
AXES = {  # what a sense's headline is, and where it says nothing
    "rank": ("Spearman", 0.0),
    "calibrated": ("coverage", None),
    "beyond_compute": ("partial r", 0.0),
    "within_family": ("partial r", 0.0),
    "gains": ("std. slope", 0.0),
    "extrapolates": ("error saved", 0.0),
    "specific": ("difference", 0.0),
}


def forest(evidence: list[Evidence]) -> Drawing:
    """One panel a sense, one row a hard benchmark; refused estimates are said, not drawn."""
    tested = [s for s in senses(evidence) if s in AXES]
    data = pd.DataFrame([_row(e, s) for e in evidence for s in tested])
    hards = list(dict.fromkeys(data["hard"]))
    left = room(hards, 9)
    figure, panels = sheet(
        width=left + 0.1 + 1.12 * len(tested), height=1.25 + ROW * len(hards), columns=len(tested),
        left=left, right=0.1, above=0.42, below=0.83, gap=0.2,
    )  # fmt: skip
    for sense, axes in zip(tested, panels, strict=True):
        own = data[data["sense"] == sense].set_index("hard").reindex(hards)
        _panel(axes, sense, own)
        axes.set_yticks(range(len(hards)), hards if axes is panels[0] else [""] * len(hards))
    for verdict, (mark, edge, fill) in LOOKS.items():
        panels[0].plot([], [], mark, mec=edge, mfc=fill, ms=5, ls="none", label=verdict.value)
    figure.legend(loc="lower center", ncols=4, frameon=False, fontsize=8, handletextpad=0.2)
    return Drawing("forest", figure, data)


def _row(e: Evidence, sense: str) -> dict[str, object]:
    result = e.results[sense]
    h = result.headline
    ends = {"value": h.value, "low": h.low, "high": h.high, "level": h.level} if h else {}
    blank = {"value": None, "low": None, "high": None, "level": None}
    return {
        "kind": "estimate", "hard": e.pair.hard, "sense": sense, "verdict": result.verdict.value,
        **blank, **ends, "models": result.n_models, "families": result.n_families,
    }  # fmt: skip


def _panel(axes: Axes, sense: str, own: pd.DataFrame) -> None:
    """Estimates of one sense, the hard benchmarks from the top down."""
    name, nothing = AXES[sense]
    values = own[["value", "low", "high"]].astype(float)
    for y, (verdict, (value, low, high)) in enumerate(
        zip(own["verdict"], values.to_numpy(), strict=True)
    ):
        if not np.isfinite(value):
            axes.annotate(
                "cannot be told", (0.5, y), xycoords=("axes fraction", "data"), ha="center",
                va="center", fontsize=6.5, color="#555555", backgroundcolor="white",
            )  # fmt: skip
            continue
        mark, edge, fill = LOOKS[Verdict(verdict)]
        ends = (max(low, -MOST), min(high, MOST))
        axes.hlines(y, *ends, color=edge, lw=1.5, zorder=2)
        for end, given, way in ((ends[0], low, "<"), (ends[1], high, ">")):
            if end != given and np.isfinite(given):
                axes.plot(end, y, way, color=edge, ms=4)
        axes.plot(value, y, mark, mec=edge, mfc=fill, ms=5, mew=1.2, zorder=3)
    if nothing is not None:
        axes.axvline(nothing, color="#333333", lw=0.8)
    reference = _reference(sense)
    if reference is not None:
        axes.axvline(reference, color="#333333", lw=0.8, ls=":")
    if not values["value"].notna().any():
        axes.set_xticks([])
    axes.set_ylim(len(own) - 0.5, -0.5)
    axes.set_title(str(wording()["senses"][sense]["label"]), fontsize=7.5)
    axes.set_xlabel(name, fontsize=8)
    axes.tick_params(axis="x", labelsize=7)
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=3)
    axes.spines["left"].set_visible(False)


def _reference(sense: str) -> float | None:
    """The effect a sense names, or the coverage it promises (claims.yaml)."""
    rule = thresholds().senses[sense]
    kept = rule.get("effect", rule.get("min_saved", rule.get("level")))
    return None if kept is None else float(kept)


def correlations(evidence: list[Evidence]) -> Drawing:
    """What is left of the correlation with easy as one controls for more."""
    found: list[tuple[str, str, Estimate]] = [
        (e.pair.hard, s, h)
        for e in evidence
        for s in senses([e])
        if s in SENSES and (h := e.results[s].headline) is not None
    ]
    data = pd.DataFrame(
        [("estimate", hard, s, h.value, h.low, h.high) for hard, s, h in found],
        columns=["kind", "hard", "sense", "value", "low", "high"],
    )
    hards = list(dict.fromkeys(data["hard"]))
    height = 1.1 + 0.55 * max(len(hards), 1)
    figure, (axes,) = sheet(
        width=3.4 + room(hards, 9), height=height, left=room(hards, 9), below=0.8
    )
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
    figure.legend(loc="lower center", ncols=3, frameon=False)
    return Drawing("correlations", figure, data)
