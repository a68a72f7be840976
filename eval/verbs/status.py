"""eval status: what a study holds, and why cells failed."""

import json as jsons

import typer

from eval import request


def command(study: request.StudyFolder, json: request.Json = False) -> None:
    """List finished and failed cells of a study, with the reason of each failure.

    Example: python -m eval status results/bundled
    """
    found = request.study(study)
    done, failed = [], []
    for key in found.on_disk():
        error = found.error(key)
        if error is not None:
            failed.append({"rung": key.rung, "benchmark": key.benchmark, "reason": error["reason"]})
        else:
            done.append({"rung": key.rung, "benchmark": key.benchmark})
    if json:
        typer.echo(jsons.dumps({"study": str(study), "done": done, "failed": failed}, indent=1))
        return
    typer.echo(f"{study}: {len(done)} cells done, {len(failed)} failed")
    for cell in failed:
        typer.echo(f"  failed: {cell['rung']} / {cell['benchmark']}: {cell['reason']}")
