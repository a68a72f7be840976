"""A pair on its analysis scale: the arrays every sense works on, and the rules that refuse."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from correlate.errors import InputError
from correlate.panel import Aligned, Column, Floats, Ints
from correlate.senses.result import SenseResult, Verdict
from correlate.senses.settings import Settings
from correlate.stats import links, resample


@dataclass(frozen=True)
class Sample:
    """One pair over m rungs, on the scale of analysis; every array has shape (m,).

    ``x`` and ``y`` are easy and hard (empirical logits, or signed losses), ``x_noise`` and
    ``y_noise`` their item-noise variances (NaN where unknown). ``family`` is compact, 0..F-1.
    ``placebo`` is on the same scale, NaN where missing; ``others`` is (m, k) with gaps.
    """

    easy: Column
    hard: Column
    models: tuple[str, ...]
    family: Ints
    run: Ints
    x: Floats
    y: Floats
    x_noise: Floats
    y_noise: Floats
    log_compute: Floats
    log_params: Floats
    log_tokens: Floats
    release: Floats
    placebo: Floats | None
    others: Floats
    warnings: tuple[str, ...] = ()

    @property
    def m(self) -> int:
        """Rungs."""
        return len(self.x)

    @property
    def families(self) -> int:
        """Families."""
        return int(self.family.max()) + 1 if self.m else 0

    def where(self, keep: Floats | np.ndarray) -> Sample:
        """The rungs where ``keep`` (m,) holds, families renumbered."""
        keep = np.asarray(keep, dtype=bool)
        cut = {
            name: getattr(self, name)[keep]
            for name in (
                "x", "y", "x_noise", "y_noise", "log_compute", "log_params", "log_tokens",
                "release", "others",
            )
        }  # fmt: skip
        return replace(
            self,
            easy=_rows(self.easy, keep),
            hard=_rows(self.hard, keep),
            models=tuple(m for m, k in zip(self.models, keep, strict=True) if k),
            family=resample.compact(self.family[keep]),
            run=resample.compact(self.run[keep]),
            placebo=None if self.placebo is None else self.placebo[keep],
            **cut,
        )

    def with_compute(self) -> Sample:
        """The rungs whose training compute is known."""
        return self.where(np.isfinite(self.log_compute))

    def repeated(self) -> Sample:
        """The rungs of families that have two or more of them."""
        return self.where(np.bincount(self.family, minlength=self.families)[self.family] >= 2)


def prepare(aligned: Aligned, settings: Settings) -> Sample:
    """Put a pair on its analysis scale.

    Raises
    ------
    InputError
        If a rate lies outside [0, 1] or a score stands on zero items.
    """
    scale = lambda c: links.on_scale(c, settings.correct_chance, settings.assumed_items)  # noqa: E731
    (x, x_noise), (y, y_noise) = scale(aligned.easy), scale(aligned.hard)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InputError(
            f"{aligned.pair.easy} | {aligned.pair.hard}: a score is not a finite number; "
            "drop the row or correct it"
        )
    others = [scale(c)[0] for c in aligned.others]
    return Sample(
        easy=aligned.easy,
        hard=aligned.hard,
        models=aligned.models,
        family=resample.compact(aligned.family),
        run=resample.compact(aligned.run),
        x=x,
        y=y,
        x_noise=x_noise,
        y_noise=y_noise,
        log_compute=aligned.log_compute,
        log_params=aligned.log_params,
        log_tokens=aligned.log_tokens,
        release=aligned.release,
        placebo=scale(aligned.placebo)[0] if aligned.placebo is not None else None,
        others=np.column_stack(others) if others else np.zeros((aligned.m, 0)),
        warnings=_warnings(aligned, settings),
    )


def refusal(sample: Sample, settings: Settings, within: bool = False) -> str | None:
    """Why no number may be printed for this sample, or None; the rules stand in claims.yaml."""
    rule = settings.thresholds.refusal
    models = rule.min_models_within if within else rule.min_models
    families = rule.min_families_within if within else rule.min_families
    place = " in families of two or more" if within else ""
    if sample.m < models:
        return f"{sample.m} rungs{place} have what is needed; {models} are asked for"
    if sample.families < families and not (within and by_run(sample, settings)):
        has = "has" if sample.families == 1 else "have"
        runs = f", or {rule.min_runs_within} training runs with checkpoints" if within else ""
        return (
            f"{sample.families} of the {families} families asked for{runs} {has} what is "
            f"needed{place}"
        )
    for column, values in ((sample.easy, sample.x), (sample.hard, sample.y)):
        if np.ptp(values) == 0:
            return f"{column.benchmark} is {column.score[0]:g} for every rung: nothing varies"
    if abs(np.corrcoef(sample.x, sample.y)[0, 1]) > 1 - 1e-12:
        return (
            f"{sample.easy.benchmark} gives {sample.hard.benchmark} exactly at every rung: one "
            "score under two names, or one made from the other"
        )
    clear = int(links.above_floor(sample.hard, settings.assumed_items).sum())
    if clear < rule.min_rungs_above_floor:
        return (
            f"{clear} rungs clear the floor of {sample.hard.benchmark} by two standard errors; "
            f"{rule.min_rungs_above_floor} are needed"
        )
    return None


def by_run(sample: Sample, settings: Settings) -> bool:
    """Whether a claim within a family is resampled by training run instead of by family.

    So it is where there are too few families to resample and enough runs with checkpoints: the
    interval then says what holds inside these families, and nothing about others.
    """
    rule = settings.thresholds.refusal
    checkpointed = int((np.bincount(sample.run) >= 2).sum()) if sample.m else 0
    return sample.families < rule.min_families_within and checkpointed >= rule.min_runs_within


def inside(sample: Sample) -> str:
    """The warning that goes with an interval resampled by run."""
    have = "1 family" if sample.families == 1 else f"{sample.families} families"
    return (
        f"{have}: resampled by training run ({int(sample.run.max()) + 1}), so the interval is "
        f"about {'this family' if sample.families == 1 else 'these families'} alone"
    )


def refused(sense: str, sample: Sample, reason: str) -> SenseResult:
    """The answer ``insufficient``, with no number."""
    return SenseResult(sense, Verdict.INSUFFICIENT, reason, sample.m, sample.families)


def _rows(column: Column, keep: np.ndarray) -> Column:
    answers = None if column.answers is None else column.answers[keep]
    return replace(
        column, score=column.score[keep], n=column.n[keep], stderr=column.stderr[keep],
        answers=answers,
    )  # fmt: skip


def _warnings(aligned: Aligned, settings: Settings) -> tuple[str, ...]:
    """What the reader must know about this pair's scores."""
    said = []
    for column in (aligned.easy, aligned.hard):
        unknown = ~np.isfinite(column.n) & ~np.isfinite(column.stderr)
        if column.is_rate and unknown.any():
            said.append(
                f"{column.benchmark}: {int(unknown.sum())} of {aligned.m} scores give neither "
                f"n nor a standard error; {settings.assumed_items:g} items assumed for the logit"
            )
    missing = int((~np.isfinite(aligned.log_compute)).sum())
    if missing:
        said.append(f"{missing} of {aligned.m} rungs have no known training compute")
    return tuple(said)
