"""A ladder whose causes are known: what its recipes should do, beside what the scores show."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import statsmodels.api as sm
import yaml
from pydantic import BaseModel, ValidationError

from correlate.cards.task import Task
from correlate.errors import InputError

TRUTH, BASELINES = "truth.yaml", "baselines.csv"
COLUMNS = ("benchmark", "prover", "score", "n")
LEVEL = 0.95


class Effect(BaseModel):
    """Family ``a`` against family ``b`` on a benchmark at equal compute, as built in.

    ``direction`` is that of performance: a loss that falls is ``higher``.
    """

    a: str
    b: str
    benchmark: str
    direction: Literal["higher", "lower", "same"]
    why: str = ""


class Truth(BaseModel):
    """A study's ``truth.yaml``."""

    about: str = ""
    expected: list[Effect] = []


def compared(folder: Path, tasks: list[Task], families: dict[str, str]) -> pd.DataFrame | None:
    """One row an expected effect of ``folder/truth.yaml``: expected, found, whether they agree.

    ``families`` gives each model's family. None where the study files no effects.

    Raises
    ------
    InputError
        If the file is malformed.
    """
    file = folder / TRUTH
    if not file.is_file():
        return None
    try:
        truth = Truth.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except (yaml.YAMLError, ValidationError) as error:
        raise InputError(
            f"{file}: {' '.join(str(error).split())[:200]}; give expected as a list of a, b, "
            "benchmark and direction (higher, lower or same)"
        ) from None
    by_name = {t.name: t for t in tasks}
    rows = [_row(e, by_name.get(e.benchmark), families) for e in truth.expected]
    return pd.DataFrame(rows) if rows else None


def _row(effect: Effect, task: Task | None, families: dict[str, str]) -> dict[str, object]:
    found = None if task is None else offset(effect.a, effect.b, task, families)
    value, low, high = found or (None, None, None)
    seen = "not told"
    if low is not None and high is not None:
        seen = "higher" if low > 0 else "lower" if high < 0 else "same"
    agree = "–" if found is None else "yes" if seen == effect.direction else "no"
    return {
        "family": effect.a, "against": effect.b, "benchmark": effect.benchmark,
        "built in": effect.direction, "found": seen, "offset": value, "low": low, "high": high,
        "agree": agree, "why": effect.why,
    }  # fmt: skip


def offset(
    a: str, b: str, task: Task, families: dict[str, str]
) -> tuple[float, float, float] | None:
    """Mean height of family ``a`` over ``b`` at equal compute, on the scale of analysis.

    Least squares on log compute and the family, rungs of both families; the 95 % interval is
    about rungs and items, not about another training run of the recipe. None where a family has
    fewer than two rungs or fewer than five stand in all.
    """
    own = np.array([families.get(m, "") for m in task.models])
    t = task.where(np.isin(own, [a, b]) & np.isfinite(task.log_compute))
    is_a = np.array([families[m] == a for m in t.models], dtype=np.float64)
    if len(t.y) < 5 or min(is_a.sum(), len(t.y) - is_a.sum()) < 2:
        return None
    design = np.column_stack([np.ones(len(t.y)), t.log_compute - t.log_compute.mean(), is_a])
    fitted = sm.OLS(t.y, design).fit()
    low, high = np.asarray(fitted.conf_int(1 - LEVEL))[2]
    return float(fitted.params[2]), float(low), float(high)


def baselines(folder: Path, scores: pd.DataFrame) -> pd.DataFrame | None:
    """Trivial provers of ``folder/baselines.csv`` with the models' range on the same benchmark.

    Raises
    ------
    InputError
        If a column is missing.
    """
    file = folder / BASELINES
    if not file.is_file():
        return None
    table = pd.read_csv(file)
    missing = [c for c in COLUMNS if c not in table]
    if missing:
        raise InputError(f"{file}: header: no column {missing[0]}; give {', '.join(COLUMNS)}")
    ranges = scores.groupby("benchmark")["score"].agg(["min", "median", "max", "size"])
    ranges.columns = pd.Index(["models lowest", "models median", "models highest", "models"])
    return table[list(COLUMNS)].merge(
        ranges, left_on="benchmark", right_index=True, how="left", validate="many_to_one"
    )
