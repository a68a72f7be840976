"""The test of the tests: how often each sense rejects, and covers, on panels of known truth.

"Null" means, for every sense, that easy and hard share nothing but compute: family offsets and
rung deviations of the two are independent (``World.family_effect`` and ``rung_effect`` 0), while
both rise with the same log compute, through floors or not. Then

- ``rank`` has something to find, for compute orders both; it is expected to reject;
- ``beyond_compute``, ``within_family``, ``gains`` and ``specific`` have a true value of 0 and
  reject where their 95 % interval excludes it;
- ``calibrated`` and ``extrapolates`` reject where their one-sided p-value, for error that easy
  saves beside compute on families or on high rungs held out, lies below 0.05.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from correlate import battery
from correlate.senses import extrapolates
from correlate.senses.forecasts import designs
from correlate.senses.result import Estimate
from correlate.senses.sample import Sample, prepare, refusal
from correlate.senses.settings import Interval, Settings
from correlate.simulate import World, aligned
from correlate.stats.holdout import below

FLOORED = World(intercept=(-3.0, -5.5, 0.5), items=(500, 500, 500))
"""Seven rungs in ten solve at most two of 500 hard items, three in ten at most two easy ones."""

TRUTH_FAMILIES = 10_000
REPLICATES = 399
ZERO = (
    "partial_given_compute_smooth", "within_family_given_compute_smooth",
    "gains_standardised_given_compute_smooth", "easy_less_placebo",
)  # fmt: skip
"""Estimates whose true value is exactly 0 when nothing but compute is shared."""


@dataclass(frozen=True)
class Config:
    """One row of worlds in the calibration table."""

    name: str
    world: World
    interval: Interval = "student"

    @property
    def file(self) -> str:
        """Name of the configuration's table."""
        return f"{self.name.replace(', ', '-').replace(' ', '_')}-{self.world.families}.csv"


def configs() -> list[Config]:
    """The worlds of the calibration table, in order."""
    made = []
    for families in (10, 20, 40):
        base = World(families=families)
        effect = replace(base, family_effect=0.5, rung_effect=0.5)
        made += [
            Config("null", base),
            Config("null, floors", replace(FLOORED, families=families)),
            Config("null, checkpoints", replace(base, checkpoints=3)),
            Config("effect 0.5", effect),
        ]
    bent = replace(FLOORED, families=40, between=0.3, within=0.3, slope=(0.8, 0.8, 0.3))
    made += [
        Config("null, floors and checkpoints", replace(FLOORED, checkpoints=3)),
        Config("null, percentile intervals", World(), "percentile"),
        Config("family offsets shared only", World(family_effect=0.7)),
        Config("null, sharp bend", bent),
    ]
    return made


Row = tuple[str, str, float, float, float, float]
"""Sense, estimate, value, low, high, p; NaN where there is none."""


def rows_of(sample: Sample, rng: np.random.Generator, settings: Settings) -> list[Row]:
    """Every estimate of every sense on one panel; hold-outs only what their verdict rests on."""
    rows: list[Row] = []
    for name, sense in battery.SENSES.items():
        if name == "extrapolates":
            rows += _extrapolates(sample, rng, settings)
            continue
        result = sense(sample, rng, settings)
        rows += [_row(name, e) for e in result.estimates]
    return rows


def _extrapolates(sample: Sample, rng: np.random.Generator, settings: Settings) -> list[Row]:
    cutoffs = list(settings.thresholds.senses["extrapolates"]["cutoffs"])
    folds = below("compute", sample.log_compute, cutoffs, extrapolates.LEAST)
    if refusal(sample, settings) or not folds:
        return []
    p = extrapolates.decide(sample, designs(sample), folds, rng, settings)
    return [("extrapolates", "saved_over_compute", np.nan, np.nan, np.nan, p)]


def _row(sense: str, e: Estimate) -> Row:
    low, high, p = (np.nan if v is None else v for v in (e.low, e.high, e.p))
    return sense, e.name, e.value, low, high, p


def one_panel(config: Config, seed: np.random.SeedSequence) -> list[Row]:
    """Draw one panel of ``config`` and run the battery on it."""
    rng = np.random.default_rng(seed)
    settings = replace(Settings(), interval=config.interval).quick(REPLICATES)
    return rows_of(prepare(aligned(config.world, rng), settings), rng, settings)


def truth(config: Config, seed: np.random.SeedSequence) -> dict[str, float]:
    """True values of the estimates, from one panel of very many families."""
    rng = np.random.default_rng(seed)
    settings = replace(Settings(), interval="percentile").quick(2)  # values only, no intervals
    many = prepare(aligned(replace(config.world, families=TRUTH_FAMILIES), rng), settings)
    found: dict[str, float] = {}
    for name in ("rank", "beyond_compute", "within_family", "gains", "specific"):
        result = battery.SENSES[name](many, rng, settings)
        found |= {e.name: e.value for e in result.estimates}
    world = config.world
    if world.family_effect == world.rung_effect == world.placebo_effect == 0:
        found |= dict.fromkeys(ZERO, 0.0)
    return found


def summarise(config: Config, panels: list[list[Row]], true: dict[str, float]) -> pd.DataFrame:
    """Rejection and coverage rates of one configuration, one row an estimate."""
    columns = ["sense", "estimate", "value", "low", "high", "p"]
    table = pd.DataFrame([row for panel in panels for row in panel], columns=columns)
    out = []
    for (sense, name), rows in table.groupby(["sense", "estimate"], sort=False):
        bounded = rows["low"].notna() & rows["high"].notna()
        excludes = (rows["low"] > 0) | (rows["high"] < 0)
        rejects = excludes[bounded] if bounded.any() else (rows["p"] < 0.05)[rows["p"].notna()]
        if name in ("coverage", "relative_width", "relative_error"):
            rejects = rejects[:0]
        value = true.get(str(name), np.nan)
        covers = ((rows["low"] <= value) & (value <= rows["high"]))[bounded & np.isfinite(value)]
        out.append(
            {
                "world": config.name, "families": config.world.families,
                "interval": config.interval, "sense": sense, "estimate": name,
                "panels": len(panels), "answered": len(rows),
                "rejects": round(rejects.mean(), 4) if len(rejects) else np.nan,
                "covers": round(covers.mean(), 4) if len(covers) else np.nan,
                "truth": round(value, 4), "mean": round(rows["value"].mean(), 4),
            }
        )  # fmt: skip
    return pd.DataFrame(out)


def run(panels: int, seed: int, workers: int, chosen: list[Config]) -> Iterator[pd.DataFrame]:
    """Yield one table a configuration; the same numbers whatever the number of workers.

    Each configuration's seeds hang on its name and size alone, so one can be run again by itself.
    """
    with ProcessPoolExecutor(max_workers=workers) as pool:
        for config in chosen:
            own = zlib.crc32(f"{config.name} {config.world.families}".encode())
            seeds = np.random.SeedSequence([seed, own]).spawn(panels + 1)
            future = pool.submit(truth, config, seeds[0])
            drawn = pool.map(one_panel, [config] * panels, seeds[1:], chunksize=5)
            yield summarise(config, list(drawn), future.result())
