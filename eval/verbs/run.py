"""eval run: score what a plan still wants."""

import json as jsons
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Annotated, Literal

import typer
import yaml

from eval import engines, provenance, request, store
from eval import profile as profiles
from eval.errors import InputError
from eval.plan import Plan
from eval.profile import Profile


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
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="processes; default: one a core for small rungs, else one"),
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="default: by model size")] = None,
    device: Annotated[str | None, typer.Option(help="default: cuda where there is one")] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="score again the cells that failed before")
    ] = False,
    truncate: Annotated[
        bool,
        typer.Option("--truncate", help="cut prompts longer than a model's context, as lm_eval"),
    ] = False,
    keep_every: Annotated[
        int | None,
        typer.Option(min=1, help="requests between saves of an unfinished cell; default: 30 s"),
    ] = None,
    slurm: Annotated[
        str | None,
        typer.Option(help="hand cells to Slurm: options of sbatch, as partition=gpu,time=4:00:00"),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(help="where to run: a YAML file, or its name in ~/.config/easy-predicts-hard"),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="print the sbatch scripts, submit nothing")
    ] = False,
    report: Annotated[
        Literal["afterany", "afterok"] | None,
        typer.Option(help="with Slurm: write the report at the end, in any case or if all is well"),
    ] = None,
    json: request.Json = False,
) -> None:
    """Score a ladder on a suite; finished cells are kept, so running again goes on.

    Example: python -m eval run bundled --out results/bundled

    On a cluster: python -m eval run pythia --slurm partition=gpu,gres=gpu:1,time=4:00:00
    """
    from eval import run as runs
    from eval import score
    from eval.progress import show
    from eval.slurm import asked, submit

    score.quiet()
    where = profiles.load(profile) if profile else Profile()
    device, batch_size = device or where.device, batch_size or where.batch_size
    on_slurm = slurm is not None or where.slurm is not None
    if not on_slurm and (dry_run or report):
        raise InputError("run: --dry-run, --report: for Slurm; add --slurm or such a --profile")
    if on_slurm and workers:
        raise InputError("run: --workers: for this machine alone; name accelerators in --slurm")
    plan = request.plan(ladder, suite, out, limit, engine, models, tasks, full, precision, data)
    store.check_writable(plan.study.folder)
    settings = score.Settings(engine, device, batch_size, truncate, keep_every)
    for line in request.in_full(plan):
        typer.echo(line, err=True)
    cells = plan.to_run(retry_failed)
    cluster = asked.cluster(plan, settings, where, slurm, report) if on_slurm else None
    if cluster and dry_run:
        for script in submit.scripts(cluster, cells):
            typer.echo(script)
        return
    ended: Counter[str] = Counter()
    items = all_items = 0
    interrupted = False
    with plan.study.writing():
        plan.study.write_text("study.yaml", describe(plan, settings))
        copy_known(plan)
    if cluster:
        asked.hand_over(runs.work(plan, settings, cells), cluster, json)
        return
    if cells:
        count = workers or where.workers or runs.default_workers(plan, device)
        costs = {cell.key: runs.cost(cell) for cell in cells}
        with closing(runs.run(plan, settings, runs.local(count), retry_failed)) as events:
            try:
                for event in show(events, costs, count):
                    ended[event.what] += 1
                    items += event.items
                    all_items += event.all_items
            except KeyboardInterrupt:
                interrupted = True
    runs.finish(plan)
    if interrupted:
        said = f"interrupted: {ended['done']} of {len(cells)} cells done; the same command goes on"
        typer.echo(said, err=True)
        raise typer.Exit(130)
    if precision and not json:
        typer.echo(f"precision {precision:g}: {items} of {all_items} items were enough", err=True)
    summarise(plan, ended, retry_failed, json)
    still_failed = ended["failed"] or (0 if retry_failed else plan.counts()["failed"])
    if still_failed:
        raise typer.Exit(1)


def summarise(plan: Plan, ended: Counter[str], retried: bool, json: bool) -> None:
    """Say what was done and where it is; ``ended`` counts the events of cells by kind."""
    before = plan.counts()
    done, failed, elsewhere = ended["done"], ended["failed"], ended["elsewhere"]
    left = 0 if retried else before["failed"]
    summary = {
        "study": str(plan.study.folder),
        "cells": len(plan.cells),
        "scored_now": done,
        "failed_now": failed,
        "elsewhere": elsewhere,
        "done_before": before["done"],
        "failed_before": left,
        "scores": str(plan.study.folder / "scores.csv"),
    }
    if json:
        typer.echo(jsons.dumps(summary, indent=1))
        return
    typer.echo(
        f"{plan.study.folder}: {done} cells scored now, {before['done']} before, "
        f"{failed + left} failed; {summary['scores']}"
    )
    if elsewhere:
        typer.echo(f"{elsewhere} cells are another run's, done or in progress", err=True)
    if failed + left:
        typer.echo(f"why: python -m eval status {plan.study.folder}; then --retry-failed", err=True)


def describe(plan: Plan, settings: object) -> str:
    """study.yaml: ladder, suite and settings as resolved, with versions."""
    content = {
        "study": plan.study.name,
        "engine": plan.engine,
        "settings": vars(settings),
        "software": provenance.software(),
        "suite": plan.suite.model_dump(mode="json"),
        "ladder": plan.ladder.model_dump(mode="json", exclude_defaults=True),
    }
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # ladders may have thousands of rungs
    return str(yaml.dump(content, Dumper=dumper, sort_keys=False, allow_unicode=True))


def copy_known(plan: Plan) -> None:
    """Put the ladder's truth and baselines, where it has them, beside the scores."""
    known = {"truth.yaml": plan.ladder.truth, "baselines.csv": plan.ladder.baselines}
    for name, path in known.items():
        if path is not None:
            plan.study.write_text(name, Path(path).read_text(encoding="utf-8"))
