"""python -m correlate check: load, run the gate, and say what it found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from correlate.panel import Finding, Panel

SHOWN = 5


def command(
    panel: Annotated[Path, typer.Argument(help="study folder, table, or folder of results")],
    mapping: Annotated[Path | None, typer.Option(help="column mapping (YAML)")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="exit with 1 on any warning or error")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
) -> None:
    """Load PANEL and list what its quality gate finds: rule, rows, and what was done.

    Example: python -m correlate check results/published --strict
    """
    from correlate.quality import gate
    from correlate.sources import load

    raw = load(panel, mapping)
    gated = gate(raw)
    if as_json:
        print(json.dumps(summary(raw, gated), indent=2, ensure_ascii=False))
    else:
        _print(raw, gated)
    if strict and any(f.severity in ("warning", "error") for f in gated.findings):
        raise typer.Exit(1)


def summary(raw: Panel, gated: Panel) -> dict[str, Any]:
    """What was loaded and found, ready for JSON."""
    scores = gated.scores
    return {
        "title": raw.title,
        "scores_read": len(raw.scores),
        "scores_kept": len(scores),
        "models": int(scores["model"].nunique()),
        "families": int(scores["family"].nunique()),
        "benchmarks": gated.benchmarks,
        "findings": [
            {
                "rule": f.rule,
                "severity": f.severity,
                "reason": f.reason,
                "action": f.action,
                "rows": list(f.rows),
                "old": f.old,
                "new": f.new,
            }
            for f in gated.findings
        ],
    }


def _print(raw: Panel, gated: Panel) -> None:
    scores = gated.scores
    print(
        f"{raw.title}: {len(raw.scores)} scores read, {len(scores)} kept; "
        f"{scores['model'].nunique()} models, {scores['family'].nunique()} families, "
        f"{len(gated.benchmarks)} benchmarks"
    )
    counts = dict.fromkeys(("error", "warning", "note"), 0)
    for found in sorted(gated.findings, key=lambda f: list(counts).index(f.severity)):
        counts[found.severity] += 1
        _print_one(found)
    print(", ".join(f"{n} {word}{'' if n == 1 else 's'}" for word, n in counts.items()))


def _print_one(found: Finding) -> None:
    change = f" ({found.old} -> {found.new})" if found.new else ""
    print(f"{found.severity:8}{found.rule:22}{found.action}: {found.reason}{change}")
    for row in found.rows[:SHOWN]:
        print(f"{'':8}{'':22}- {row}")
    if len(found.rows) > SHOWN:
        print(f"{'':8}{'':22}- and {len(found.rows) - SHOWN} more (all with --json)")
