"""The race of predictors: every hold-out under every link, and the paired differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from correlate.panel import Floats, Ints
from correlate.senses.result import Estimate
from correlate.senses.sample import Sample
from correlate.senses.settings import Settings
from correlate.stats import links, predict, resample
from correlate.stats.forecast import Target, losses
from correlate.stats.holdout import Fold

RIVALS = (
    ("compute", "easy+compute"), ("mean", "easy+compute"), ("mean", "easy"), ("compute", "easy"),
    ("placebo", "easy"), ("others", "easy"),
)  # fmt: skip
"""Pairs compared: the first one's loss less the second one's."""

BAND = 0.90
"""Nominal coverage of the prediction interval."""


@dataclass(frozen=True)
class Race:
    """Every predictor under every link in every hold-out.

    ``table`` has scheme, cutoff, link, predictor, n, families, mae, log_score, coverage, width;
    ``paired`` adds the differences of ``RIVALS`` with intervals. ``mae`` (R + 1,) by (cutoff,
    link, predictor) holds the compute cutoffs' errors, the panel's own first, then refitted.
    """

    table: pd.DataFrame
    paired: pd.DataFrame
    mae: dict[tuple[str, str, str], Floats]
    links: tuple[str, ...]

    def gain(self, link: str, level: float) -> Estimate:
        """Mean absolute error in score that easy saves beside compute, over compute cutoffs."""
        alone, both = (
            np.mean([v for (_, a, b), v in self.mae.items() if (a, b) == (link, name)], axis=0)
            for name in ("compute", "easy+compute")
        )
        saved = alone - both
        return Estimate(
            f"mae_saved_{link}",
            f"held-out error in score saved by easy beside compute ({link} link)",
            float(saved[0]), *_ends(saved[1:], level), level,
            note=f"of {alone[0]:.4f}",
        )  # fmt: skip

    def winners(self) -> pd.DataFrame:
        """Which predictor has the least error in each hold-out under each link."""
        best = self.table.loc[self.table.groupby(["scheme", "cutoff", "link"])["mae"].idxmin()]
        wide = best.pivot(index=["scheme", "cutoff"], columns="link", values="predictor")
        wide = wide[list(self.links)]
        agree = np.where(wide.nunique(axis=1) == 1, "yes", "no")
        return wide.assign(links_agree=agree).reset_index().rename_axis(columns=None)


def target_of(sample: Sample, assumed: float) -> Target:
    """The hard benchmark as a target of prediction."""
    hard = sample.hard
    score = hard.score if hard.is_rate else sample.y
    items = links.items_of(hard, assumed) if hard.is_rate else np.ones(sample.m)
    return Target(score, sample.y, items, hard.chance, hard.is_rate)


def designs(used: Sample) -> dict[str, Floats]:
    """Columns of each predictor, (m, q) with a constant first."""
    one = np.ones((used.m, 1))
    compute = _standard(used.log_compute)
    easy = _standard(used.x)
    made = {
        "mean": one,
        "compute": np.column_stack([one, compute]),
        "easy": np.column_stack([one, easy]),
        "easy+compute": np.column_stack([one, easy, compute]),
    }
    if used.placebo is not None and np.isfinite(used.placebo).all():
        made["placebo"] = np.column_stack([one, _standard(used.placebo)])
    first = first_component(used.others)
    if first is not None:
        made["others"] = np.column_stack([one, first])
    return made


def first_component(others: Floats) -> Floats | None:
    """First principal component of the complete columns of (m, k), or None below two of them."""
    whole = others[:, np.isfinite(others).all(axis=0)]
    whole = whole[:, np.ptp(whole, axis=0) > 0] if whole.size else whole
    if whole.shape[1] < 2:
        return None
    standard = np.column_stack([_standard(c) for c in whole.T])
    left, size, right = np.linalg.svd(standard, full_matrices=False)
    sign = 1.0 if right[0].sum() >= 0 else -1.0  # higher is better, whichever way the SVD turned
    return np.asarray(sign * left[:, 0] * size[0], dtype=np.float64)


def race(
    used: Sample,
    known: dict[str, Floats],
    refitted: list[Fold],
    fixed: list[Fold],
    rng: np.random.Generator,
    settings: Settings,
) -> Race:
    """Run every predictor. ``refitted`` folds are fitted anew in every family bootstrap;
    ``fixed`` ones keep their fits and resample the tested families' losses.
    """  # fmt: skip
    target = target_of(used, settings.assumed_items)
    kinds = predict.links_for(target)
    draws = resample.multiplicities(used.families, min(settings.refits, settings.race_refits), rng)
    by_family = np.vstack([np.ones(used.families), draws])
    by_model = by_family[:, used.family]
    rows: list[dict[str, object]] = []
    paired: list[dict[str, object]] = []
    mae: dict[tuple[str, str, str], Floats] = {}
    for scheme, cutoff, folds in _groups(refitted, fixed):
        refit = scheme == "compute"
        for link in kinds:
            errors = {}
            for name, design in known.items():
                lost = _losses(link, design, target, folds, by_model[:1])
                rows.append(_row(scheme, cutoff, link, name, lost, used, folds))
                missed = lost["mae"]
                if refit:
                    again = [predict.errors(link, design, target, f, by_model[1:]) for f in folds]
                    missed = np.concatenate([missed, np.concatenate(again, axis=1)])
                    errors[name] = _average(missed, by_model, folds)
                else:
                    errors[name] = _resampled(missed[0], used.family, by_family, folds)
                if refit:
                    mae[cutoff, link, name] = errors[name]
            paired += _pairs(scheme, cutoff, link, errors, settings.level)
    return Race(pd.DataFrame(rows), pd.DataFrame(paired), mae, kinds)


def _groups(refitted: list[Fold], fixed: list[Fold]) -> list[tuple[str, str, list[Fold]]]:
    """Folds scored together: each cutoff by itself, the families left out all at once."""
    single = [(f.scheme, f.name, [f]) for f in [*refitted, *fixed] if f.scheme != "family"]
    family = [f for f in fixed if f.scheme == "family"]
    return [*single, *([("family", "each", family)] if family else [])]


def _losses(
    link: str, design: Floats, target: Target, folds: list[Fold], weights: Floats
) -> dict[str, Floats]:
    parts = [
        losses(predict.forecast(link, design, target, fold, weights), target, fold.test, BAND)
        for fold in folds
    ]
    return {name: np.concatenate([p[name] for p in parts], axis=1) for name in parts[0]}


def _average(lost: Floats, by_model: Floats, folds: list[Fold]) -> Floats:
    """Mean loss in each replicate, (R + 1,); a replicate without a tested family is NaN."""
    tested = np.concatenate([np.flatnonzero(fold.test) for fold in folds])
    weights = by_model[:, tested]
    total = weights.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, (weights * lost).sum(axis=1) / total, np.nan)


def _resampled(lost: Floats, family: Ints, by_family: Floats, folds: list[Fold]) -> Floats:
    """The same of losses (t,) that no replicate changes, from family weights (R + 1, F)."""
    tested = np.concatenate([np.flatnonzero(fold.test) for fold in folds])
    clusters = by_family.shape[1]
    total = by_family @ np.bincount(family[tested], minlength=clusters)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = by_family @ np.bincount(family[tested], lost, minlength=clusters) / total
    return np.where(total > 0, mean, np.nan)


def _row(
    scheme: str,
    cutoff: str,
    link: str,
    name: str,
    lost: dict[str, Floats],
    used: Sample,
    folds: list[Fold],
) -> dict[str, object]:
    tested = np.concatenate([np.flatnonzero(fold.test) for fold in folds])
    return {
        "scheme": scheme, "cutoff": cutoff, "link": link, "predictor": name,
        "n": len(tested), "families": len(np.unique(used.family[tested])),
        **{loss: float(values.mean()) for loss, values in lost.items()},
    }  # fmt: skip


def _pairs(
    scheme: str, cutoff: str, link: str, errors: dict[str, Floats], level: float
) -> list[dict[str, object]]:
    out: list[dict[str, object]] = []
    for rival, better in RIVALS:
        if rival in errors and better in errors:
            gain = errors[rival] - errors[better]
            low, high = _ends(gain[1:], level)
            out.append(
                {"scheme": scheme, "cutoff": cutoff, "link": link, "rival": rival,
                 "predictor": better, "mae_saved": float(gain[0]), "low": low, "high": high}
            )  # fmt: skip
    return out


def _ends(replicates: Floats, level: float) -> tuple[float, float]:
    finite = replicates[np.isfinite(replicates)]
    if len(finite) < len(replicates) / 2:
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _standard(values: Floats) -> Floats:
    spread = values.std()
    return (values - values.mean()) / (spread if spread > 0 else 1.0)
