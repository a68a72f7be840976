"""From a command line and a profile to a cluster, and what ``run`` says of work handed over."""

import json as jsons
from collections import Counter
from dataclasses import replace
from typing import Any, Literal

import typer

from eval import score
from eval.job import Work
from eval.plan import Plan
from eval.profile import Profile
from eval.slurm import submit
from eval.slurm.options import options, parse
from eval.slurm.submit import Cluster
from eval.store import Study

Report = Literal["afterany", "afterok"]


def cluster(
    plan: Plan, settings: score.Settings, profile: Profile, slurm: str | None, report: Report | None
) -> Cluster:
    """The cluster asked for; ``--slurm`` stands above the profile.

    Raises
    ------
    InputError
        If an option cannot be read.
    """
    given: dict[str, Any] = {**(profile.slurm or {}), **parse(slurm or "")}
    jobs = options(given, "--slurm" if slurm else "profile: slurm")
    last = {**given, **profile.finish}
    last = {key: value for key, value in last.items() if value is not None}
    finish = options(last, "profile: finish")
    return Cluster(
        suite=plan.suite,
        study=Study(plan.study.folder.resolve()),
        settings=settings,
        options=jobs,
        finish=finish if profile.finish.get("gres") else finish.without_gpus(),
        on=submit.accelerator(profile.accelerator, jobs),
        fill=profile.fill,
        report=report or profile.report,
    )


def hand_over(work: Work, to: Cluster, json: bool) -> None:
    """Submit the work and say where it went."""
    work = replace(work, study=to.study)
    ended: Counter[str] = Counter()
    jobs: dict[str, None] = {}
    for event in submit.execute(work, to):
        ended[event.what] += 1
        if event.what == "queued":
            jobs[event.text.split()[-1].split("_")[0]] = None
    about = {
        "study": str(to.study.folder),
        "queued_now": ended["queued"],
        "queued_before": ended["elsewhere"],
        "jobs": list(jobs),
    }
    if json:
        typer.echo(jsons.dumps(about, indent=1))
        return
    before = f", {ended['elsewhere']} were in the queue already" if ended["elsewhere"] else ""
    typer.echo(
        f"{to.study.folder}: {ended['queued']} cells queued in jobs {', '.join(jobs) or 'none'}"
        f"{before}; python -m eval status {to.study.folder}"
    )
