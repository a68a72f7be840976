"""Rules about parameters, tokens and compute: slips of unit, and figures that contradict."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from correlate.gate.rule import Hit, Outcome, Rule, number, rungs
from correlate.naming import size

MOST_TOKENS = 1e14
"""No training run reported up to 2026 has seen a hundred trillion tokens."""
LIKELY_TOKENS = 5e13
FEWEST_PARAMS = 1e3
SAME_COMPUTE = 2.0
SAME_SIZE = 1.5

Row = dict[str, Any]


def by_model(scores: pd.DataFrame) -> dict[str, Row]:
    """Covariates of every model."""
    names = ["params", "active_params", "tokens", "flops", "family", "training_run"]
    table = rungs(scores)[names]
    records = table.to_dict("records")
    return {
        str(m): {str(k): v for k, v in r.items()} for m, r in zip(table.index, records, strict=True)
    }


def tokens_scale(scores: pd.DataFrame) -> Outcome:
    """Training tokens a power of a thousand off: beyond any run, or against all the family."""
    table = by_model(scores)
    slips = {**_beyond_any_run(table), **_against_family(table)}
    hits = []
    for model, factor in slips.items():
        scores, hit = _divide(scores, model, table[model], "tokens", factor)
        hits.append(hit)
    return scores, hits


def _beyond_any_run(table: dict[str, Row]) -> dict[str, float]:
    """Model -> what its tokens must be divided by to be possible at all."""
    slips = {}
    for model, row in table.items():
        if row["tokens"] > MOST_TOKENS:
            factors = (f for f in (1e3, 1e6, 1e9, 1e12) if row["tokens"] / f <= LIKELY_TOKENS)
            slips[model] = next(factors, math.nan)
    return {model: factor for model, factor in slips.items() if factor == factor}


def _against_family(table: dict[str, Row]) -> dict[str, float]:
    """Model -> what its tokens must be divided by to sit with its family.

    All other members must sit within a factor of ten of each other, and the one must stand a
    power of a thousand away in tokens, and far away in tokens per parameter: families whose
    tokens grow with size, and checkpoints of one run, do not look like that.
    """
    runs = Counter(row["training_run"] for row in table.values() if row["training_run"])
    families: dict[str, list[str]] = {}
    for model, row in table.items():
        if row["tokens"] > 0 and runs[row["training_run"]] < 2:
            families.setdefault(row["family"], []).append(model)
    slips = {}
    for members in families.values():
        for model in members:
            others = [table[m] for m in members if m != model]
            if len(others) < 2:
                continue
            tokens = np.log10([row["tokens"] for row in others])
            off = math.log10(table[model]["tokens"]) - float(np.median(tokens))
            power = 3 * round(off / 3)
            if power == 0 or np.ptp(tokens) > 1 or abs(off - power) > 0.7:
                continue
            ratios = np.log10([row["tokens"] / row["params"] for row in others])
            own = math.log10(table[model]["tokens"] / table[model]["params"])
            if not abs(own - float(np.median(ratios))) < 1.5:  # NaN where params are unknown
                slips[model] = 10.0**power
    return slips


def _divide(
    scores: pd.DataFrame, model: str, row: Row, column: str, factor: float
) -> tuple[pd.DataFrame, Hit]:
    """``column`` of ``model`` divided by ``factor``, and compute with it where it was derived."""
    old, new = float(row[column]), float(row[column]) / factor
    rows = scores["model"] == model
    changed = {column: scores[column].mask(rows, new)}
    detail = ""
    if _ratio(row["flops"], _six_nd(row)) < SAME_COMPUTE:
        flops = float(row["flops"]) / factor
        changed["flops"] = scores["flops"].mask(rows, flops)
        detail = f"compute follows, {number(row['flops'])} -> {number(flops)}"
    return scores.assign(**changed), Hit((model,), "corrected", number(old), number(new), detail)


def _six_nd(row: Row) -> float:
    active = row["active_params"] if row["active_params"] > 0 else row["params"]
    return float(6 * active * row["tokens"])


def _ratio(a: float, b: float) -> float:
    """How far apart two positive numbers are, as a factor of at least 1; NaN where unknown."""
    return max(a / b, b / a) if a > 0 and b > 0 else math.nan


def params_scale(scores: pd.DataFrame) -> Outcome:
    """Parameters a power of a thousand off what the model's name states, or impossibly few."""
    hits = []
    for model, row in by_model(scores).items():
        params, stated = row["params"], size(model)
        if stated is None and 0 < params < FEWEST_PARAMS:
            doubt = "below a thousand; are they millions or billions?"
            hits.append(Hit((model,), "kept", number(params), detail=doubt))
        if stated is None or not params > 0:
            continue
        off = math.log10(params / stated)
        power = 3 * round(off / 3)
        if power and abs(off - power) < math.log10(SAME_SIZE):
            scores, hit = _divide(scores, model, row, "params", 10.0**power)
            hits.append(hit)
    return scores, hits


def params_against_name(scores: pd.DataFrame) -> Outcome:
    """Parameters that differ from the name's by more than rounding."""
    hits = []
    for model, row in by_model(scores).items():
        stated = size(model)
        if stated is not None and _ratio(row["params"], stated) > SAME_SIZE:
            doubt = f"the name states {number(stated)}"
            hits.append(Hit((model,), "kept", number(row["params"]), detail=doubt))
    return scores, hits


def compute_against_6nd(scores: pd.DataFrame) -> Outcome:
    """Compute more than twice or less than half of 6 x active parameters x tokens."""
    hits = []
    for model, row in by_model(scores).items():
        if _ratio(row["flops"], _six_nd(row)) > SAME_COMPUTE:
            doubt = f"6 x active parameters x tokens is {number(_six_nd(row))}"
            hits.append(Hit((model,), "kept", number(row["flops"]), detail=doubt))
    return scores, hits


def compute_missing(scores: pd.DataFrame) -> Outcome:
    """Rungs whose training compute is unknown."""
    table = rungs(scores)
    missing = table.index[~(table["flops"] > 0)]
    if not len(missing):
        return scores, []
    detail = f"{len(missing)} of {len(table)} rungs"
    return scores, [Hit(tuple(str(m) for m in missing), "kept", detail=detail)]


RULES = (
    Rule("tokens-scale", "error", "training tokens are off by a slip of unit", tokens_scale),
    Rule("params-scale", "error", "parameters are off by a slip of unit", params_scale),
    Rule(
        "params-against-name",
        "warning",
        "parameters differ from the size in the model's name",
        params_against_name,
    ),
    Rule(
        "compute-against-6nd",
        "warning",
        "training compute is more than twice off 6ND",
        compute_against_6nd,
    ),
    Rule(
        "compute-missing",
        "note",
        "no training compute known, so tests given compute leave the rung out",
        compute_missing,
    ),
)
