"""From an interval to a verdict: one rule for every sense that has an effect in claims.yaml."""

from __future__ import annotations

import numpy as np
from scipy import stats

from correlate.senses.result import Estimate, Verdict


def judge(
    estimate: Estimate, effect: float, what: str, corrected: Estimate | None = None
) -> tuple[Verdict, str]:
    """The verdict an interval gives, and one sentence why.

    Above zero and reaching the named effect: supported. Above zero but short of the effect
    throughout: mixed. Short of the effect and touching zero or below it: refuted, provided that
    the interval ``corrected`` for item noise is short of it too. An interval that holds both zero
    and the effect cannot tell them apart: insufficient.
    """
    if estimate.low is None or estimate.high is None:
        return Verdict.INSUFFICIENT, f"{what}: no interval could be formed"
    shown = f"{what} {estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"
    reach = estimate.high if corrected is None or corrected.high is None else corrected.high
    if estimate.low > 0:
        if reach >= effect:
            return Verdict.SUPPORTED, f"{shown} excludes zero"
        return Verdict.MIXED, f"{shown} excludes zero but stays below the {effect:g} claimed"
    if reach < effect:
        return Verdict.REFUTED, f"{shown} excludes the {effect:g} claimed"
    held = "" if estimate.high >= effect else ", once corrected for item noise,"
    found = detectable(estimate)
    least = "" if found is None else f" (power 0.8 only for {found:.2f} and more)"
    return (
        Verdict.INSUFFICIENT,
        f"{shown}{held} holds both zero and the {effect:g} claimed: too wide to tell{least}",
    )


NO_SCALE = (
    "what is saved on rungs held out has no scale to read a smallest effect off: its null lies "
    "below zero by an amount that hangs on the split; `python -m correlate power` simulates it"
)
"""Why the senses decided on hold-outs name no smallest effect."""


def detectable(estimate: Estimate, power: float = 0.8, difference: bool = False) -> float | None:
    """The smallest true correlation this panel would have found with ``power``, or None.

    From the interval's half-width on Fisher's scale: half-width x (z_level + z_power) / z_level.
    For a ``difference`` of correlations, on its own scale; none above 2 can be had.
    """
    if difference:
        if estimate.low is None or estimate.high is None:
            return None
        edge = stats.norm.ppf((1 + estimate.level) / 2)
        least = (estimate.high - estimate.low) / 2 * (edge + stats.norm.ppf(power)) / edge
        return float(least) if least < 2 else None
    if estimate.low is None or estimate.high is None or max(-estimate.low, estimate.high) >= 1:
        return None
    half = (np.arctanh(estimate.high) - np.arctanh(estimate.low)) / 2
    edge = stats.norm.ppf((1 + estimate.level) / 2)
    return float(np.tanh(half * (edge + stats.norm.ppf(power)) / edge))
