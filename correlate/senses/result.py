"""What a sense answers: a verdict, the estimates behind it, and what it could not say."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import pandas as pd


class Verdict(StrEnum):
    """The four answers a claim can get, in one sense of 'predicts'."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    MIXED = "mixed"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True)
class Estimate:
    """A number with its interval.

    ``value``, ``low`` and ``high`` share one unit; ``level`` is the interval's nominal coverage
    (0.95 or 0.90). ``low``, ``high`` and ``p`` are None where a method gives none.
    """

    name: str
    label: str
    value: float
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    p: float | None = None
    note: str = ""


@dataclass(frozen=True)
class SenseResult:
    """One sense of 'predicts', tested for one pair of benchmarks on one panel.

    ``headline`` is None exactly when the number must not be printed (too few families, no
    variation): the verdict is then ``insufficient`` and ``reason`` says why. ``tables`` holds
    further evidence by name, each a tidy frame ready to be written as CSV. ``detectable`` is the
    smallest true value of the headline that this panel would have found with power 0.8;
    ``undetectable`` says why there is none. ``calibration`` is what to know where the test missed
    its calibration on simulated panels like this one (``correlate.caveats``).
    """

    sense: str
    verdict: Verdict
    reason: str
    n_models: int
    n_families: int
    headline: Estimate | None = None
    estimates: tuple[Estimate, ...] = ()
    warnings: tuple[str, ...] = ()
    detectable: float | None = None
    undetectable: str = ""
    calibration: str = ""
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)

    def get(self, name: str) -> Estimate | None:
        """The estimate called ``name``, or None."""
        return next((e for e in self.estimates if e.name == name), None)
