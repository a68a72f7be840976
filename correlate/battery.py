"""Every sense of "predicts" for one pair of benchmarks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from correlate import caveats
from correlate.panel import Pair, Panel, align
from correlate.senses.beyond_compute import beyond_compute
from correlate.senses.calibrated import calibrated
from correlate.senses.extrapolates import extrapolates
from correlate.senses.gains import gains
from correlate.senses.rank import rank
from correlate.senses.result import Estimate, SenseResult, Verdict
from correlate.senses.sample import Sample, prepare
from correlate.senses.settings import Settings
from correlate.senses.specific import specific
from correlate.senses.within_family import within_family
from correlate.sources import answers

__all__ = ["SENSES", "Settings", "as_json", "run", "run_sample"]

Sense = Callable[[Sample, np.random.Generator, Settings], SenseResult]

SENSES: dict[str, Sense] = {
    "rank": rank,
    "calibrated": calibrated,
    "beyond_compute": beyond_compute,
    "within_family": within_family,
    "gains": gains,
    "extrapolates": extrapolates,
    "specific": specific,
}


def run(
    panel: Panel, pair: Pair, rng: np.random.Generator, settings: Settings | None = None
) -> dict[str, SenseResult]:
    """The whole battery for ``pair`` on a panel of one row a (model, benchmark).

    Every sense draws from a generator of its own, spawned in a fixed order, so that one sense's
    numbers do not move when another draws more. One seed, one answer.

    Raises
    ------
    InputError
        If a benchmark is unknown, a (model, benchmark) stands twice, or a score is no score.
    """
    settings = settings or Settings()
    aligned = answers.attach(align(panel, pair), panel)
    return run_sample(prepare(aligned, settings), rng, settings)


def run_sample(
    sample: Sample, rng: np.random.Generator, settings: Settings
) -> dict[str, SenseResult]:
    """The battery on a prepared sample; where it is large, ``Settings.for_rungs`` and a warning."""
    sample = replace(sample, warnings=sample.warnings + settings.cut(sample.m))
    settings = settings.for_rungs(sample.m)
    own = rng.spawn(len(SENSES))
    found = {
        name: sense(sample, stream, settings)
        for (name, sense), stream in zip(SENSES.items(), own, strict=True)
    }
    return {name: _marked(_finite(r), sample, settings) for name, r in found.items()}


def _finite(result: SenseResult) -> SenseResult:
    """The result without numbers that came to nothing; without any where its headline did."""
    headline = result.headline
    if headline is None:
        return result
    if not np.isfinite(headline.value) or (headline.low is None and headline.p is None):
        return replace(
            result, verdict=Verdict.INSUFFICIENT, headline=None, estimates=(), warnings=(),
            detectable=None, undetectable="", tables={},
        )  # fmt: skip
    kept = tuple(e for e in result.estimates if np.isfinite(e.value))
    return replace(result, estimates=kept)


def _marked(result: SenseResult, sample: Sample, settings: Settings) -> SenseResult:
    """The result with its calibration's note, where a number is shown."""
    if result.headline is None:
        return result
    asked = caveats.shape(sample, settings, result.n_families)
    return replace(result, calibration=caveats.caveat(result.sense, asked))


_KEYS = {
    "pearson_raw": ("rank", "pearson_raw"),
    "pearson_logit": ("rank", "pearson_logit"),
    "spearman": ("rank", "spearman"),
    "partial_given_compute": ("beyond_compute", "partial_given_compute"),
    "partial_given_compute_smooth": ("beyond_compute", "partial_given_compute_smooth"),
    "within_family": ("within_family", "within_family"),
    "within_family_given_compute": ("within_family", "within_family_given_compute"),
    "gains_slope": ("gains", "gains_slope"),
    "gains_slope_given_compute": ("gains", "gains_slope_given_compute"),
    "coverage": ("calibrated", "coverage"),
    "relative_width": ("calibrated", "relative_width"),
    "saved_over_compute": ("extrapolates", "saved_over_compute"),
    "easy_less_placebo": ("specific", "easy_less_placebo"),
}
"""Keys of the JSON form: which sense and estimate stand behind each."""


def as_json(pair: Pair, results: dict[str, SenseResult]) -> dict[str, Any]:
    """One flat object a pair: numbers, ``*_ci`` pairs where there is an interval, verdicts.

    A refused number is null.
    """
    first = results["rank"]
    out: dict[str, Any] = {
        "easy": pair.easy, "hard": pair.hard, "placebo": pair.placebo,
        "n_models": first.n_models, "n_families": first.n_families,
    }  # fmt: skip
    for key, (sense, name) in _KEYS.items():
        found = results[sense].get(name)
        out[key] = _number(found.value) if found else None
        if found is None or found.low is not None:
            out[f"{key}_ci"] = _ends(found)
    out["verdicts"] = {name: str(r.verdict) for name, r in results.items()}
    out["detectable"] = {
        name: _number(r.detectable) for name, r in results.items() if r.detectable is not None
    }
    out["undetectable"] = {name: r.undetectable for name, r in results.items() if r.undetectable}
    out["calibration"] = {name: r.calibration for name, r in results.items() if r.calibration}
    out["reasons"] = {name: r.reason for name, r in results.items()}
    out["estimates"] = {name: [_estimate(e) for e in r.estimates] for name, r in results.items()}
    out["warnings"] = list(dict.fromkeys(w for r in results.values() for w in r.warnings))
    return out


def _estimate(e: Estimate) -> dict[str, Any]:
    return {
        "name": e.name, "label": e.label, "value": _number(e.value), "ci": _ends(e),
        "level": e.level, "p": _number(e.p), "note": e.note,
    }  # fmt: skip


def _ends(e: Estimate | None) -> list[float | None] | None:
    if e is None or e.low is None or e.high is None:
        return None
    return [_number(e.low), _number(e.high)]


def _number(value: float | None) -> float | None:
    return round(float(value), 6) if value is not None and np.isfinite(value) else None
