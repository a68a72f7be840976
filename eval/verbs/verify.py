"""eval verify: whether a study's scores are those of its items, and its files those written."""

import json as jsons
from dataclasses import asdict
from typing import Annotated

import typer

from eval import request
from eval import verify as verification


def command(
    study: request.StudyFolder,
    replay: Annotated[
        bool,
        typer.Option("--replay", help="also run responses through the task; needs its data"),
    ] = False,
    json: request.Json = False,
) -> None:
    """Compute a study's scores again from its items, and check hashes of files and identities.

    Ends with status 1 where something is not as it was written.

    Example: python -m eval verify results/bundled
    """
    if replay:
        from eval import score

        score.quiet()
    found = verification.verify(request.study(study), replay)
    if json:
        typer.echo(jsons.dumps({"study": str(study), **asdict(found)}, indent=1))
    else:
        for fault in found.faults:
            typer.echo(f"{fault.place}: {fault.text}")
        left = f"; {found.not_recomputed} need --replay" if found.not_recomputed else ""
        typer.echo(
            f"{study}: {found.cells} cells, {found.recomputed} scores computed again from items"
            f"{'' if replay else left}; {len(found.faults)} faults"
        )
    if found.faults:
        raise typer.Exit(1)
