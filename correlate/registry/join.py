"""Join covariates to models by hub id, then by a conservative normal form of the name."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from correlate.panel import Finding
from correlate.registry.known import Model, registry

NUMBERS = ("params", "active_params", "tokens")
TEXTS = ("family", "stage", "architecture", "release", "training_run")
_STEP = re.compile(r"(?:global_?)?step[-_]?(\d+)", re.IGNORECASE)


def join_covariates(scores: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Fill gaps in the covariates of ``scores`` from the registry; nothing stated is overwritten.

    Models are looked up by the column ``hub`` where there is one (a hub id taken from the run's
    own configuration), else by ``model``. A revision 'stepN' of a model whose tokens per step
    are known gets N times that many tokens, and shares a training run with the other steps.
    Models that lack parameters or tokens and are not found are listed, never guessed.
    """
    columns = [c for c in ("model", "hub", "revision") if c in scores]
    names = scores[columns].drop_duplicates("model")
    lacking = _lacking(scores)
    found: dict[str, dict[str, object]] = {}
    joined, unmatched = [], []
    for row in names.to_dict("records"):
        name = str(row["model"])
        if name not in lacking:
            continue
        revision = str(row.get("revision") or "")
        asked = str(row.get("hub") or _unrevised(name, revision))
        hit = registry().find(asked)
        if hit is None:
            unmatched.append(name)
            continue
        found[name] = covariates(hit[0], revision)
        joined.append(f"{name} <- {hit[0].hub_id} ({hit[1]})")
    for column in (*NUMBERS, *TEXTS):
        values = {name: known[column] for name, known in found.items() if column in known}
        if values:
            scores = _fill(scores, column, values)
    return scores, _said(joined, unmatched)


def _unrevised(name: str, revision: str) -> str:
    """``name`` without the revision that a study's rung carries at its end: 'm-1b-step1000'."""
    return name.removesuffix(revision).rstrip("-@_") if revision else name


def covariates(model: Model, revision: str) -> dict[str, object]:
    """What the registry says about ``model`` at ``revision``."""
    known: dict[str, object] = {
        name: value
        for name in (*NUMBERS, *TEXTS)
        if (value := getattr(model, name, None)) not in (None, "")
    }
    step = _STEP.fullmatch(revision)
    if step and model.tokens_per_step:
        known["tokens"] = int(step[1]) * model.tokens_per_step
        known["training_run"] = model.hub_id.rsplit("/", 1)[-1]
    elif revision not in ("", "main"):
        known.pop("tokens", None)  # how far an unknown revision was trained is not known
    return known


def _lacking(scores: pd.DataFrame) -> set[str]:
    """Models without parameters or without tokens."""
    gaps = pd.Series(False, index=scores.index)
    for column in ("params", "tokens"):
        gaps |= scores[column].isna() if column in scores else True
    return set(scores.loc[gaps, "model"].astype(str))


def _fill(scores: pd.DataFrame, column: str, values: dict[str, object]) -> pd.DataFrame:
    new = scores["model"].map(values)
    if column not in scores:
        return scores.assign(**{column: new})
    old = scores[column]
    gap = old.isna() if column in NUMBERS else old.isna() | (old == "")
    return scores.assign(**{column: np.where(gap, new, old)})


def _said(joined: list[str], unmatched: list[str]) -> list[Finding]:
    said = []
    if joined:
        reason = f"{len(joined)} models found in the registry: gaps in their covariates filled in"
        said.append(Finding("covariates-joined", "note", reason, tuple(joined), "corrected"))
    if unmatched:
        reason = (
            f"{len(unmatched)} models not in the registry: no parameters, tokens or family looked "
            "up; add columns for them, or rows in correlate/registry/models.csv"
        )
        said.append(Finding("covariates-unmatched", "note", reason, tuple(unmatched), "kept"))
    return said
