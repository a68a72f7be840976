"""What a run of the battery is told: replicates, interval, controls, and the thresholds' file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

import yaml

Interval = Literal["student", "percentile"]

LEAST, LEAST_RACE = 1_000, 100
"""Fewest replicates, and refits of the race, on a panel of any size; fewer only if asked for."""

LARGE_FOLDS = 10
"""Groups of families left out in turn on a large panel."""


@dataclass(frozen=True)
class Refusal:
    """When a number must not be printed (claims.yaml, ``refusal``)."""

    min_models: int
    min_families: int
    min_models_within: int
    min_families_within: int
    min_runs_within: int
    min_rungs_above_floor: int
    min_power: float


@dataclass(frozen=True)
class Thresholds:
    """claims.yaml as read: refusal rules, and each sense's effect, level and cutoffs."""

    refusal: Refusal
    senses: dict[str, dict[str, Any]]

    def effect(self, sense: str) -> float:
        """The smallest effect the sense's claim is about."""
        return float(self.senses[sense]["effect"])


@lru_cache(maxsize=1)
def thresholds() -> Thresholds:
    """The thresholds fixed in advance, from correlate/claims.yaml."""
    text = resources.files("correlate").joinpath("claims.yaml").read_text(encoding="utf-8")
    raw = yaml.safe_load(text)
    return Thresholds(Refusal(**raw["refusal"]), dict(raw["senses"]))


@dataclass(frozen=True)
class Settings:
    """Settings of the battery.

    Attributes
    ----------
    replicates
        Family bootstraps for correlations, partial correlations and gains.
    refits
        Family bootstraps of the paired hold-out differences.
    level
        Nominal coverage of intervals.
    interval
        ``student``: symmetric bootstrap-t on Fisher's z, which covers with few families.
        ``percentile``: the plain percentile interval, which the reference table of the study
        uses and which covers too little below about 30 families (results/calibration).
    correct_chance
        Empirical logit of the score corrected for guessing. Off: a score at or below chance
        has no corrected logit, so correcting means clipping, which makes ties out of order and
        gives the noisiest rungs the most leverage. The guess-rate link of the hold-outs carries
        the floor instead.
    checks
        Also fit what decides nothing but is asked for beside it: mixed model, CR2, wild
        bootstrap, SIMEX. Simulations leave them out.
    assumed_items
        Items assumed where neither n nor a standard error is known; only the + 1/2 of the logit
        uses it, and a warning says so.
    race_refits
        Family bootstraps that refit the race of links, which decides nothing; no more than
        ``refits``.
    folds
        Most groups of families left out in turn, where predictors are compared.
    full_up_to
        Rungs up to which a pair gets all of this. Beyond, ``for_rungs`` asks for fewer replicates,
        refits of the race and folds, so that a panel of thousands of models is answered in
        seconds; the result says so. 1,000 replicates leave the half-width of a 95 % interval
        uncertain by 3 %, 10,000 by 1 %, whatever the panel.
    """

    replicates: int = 10_000
    refits: int = 1_000
    level: float = 0.95
    interval: Interval = "student"
    correct_chance: bool = False
    checks: bool = True
    assumed_items: float = 500.0
    race_refits: int = 1_000
    folds: int = 60
    full_up_to: int = 500
    thresholds: Thresholds = field(default_factory=thresholds)

    def sized(self, replicates: int) -> Settings:
        """The same settings with ``replicates``, every verb's rule: no more refits than usual."""
        return replace(self, replicates=replicates, refits=min(replicates, self.refits))

    def quick(self, replicates: int) -> Settings:
        """The same settings with ``replicates`` family bootstraps, for simulations."""
        return replace(self, replicates=replicates, refits=replicates, checks=False)

    def for_rungs(self, rungs: int) -> Settings:
        """The settings for a pair of this many rungs: these very ones up to ``full_up_to``."""
        if rungs <= self.full_up_to:
            return self
        share = self.full_up_to / rungs
        fewer = max(LEAST, round(self.replicates * share))
        all_refits = min(self.race_refits, self.refits)
        return replace(
            self, replicates=min(self.replicates, fewer),
            race_refits=min(all_refits, max(LEAST_RACE, round(all_refits * share))),
            folds=min(self.folds, LARGE_FOLDS),
        )  # fmt: skip

    def cut(self, rungs: int) -> tuple[str, ...]:
        """What to say of a pair of this many rungs that does not get everything."""
        used = self.for_rungs(rungs)
        if used == self:
            return ()
        race = min(self.race_refits, self.refits)
        return (
            f"{rungs:,} rungs, more than {self.full_up_to:,}: {used.replicates:,} of "
            f"{self.replicates:,} replicates; where predictors are compared, {used.race_refits:,} "
            f"of {race:,} refits under each link and families left out in {used.folds} groups",
        )
