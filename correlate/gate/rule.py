"""What a rule of the gate is: a name, a severity, a reason, and a function over the scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from correlate.panel import Finding

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Hit:
    """One thing a rule found: which rows, what was done, and the value before and after."""

    rows: tuple[str, ...]
    action: Literal["kept", "dropped", "corrected"]
    old: str = ""
    new: str = ""
    detail: str = ""


Outcome = tuple[pd.DataFrame, list[Hit]]


@dataclass(frozen=True)
class Rule:
    """A named check. ``apply`` returns the scores, corrected where it says so, and its hits."""

    name: str
    severity: Severity
    reason: str
    apply: Callable[[pd.DataFrame], Outcome]

    def findings(self, hits: list[Hit]) -> list[Finding]:
        """The hits as findings of the panel."""
        return [
            Finding(
                self.name,
                self.severity,
                f"{self.reason}: {hit.detail}" if hit.detail else self.reason,
                hit.rows,
                hit.action,
                hit.old,
                hit.new,
            )
            for hit in hits
        ]


def cells(scores: pd.DataFrame) -> tuple[str, ...]:
    """Rows named as 'model | benchmark'."""
    return tuple(f"{m} | {b}" for m, b in zip(scores["model"], scores["benchmark"], strict=True))


def rungs(scores: pd.DataFrame) -> pd.DataFrame:
    """One row a model with its covariates."""
    return scores.drop_duplicates("model").set_index("model")


def number(value: float) -> str:
    """A number as findings print it."""
    return f"{value:.6g}"
