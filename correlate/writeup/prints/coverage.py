"""Calibration for print: what intervals for families never seen promise, and what they hold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from correlate.evidence import Evidence
from correlate.senses.sample import prepare, refusal
from correlate.senses.settings import Settings
from correlate.stats.newfamily import leave_families_out
from correlate.writeup.prints.paper import MARKS, Drawing, beside, room, sheet
from correlate.writeup.style import COLOURS, MARKERS

PROMISED = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def calibration(evidence: list[Evidence]) -> Drawing | None:
    """Share of held-out scores inside their interval against its nominal level, a line a pair.

    Each family is foreseen from all others, hard on easy alone, as the sense ``calibrated`` does;
    the grey bar is what claims.yaml asks at its level. None where every pair is refused.
    """
    settings = Settings()
    rule = settings.thresholds.senses["calibrated"]
    found = []
    for e in evidence:
        used = prepare(e.aligned, settings)
        if refusal(used, settings):
            continue
        design = np.column_stack([np.ones(used.m), used.x - used.x.mean()])
        for level in PROMISED:
            left = leave_families_out(design, used.y, used.family, level)
            found.append(
                {"kind": "coverage", "easy": e.pair.easy, "hard": e.pair.hard, "promised": level,
                 "held": left.covered.mean(), "models": used.m, "families": used.families}
            )  # fmt: skip
    if not found:
        return None
    data = pd.DataFrame(found)
    figure, (axes,) = sheet(width=4.4 + (right := room(data["hard"])), right=right)
    axes.plot([45, 100], [45, 100], color="black", lw=0.9, ls="--")
    axes.annotate("as promised", (50, 50), xytext=(4, -8), textcoords="offset points", fontsize=7)
    axes.vlines(100 * float(rule["level"]), 100 * float(rule["coverage_low"]),
                100 * float(rule["coverage_high"]), color="#bbbbbb", lw=7, zorder=0)  # fmt: skip
    axes.annotate(
        "asked for", (100 * float(rule["level"]), 100 * float(rule["coverage_low"])),
        xytext=(0, -9), textcoords="offset points", ha="center", fontsize=7,
    )  # fmt: skip
    ends = []
    for i, (hard, own) in enumerate(data.groupby("hard", sort=False)):
        colour = COLOURS[i % len(COLOURS)]
        axes.plot(100 * own["promised"], 100 * own["held"], MARKS[MARKERS[i % len(MARKERS)]] + "-",
                  color=colour, ms=4, lw=1)  # fmt: skip
        last = own.iloc[-1]
        ends.append((100 * last["promised"], 100 * last["held"], str(hard), colour))
    axes.set(xlabel="interval promised (%)", ylabel="held-out scores inside it (%)",
             xlim=(47, 98), ylim=(min(45, 100 * data["held"].min() - 3), 102))  # fmt: skip
    beside(axes, ends)
    return Drawing("calibration", figure, data)
