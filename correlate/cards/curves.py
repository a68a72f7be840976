"""Cards on curves: does the relation hold far out, do scores keep rising, is there a break."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from correlate.cards.ahead import Ahead, ahead
from correlate.cards.card import Card, Part, holm, insufficient, rules, together
from correlate.cards.task import Task
from correlate.evidence import Evidence
from correlate.scaling.breaks import one_break
from correlate.senses.result import Verdict
from correlate.senses.sample import prepare
from correlate.senses.settings import Settings, thresholds

S, R, M, X = Verdict.SUPPORTED, Verdict.REFUTED, Verdict.MIXED, Verdict.INSUFFICIENT


def engine(evidence: list[Evidence], replicates: int, rng: np.random.Generator) -> Card:
    """Fit hard on easy among small rungs, test ten times the compute above.

    Supported where the large rungs fall short of the line and its interval does not cover them;
    refuted where it covers and they do not fall short. The slope by range of the easy score
    stands beside it as evidence.
    """
    rule = rules()["engine"]
    rows, parts = [], []
    for e in evidence:
        used = prepare(e.aligned, Settings()).with_compute()
        out = _ahead(used.x, used.y, used.log_compute, used.family, rule, replicates, rng)
        bend = one_break(used.x, used.y, used.family, replicates, rng)
        if out is None:
            reason = f"no {rule['factor']}-fold gap in compute with enough rungs on both sides"
            parts.append(Part(e.name, X, reason))
            continue
        short = out.ends.high is not None and out.ends.high < 0
        holds = out.coverage >= rule["coverage_low"]
        verdict = S if short and not holds else R if holds and not short else M
        parts.append(Part(e.name, verdict, _found(out, rule["factor"])))
        rows.append({"pair": e.name, "verdict": verdict.value, **_columns(out),
                     "slope_below": bend.before if bend else None,
                     "slope_above": bend.after if bend else None,
                     "p_bend": bend.p if bend else None})  # fmt: skip
    change = "models of ten times the compute with both scores"
    return _card("engine", parts, pd.DataFrame(rows), evidence, change)


def keeps_improving(tasks: list[Task], replicates: int, rng: np.random.Generator) -> Card:
    """Fit score on log compute below the top decade; is the top decade higher, and foreseen?"""
    rule = rules()["keeps-improving"]
    rows, parts = [], []
    for task in tasks:
        t = task.with_compute()
        out = None
        if len(t.y):
            out = _ahead(t.log_compute, t.y, t.log_compute, t.family, rule, replicates, rng)
        if out is None:
            parts.append(Part(t.name, X, "no decade of compute to hold out"))
            continue
        short = out.ends.high is not None and out.ends.high < 0
        covered = out.coverage >= rule["coverage_low"]
        verdict = S if out.gain > 0 and covered and not short else R if out.gain <= 0 else M
        parts.append(Part(t.name, verdict, _found(out, rule["factor"])))
        rows.append({"task": t.name, "verdict": verdict.value, **_columns(out), "gain": out.gain})
    change = "rungs of a further decade of compute that fall below the line"
    return _card("keeps-improving", parts, pd.DataFrame(rows), tasks, change)


def no_break(tasks: list[Task], replicates: int, rng: np.random.Generator) -> Card:
    """Sup-F for one kink in score against log compute, families having levels of their own.

    Where none is found, "no break" is said only of a task in which a kink that takes the share of
    the slope named in claims.yaml would have been found with the power asked for there.
    """
    rule, asked = rules()["no-break"], thresholds().refusal.min_power
    able = [t for t in (task.with_compute() for task in tasks)
            if len(t.y) >= rule["min_rungs"] and np.ptp(t.y) > 0]  # fmt: skip
    level = rule["alpha"] / max(len(able), 1)  # Holm's first step
    found = []
    for t in able:
        seen = one_break(
            t.log_compute, t.y, t.family, replicates, rng, float(rule["effect"]), level
        )
        if seen is not None:
            found.append((t.name, seen))
    adjusted = holm([b.p for _, b in found])
    rows, parts = [], []
    for (name, b), p in zip(found, adjusted, strict=True):
        verdict = R if p <= rule["alpha"] else S if b.power >= asked else X
        way = "steeper" if b.after > b.before else "flatter"
        reason = f"a kink at 10^{b.at / np.log(10):.1f} FLOPs, {way} after it"
        if verdict is not R:
            reason = f"none seen; power {b.power:.2f} for one that takes {rule['effect']:.0%} of "
            reason += "the slope"
        parts.append(Part(name, verdict, f"{reason} (Holm p {p:.3f})"))
        rows.append({"task": name, "verdict": verdict.value, "power": b.power,
                     "flops_at_kink": float(np.exp(b.at)), "slope_before": b.before,
                     "slope_after": b.after, "sup_f": b.statistic, "p": b.p, "p_holm": p,
                     "rungs": b.rungs, "families": b.clusters})  # fmt: skip
    tested = {name for name, _ in found}
    few = f"fewer than {rule['min_rungs']} rungs of known compute"
    parts += [Part(t.name, X, few) for t in tasks if t.name not in tested]
    change = "rungs beyond the present range; a break is always just ahead of the data"
    card = _card("no-break", parts, pd.DataFrame(rows), tasks, change)
    if not found:
        return card
    tests = [b for _, b in found]  # shown where none of them could tell, too
    return replace(
        card, power=float(np.median([b.power for b in tests])), parts=tuple(parts),
        evidence=pd.DataFrame(rows), models=card.models or max(b.rungs for b in tests),
        families=card.families or max(b.clusters for b in tests),
    )  # fmt: skip


def _ahead(
    x: np.ndarray, y: np.ndarray, log_compute: np.ndarray, family: np.ndarray,
    rule: dict[str, float], replicates: int, rng: np.random.Generator,
) -> Ahead | None:  # fmt: skip
    least = (int(rule["min_fitted"]), int(rule["min_tested"]))
    if len(y) < sum(least):
        return None
    return ahead(x, y, log_compute, family, rule["factor"], least, rule["level"], replicates, rng)


def _found(out: Ahead, factor: float) -> str:
    return (
        f"{out.tested} rungs of {factor:g} times the compute: the interval covers "
        f"{out.coverage:.0%}, score less forecast {out.bias:+.2f}"
    )


def _columns(out: Ahead) -> dict[str, object]:
    return {
        "fitted": out.fitted, "tested": out.tested, "families": out.families,
        "coverage": out.coverage, "bias": out.bias, "low": out.ends.low, "high": out.ends.high,
    }  # fmt: skip


def _card(
    name: str, parts: list[Part], table: pd.DataFrame, of: list[Evidence] | list[Task], change: str
) -> Card:
    """The card over its parts; insufficient with the parts' own reason where none can be told."""
    told = [p for p in parts if p.verdict is not X]
    if not told:
        why = parts[0].reason if parts else "nothing to test"
        return insufficient(name, f"none of {len(parts)} can be told: {why}", change)
    counts = {v: sum(p.verdict is v for p in told) for v in (S, M, R)}
    shares = ", ".join(f"{n} {v.value}" for v, n in counts.items() if n)
    reason = f"{shares} of {len(told)} that can be told"
    models = [e.aligned.m if isinstance(e, Evidence) else len(e.y) for e in of]
    families = [len(np.unique(e.aligned.family if isinstance(e, Evidence) else e.family))
                for e in of]  # fmt: skip
    return Card(
        name, rules()[name]["claim"], together(p.verdict for p in told), reason,
        max(models), max(families), change, tuple(parts), evidence=table,
    )  # fmt: skip
