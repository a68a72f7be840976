"""What item noise does to a correlation: reliabilities, and the correlation without the noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from correlate.panel import Floats, Ints
from correlate.senses.result import Estimate
from correlate.stats import noise


@dataclass(frozen=True)
class Noise:
    """Item noise behind one correlation: estimates to print, warnings, the corrected one."""

    estimates: tuple[Estimate, ...] = ()
    warnings: tuple[str, ...] = ()
    corrected: Estimate | None = None


def correct(
    observed: Estimate,
    what: str,
    values: tuple[Floats, Floats],
    noises: tuple[Floats, Floats],
    controls: Floats,
    within: Ints | None = None,
) -> Noise:
    """Reliabilities of easy and hard once ``controls`` are out, and ``observed`` divided by them.

    ``values`` and ``noises`` are easy and hard, (m,) each; ``within`` says that values and
    controls are deviations from the means of these families. The corrected interval takes the
    reliabilities for known.
    """  # fmt: skip
    taken = noise.leverage(controls, within)
    easy, hard = (
        noise.reliability(noise.residuals(v, controls), s, taken)
        for v, s in zip(values, noises, strict=True)
    )
    if not (np.isfinite(easy) and np.isfinite(hard)):
        return Noise(warnings=(f"items unknown: {what} cannot be corrected for item noise",))
    parts = [
        Estimate("reliability_easy", f"reliability of easy, {what}", easy),
        Estimate("reliability_hard", f"reliability of hard, {what}", hard),
    ]
    warnings = [
        f"reliability of {name} is {value:.2f} {what}: much of what varies there is item noise"
        for name, value in (("easy", easy), ("hard", hard))
        if value < noise.LOW
    ]
    root = float(np.sqrt(easy * hard))
    if root < 0.2:
        return Noise(tuple(parts), tuple(warnings))
    corrected = Estimate(
        "disattenuated", f"{what}, corrected for item noise", _bounded(observed.value / root),
        None if observed.low is None else _bounded(observed.low / root),
        None if observed.high is None else _bounded(observed.high / root),
        observed.level, note="reliabilities taken for known",
    )  # fmt: skip
    return Noise((*parts, corrected), tuple(warnings), corrected)


def _bounded(value: float) -> float:
    return float(np.clip(value, -1.0, 1.0))
