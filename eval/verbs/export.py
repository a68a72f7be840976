"""eval export: a study as the folder that lm-eval's own command writes."""

from pathlib import Path
from typing import Annotated

import typer

from eval import request, verify


def command(
    study: request.StudyFolder,
    out: Annotated[Path, typer.Option("--out", help="folder for lm-eval's files")],
) -> None:
    """Write results_*.json and samples_*.jsonl for each rung, as lm_eval --log_samples does.

    Documents and prompts come from the tasks, so their data must be at hand.

    Example: python -m eval export results/bundled --out build/lm-eval
    """
    from eval import export, score

    score.quiet()
    found = request.study(study)
    for path in export.export(found, verify.suite_of(found), out):
        typer.echo(path)
