"""How surely a design would find an effect: panels drawn from it, put through the battery."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from correlate import calibration, caveats
from correlate.scaling.breaks import one_break
from correlate.senses.judge import detectable
from correlate.senses.result import Estimate
from correlate.senses.sample import prepare
from correlate.senses.settings import Settings
from correlate.simulate import World, aligned

SCALED = ("rank", "beyond_compute", "within_family", "gains", "specific")
"""Senses whose headline is a correlation or a difference of two: a smallest effect can be named."""

BREAK = "no-break"
"""The card whose power stands below the senses': a kink that takes ``effect`` of the slope."""


@dataclass(frozen=True)
class Design:
    """A study not yet done: ``effect`` is the correlation of easy and hard beyond compute, on the
    logit scale and free of item noise, of family offsets and of rung deviations alike.
    """

    families: int
    rungs: int
    items: int
    effect: float
    placebo_effect: float = 0.0

    @property
    def world(self) -> World:
        """The world the design is drawn from."""
        return World(
            families=self.families,
            rungs=(self.rungs, self.rungs),
            items=(self.items, self.items, self.items),
            family_effect=self.effect,
            rung_effect=self.effect,
            placebo_effect=self.placebo_effect,
        )


def one_panel(design: Design, seed: np.random.SeedSequence) -> list[calibration.Row]:
    """Draw one panel of ``design`` and run the battery on it."""
    rng = np.random.default_rng(seed)
    settings = Settings().quick(calibration.REPLICATES)
    sample = prepare(aligned(design.world, rng), settings)
    return calibration.rows_of(sample, rng, settings)


def finds_break(design: Design, seed: np.random.SeedSequence) -> bool | None:
    """Whether the test of the no-break card finds one in a panel whose hard slope loses
    ``design.effect`` of itself in the middle of the compute; None where it cannot be made.
    """
    rng = np.random.default_rng(seed)
    bent = replace(design.world, bend=design.effect)
    drawn = prepare(aligned(bent, rng), Settings())
    if np.ptp(drawn.y) == 0:
        return None
    seen = one_break(drawn.log_compute, drawn.y, drawn.family, calibration.REPLICATES, rng)
    return None if seen is None else bool(seen.p <= 0.05)


def power(design: Design, panels: int, seed: int, workers: int) -> pd.DataFrame:
    """Power of every sense at ``design.effect``, and the smallest effect found with power 0.8.

    Columns: sense, power (share of panels in which the sense decides for a positive relation),
    refused (share without an answer), smallest_effect (median over panels; partial correlation as
    observed, item noise included), families_needed (for power 0.8 at the mean observed effect).
    The last row is the power of the no-break card.
    """
    seeds = np.random.SeedSequence([seed, 77]).spawn(panels)
    with ProcessPoolExecutor(max_workers=workers) as pool:
        drawn = list(pool.map(one_panel, [design] * panels, seeds, chunksize=5))
        breaks = [s.spawn(1)[0] for s in seeds]
        kinks = list(pool.map(finds_break, [design] * panels, breaks, chunksize=5))
    columns = ["sense", "estimate", "value", "low", "high", "p"]
    table = pd.DataFrame([row for panel in drawn for row in panel], columns=columns)
    rows = [
        _row(sense, table[(table["sense"] == sense) & (table["estimate"] == name)], panels,
             design.families)
        for sense, name in caveats.DECIDES.items()
    ]  # fmt: skip
    found, refused = sum(k is True for k in kinks), sum(k is None for k in kinks)
    rows.append(_summary(BREAK, found / panels, refused / panels))
    return pd.DataFrame(rows)


def _summary(sense: str, power: float, refused: float) -> dict[str, object]:
    return {
        "sense": sense, "power": round(power, 3), "refused": round(refused, 3),
        "smallest_effect": None, "families_needed": None,
    }  # fmt: skip


def _row(sense: str, rows: pd.DataFrame, panels: int, families: int) -> dict[str, object]:
    by_interval = rows["low"].notna().any()
    found = rows["low"] > 0 if by_interval else rows["p"] < 0.05
    out = _summary(sense, float(found.sum()) / panels, 1 - len(rows) / panels)
    if sense in SCALED and len(rows):
        difference = sense == "specific"
        least = [
            detectable(Estimate("", "", 0.0, low, high), difference=difference)
            for low, high in zip(rows["low"], rows["high"], strict=True)
            if np.isfinite(low) and np.isfinite(high)
        ]
        known = [v for v in least if v is not None]
        smallest = float(np.median(known)) if known else float("nan")
        seen = float(rows["value"].mean())
        out["smallest_effect"] = round(smallest, 3)
        if seen > 0.02 and np.isfinite(smallest):
            # Errors shrink with the root of the number of families.
            scale = np.asarray if difference else np.arctanh
            factor = float(scale(smallest) / scale(seen)) ** 2
            out["families_needed"] = int(np.ceil(families * factor))
    return out
