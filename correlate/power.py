"""How surely a design would find an effect: panels drawn from it, put through the battery."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from correlate import calibration, caveats
from correlate.senses.judge import detectable
from correlate.senses.result import Estimate
from correlate.senses.sample import prepare
from correlate.senses.settings import Settings
from correlate.simulate import World, aligned

CORRELATIONS = ("beyond_compute", "within_family", "gains")
"""Senses whose headline is a partial correlation, so that a smallest effect can be named."""


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


def power(design: Design, panels: int, seed: int, workers: int) -> pd.DataFrame:
    """Power of every sense at ``design.effect``, and the smallest effect found with power 0.8.

    Columns: sense, power (share of panels in which the sense decides for a positive relation),
    refused (share without an answer), smallest_effect (median over panels; partial correlation as
    observed, item noise included), families_needed (for power 0.8 at the mean observed effect).
    """
    seeds = np.random.SeedSequence([seed, 77]).spawn(panels)
    with ProcessPoolExecutor(max_workers=workers) as pool:
        drawn = list(pool.map(one_panel, [design] * panels, seeds, chunksize=5))
    columns = ["sense", "estimate", "value", "low", "high", "p"]
    table = pd.DataFrame([row for panel in drawn for row in panel], columns=columns)
    return pd.DataFrame(
        [
            _row(sense, table[(table["sense"] == sense) & (table["estimate"] == name)], panels,
                 design.families)
            for sense, name in caveats.DECIDES.items()
        ]
    )  # fmt: skip


def _row(sense: str, rows: pd.DataFrame, panels: int, families: int) -> dict[str, object]:
    by_interval = rows["low"].notna().any()
    found = rows["low"] > 0 if by_interval else rows["p"] < 0.05
    out: dict[str, object] = {
        "sense": sense,
        "power": round(float(found.sum()) / panels, 3),
        "refused": round(1 - len(rows) / panels, 3),
        "smallest_effect": None,
        "families_needed": None,
    }
    if sense in CORRELATIONS and len(rows):
        least = [
            detectable(Estimate("", "", 0.0, low, high))
            for low, high in zip(rows["low"], rows["high"], strict=True)
            if np.isfinite(low) and np.isfinite(high)
        ]
        known = [v for v in least if v is not None]
        smallest = float(np.median(known)) if known else float("nan")
        seen = float(rows["value"].mean())
        out["smallest_effect"] = round(smallest, 3)
        if seen > 0.02 and np.isfinite(smallest):
            # Errors shrink with the root of the number of families.
            factor = (np.arctanh(smallest) / np.arctanh(seen)) ** 2
            out["families_needed"] = int(np.ceil(families * factor))
    return out
