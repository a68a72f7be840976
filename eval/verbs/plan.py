"""eval plan: what a run would do, without doing it."""

import json as jsons

import typer

from eval import engines, request


def command(
    ladder: request.LadderName = None,
    models: request.Models = None,
    tasks: request.Tasks = None,
    suite: request.SuiteName = None,
    out: request.Out = None,
    limit: request.Limit = None,
    full: request.Full = False,
    engine: request.Engine = engines.DEFAULT,
    json: request.Json = False,
) -> None:
    """List the cells of a ladder on a suite: done, missing, failed, changed.

    Example: python -m eval plan bundled --json
    """
    plan = request.plan(ladder, suite, out, limit, engine, models, tasks, full)
    counts = plan.counts()
    if json:
        cells = [
            {
                "rung": cell.rung.name,
                "family": cell.rung.family,
                "benchmark": cell.benchmark.name,
                "state": cell.state,
                "identity": cell.identity,
            }
            for cell in plan.cells
        ]
        about = {
            "ladder": plan.ladder.name,
            "suite": plan.suite.name,
            "study": str(plan.study.folder),
            "counts": counts,
            "cells": cells,
        }
        typer.echo(jsons.dumps(about, indent=1))
        return
    typer.echo(
        f"{plan.ladder.name} on {plan.suite.name}: {len(plan.ladder.rungs)} rungs in "
        f"{len(plan.ladder.families)} families x {len(plan.suite.benchmarks)} benchmarks "
        f"-> {plan.study.folder}"
    )
    width = max(len(rung.name) for rung in plan.ladder.rungs)
    for rung in plan.ladder.rungs:
        mine = [cell for cell in plan.cells if cell.rung.name == rung.name]
        states = [f"{cell.benchmark.name} {cell.state}" for cell in mine if cell.state != "done"]
        done = sum(cell.state == "done" for cell in mine)
        rest = f"; {', '.join(states)}" if done and states else ""
        typer.echo(f"  {rung.name:{width}}  {done}/{len(mine)} done{rest}")
    typer.echo(", ".join(f"{n} {state}" for state, n in counts.items()))
