"""From an interval to a verdict: one rule for every sense that has an effect in claims.yaml."""

from __future__ import annotations

from correlate.senses.result import Estimate, Verdict


def judge(estimate: Estimate, effect: float, what: str) -> tuple[Verdict, str]:
    """The verdict an interval gives, and one sentence why.

    Above zero and reaching the named effect: supported. Above zero but short of the effect
    throughout: mixed. Short of the effect and touching zero or below it: refuted. An interval
    that holds both zero and the effect cannot tell them apart: insufficient.
    """
    if estimate.low is None or estimate.high is None:
        return Verdict.INSUFFICIENT, f"{what}: no interval could be formed"
    shown = f"{what} {estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"
    if estimate.low > 0:
        if estimate.high >= effect:
            return Verdict.SUPPORTED, f"{shown} excludes zero"
        return Verdict.MIXED, f"{shown} excludes zero but stays below the {effect:g} claimed"
    if estimate.high < effect:
        return Verdict.REFUTED, f"{shown} excludes the {effect:g} claimed"
    return (
        Verdict.INSUFFICIENT,
        f"{shown} holds both zero and the {effect:g} claimed: too wide to tell",
    )
