"""eval plan: what a run would do and what it would cost, without doing it."""

import json as jsons
import os
from typing import Annotated, Any

import typer

from eval import accelerator as accelerators
from eval import budget, engines, gates, request
from eval.accelerator import Accelerator
from eval.budget import Share
from eval.plan import Plan
from eval.progress import in_words

NAMED = 8  # rungs that a warning names before it counts


def command(
    ladder: request.LadderName = None,
    models: request.Models = None,
    tasks: request.Tasks = None,
    suite: request.SuiteName = None,
    out: request.Out = None,
    limit: request.Limit = None,
    full: request.Full = False,
    precision: request.Precision = None,
    data: request.Data = None,
    engine: request.Engine = engines.DEFAULT,
    accelerator: Annotated[
        str | None,
        typer.Option(help="reckon with this one (eval/accelerators.yaml); default: what is here"),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="do not ask the hub whether gated models are open")
    ] = False,
    json: request.Json = False,
) -> None:
    """List what a ladder on a suite has done, what is left, and what that takes.

    Tokens, operations, hours, memory and disk are estimates, on the high side.

    Example: python -m eval plan pythia --suite easy-to-hard --accelerator h100
    """
    on = accelerators.load(accelerator) if accelerator else accelerators.here()
    plan = request.plan(ladder, suite, out, limit, engine, models, tasks, full, precision, data)
    shares = budget.shares(plan.to_run(), on)
    warned = list(warnings(shares, on, offline or bool(os.environ.get("HF_HUB_OFFLINE"))))
    warned += request.in_full(plan)
    if json:
        typer.echo(jsons.dumps(as_json(plan, shares, on, warned), indent=1))
    else:
        show(plan, shares, on, warned)


def warnings(shares: list[Share], on: Accelerator, offline: bool) -> list[str]:
    """What stands in the way: gates, memory, unknown sizes."""
    found = gates.warnings((share.rung for share in shares), offline)
    large = [s for s in shares if not s.fits(on)]
    if large:
        named = ", ".join(f"{s.rung.name} {_bytes(s.memory)}" for s in large[:NAMED])
        more = f" and {len(large) - NAMED} more" if len(large) > NAMED else ""
        found.append(
            f"more memory than the {_bytes(on.memory)} of {on.name}: {named}{more}; spread "
            "these over several, or take a larger one"
        )
    guessed = {c.benchmark.name for s in shares for c in s.cells if c.benchmark.size is None}
    if guessed:
        found.append(
            f"size unknown, a common one assumed: {', '.join(sorted(guessed))}; "
            "give 'size' in the suite"
        )
    return found


def as_json(plan: Plan, shares: list[Share], on: Accelerator, warned: list[str]) -> dict[str, Any]:
    """The plan for scripts; costs are those of cells that would run."""
    costs = {c.key: k for s in shares for c, k in zip(s.cells, s.costs, strict=True)}
    cells = [
        {
            "rung": cell.rung.name,
            "family": cell.rung.family,
            "benchmark": cell.benchmark.name,
            "state": cell.state,
            "identity": cell.identity,
            "cost": vars(costs[cell.key]) if cell.key in costs else None,
        }
        for cell in plan.cells
    ]
    return {
        "ladder": plan.ladder.name,
        "suite": plan.suite.name,
        "study": str(plan.study.folder),
        "accelerator": on.model_dump(),
        "counts": plan.counts(),
        "total": budget.total(shares),
        "warnings": warned,
        "cells": cells,
    }


def show(plan: Plan, shares: list[Share], on: Accelerator, warned: list[str]) -> None:
    """The plan for people: a line a rung, the sums, the warnings."""
    typer.echo(
        f"{plan.ladder.name} on {plan.suite.name}: {len(plan.ladder.rungs)} rungs in "
        f"{len(plan.ladder.families)} families x {len(plan.suite.benchmarks)} benchmarks "
        f"-> {plan.study.folder}"
    )
    width = max(len(rung.name) for rung in plan.ladder.rungs)
    left = {share.rung.name: share for share in shares}
    typer.echo(
        f"  {'rung':{width}}  {'done':>7}  {'tokens':>7}  {'FLOPs':>7}  {'time':>10}  {'memory':>7}"
    )
    states: dict[str, list[str]] = {}
    for cell in plan.cells:
        states.setdefault(cell.rung.name, []).append(cell.state)
    for rung in plan.ladder.rungs:
        mine = states[rung.name]
        line = f"  {rung.name:{width}}  {mine.count('done'):>3}/{len(mine):<3}"
        if share := left.get(rung.name):
            line += (
                f"  {_count(share.tokens):>7}  {share.flops:>7.1e}  "
                f"{in_words(share.hours * 3600):>10}  {_bytes(share.memory):>7}"
            )
        typer.echo(line)
    typer.echo(", ".join(f"{n} {state}" for state, n in plan.counts().items()))
    if shares:
        sums = budget.total(shares)
        typer.echo(
            f"to run: {_count(sums['tokens'])} tokens, {sums['flops']:.2g} FLOPs, about "
            f"{in_words(sums['hours'] * 3600)} on {on.name}; memory "
            f"{_bytes(sums['memory_bytes'])} needed, {_bytes(on.memory)} found; disk "
            f"{_bytes(sums['disk_bytes'])}"
        )
    for warning in warned:
        typer.echo(f"warning: {warning}", err=True)


def _count(number: float) -> str:
    for size, unit in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.0f}"


def _bytes(number: float) -> str:
    return f"{_count(number)}B" if number >= 1e3 else f"{number:.0f} B"
