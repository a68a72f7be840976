"""The gate: every rule named, every action listed, nothing dropped without a line saying so."""

from __future__ import annotations

from dataclasses import replace

from correlate.errors import InputError
from correlate.gate import RULES
from correlate.panel import Finding, Panel


def gate(panel: Panel) -> Panel:
    """``panel`` after every rule of ``correlate.gate.RULES``, with what they found.

    A rule may keep, drop or correct rows; each of these leaves a ``Finding`` with the rows it
    hit and, for a correction, the old value.

    Raises
    ------
    InputError
        If no score is left.
    """
    scores = panel.scores
    findings: list[Finding] = []
    for rule in RULES:
        scores, hits = rule.apply(scores)
        findings += rule.findings(hits)
        if scores.empty:
            raise InputError(
                f"{panel.title}: rule {rule.name}: no score is left ({rule.reason}); mend the "
                "table, or give a mapping that says its unit"
            )
    return replace(
        panel, scores=scores.reset_index(drop=True), findings=panel.findings + tuple(findings)
    )
