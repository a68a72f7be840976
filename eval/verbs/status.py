"""eval status: how a study stands, on this machine or in Slurm's queue."""

import json as jsons
from itertools import groupby

import typer

from eval import request, standing
from eval.standing import Standing

SHOWN = 20  # cells of a kind that are named one by one


def command(study: request.StudyFolder, json: request.Json = False) -> None:
    """Say which cells are done, running, queued, failed or missing, with jobs and logs.

    Works on any machine that sees the folder. Example: python -m eval status results/bundled
    """
    found = standing.look(request.study(study))
    if json:
        kinds = {where: [_entry(c) for c in found.cells if c.where == where]
                 for where in standing.WHERE}  # fmt: skip
        about = {"study": str(study), "slurm_answers": found.slurm, "counts": found.counts()}
        typer.echo(jsons.dumps({**about, **kinds}, indent=1))
        return
    typer.echo(f"{study}: " + ", ".join(f"{n} {where}" for where, n in found.counts().items()))
    if not found.slurm:
        typer.echo("Slurm does not answer here: what is queued may have ended", err=True)
    for where in ("running", "queued"):
        mine = [cell for cell in found.cells if cell.where == where]
        _jobs(where, mine)
    failed = [cell for cell in found.cells if cell.where == "failed"]
    for cell in failed:
        log = f"; log {cell.log}" if cell.log else ""
        typer.echo(f"  failed: {cell.key}: {cell.text}{log}")
    if failed:
        typer.echo("  to try these again: the same run with --retry-failed")


def _jobs(where: str, cells: list[Standing]) -> None:
    """A line a job, as many as can be read."""
    by_job = [
        (job, list(mine))
        for job, mine in groupby(sorted(cells, key=_job), key=_job)
    ]  # fmt: skip
    for (job, text), mine in by_job[:SHOWN]:
        what = str(mine[0].key) if len(mine) == 1 else f"{len(mine)} cells"
        log = f"; log {mine[0].log}" if mine[0].log else ""
        said = f"job {job}, {text}" if job and job not in text else text
        typer.echo(f"  {where}: {what}: {said}{log}")
    if len(by_job) > SHOWN:
        typer.echo(f"  {where}: and {len(by_job) - SHOWN} more jobs; --json names all")


def _job(cell: Standing) -> tuple[str, str]:
    return cell.job, cell.text


def _entry(cell: Standing) -> dict[str, str]:
    about = {"job": cell.job, "log": cell.log}
    if cell.text:
        about["reason" if cell.where == "failed" else "what"] = cell.text
    return {"rung": cell.key.rung, "benchmark": cell.key.benchmark, **about}
